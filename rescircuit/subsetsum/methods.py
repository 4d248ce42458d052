"""The exact methods by name, and the one function that chooses between them."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.subsetsum.codebook import LARGEST_CODEBOOK
from rescircuit.subsetsum.exact_choice import exact_instance
from rescircuit.subsetsum.fixed_point import to_grid
from rescircuit.subsetsum.integers import closest_integer_subset, to_steps
from rescircuit.subsetsum.look_up import codebook_bytes, solve_by_codebook
from rescircuit.subsetsum.meet_in_the_middle import UNSOLVED, bytes_needed, solve_batch
from rescircuit.subsetsum.mip import NOTHING_FOUND, solve_mip
from rescircuit.subsetsum.outcomes import Outcome, as_bits, certified, settled
from rescircuit.subsetsum.problem import Problem
from rescircuit.subsetsum.repeated_scans import items_in_lists, scan_bytes, solve_by_scans
from rescircuit.subsetsum.selections import cheapest, closest_of_size, fewest, several_best
from rescircuit.subsetsum.solution import BEST_FOUND, OPTIMAL
from rescircuit.subsetsum.tasks import run_tasks

__all__ = ["METHODS", "check_method", "choose_method"]

LARGEST_BATCH = 44  # items; above, lists of 2**22 sums for each thread give way to one pair of lists for all
LARGEST_HALVES = 44  # items of which the sums of both halves are held with their subsets


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
    "integers": {"step"},
    "mip": {"count", "constraints"},
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
    return settled(problem, grid, step, bits, state)


def _meet_in_the_middle(problem: Problem) -> Outcome:
    _need("meet in the middle", problem.n, LARGEST_BATCH)
    _allow("meet in the middle", bytes_needed(problem.n), problem)
    grid, step = to_grid(problem)
    bits, state = solve_batch(grid, progress=problem.progress, deadline=problem.deadline)
    return settled(problem, grid, step, bits, state)


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
        if state[bank, column] == UNSOLVED:
            break  # interrupted, or out of time: the others are not begun
    return certified(problem, bits, state, grid, step)


def _counted(problem: Problem) -> Outcome:
    _need("counted", problem.n, 40)
    low, high = problem.count or (0, problem.n)
    grid, step = to_grid(problem)
    return closest_of_size(problem, grid, step, low, high)


def _halves(problem: Problem) -> Outcome:
    """Several of the best, or the fewest or cheapest items within a tolerance."""
    _need("halves", problem.n, 40 if problem.tolerance is not None else LARGEST_HALVES)
    _allow("halves", 4 * 20 * 2 ** (problem.n - problem.n // 2), problem)
    if problem.best is not None:
        for name in ("count", "tolerance"):
            if getattr(problem, name) is not None:
                raise InputError(name, "left out where several of the best are asked for", getattr(problem, name))
        return several_best(problem, problem.best)
    if problem.tolerance is None:
        raise InputError("tolerance", "given, or best, with the method halves", "neither")
    if problem.cost is None:
        return fewest(problem, problem.tolerance)
    if problem.count is not None:
        raise InputError("count", "left out where a cost is given", problem.count, 'method="mip" takes constraints.')
    return cheapest(problem, problem.tolerance, problem.cost)


def _integers(problem: Problem) -> Outcome:
    """Values on a grid of a stated step, in whole numbers of it."""
    step = 1.0 if problem.step is None else problem.step
    items = to_steps(problem.items, step)
    goals = to_steps(problem.targets, step) - to_steps(problem.offsets, step)
    goals -= np.where(problem.chosen, items, 0).sum(axis=1, keepdims=True)
    free = np.where(problem.chosen | problem.excluded, 0, items)
    bits = np.zeros(goals.shape, np.uint64)
    status = np.full(goals.shape, BEST_FOUND)

    def solve(place: tuple[int, int]) -> int:
        bank, column = place
        found = closest_integer_subset(free[bank], int(goals[bank, column]), memory_limit=problem.memory)
        bits[bank, column] = as_bits(found.mask)
        status[bank, column] = OPTIMAL
        return 1

    # One at a time: an instance's bit sets may take all the memory that is allowed.
    places = list(np.ndindex(goals.shape))
    run_tasks(solve, places, progress=problem.progress, deadline=problem.deadline, at_once=1)
    # A multiple of 0.1 is no double: by what all values are off the grid, two subsets' distances may differ, twice.
    off = _off_grid(problem.items, step).sum(axis=1, keepdims=True)
    off = off + _off_grid(problem.targets, step) + _off_grid(problem.offsets, step)
    return Outcome(
        bits | as_bits(problem.chosen)[:, np.newaxis],
        status,
        np.where(status == OPTIMAL, 2.0 * off, np.inf),
    )


def _off_grid(values: Array, step: float) -> Array:
    """At most how far values are from whole numbers of steps."""
    return np.abs(values - np.rint(values / step) * step) + 2.0**-53 * np.abs(values)


def _mip(problem: Problem) -> Outcome:
    """A mixed-integer program for each instance; stuck items are constraints of their own."""
    shape = problem.targets.shape
    bits = np.zeros(shape, np.uint64)
    status = np.full(shape, NOTHING_FOUND)
    doubt = np.full(shape, np.inf)
    n = problem.n
    nothing = (np.empty((0, n)), np.empty(0), np.empty(0))
    matrix, low, high = nothing if problem.constraints is None else problem.constraints
    try:  # in this thread: solvers see Ctrl-C in no other
        for bank, column in np.ndindex(shape):
            left = None if problem.deadline is None else problem.deadline - monotonic()
            if left is not None and left <= 0:
                break
            fixed = problem.chosen[bank] | problem.excluded[bank]
            value = problem.chosen[bank][fixed].astype(np.float64)
            rows = np.vstack([matrix, np.eye(n)[fixed]])
            found = solve_mip(
                problem.items[bank],
                problem.targets[bank, column],
                offset=float(problem.offsets[bank, column]),
                count=problem.count,
                constraints=(rows, np.concatenate([low, value]), np.concatenate([high, value])),
                time_limit=left,
            )
            status[bank, column] = found.status
            if found.mask is not None:
                bits[bank, column] = as_bits(found.mask)
                doubt[bank, column] = abs(found.residual) - found.bound
            if problem.progress is not None:
                problem.progress(1)
    except KeyboardInterrupt:
        pass  # what is known is returned; the rest keeps its status
    return Outcome(bits, status, doubt)


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
    "integers": _integers,
    "mip": _mip,
}
