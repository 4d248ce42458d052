"""The quantised random subset-sum problem, measured: subsets of random integers that sum to a target exactly.

Instances of n integers uniform on -M ... -1, 1 ... M are drawn, and all subsets of each target's sum counted, see
:mod:`rescircuit.theory.partition_counts`; what theory says is in :mod:`rescircuit.theory.quantised_theory`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import finite_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.theory.partition_counts import counted_subsets, uniform_integers
from rescircuit.theory.partitions import grid_of, instances_at_once
from rescircuit.theory.quantised_findings import QuantisedFindings
from rescircuit.theory.quantised_points import QuantisedPoint
from rescircuit.theory.sampling import Case, drawn

__all__ = ["measure_quantised_sums"]

_LARGEST_TARGET = 64.0  # in M
_MOST_TARGETS = 20


def measure_quantised_sums(
    *,
    n: Sequence[int] = (10, 20, 30, 40),
    kappa: Sequence[float] = (),
    offsets: Sequence[float] = (),
    targets: Sequence[float] = (0.0, 1.0),
    samples: int = 500,
    seed: int = 1,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> QuantisedFindings:
    """Count the subsets of random integers of either sign that sum to targets.

    Parameters
    ----------
    n, kappa, offsets, samples, seed, pieces, progress
        See :func:`~rescircuit.theory.partitions.measure_partitions`.
    targets : sequence of float
        In M, rounded to whole numbers. For 0 the empty set does not count.
    """
    shares = sorted({finite_number("targets", each) for each in targets})
    if not 1 <= len(shares) <= _MOST_TARGETS or max(map(abs, shares)) > _LARGEST_TARGET:
        required = f"1 to {_MOST_TARGETS} numbers, in M, from -{_LARGEST_TARGET:g} to {_LARGEST_TARGET:g}"
        raise InputError("targets", required, list(targets))
    grid = grid_of(n, kappa, offsets)
    goals = [[round(share * m) for share in shares] for _, m in grid]
    cases = [_case(items, m, listed, seed) for (items, m), listed in zip(grid, goals, strict=True)]
    found = drawn(cases, samples=samples, seed=seed, pieces=pieces, progress=progress)
    points = tuple(
        QuantisedPoint(
            n=items,
            m=m,
            share=share,
            target=goal,
            subsets=arrays["subsets"][:, which],
            totals=arrays["totals"],
            squares=arrays["squares"],
        )
        for (items, m), listed, arrays in zip(grid, goals, found, strict=True)
        for which, (share, goal) in enumerate(zip(shares, listed, strict=True))
    )
    return QuantisedFindings(points=points, samples=samples, seed=seed, targets=tuple(shares))


def _case(n: int, m: int, targets: list[int], seed: int) -> Case:
    stream = Stream(seed=seed, source=f"theory.quantised-sums/{n}/{m}")

    def draw(first: int, count: int) -> dict[str, NDArray[Any]]:
        # 1 ... 2 M: up to M they are the negative items.
        places = uniform_integers(stream.words(n * count, n * first), 2 * m).reshape(count, n)
        items = np.where(places > m, places - m, places - m - 1)
        # Taking a negative item is leaving its magnitude out of all negative ones.
        left_out = -np.minimum(items, 0).sum(axis=1)
        goals = left_out[:, np.newaxis] + np.array(targets, np.int64)
        counts, _, _ = counted_subsets(np.abs(items), goals)
        return {
            "subsets": counts - (np.array(targets) == 0),
            "totals": items.sum(axis=1),
            "squares": (items.astype(np.float64) ** 2).sum(axis=1),
        }

    settings = {"experiment": "quantised-sums", "n": n, "m": m, "targets": targets}
    return Case(settings=settings, draw=draw, at_once=instances_at_once(n))
