"""What a method found, how sure it is, and the last word where the grid cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.subsetsum.exact_choice import decide, exact_instance
from rescircuit.subsetsum.exact_summation import subset_totals
from rescircuit.subsetsum.fixed_point import Grid
from rescircuit.subsetsum.meet_in_the_middle import PROVED, UNSOLVED, UNSURE
from rescircuit.subsetsum.problem import Problem
from rescircuit.subsetsum.solution import BEST_FOUND, OPTIMAL

__all__ = ["Outcome", "as_bits", "certified", "residuals", "settled"]


class Outcome(NamedTuple):
    """What a method found.

    Attributes
    ----------
    bits : uint64 array (b, t) or (b, t, k)
        Subsets, chosen items included.
    status : str array of the same shape
    doubt : array of the same shape
        By how much an optimal subset may be farther than the true best, in the items' unit; ``inf``: anything.
    """

    bits: NDArray[np.uint64]
    status: NDArray[np.str_]
    doubt: Array


def settled(
    problem: Problem,
    grid: Grid,
    step: Array,
    bits: NDArray[np.uint64],
    state: NDArray[np.int8],
    allowed: Callable[[NDArray[np.uint64], int], NDArray[np.bool_]] | None = None,
) -> Outcome:
    """Decide in exact arithmetic what the grid left unsure."""
    for bank, column in np.argwhere(state == UNSURE).tolist():
        items, goal = grid.items[bank], int(grid.targets[bank, column])
        chosen = int(bits[bank, column])
        distance = abs(sum(int(value) for k, value in enumerate(items) if chosen >> k & 1) - goal)
        among = None if allowed is None else lambda subsets, bank=bank: allowed(subsets, bank)
        exact = exact_instance(problem, bank, column)
        found = decide(exact, items, goal, distance, int(grid.doubt[bank, column]), among)
        if found is not None:
            bits[bank, column], state[bank, column] = found, PROVED
    return certified(problem, bits, state, grid, step)


def certified(problem: Problem, bits: NDArray[np.uint64], state: NDArray[np.int8], grid: Grid, step: Array) -> Outcome:
    """Put the chosen items back, and say how sure each answer is."""
    extra = (slice(None), slice(None)) + (np.newaxis,) * (bits.ndim - 2)
    unsolved = state == UNSOLVED
    if unsolved.any() and bits.ndim == 2 and problem.count is None:
        bits = np.where(unsolved & (bits == 0), _greedy(grid), bits)
    doubt = np.broadcast_to((grid.doubt * step)[extra], bits.shape)
    return Outcome(
        bits | as_bits(problem.chosen)[:, np.newaxis][extra],
        np.where(unsolved, BEST_FOUND, OPTIMAL),
        np.where(unsolved, np.inf, np.where(state == PROVED, 0.0, doubt)),
    )


def _greedy(grid: Grid) -> NDArray[np.uint64]:
    """A setting for those whose turn did not come: the largest items first, each if it still fits.

    Negative items are turned round and the target is moved, so that all that is taken brings the sum nearer.
    """
    negative = grid.items < 0
    left = grid.targets - np.where(negative, grid.items, 0).sum(axis=1, keepdims=True)
    bits = np.broadcast_to(as_bits(negative)[:, np.newaxis], left.shape).copy()
    for place in np.argsort(-np.abs(grid.items), axis=1).T:
        item = np.abs(np.take_along_axis(grid.items, place[:, np.newaxis], axis=1))
        fits = (item > 0) & (item <= left)
        left -= np.where(fits, item, 0)
        bits ^= np.where(fits, np.uint64(1) << place[:, np.newaxis].astype(np.uint64), np.uint64(0))
    return bits


def residuals(problem: Problem, bits: NDArray[np.uint64]) -> Array:
    """Total less target of each subset, exactly rounded."""
    return subset_totals(problem.items, bits, problem.targets, problem.offsets)[2]


def as_bits(mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """A mask (..., n) as words (...)."""
    weights = np.uint64(1) << np.arange(mask.shape[-1], dtype=np.uint64)
    return np.where(mask, weights, np.uint64(0)).sum(axis=-1, dtype=np.uint64)
