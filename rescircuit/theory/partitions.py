"""Number partitioning, measured: the probability and the number of perfect partitions of random integers.

For every n and M, instances of n integers uniform on 1 ... M are drawn, and all their perfect partitions counted, see
:mod:`rescircuit.theory.partition_counts`; the theorems beside are :mod:`rescircuit.theory.partition_theory`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import finite_number, non_negative_number, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.theory.partition_counts import LARGEST_SUM, counted_subsets, uniform_integers
from rescircuit.theory.partition_findings import PartitionFindings
from rescircuit.theory.partition_points import PartitionPoint
from rescircuit.theory.partition_theory import critical_ratio, target_of_parity
from rescircuit.theory.sampling import Case, drawn

__all__ = ["MOST_N", "grid_of", "instances_at_once", "measure_partitions"]

MOST_N = 44
_LEAST_N = 4
_LARGEST_TARGET = 64.0  # in M
_SECONDS_OF_40 = 0.013  # for an instance of 40 items, on one core
_MOST_AT_ONCE = 4096


def measure_partitions(
    *,
    n: Sequence[int] = (10, 20, 30, 40),
    kappa: Sequence[float] = (),
    offsets: Sequence[float] = (),
    samples: int = 500,
    seed: int = 1,
    target: float = 0.0,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> PartitionFindings:
    """Count the perfect partitions of random integers.

    Parameters
    ----------
    n : sequence of int
        Numbers of items, 4 to 44.
    kappa : sequence of float
        ``log2(M) / n``, above 0; n items of M must stay below 2**60 together.
    offsets : sequence of float
        And for each n, those M at ``lambda = n (kappa - kappa_c(n))``.
    samples : int
        Instances of each n and M.
    seed : int
    target : float
        z, in M: 0 asks for parts that are equal, but for 1.
    pieces, progress
        See :func:`~rescircuit.theory.sampling.drawn`.
    """
    share = non_negative_number("target", target)
    if share > _LARGEST_TARGET:
        raise InputError("target", f"at most {_LARGEST_TARGET:g}, in M", target)
    grid = grid_of(n, kappa, offsets)
    goals = [round(share * m) for _, m in grid]
    cases = [_case(items, m, goal, seed) for (items, m), goal in zip(grid, goals, strict=True)]
    found = drawn(cases, samples=samples, seed=seed, pieces=pieces, progress=progress)
    points = tuple(
        PartitionPoint(n=items, m=m, target=goal, **arrays)
        for (items, m), goal, arrays in zip(grid, goals, found, strict=True)
    )
    return PartitionFindings(points=points, samples=samples, seed=seed, target=share)


def grid_of(n: Sequence[int], kappa: Sequence[float], offsets: Sequence[float]) -> list[tuple[int, int]]:
    """All n and M of an experiment, by n and M ascending, each once."""
    sizes = sorted({whole_number("n", each, _LEAST_N, MOST_N) for each in n})
    ratios = [finite_number("kappa", each) for each in kappa]
    shifts = [finite_number("offsets", each) for each in offsets]
    if not sizes or not ratios + shifts:
        raise InputError("n" if not sizes else "kappa", "at least one number", [])
    grid = set()
    for items in sizes:
        wanted = [("kappa", each, items * each) for each in ratios]
        wanted += [("offsets", each, items * critical_ratio(items) + each) for each in shifts]
        for argument, value, bits in wanted:
            most = math.log2(LARGEST_SUM / items)
            if not 0 <= bits <= most:
                required = f"such that M = 2**({bits:.4g}) is from 1 to 2**{most:.4g}, as n = {items} items add up"
                raise InputError(argument, required, value)
            grid.add((items, min(round(2**bits), LARGEST_SUM // items)))
    return sorted(grid)


def instances_at_once(n: int) -> int:
    """How many instances of `n` items take a second, about."""
    return int(min(max(2 ** ((40 - n) / 2) / _SECONDS_OF_40, 1), _MOST_AT_ONCE))


def _case(n: int, m: int, target: int, seed: int) -> Case:
    stream = Stream(seed=seed, source=f"theory.partitions/{n}/{m}")

    def draw(first: int, count: int) -> dict[str, NDArray[Any]]:
        items = uniform_integers(stream.words(n * count, n * first), m).reshape(count, n)
        totals = items.sum(axis=1)
        odd = totals % 2 == 1
        wanted = np.where(odd, target_of_parity(target, odd=True), target_of_parity(target, odd=False))
        # sigma . X = z exactly if the items with sigma = 1 sum to half of sum(X) + z.
        counts, below, above = (found[:, 0] for found in counted_subsets(items, ((totals + wanted) // 2)[:, None]))
        return {
            "pairs": np.where(wanted == 0, counts // 2, counts),
            "least": 2 * np.minimum(below, above) * (counts == 0),
            "odd": odd,
            "squares": (items.astype(np.float64) ** 2).sum(axis=1),
        }

    settings = {"experiment": "partitions", "n": n, "m": m, "target": target}
    return Case(settings=settings, draw=draw, at_once=instances_at_once(n))
