"""The statistical mechanics of number partitioning, measured: all energies of random instances, enumerated.

For every n and M, instances of n integers uniform on 1 ... M are drawn, and the energies ``|sigma . X|`` of all signs
computed: partition function, mean energy and entropy at many temperatures, the lowest energies, and their histogram,
beside the closed forms of :mod:`rescircuit.theory.energy_theory`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import whole_number
from rescircuit.devices.streams import Stream
from rescircuit.pieces import Pieces
from rescircuit.theory.energy_findings import BINS, EnergyFindings, EnergyPoint
from rescircuit.theory.energy_levels import boltzmann_sums, energy_levels
from rescircuit.theory.partition_counts import uniform_integers
from rescircuit.theory.partitions import grid_of
from rescircuit.theory.sampling import Case, drawn

__all__ = ["measure_energies"]

_MOST_N = 24  # all 2**n signs are enumerated
_LOWEST = 3  # energies of each instance that are kept
_SECONDS_PER_LEVEL = 6e-8
_HOTTEST, _COLDEST = 10.0, 0.1  # in the width of the energies; and in the ground state's or the lattice's


def measure_energies(
    *,
    n: Sequence[int] = (20,),
    kappa: Sequence[float] = (0.5, 1.3),
    samples: int = 200,
    seed: int = 1,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> EnergyFindings:
    """Enumerate the energies of random instances.

    Parameters
    ----------
    n : sequence of int
        Numbers of items, 4 to 24.
    kappa : sequence of float
        ``log2(M) / n``: below ``kappa_c(n)`` there are many perfect partitions, above it none.
    samples : int
        Instances of each n and M, at least 2; of either parity those are shown of which there are 2 or more.
    seed : int
    pieces, progress
        See :func:`~rescircuit.theory.sampling.drawn`.
    """
    grid = grid_of([whole_number("n", each, 4, _MOST_N) for each in n], kappa, ())
    cases = [_case(items, m, seed) for items, m in grid]
    whole_number("samples", samples, 2)
    found = drawn(cases, samples=samples, seed=seed, pieces=pieces, progress=progress)
    points = tuple(
        EnergyPoint(n=items, m=m, temperatures=_temperatures(items, m), **arrays)
        for (items, m), arrays in zip(grid, found, strict=True)
    )
    return EnergyFindings(points=points, samples=samples, seed=seed)


def _temperatures(n: int, m: int) -> NDArray[np.float64]:
    """From where all energies are alike to where the ground state is left, each half of the one before."""
    width = m * math.sqrt(n / 3.0)
    ground = math.sqrt(2.0 * math.pi) * width / 2.0**n
    halvings = math.ceil(math.log2(_HOTTEST * width / (_COLDEST * max(ground, 1.0))))
    return _HOTTEST * width * 2.0 ** -np.arange(halvings + 1.0)


def _case(n: int, m: int, seed: int) -> Case:
    stream = Stream(seed=seed, source=f"theory.energies/{n}/{m}")
    temperatures = _temperatures(n, m)

    def draw(first: int, count: int) -> dict[str, NDArray[Any]]:
        items = uniform_integers(stream.words(n * count, n * first), m).reshape(count, n)
        found = [_instance(each, temperatures) for each in items]
        return {name: np.array([each[name] for each in found]) for name in found[0]}

    seconds = _SECONDS_PER_LEVEL * 2.0 ** (n - 1)
    at_once = int(min(max(1.0 / seconds, 1), 4096))
    settings = {"experiment": "energies", "n": n, "m": m, "lowest": _LOWEST}
    settings |= {"temperatures": temperatures.tolist(), "bins": BINS.tolist()}
    return Case(settings=settings, draw=draw, at_once=at_once)


def _instance(items: NDArray[np.int64], temperatures: NDArray[np.float64]) -> dict[str, Any]:
    levels = energy_levels(items)
    log_z, energies = boltzmann_sums(levels, float(temperatures[0]), temperatures.size)
    squares = float((items.astype(np.float64) ** 2).sum())
    shares, _ = np.histogram(levels / math.sqrt(squares), BINS)
    return {
        "log_z": log_z,
        "energies": energies,
        "lowest": np.sort(np.partition(levels, _LOWEST)[:_LOWEST]),
        "odd": bool(items.sum() % 2),
        "squares": squares,
        "fourths": float((items.astype(np.float64) ** 4).sum()),
        "shares": shares / levels.size,
    }
