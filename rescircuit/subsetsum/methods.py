"""The exact methods by name, and the one function that chooses between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.subsetsum.codebook import LARGEST_CODEBOOK
from rescircuit.subsetsum.counted import solve_counted
from rescircuit.subsetsum.exact_choice import decide, exact_instance
from rescircuit.subsetsum.exact_summation import subset_totals
from rescircuit.subsetsum.fixed_point import Grid, to_grid
from rescircuit.subsetsum.halves import cheapest_pair, costs_of, count_near, cut_in_two, list_near
from rescircuit.subsetsum.look_up import codebook_bytes, solve_by_codebook
from rescircuit.subsetsum.meet_in_the_middle import PROVED, UNSOLVED, UNSURE, bytes_needed, solve_batch
from rescircuit.subsetsum.problem import Problem
from rescircuit.subsetsum.repeated_scans import items_in_lists, scan_bytes, solve_by_scans
from rescircuit.subsetsum.solution import BEST_FOUND, INFEASIBLE, OPTIMAL
from rescircuit.subsetsum.tasks import run_tasks

__all__ = ["METHODS", "Outcome", "check_method", "choose_method"]

LARGEST_BATCH = 44  # items; above, lists of 2**22 sums for each thread give way to one pair of lists for all
LARGEST_HALVES = 44  # items of which the sums of both halves are held with their subsets


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


def choose_method(problem: Problem) -> str:
    """The method that ``"auto"`` stands for.

    - constraints on the setting: ``"mip"``;
    - values on a grid of a stated step: ``"integers"``;
    - a tolerance, or several of the best: ``"halves"``;
    - a number of items to choose: ``"counted"``;
    - one set of up to 24 items with so many targets that sorting all sums once is less work than walking through
      two half-lists for each: ``"codebook"``;
    - up to 44 items: ``"meet in the middle"``;
    - above: ``"repeated scans"``.
    """
    if problem.constraints is not None:
        return "mip"
    if problem.step is not None:
        return "integers"
    if problem.tolerance is not None or problem.best is not None:
        return "halves"
    if problem.count is not None:
        return "counted"
    banks, targets = problem.targets.shape
    n = problem.n
    fits = banks == 1 and n <= LARGEST_CODEBOOK and codebook_bytes(n) <= problem.memory
    if fits and 2.0**n + 50 * targets < 2 * targets * 2.0 ** (n / 2):  # sums to sort, and looks into them, in steps
        return "codebook"
    return "meet in the middle" if n <= LARGEST_BATCH else "repeated scans"


# Which demands a method can meet; what all can (offset, chosen and excluded items) is not listed.
_DEMANDS: dict[str, set[str]] = {
    "codebook": set(),
    "meet in the middle": set(),
    "repeated scans": set(),
    "counted": {"count"},
    "halves": {"count", "best", "tolerance", "cost"},
}


def check_method(method: str, problem: Problem) -> None:
    """Refuse a demand that `method` cannot meet, rather than leave it without effect."""
    for demand in ("count", "best", "tolerance", "cost", "constraints", "step"):
        if getattr(problem, demand) is not None and demand not in _DEMANDS[method]:
            able = [name for name, demands in _DEMANDS.items() if demand in demands]
            raise InputError(demand, f"left out with the method {method}", "one", f"It takes {' or '.join(able)}.")


def _codebook(problem: Problem) -> Outcome:
    _need("codebook", problem.n, LARGEST_CODEBOOK)
    if problem.targets.shape[0] > 1:
        raise InputError("method", "another one for instances with items of their own", "codebook")
    _allow("codebook", codebook_bytes(problem.n), problem)
    grid, step = to_grid(problem)
    bits, state = solve_by_codebook(grid, progress=problem.progress, deadline=problem.deadline)
    return _settle(problem, grid, step, bits, state)


def _meet_in_the_middle(problem: Problem) -> Outcome:
    _need("meet in the middle", problem.n, LARGEST_BATCH)
    _allow("meet in the middle", bytes_needed(problem.n), problem)
    grid, step = to_grid(problem)
    bits, state = solve_batch(grid, progress=problem.progress, deadline=problem.deadline)
    return _settle(problem, grid, step, bits, state)


def _repeated_scans(problem: Problem) -> Outcome:
    if items_in_lists(problem.n, problem.memory) * 2 < min(problem.n, 2 * 16):
        _allow("repeated scans", scan_bytes(16), problem)
    grid, step = to_grid(problem)
    bits = np.zeros(grid.targets.shape, np.uint64)
    state = np.zeros(grid.targets.shape, np.int8)
    for bank, column in np.ndindex(grid.targets.shape):
        bits[bank, column], state[bank, column] = solve_by_scans(
            exact_instance(problem, bank, column),
            grid.items[bank],
            int(grid.targets[bank, column]),
            int(grid.doubt[bank, column]),
            memory=problem.memory,
            progress=problem.progress,
            deadline=problem.deadline,
        )
    return _outcome(problem, bits, state, grid, step)


def _counted(problem: Problem) -> Outcome:
    _need("counted", problem.n, 40)
    low, high = problem.count or (0, problem.n)
    grid, step = to_grid(problem)
    return _solve_counted(problem, grid, step, low, high)


def _solve_counted(problem: Problem, grid: Grid, step: Array, low: int, high: int) -> Outcome:
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
        part = Grid(grid.items[np.ix_(banks, free)], grid.targets[banks], grid.doubt[banks])
        found, state[banks] = solve_counted(
            part, max(0, low - taken), high - taken, progress=problem.progress, deadline=problem.deadline
        )
        for k, place in enumerate(free):
            bits[banks] |= (found >> np.uint64(k) & np.uint64(1)) << np.uint64(place)

    def allowed(subsets: NDArray[np.uint64], bank: int) -> NDArray[np.bool_]:
        inside = (subsets & _as_bits(problem.chosen[bank] | problem.excluded[bank])) == 0
        size = np.bitwise_count(subsets) + problem.chosen[bank].sum()
        return inside & (low <= size) & (size <= high)

    return _settle(problem, grid, step, bits, state, allowed)


def _halves(problem: Problem) -> Outcome:
    """Several of the best, or the fewest or cheapest items within a tolerance."""
    _need("halves", problem.n, 40 if problem.tolerance is not None else LARGEST_HALVES)
    _allow("halves", 4 * 20 * 2 ** (problem.n - problem.n // 2), problem)
    if problem.best is not None:
        for name in ("count", "tolerance"):
            if getattr(problem, name) is not None:
                raise InputError(name, "left out where several of the best are asked for", getattr(problem, name))
        return _several_best(problem, problem.best)
    if problem.cost is None:
        return _fewest(problem)
    if problem.count is not None:
        raise InputError("count", "left out where a cost is given", problem.count, 'method="mip" takes constraints.')
    return _cheapest(problem)


def _several_best(problem: Problem, best: int) -> Outcome:
    """The `best` closest subsets of each instance, the closest first, in exact arithmetic."""
    free = ~(problem.chosen | problem.excluded) & (problem.items != 0)
    fewest = 2 ** int(free.sum(axis=1).min())
    if best > fewest:
        raise InputError("best", f"at most {fewest}, the number of settings", best)
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
    return _outcome(problem, bits, state, grid, step)


def _fewest(problem: Problem) -> Outcome:
    """The closest subset of the least size that has one within the tolerance."""
    grid, step = to_grid(problem)
    low, high = problem.count or (0, problem.n)
    taken = int(problem.chosen.sum(axis=1).min())
    found: Outcome | None = None
    closest = np.full(grid.targets.shape, np.inf)
    done = np.zeros(grid.targets.shape, np.bool_)
    for size in range(max(low, taken), high + 1):
        if size > problem.n - int(problem.excluded.sum(axis=1).min()):
            break
        possible = problem.chosen.sum(axis=1) <= size
        possible &= size <= problem.n - problem.excluded.sum(axis=1)
        here = _solve_counted(problem, grid, step, size, size)
        distance = np.where(possible[:, np.newaxis], np.abs(_residuals(problem, here.bits)), np.inf)
        found = found or here
        better = ~done & (distance < closest)
        for ours, theirs in zip(found, here, strict=True):
            ours[better] = theirs[better]
        closest[better] = distance[better]
        done |= closest <= problem.tolerance
        if done.all():
            break
    assert found is not None  # noqa: S101 - the loop above runs: counts were checked against what is fixed
    found.status[~done & (found.status == OPTIMAL)] = INFEASIBLE
    found.doubt[:] = np.inf  # nothing is proved of other sizes' residuals
    return found


def _cheapest(problem: Problem) -> Outcome:
    """The subset of least cost within the tolerance.

    The tolerance is met by the exact residual: a window narrower by the grid's doubt is certain to be within it, one
    wider is certain to hold all that are. Where both have the same least cost, it is the least.
    """
    grid, step = to_grid(problem)
    cost = np.zeros(problem.n) if problem.cost is None else problem.cost
    bits = np.zeros(grid.targets.shape, np.uint64)
    status = np.full(grid.targets.shape, BEST_FOUND)

    def solve(place: tuple[int, int]) -> int:
        bank, column = place
        halves = cut_in_two(grid.items[bank])
        aim, doubt = int(grid.targets[bank, column]) - halves.below, int(grid.doubt[bank, column])
        left, right = costs_of(halves.left_bits, cost), costs_of(halves.right_bits, cost)
        tolerance = 0.0 if problem.tolerance is None else problem.tolerance
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
    bits |= _as_bits(problem.chosen)[:, np.newaxis]
    return Outcome(bits, status, np.full(bits.shape, np.inf))


def _settle(
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
    return _outcome(problem, bits, state, grid, step)


def _outcome(problem: Problem, bits: NDArray[np.uint64], state: NDArray[np.int8], grid: Grid, step: Array) -> Outcome:
    """Put the chosen items back, and say how sure each answer is."""
    extra = (slice(None), slice(None)) + (np.newaxis,) * (bits.ndim - 2)
    unsolved = state == UNSOLVED
    if unsolved.any() and bits.ndim == 2:
        bits = np.where(unsolved & (bits == 0), _greedy(grid), bits)
    doubt = np.broadcast_to((grid.doubt * step)[extra], bits.shape)
    return Outcome(
        bits | _as_bits(problem.chosen)[:, np.newaxis][extra],
        np.where(unsolved, BEST_FOUND, OPTIMAL),
        np.where(unsolved, np.inf, np.where(state == PROVED, 0.0, doubt)),
    )


def _greedy(grid: Grid) -> NDArray[np.uint64]:
    """A setting for those whose turn did not come: the largest items first, each if it brings the sum nearer."""
    left = grid.targets.copy()
    bits = np.zeros(left.shape, np.uint64)
    for place in np.argsort(-np.abs(grid.items), axis=1).T:
        item = np.take_along_axis(grid.items, place[:, np.newaxis], axis=1)
        nearer = np.abs(left - item) < np.abs(left)
        left -= np.where(nearer, item, 0)
        bits |= np.where(nearer, np.uint64(1) << place[:, np.newaxis].astype(np.uint64), np.uint64(0))
    return bits


def _residuals(problem: Problem, bits: NDArray[np.uint64]) -> Array:
    return subset_totals(problem.items, bits, problem.targets, problem.offsets)[2]


def _as_bits(mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """A mask (..., n) as words (...)."""
    weights = np.uint64(1) << np.arange(mask.shape[-1], dtype=np.uint64)
    return np.where(mask, weights, np.uint64(0)).sum(axis=-1, dtype=np.uint64)


def _need(method: str, n: int, largest: int) -> None:
    if n > largest:
        raise InputError("items", f"at most {largest} numbers an instance for {method}", n)


def _allow(method: str, needed: int, problem: Problem) -> None:
    if needed > problem.memory:
        taken = f"{needed / 2**20:,.0f} MiB, which {method} of {problem.n} items takes"
        raise InputError("memory_limit", f"at least {taken}", f"{problem.memory / 2**20:,.0f} MiB")


METHODS: dict[str, Callable[[Problem], Outcome]] = {
    "codebook": _codebook,
    "meet in the middle": _meet_in_the_middle,
    "repeated scans": _repeated_scans,
    "counted": _counted,
    "halves": _halves,
}
