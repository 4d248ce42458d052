"""Other questions of the same sums: several of the best, the fewest items or the least cost within a tolerance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.subsetsum.counted import solve_counted
from rescircuit.subsetsum.exact_choice import exact_instance
from rescircuit.subsetsum.fixed_point import Grid, to_grid
from rescircuit.subsetsum.halves import cheapest_pair, costs_of, count_near, cut_in_two, list_near
from rescircuit.subsetsum.meet_in_the_middle import PROVED, UNSOLVED
from rescircuit.subsetsum.outcomes import Outcome, as_bits, certified, residuals, settled
from rescircuit.subsetsum.problem import Problem
from rescircuit.subsetsum.solution import BEST_FOUND, INFEASIBLE, OPTIMAL
from rescircuit.subsetsum.tasks import run_tasks

__all__ = ["cheapest", "closest_of_size", "fewest", "several_best"]


def closest_of_size(problem: Problem, grid: Grid, step: Array, low: int, high: int) -> Outcome:
    """The closest subset of each instance with at least `low` and at most `high` items."""
    # Chosen items count, and excluded ones may not stand in for others as the zeros that they are on the grid:
    # instances are solved in groups that have the same items fixed, with the free ones alone.
    fixed = problem.chosen.astype(np.int8) - problem.excluded.astype(np.int8)
    bits = np.zeros(grid.targets.shape, np.uint64)
    state = np.zeros(grid.targets.shape, np.int8)
    for pattern in np.unique(fixed, axis=0):
        banks = np.flatnonzero((fixed == pattern).all(axis=1))
        free = np.flatnonzero(pattern == 0)
        taken = int((pattern == 1).sum())
        if not low - free.size <= taken <= high:
            continue  # no subset of that size
        part = Grid(grid.items[np.ix_(banks, free)], grid.targets[banks], grid.doubt[banks])
        found, state[banks] = solve_counted(
            part, max(0, low - taken), high - taken, progress=problem.progress, deadline=problem.deadline
        )
        # Those whose turn did not come get a setting of an allowed size, if not a good one.
        found = np.where(state[banks] == UNSOLVED, np.uint64((1 << max(0, low - taken)) - 1), found)
        for k, place in enumerate(free):
            bits[banks] |= (found >> np.uint64(k) & np.uint64(1)) << np.uint64(place)

    def allowed(subsets: NDArray[np.uint64], bank: int) -> NDArray[np.bool_]:
        inside = (subsets & as_bits(problem.chosen[bank] | problem.excluded[bank])) == 0
        size = np.bitwise_count(subsets) + problem.chosen[bank].sum()
        return inside & (low <= size) & (size <= high)

    return settled(problem, grid, step, bits, state, allowed)


def several_best(problem: Problem, best: int) -> Outcome:
    """The `best` closest subsets of each instance, the closest first, in exact arithmetic."""
    free = ~(problem.chosen | problem.excluded) & (problem.items != 0)
    settings = 2 ** int(free.sum(axis=1).min())
    if best > settings:
        raise InputError("best", f"at most {settings}, the number of settings", best)
    grid, step = to_grid(problem)
    bits = np.zeros((*grid.targets.shape, best), np.uint64)
    state = np.zeros(bits.shape, np.int8)

    def solve(place: tuple[int, int]) -> int:
        bank, column = place
        halves = cut_in_two(grid.items[bank])
        aim = int(grid.targets[bank, column]) - halves.below
        low, high = -1, 1 << 61  # a distance within which there are too few, and one within which there are enough
        while high - low > 1:
            middle = (low + high) // 2 if low > 0 else min((low + high) // 2, max(1, high >> 8))
            enough = count_near(halves.left, halves.right, aim, middle) >= best
            low, high = (low, middle) if enough else (middle, high)
        near = high + int(grid.doubt[bank, column])
        count = count_near(halves.left, halves.right, aim, near)
        if count > max(100_000, 4 * best):
            raise InputError("best", "fewer: too many subsets sum to the same values", best)
        pairs = list_near(halves.left, halves.right, aim, near, count)
        subsets = set((halves.left_bits[pairs[:, 0]] | halves.right_bits[pairs[:, 1]]).tolist())
        bits[bank, column] = sorted(subsets, key=exact_instance(problem, bank, column).rank)[:best]
        state[bank, column] = PROVED
        return 1

    run_tasks(solve, list(np.ndindex(grid.targets.shape)), progress=problem.progress, deadline=problem.deadline)
    return certified(problem, bits, state, grid, step)


def fewest(problem: Problem, tolerance: float) -> Outcome:
    """The closest subset of the least size that has one within the tolerance."""
    grid, step = to_grid(problem)
    low, high = problem.count or (0, problem.n)
    taken = int(problem.chosen.sum(axis=1).min())
    found: Outcome | None = None
    closest = np.full(grid.targets.shape, np.inf)
    done = np.zeros(grid.targets.shape, np.bool_)
    ended = False
    for size in range(max(low, taken), high + 1):
        if size > problem.n - int(problem.excluded.sum(axis=1).min()):
            break
        possible = problem.chosen.sum(axis=1) <= size
        possible &= size <= problem.n - problem.excluded.sum(axis=1)
        here = closest_of_size(problem, grid, step, size, size)
        distance = np.where(possible[:, np.newaxis], np.abs(residuals(problem, here.bits)), np.inf)
        found = found or here
        better = ~done & (distance < closest)
        for ours, theirs in zip(found, here, strict=True):
            ours[better] = theirs[better]
        closest[better] = distance[better]
        done |= closest <= tolerance
        ended = bool((here.status == BEST_FOUND)[possible].any())
        if ended or done.all():
            break
    assert found is not None  # noqa: S101 - the loop above runs: counts were checked against what is fixed
    found.status[~done] = BEST_FOUND if ended else INFEASIBLE
    found.doubt[:] = np.inf  # nothing is proved of other sizes' residuals
    return found


def cheapest(problem: Problem, tolerance: float, cost: Array) -> Outcome:
    """The subset of least cost within the tolerance.

    The tolerance is met by the exact residual: a window narrower by the grid's doubt is certain to be within it, one
    wider is certain to hold all that are. Where both have the same least cost, it is the least.
    """
    grid, step = to_grid(problem)
    bits = np.zeros(grid.targets.shape, np.uint64)
    status = np.full(grid.targets.shape, BEST_FOUND)

    def solve(place: tuple[int, int]) -> int:
        bank, column = place
        halves = cut_in_two(grid.items[bank])
        aim, doubt = int(grid.targets[bank, column]) - halves.below, int(grid.doubt[bank, column])
        left, right = costs_of(halves.left_bits, cost), costs_of(halves.right_bits, cost)
        steps = int(min(tolerance / step[bank, 0], 2.0**61))
        found = []
        for distance in (max(0, steps - doubt), min(steps + doubt, 1 << 61)):
            i, j = cheapest_pair(halves.left, halves.right, left, right, aim, distance)
            found.append(None if i < 0 else (left[i] + right[j], halves.left_bits[i] | halves.right_bits[j]))
        certain, possible = found
        if certain is None:
            status[bank, column] = INFEASIBLE if possible is None else BEST_FOUND
        elif possible is not None and certain[0] <= possible[0]:
            status[bank, column] = OPTIMAL
        chosen = certain or possible
        bits[bank, column] = 0 if chosen is None else chosen[1]
        return 1

    run_tasks(solve, list(np.ndindex(grid.targets.shape)), progress=problem.progress, deadline=problem.deadline)
    bits |= as_bits(problem.chosen)[:, np.newaxis]
    return Outcome(bits, status, np.full(bits.shape, np.inf))
