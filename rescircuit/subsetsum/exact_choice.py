"""Choosing between subsets that the grid cannot tell apart, in exact arithmetic on the doubles given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.subsetsum.halves import count_near, cut_in_two, list_near
from rescircuit.subsetsum.problem import Problem
from rescircuit.subsetsum.unbounded_integers import as_integers, closest_subset

__all__ = ["ExactInstance", "decide", "exact_instance"]

_MOST_SUBSETS = 100_000  # to compare one by one
_FEW_ITEMS = 24  # whose subsets Python's integers compare in milliseconds
_MANY_ITEMS = 40  # and in a second or two


class ExactInstance(NamedTuple):
    """One instance in Python's integers, of a step that all its doubles have in common.

    Attributes
    ----------
    items : list of int
        Zero where the item is not free.
    goal : int
        The target less the offset and the chosen items.
    """

    items: list[int]
    goal: int

    def rank(self, bits: int) -> tuple[int, bool, int]:
        """What orders subsets: the distance, below before above, and the bits."""
        excess = sum(value for k, value in enumerate(self.items) if bits >> k & 1) - self.goal
        return abs(excess), excess > 0, bits

    def closest_of(self, subsets: Iterable[int]) -> int:
        """The first of `subsets` in that order."""
        return min(set(subsets), key=self.rank)


def exact_instance(problem: Problem, bank: int, column: int) -> ExactInstance:
    """The instance of `bank` and `column`, without any rounding."""
    target, offset = problem.targets[bank, column], problem.offsets[bank, column]
    *items, goal, start = as_integers([*problem.items[bank].tolist(), float(target), float(offset)])
    chosen, excluded = problem.chosen[bank].tolist(), problem.excluded[bank].tolist()
    goal -= start + sum(value for value, is_chosen in zip(items, chosen, strict=True) if is_chosen)
    free = [0 if c or e else value for value, c, e in zip(items, chosen, excluded, strict=True)]
    return ExactInstance(free, goal)


def decide(
    exact: ExactInstance,
    items: NDArray[np.int64],
    goal: int,
    distance: int,
    doubt: int,
    allowed: Callable[[NDArray[np.uint64]], NDArray[np.bool_]] | None = None,
) -> int | None:
    """The bits of the closest subset, or None where too many are too close to each other to be compared.

    Parameters
    ----------
    exact : ExactInstance
        n at most 44.
    items, goal : int64
        The same on its grid.
    distance : int
        How close the best subset comes on the grid.
    doubt : int
        How far apart the true order may be from the grid's.
    allowed : callable, optional
        Tells which of many subsets, given by their bits, may be chosen.
    """
    free = np.count_nonzero(items)
    if allowed is None and free <= _FEW_ITEMS:
        return closest_subset(exact.items, exact.goal)
    halves = cut_in_two(items, keep_zeros=allowed is not None)
    aim, near = goal - halves.below, distance + doubt
    count = count_near(halves.left, halves.right, aim, near)
    if count > _MOST_SUBSETS:
        return closest_subset(exact.items, exact.goal) if allowed is None and free <= _MANY_ITEMS else None
    pairs = list_near(halves.left, halves.right, aim, near, count)
    subsets = halves.left_bits[pairs[:, 0]] | halves.right_bits[pairs[:, 1]]
    return exact.closest_of((subsets if allowed is None else subsets[allowed(subsets)]).tolist())
