"""Subset sums of integers: values on a grid, such as resistors in multiples of a unit or measured in converter steps.

Two methods, of which the cheaper that fits into the memory allowed is taken:

*Dynamic programming* (Bellman 1957) over all sums from 0 to S, the sum of all magnitudes. For the closest sum, one
bit says whether a sum can be reached; an item shifts the bits and joins them, 64 sums at a time. A bit set for each
prefix of the items would show the way back, at n times the memory. Instead the subset is found by dividing
(Hirschberg 1975): the sums of either half of the items are a bit set each, together as large as the whole; they hold
a pair that makes up the sum, and each half is then split in turn. As the halves' sets shrink, all this takes but the
time of the first set once more. For counting, the bits become numbers, of as many 64-bit words as 2**n needs.

*Meeting in the middle* (Horowitz and Sahni 1974), where sums are large and items few: all sums of each half of the
items are sorted, whatever their size, and matched.

On one core, a shift moves 64 sums in 0.2 ns in the cache and 0.35 ns from memory, whose traffic bounds it: 300 items
with S = 3.1e8 take 0.37 s and 39 MB, where Python's own integers as bit sets took 5 s for the first half of the work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import index as as_index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import finite_array, positive_number, whole_number
from rescircuit.compiled import kernel
from rescircuit.errors import InputError

__all__ = ["IntegerSolution", "closest_integer_subset", "count_subsets", "to_steps"]

Words = NDArray[np.uint64]

_MEMORY = 2**31
_TOLERANCE = 1e-6  # of a step, by which a value may miss its grid
_MOST_HALVED = 48  # items that meeting in the middle is considered for: halves of 2**24 sums
_SECONDS_PER_WORD = 0.4e-9  # of one bit set, shifted and joined, measured
_SECONDS_PER_COUNT = 0.6e-9  # of one word of one number in counting, measured
_SECONDS_PER_SUM = 0.25e-6  # of one of the 2**(n/2) sums of a half, sorting and matching, measured
_SECONDS_PER_LARGE_SUM = 3e-6  # the same in Python's integers
_BYTES_PER_SUM = 96  # of a half, with what sorting needs, measured
_BYTES_PER_LARGE_SUM = 320  # the same in Python's integers
_LARGE = 2**62  # from which sums are Python's integers


@dataclass(frozen=True, kw_only=True)
class IntegerSolution:
    """The subset whose sum is closest to the target, in integers throughout.

    Attributes
    ----------
    mask : bool array (n,)
        ``True`` where the item is in the subset.
    total : int
        The chosen items' sum.
    residual : int
        ``total - target``.
    bound : int
        ``abs(residual)``: no subset is closer.
    status : str
        ``"optimal"``.
    method : str
        ``"dynamic programming"``, ``"meet in the middle"``, or, for a target beyond all sums, ``"all or none"``.
    """

    mask: NDArray[np.bool_]
    total: int
    residual: int
    bound: int
    status: str
    method: str


def closest_integer_subset(items: Any, target: int, *, memory_limit: int = _MEMORY) -> IntegerSolution:
    """The subset of integer `items` whose sum is closest to `target`.

    Parameters
    ----------
    items : int array (n,)
        Integers of any sign within 64 bits.
    target : int
    memory_limit : int
        Bytes; the work is refused before it begins if it would take more.

    Returns
    -------
    IntegerSolution
        Of two sums equally close, the one not above the target; a zero is never chosen. Which of several subsets of
        one sum is a function of the items, the target and the method.

    Examples
    --------
    >>> solution = closest_integer_subset([700, 330, -120, 47], 600)
    >>> solution.mask.tolist(), solution.residual
    ([True, False, True, False], -20)
    """
    values, goal = _integers("items", items), _integer("target", target)
    limit = whole_number("memory_limit", memory_limit, 1)
    places = sorted((k for k, value in enumerate(values) if value), key=lambda k: abs(values[k]))
    unit = math.gcd(*values) or 1
    magnitudes = [abs(values[k]) // unit for k in places]
    # Negative items are turned round and the target is moved, so that all sums lie from 0 to the sum of magnitudes.
    distance = goal - sum(value for value in values if value < 0)
    method, chosen = _closest(magnitudes, distance // unit, distance % unit, unit, limit)
    mask = np.array([value < 0 for value in values])
    for k, taken in zip(places, chosen, strict=True):
        mask[k] ^= taken
    total = sum(value for value, taken in zip(values, mask, strict=True) if taken)
    residual = total - goal
    return IntegerSolution(
        mask=mask, total=total, residual=residual, bound=abs(residual), status="optimal", method=method
    )


def count_subsets(items: Any, target: int, *, memory_limit: int = _MEMORY) -> int:
    """The number of subsets of integer `items` whose sum is exactly `target`; zeros, in or out, count double each.

    Parameters
    ----------
    items : int array (n,)
        Integers of any sign within 64 bits.
    target : int
    memory_limit : int
        Bytes; the work is refused before it begins if it would take more.

    Examples
    --------
    >>> count_subsets([1] * 100, 50) == math.comb(100, 50)
    True
    """
    values, goal = _integers("items", items), _integer("target", target)
    limit = whole_number("memory_limit", memory_limit, 1)
    unit = math.gcd(*values) or 1
    magnitudes = sorted(abs(value) // unit for value in values if value)
    distance, off_grid = divmod(goal - sum(value for value in values if value < 0), unit)
    distance = min(distance, sum(magnitudes) - distance)  # a subset and its complement are as many
    if off_grid or distance < 0:
        return 0
    factor = 2 ** (len(values) - len(magnitudes))
    magnitudes = [value for value in magnitudes if value <= distance]
    limbs = len(magnitudes) // 64 + 1
    seconds = _SECONDS_PER_COUNT * len(magnitudes) * (distance + 1) * limbs
    if _choice(magnitudes, seconds, 8 * (distance + 1) * limbs, limit) == "dynamic programming":
        return factor * _count_all(magnitudes, distance, limbs)
    return factor * _count_pairs(magnitudes, distance)


def to_steps(values: Any, step: float) -> NDArray[np.int64]:
    """Values on a grid as whole numbers of steps.

    Parameters
    ----------
    values : array (...)
    step : float
        Above 0. Of a step such as 0.1, which is no double, a multiple as a double is itself a little off; the
        tolerance covers this up to some 2**33 steps.

    Returns
    -------
    int64 array (...)

    Raises
    ------
    InputError
        For the first value that is off the grid by more than 1e-6 of a step, or further than 2**53 steps from zero,
        where doubles are too coarse to tell.
    """
    array = finite_array("values", values)
    size = positive_number("step", step)
    with np.errstate(over="ignore", invalid="ignore"):
        steps = array / size
        nearest = np.rint(steps)
        off = ~((np.abs(steps) <= 2.0**53) & (np.abs(steps - nearest) <= _TOLERANCE))
    if off.any():
        place = tuple(int(k) for k in np.argwhere(off)[0])
        where = f" at index {place[0] if len(place) == 1 else place}" if place else ""
        required = f"a multiple of the step {size!r} to within {_TOLERANCE:g} of it, and at most 2**53 steps"
        raise InputError(f"values{where}", required, float(array[place]))
    return nearest.astype(np.int64)


def _integer(argument: str, value: Any) -> int:
    """`value` as an int; refuses what is not one whole number."""
    try:
        number = as_index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool | np.bool_):
        raise InputError(argument, "an integer", value, "to_steps() turns values on a grid into integers.")
    return number


def _integers(argument: str, values: Any) -> list[int]:
    """`values` as a list of ints within 64 bits; an array of floats is refused even where they are whole."""
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise InputError(argument, "integers in an array (n,)", f"shape {values.shape}")
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise InputError(argument, "integers in an array (n,)", values)
    numbers = [_integer(f"{argument} at index {k}", value) for k, value in enumerate(values)]
    if not numbers:
        raise InputError(argument, "integers, at least one", "none")
    for k, value in enumerate(numbers):
        if not -(2**63) <= value < 2**63:
            raise InputError(f"{argument} at index {k}", "an integer within 64 bits", value)
    return numbers


def _choice(magnitudes: Sequence[int], seconds: float, size: int, limit: int) -> str:
    """The method of the two that is expected to be faster, among those that fit into the memory allowed.

    Parameters
    ----------
    magnitudes : sequence of int
    seconds : float
        What dynamic programming takes.
    size : int
        Bytes that it needs.
    limit : int
        Bytes allowed.
    """
    n = len(magnitudes)
    half = 2 ** ((n + 1) // 2)
    time, room = (_SECONDS_PER_SUM, _BYTES_PER_SUM)
    if sum(magnitudes) >= _LARGE:
        time, room = (_SECONDS_PER_LARGE_SUM, _BYTES_PER_LARGE_SUM)
    methods = [("dynamic programming", seconds, size)]
    if n <= _MOST_HALVED:
        methods.append(("meet in the middle", time * half, room * half))
    fitting = [(time, name) for name, time, room in methods if room <= limit]
    if not fitting:
        room, name = min((room, name) for name, _, room in methods)
        hint = f"It is what {name} needs; a coarser step makes sums, and so memory, smaller."
        raise InputError("memory_limit", f"at least {room:,} bytes for these {n} items", limit, hint)
    return min(fitting)[1]


# --- the closest sum --------------------------------------------------------------------------------------------------


def _closest(magnitudes: list[int], goal: int, rest: int, unit: int, limit: int) -> tuple[str, list[bool]]:
    """The method, and the subset of positive `magnitudes` whose sum is closest to ``goal + rest / unit``."""
    n, reach = len(magnitudes), sum(magnitudes)
    if goal < 0 or goal >= reach:
        return "all or none", [goal >= 0] * n
    size = 8 * (reach // 64 + 2)
    seconds = 2 * _SECONDS_PER_WORD * n * size / 8
    if _choice(magnitudes, seconds, size, limit) == "meet in the middle":
        return "meet in the middle", _closest_pair(magnitudes, goal, rest, unit)
    words = _reachable(magnitudes)
    below, above = int(_last_set(words, goal)), int(_first_set(words, goal + 1))
    del words  # the halves want its room
    best = below if (goal - below) * unit + rest <= (above - goal) * unit - rest else above
    return "dynamic programming", _subset(magnitudes, best)


def _reachable(magnitudes: Sequence[int]) -> Words:
    """A bit for each sum from 0 to the sum of all `magnitudes`: whether some subset has it."""
    words = np.zeros(sum(magnitudes) // 64 + 2, np.uint64)
    words[0] = 1
    top = 0
    for value in magnitudes:
        top += value
        _join_shifted(words, value, top)
    return words


def _subset(magnitudes: Sequence[int], value: int) -> list[bool]:
    """A subset whose sum is exactly `value`, which must exist."""
    if len(magnitudes) == 1:
        return [value > 0]
    half = len(magnitudes) // 2
    left, right = magnitudes[:half], magnitudes[half:]
    share = _share_of_left(left, right, value)
    return _subset(left, share) + _subset(right, value - share)


def _share_of_left(left: Sequence[int], right: Sequence[int], value: int) -> int:
    """The smallest sum in `left` that some sum in `right` completes to `value`.

    A subset's complement makes the sums of `right` symmetric: ``value - s`` is one of them exactly if
    ``sum(right) - value + s`` is, so their bits need only be shifted, not turned round.
    """
    return int(_first_common(_reachable(left), _reachable(right), sum(right) - value))


@kernel
def _join_shifted(words: Any, item: int, top: int) -> None:
    """Add to the sums in `words` those with `item`; none is above `top`. From the top down it needs no second set."""
    far = np.uint64(item) >> np.uint64(6)
    near = np.uint64(item) & np.uint64(63)
    back = np.uint64(64) - near
    one = np.uint64(1)
    place = np.uint64(top) >> np.uint64(6)
    if near == np.uint64(0):
        while place > far:
            words[place] |= words[place - far]
            place -= one
    else:
        while place > far:
            words[place] |= (words[place - far] << near) | (words[place - far - one] >> back)
            place -= one
    words[far] |= words[0] << near


@kernel
def _last_set(words: Any, place: int) -> int:
    """The last set bit not above `place`; bit 0 is set."""
    k = place >> 6
    word = words[k] & (~np.uint64(0) >> np.uint64(63 - (place & 63)))
    while word == np.uint64(0):
        k -= 1
        word = words[k]
    bit = 63
    while not (word >> np.uint64(bit)) & np.uint64(1):
        bit -= 1
    return 64 * k + bit


@kernel
def _first_set(words: Any, place: int) -> int:
    """The first set bit from `place` on, which must exist."""
    k = place >> 6
    word = words[k] & (~np.uint64(0) << np.uint64(place & 63))
    while word == np.uint64(0):
        k += 1
        word = words[k]
    bit = 0
    while not (word >> np.uint64(bit)) & np.uint64(1):
        bit += 1
    return 64 * k + bit


@kernel
def _first_common(words: Any, others: Any, shift: int) -> int:
    """The first place whose bit is set in `words`, and `shift` places on in `others`; it must exist."""
    far = shift >> 6  # rounded downwards, also below zero
    near = np.uint64(shift & 63)
    back = np.uint64(63) - near
    for k in range(words.size):
        low = others[k + far] if 0 <= k + far < others.size else np.uint64(0)
        high = others[k + far + 1] if 0 <= k + far + 1 < others.size else np.uint64(0)
        # Two shifts, since a single one by 64 places is undefined.
        word = words[k] & ((low >> near) | ((high << back) << np.uint64(1)))
        if word != np.uint64(0):
            bit = 0
            while not (word >> np.uint64(bit)) & np.uint64(1):
                bit += 1
            return 64 * k + bit
    return -1


def _closest_pair(magnitudes: list[int], goal: int, rest: int, unit: int) -> list[bool]:
    """The subset closest to ``goal + rest / unit`` by meeting in the middle."""
    half = len(magnitudes) // 2
    left, right = _sums_of_halves(magnitudes)
    order = np.argsort(right, kind="stable")
    right = right[order]
    wanted = goal - left
    places = np.searchsorted(right, wanted, side="right")  # the first in `right` that makes the sum too large
    under = np.flatnonzero(places > 0)
    missing = wanted[under] - right[places[under] - 1]
    i = under[np.argmin(missing)]
    best = (int(missing.min()) * unit + rest, i, order[places[i] - 1])
    over = np.flatnonzero(places < right.size)
    if over.size:
        excess = right[places[over]] - wanted[over]
        i = over[np.argmin(excess)]
        distance = int(excess.min()) * unit - rest
        if distance < best[0]:
            best = (distance, i, order[places[i]])
    bits = int(best[1]) | int(best[2]) << half
    return [bool(bits >> k & 1) for k in range(len(magnitudes))]


def _sums_of_halves(magnitudes: Sequence[int]) -> list[NDArray[Any]]:
    """All subset sums of the first and of the second half, each at the place whose bits say which items are in."""
    kind = np.int64 if sum(magnitudes) < _LARGE else object
    half = len(magnitudes) // 2
    halves = []
    for part in (magnitudes[:half], magnitudes[half:]):
        sums = np.zeros(2 ** len(part), kind)
        for k, value in enumerate(part):
            np.add(sums[: 1 << k], value, out=sums[1 << k : 2 << k])
        halves.append(sums)
    return halves


# --- the number of subsets --------------------------------------------------------------------------------------------


def _count_all(magnitudes: Sequence[int], goal: int, limbs: int) -> int:
    """The number of subsets of sum `goal`, by counting those of every smaller sum too."""
    counts = np.zeros((goal + 1, limbs), np.uint64)
    counts[0, 0] = 1
    top = 0
    for k, value in enumerate(magnitudes, 1):
        top = min(goal, top + value)
        _add_shifted(counts[:, : k // 64 + 1], value, top)  # k items have at most 2**k subsets
    return sum(int(word) << 64 * k for k, word in enumerate(counts[goal]))


@kernel
def _add_shifted(counts: Any, item: int, top: int) -> None:
    """Add to the counts (sums, limbs) of the sums up to `top` those with `item`, with carries from limb to limb."""
    limbs = counts.shape[1]
    for place in range(top, item - 1, -1):
        carry = np.uint64(0)
        for k in range(limbs):
            added = counts[place - item, k] + carry
            total = counts[place, k] + added
            carry = np.uint64(added < carry) | np.uint64(total < added)
            counts[place, k] = total


def _count_pairs(magnitudes: Sequence[int], goal: int) -> int:
    """The number of subsets of sum `goal`, by matching the sums of two halves."""
    (left, left_counts), (right, right_counts) = (
        np.unique(sums, return_counts=True) for sums in _sums_of_halves(magnitudes)
    )
    wanted = goal - left
    places = np.minimum(np.searchsorted(right, wanted), right.size - 1)
    met = right[places] == wanted
    return int(np.dot(left_counts[met], right_counts[places[met]]))  # at most 2**48
