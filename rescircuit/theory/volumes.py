"""How the share of [-1, 1] that subset sums approximate grows with each random item: the proof's process, watched.

Da Cunha (2023, section 2.2) proves Lueker's theorem in two phases: the volume grows exponentially up to 1/2, and then
what is left of 1 falls exponentially. Here the volumes of random samples stand beside the lemmas' bounds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rescircuit.checks import Array, whole_number
from rescircuit.pieces import Pieces
from rescircuit.theory.covered import checked_error, covered_volumes
from rescircuit.theory.densities import missed, sum_densities
from rescircuit.theory.populations import population
from rescircuit.theory.sampling import Case, drawn
from rescircuit.theory.volume_findings import VolumeFindings

__all__ = ["measure_volumes"]

_MOST_STEPS = 400
_GRID = 33  # targets at which the density of sums is taken


def measure_volumes(
    *,
    error: float = 1e-3,
    steps: int = 30,
    samples: int = 2000,
    seed: int = 1,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> VolumeFindings:
    """Follow the volume covered by subset sums of uniform items.

    Parameters
    ----------
    error : float
        eps, from 1e-6 to 1/3.
    steps : int
        Items, at most 400.
    samples, seed : int
    pieces, progress
        See :func:`~rescircuit.theory.sampling.drawn`.

    Raises
    ------
    InputError
        For an argument out of its range.
    """
    eps = checked_error(error)
    whole_number("steps", steps, 1, _MOST_STEPS)
    source, targets = population("uniform"), np.linspace(-1.0, 1.0, _GRID)

    def draw(first: int, count: int) -> dict[str, Array]:
        items = source.items(steps, count, seed=seed, first=first)
        volumes, expected = covered_volumes(items, eps)
        left = np.ones((count, steps + 1))
        for t in range(1, steps + 1):
            left[:, t] = np.trapezoid(missed(sum_densities(items[:, :t], targets), eps), dx=1.0 / (_GRID - 1), axis=1)
        return {"volumes": volumes, "expected": expected, "left": left}

    settings = {"experiment": "volume", "error": eps, "steps": steps, "grid": _GRID, **source.settings()}
    case = Case(settings=settings, draw=draw, at_once=int(max(1, min(200, 2e5 * eps))))
    (found,) = drawn([case], samples=samples, seed=seed, pieces=pieces, progress=progress)
    predicted = 1.0 - found["left"].mean(axis=0)
    predicted[0] = eps  # of the empty sum alone
    return VolumeFindings(
        error=eps,
        volumes=found["volumes"],
        expected=found["expected"],
        predicted=predicted,
        samples=samples,
        seed=seed,
    )
