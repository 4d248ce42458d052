"""The two subset sums between which a target lies: the largest not above it, and the smallest above it.

For distances that are not symmetric. A resistance that misses 1/G by some ohms upwards misses the conductance G by
less than one that misses it downwards by as much; but on each side of the target nearer is better, whatever the
measure, so long as it grows with the distance on that side. The best subset is then one of these two.

The walk through two sorted lists (:mod:`~rescircuit.subsetsum.closest_pair`) passes by both. It leaves each row at
the row's largest sum not above the target, and each column at the column's smallest sum above it. So what it does
not visit on one side is beaten by a visited pair of that side, in its row or its column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.compiled import kernel
from rescircuit.subsetsum.exact_summation import exact_sum
from rescircuit.subsetsum.sorted_sums import ONE, ZERO, sorted_halves
from rescircuit.subsetsum.subset_recovery import subset_with_sum
from rescircuit.subsetsum.tasks import Progress, run_tasks
from rescircuit.subsetsum.unbounded_integers import as_integers

__all__ = ["LARGEST_N", "Neighbours", "exact_neighbours", "neighbouring_sums"]

LARGEST_N = 40  # two lists of 2**20 sums a thread

_BITS = 60  # as in rescircuit.subsetsum.fixed_point: all sums stay below 2**60 steps of the grid
_SUMS_PER_TASK = 1 << 22  # some tens of milliseconds between two chances to interrupt or to report progress
_FAR = np.int64(1 << 62)
_UNSURE = np.uint8(4)  # the state of an instance; 1 and 2 say that there is no sum below, or above


class Neighbours(NamedTuple):
    """The subsets whose sums are next to the targets, [0] the largest not above and [1] the smallest above it.

    Attributes
    ----------
    mask : bool array (2, b, t, n)
        No item where there is no such sum.
    total : array (2, b, t)
        Offset and chosen items, correctly rounded.
    residual : array (2, b, t)
        The same less the target: [0] is at most 0, ``-inf`` where there is no such sum; [1] at least 0, or ``inf``.
    exact : bool array (b, t)
        Where Python's integers had to decide: sums that are within the rounding to the grid of each other or of the
        target. A residual may have lost digits there.
    """

    mask: NDArray[np.bool_]
    total: Array
    residual: Array
    exact: NDArray[np.bool_]


def neighbouring_sums(
    items: Array,
    targets: Array,
    remainders: Array,
    offsets: Array,
    rational_target: Callable[[int, int], Fraction],
    *,
    progress: Progress | None = None,
) -> Neighbours:
    """The sums ``offset + sum(s * items)`` next to each target, exactly on the doubles given.

    Parameters
    ----------
    items : array (b, n)
        Finite, with finite sums of magnitudes, n at most 40.
    targets, remainders : array (b, t)
        A target is the sum of both: a double and what its rounding has lost, so that quotients may be targets.
    offsets : array (b, t)
    rational_target : callable
        Takes b and t and returns that target less its offset, exactly; asked for few.
    progress : callable, optional
        Called with the number of targets done since the last call.
    """
    grid = _to_grid(items, targets, remainders, offsets)
    bits, state = _solve(grid, progress)
    exact = state >= _UNSURE
    for bank, column in np.argwhere(exact).tolist():
        found = exact_neighbours(items[bank].tolist(), rational_target(bank, column))
        state[bank, column] = sum(1 << side for side in range(2) if found[side] is None)
        bits[:, bank, column] = [subset or 0 for subset in found]
    mask, total, residual = _totals(items, bits, targets, remainders, offsets)
    residual[0] = np.where(state & 1, -np.inf, np.minimum(residual[0], 0.0))
    residual[1] = np.where(state & 2, np.inf, np.maximum(residual[1], 0.0))
    return Neighbours(mask, total, residual, exact)


def exact_neighbours(items: Sequence[float], target: Fraction) -> tuple[int | None, int | None]:
    """The bits of the same two subsets for any rational target, in Python's integers; None where there is none.

    Slow (a second at 40 items), and seldom needed: for sums that 64 bits cannot tell from each other or the target.
    """
    *integers, one = as_integers((*items, 1.0))
    # Sums are whole numbers of the items' common step, so the target may be rounded down to one.
    goal = math.floor(target * one) - sum(value for value in integers if value < 0)
    magnitudes = [abs(value) for value in integers]
    half = len(items) // 2
    left, right = _coded_sums(magnitudes[:half]), _coded_sums(magnitudes[half:])
    below: tuple[int, int] | None = None
    above: tuple[int, int] | None = None
    i, j = 0, len(right) - 1
    while i < len(left) and j >= 0:
        total, bits = left[i][0] + right[j][0], left[i][1] | right[j][1] << half
        if total > goal:
            above = (total, bits) if above is None or total < above[0] else above
            j -= 1
        else:
            below = (total, bits) if below is None or total > below[0] else below
            i += 1
    flipped = sum(1 << k for k, value in enumerate(integers) if value < 0)
    return (None if below is None else below[1] ^ flipped), (None if above is None else above[1] ^ flipped)


def _coded_sums(magnitudes: list[int]) -> list[tuple[int, int]]:
    """All subset sums, ascending, each with its subset; zeros are never chosen."""
    sums = [(0, 0)]
    for k, value in enumerate(magnitudes):
        if value:
            sums += [(total + value, bits | 1 << k) for total, bits in sums]
            sums.sort()  # two ascending runs: Timsort merges them in one pass
    return sums


class _Grid(NamedTuple):
    """Instances in integers, and how many steps rounding may have moved sums and targets against each other."""

    items: NDArray[np.int64]
    targets: NDArray[np.int64]
    doubt: NDArray[np.int64]
    side_doubt: NDArray[np.int64]


def _to_grid(items: Array, targets: Array, remainders: Array, offsets: Array) -> _Grid:
    """Put instances on a grid, as :mod:`rescircuit.subsetsum.fixed_point` does, whose targets are two doubles."""
    reach = np.abs(items).sum(axis=1, keepdims=True)
    reach = np.where(reach > 0, reach, 1.0)
    exponent = np.frexp(reach)[1] - (_BITS - 1)
    gap = targets - offsets
    part = gap + offsets
    lost = (targets - part) + ((part - gap) - offsets) + remainders
    inside = np.abs(gap + lost) < 2.0 * reach  # what is farther away may be moved nearer: all sums stay on one side
    moved = np.copysign(2.0 * reach, gap + lost)
    pieces = (items, np.where(inside, gap, moved), np.where(inside, lost, 0.0))
    integers, goals, more = (np.rint(np.ldexp(piece, -exponent)).astype(np.int64) for piece in pieces)
    off_grid = [
        np.ldexp(whole.astype(np.float64), exponent) != piece
        for whole, piece in zip((integers, goals, more), pieces, strict=True)
    ]
    # Each rounding moves a sum by at most half a step, and comparing two sums doubles it. The remainder is rounded
    # itself, so that a target with one is never quite on the grid.
    doubt = np.broadcast_to(off_grid[0].sum(axis=1, keepdims=True), targets.shape).astype(np.int64)
    side_doubt = doubt + off_grid[1] + 2 * (pieces[2] != 0)
    return _Grid(integers, goals + more, doubt, side_doubt)


def _solve(grid: _Grid, progress: Progress | None) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """Both subsets' bits (2, b, t), and the states (b, t)."""
    banks, columns = grid.targets.shape
    n = grid.items.shape[1]
    bits = np.zeros((2, banks, columns), np.uint64)
    state = np.zeros((banks, columns), np.uint8)

    def solve(block: tuple[int, int, int, int]) -> int:
        first, last, start, stop = block
        _solve_block(*grid, bits, state, first, last, start, stop)
        return (last - first) * (stop - start)

    size = max(1, _SUMS_PER_TASK >> (n - n // 2))
    rows = max(1, size // columns)
    width = min(columns, size)
    blocks = (
        (first, min(first + rows, banks), start, min(start + width, columns))
        for first in range(0, banks, rows)
        for start in range(0, columns, width)
    )
    if not run_tasks(solve, blocks, progress=progress):
        raise KeyboardInterrupt  # nothing is known of targets that were not reached
    return bits, state


@kernel
def _solve_block(
    items: Any,
    targets: Any,
    doubt: Any,
    side_doubt: Any,
    bits: Any,
    state: Any,
    first: int,
    last: int,
    start: int,
    stop: int,
) -> None:
    """Solve banks `first` to `last - 1` for targets `start` to `stop - 1`, writing into `bits` and `state`."""
    n = items.shape[1]
    half = n // 2
    left = np.empty((1 << half) + 1, np.int64)
    right = np.empty((1 << (n - half)) + 2, np.int64)
    spare = np.empty((2, (1 << (n - half)) + 1), np.int64)
    magnitudes = np.empty(n, np.int64)
    sides = np.empty((2, 4), np.int64)
    for bank in range(first, last):
        # Negative items are turned round and the target moved, so that lists start at zero.
        flipped = ZERO
        zeros = ZERO
        lowest = np.int64(0)
        for k in range(n):
            value = items[bank, k]
            if value < 0:
                flipped |= ONE << np.uint64(k)
                lowest += value
            elif value == 0:
                zeros |= ONE << np.uint64(k)
            magnitudes[k] = abs(value)
        sorted_halves(magnitudes, left, right, spare)
        for t in range(start, stop):
            _walk(left, right, targets[bank, t] - lowest, sides)
            if not _is_sure(left, right, targets[bank, t] - lowest, doubt[bank, t], side_doubt[bank, t], sides):
                state[bank, t] = _UNSURE
                continue
            for side in range(2):
                if sides[side, 0] == _FAR:
                    state[bank, t] |= np.uint8(1 << side)
                    continue
                chosen = subset_with_sum(magnitudes, 0, half, left[sides[side, 2]], spare)
                chosen |= subset_with_sum(magnitudes, half, n, right[sides[side, 3]], spare)
                bits[side, bank, t] = (chosen & ~zeros) ^ flipped


@kernel
def _walk(left: Any, right: Any, target: int, sides: Any) -> None:
    """The closest visited pair on each side of the target, 0 below (or at it) and 1 above.

    ``sides[side]`` takes its distance, the distance of that side's second closest, and its places.
    """
    sides[0, 0], sides[0, 1] = _FAR, _FAR
    sides[1, 0], sides[1, 1] = _FAR, _FAR
    rows = left.size - 1
    i, j = 0, right.size - 2
    while i < rows and j > 0:
        excess = left[i] + right[j] - target
        side = 1 if excess > 0 else 0
        distance = abs(excess)
        if distance < sides[side, 1]:
            if distance < sides[side, 0]:
                sides[side, 1] = sides[side, 0]
                sides[side, 0], sides[side, 2], sides[side, 3] = distance, i, j
            else:
                sides[side, 1] = distance
        i += 1 - side
        j -= side


@kernel
def _is_sure(left: Any, right: Any, target: int, doubt: int, side_doubt: int, sides: Any) -> Any:
    """Whether rounding to the grid has changed neither which sums are next to the target nor their sides."""
    for side in range(2):
        distance, second, i, j = sides[side]
        if distance == _FAR:
            continue
        if side_doubt > 0 and distance <= side_doubt:
            return False
        if doubt > 0:
            # Passed by in the best pair's own row or column: the next one away from the target; sentinels are far.
            other = left[i] + right[j - 1] if side == 0 else left[i + 1] + right[j]
            if min(second, abs(other - target)) - distance <= doubt:
                return False
    return True


@kernel
def _totals(items: Any, bits: Any, targets: Any, remainders: Any, offsets: Any) -> tuple[Any, Any, Any]:
    """Masks, totals and residuals of both subsets of each instance."""
    _, banks, columns = bits.shape
    n = items.shape[1]
    mask = np.zeros((2, banks, columns, n), np.bool_)
    total, residual = np.empty(bits.shape), np.empty(bits.shape)
    terms, partials = np.empty(n + 3), np.empty(n + 3)
    for side in range(2):
        for bank in range(banks):
            for t in range(columns):
                terms[0] = offsets[bank, t]
                count = 1
                for k in range(n):
                    if (bits[side, bank, t] >> np.uint64(k)) & ONE == ONE:
                        mask[side, bank, t, k] = True
                        terms[count] = items[bank, k]
                        count += 1
                total[side, bank, t] = exact_sum(terms, count, partials)
                terms[count] = -targets[bank, t]
                terms[count + 1] = -remainders[bank, t]
                residual[side, bank, t] = exact_sum(terms, count + 2, partials)
    return mask, total, residual
