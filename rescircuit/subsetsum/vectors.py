"""Subsets of vectors: one switch setting that meets up to eight targets at once, as nearly as any setting can.

Minimise the max-norm ``max_k w_k |sum_i s_i x_ik - t_k|`` over settings ``s``, by meeting in the middle (Horowitz and
Sahni 1974). In more than one dimension sums have no order to walk along, so the sums of about half of the items are put
into a k-d tree (Bentley 1975; Friedman, Bentley and Finkel 1977): 2**b points, halved again and again at the median of
the coordinate in which they spread most, down to 16. For each sum of the other items, the tree is asked for a point
nearer to what is missing than the best pair so far. Once all have been asked, the best is proved. They are asked in the
order of a tree of their own, so that one question's way through the tree is still in the cache for the next.

The best of 2**n pairs is so much closer than points of the tree are to each other that a question ends after about one
leaf, in two dimensions as in eight. The time is therefore that of making the tree, 2**b b steps, and of 2**(n - b)
descents, and `b` is chosen to balance them. What bounds both is a chain of comparisons and of cache misses. Measured on
two cores, coordinates uniform on [-1, 1] (`b` is one less at d = 8 and n <= 40), with the memory taken and the time of
one question on one core::

     n   b   d = 2     3        4        8        memory (d = 2 to 8)   question
    30  14   0.007 s   0.007 s  0.007 s  0.009 s  below 2 MB
    40  19   0.20 s    0.22 s   0.15 s   0.22 s   20 to 33 MB           0.1 µs
    48  22   9 s       5 s      5 s      8 s      150 to 460 MB         0.15 to 0.3 µs

Items of spread sizes are quicker: settings of the largest that leave too much or too little are passed over, and 60
items in a geometric row (ratio 1.3, d = 3) are proved in 0.3 to 2 s.

A window that starts small, and doubles until it holds a pair, would prove a bound on the way. With the tree this does
not pay, as a descent through an empty window costs as much (d = 2) or half as much (d = 8) as one that ends at a leaf.
So the bound of a search cut short is a weak one: how far the target is from the box of all sums, and how far from the
multiples of a coordinate's common divisor.

Sums are exact: weighted coordinates are put on a common 64-bit grid, as in :mod:`rescircuit.subsetsum.fixed_point`,
and what its rounding may get wrong is counted. Pairs that it leaves in doubt are all kept, and compared in Python's own
integers.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array, positive_array, positive_number, whole_number
from rescircuit.errors import InputError
from rescircuit.subsetsum.exact_summation import exact_sum
from rescircuit.subsetsum.solution import BEST_FOUND, OPTIMAL
from rescircuit.subsetsum.tasks import workers

__all__ = ["VectorSolution", "vector_subset_sum"]

Ints = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Whole = NDArray[np.object_]  # Python's integers, of any size

_DIMENSIONS = (2, 8)
_LARGEST_UNLIMITED = 50  # items beyond which a proof takes more than a minute
_LARGEST_TREE = 22  # items whose sums are in the tree
_LARGEST_INNER = 20  # items whose sums are asked for in the order of a tree
_LARGEST_OUTER = 20  # items whose settings are put in order and gone through, in either of two loops
_LEAF = 16  # points of the tree that are tried one by one
_BITS = 55  # of the sum of magnitudes, in steps
_PARTS = 32  # of a step, so that a target off the grid keeps its order
_ROOM = 1 << 16  # pairs in doubt that are kept
_CHUNK = 1 << 15  # questions of one task
_AHEAD = 16  # tasks under way
_BUDGET = 1 << 21  # nodes visited between two chances to stop, some 0.1 s
_SECONDS_PER_LEVEL = 2.5e-9  # of making a tree, for each of its points and, next to three, coordinates, measured
_SECONDS_PER_QUESTION = 60e-9  # on two cores, measured
_SECONDS_PER_SETTING = 0.5e-6  # of putting the outer items' settings in order, measured

_RADIUS, _COUNT = range(2)  # the state of a search: the best distance and the number of pairs found


@dataclass(frozen=True, kw_only=True)
class VectorSolution:
    """The best subset of vectors for one target or for each of several, and what is proved of it.

    Attributes
    ----------
    mask : bool array (..., n)
        ``True`` where the item is in the subset.
    total : array (..., d)
        The chosen items' sum, correctly rounded.
    residual : array (..., d)
        ``total - target`` before any rounding of the total, correctly rounded once.
    distance : float or array (...)
        The weighted max-norm of the residual, ``max(weights * abs(residual))``, correctly rounded.
    bound : float or array (...)
        Proved: no subset has a smaller distance. It is the distance itself where that is proved optimal.
    status : str or str array (...)
        ``"optimal"``: proved, in exact arithmetic on the doubles given, that no subset is closer.
        ``"best found"``: the search was cut short, or more than 65,536 subsets were as close as the rounding to
        64 bits can tell, and the bound is then lower by this rounding only.
    method : str
    """

    mask: BoolArray
    total: Array
    residual: Array
    distance: Any
    bound: Any
    status: Any
    method: str


def vector_subset_sum(
    items: Any,
    target: Any,
    *,
    weights: Any = None,
    time_limit: float | None = None,
    memory_limit: int = 2**31,
    progress: Callable[[float], None] | None = None,
) -> VectorSolution:
    """The subset of vectors whose sum is closest to `target` in the max-norm.

    Parameters
    ----------
    items : array (n, d)
        Finite numbers of any sign, with 2 <= d <= 8.
    target : array (d,) or (t, d)
        Several targets share the tree.
    weights : array (d,), optional
        Above 0: what one unit of each coordinate counts.
    time_limit : float, optional
        Seconds, shared out among the targets; required for more than 50 items. Beyond some 60 to 80, depending on it,
        the largest items are set once, by a greedy rule, and the answer is never called optimal unless it meets the
        bound. Kernels that numba has not compiled yet may take some seconds more.
    memory_limit : int
        Bytes; the work is refused before it begins if it would take more.
    progress : callable, optional
        Called with the share of the work done since the last call; all calls together make 1.

    Returns
    -------
    VectorSolution
        A zero vector is never chosen. Which of several subsets equally close is a function of the arguments alone,
        never of threads, unless the search is cut short, by the time limit or by Ctrl-C.

    Examples
    --------
    >>> solution = vector_subset_sum([[0.9, 1.0], [0.5, 0.7], [0.3, -0.2]], [1.2, 0.9])
    >>> solution.mask.tolist(), solution.status
    ([True, False, True], 'optimal')
    """
    values, goals, scale = _checked(items, target, weights)
    many = np.ndim(target) == 2
    deadline = math.inf
    if time_limit is not None:
        deadline = time.monotonic() + positive_number("time_limit", time_limit, "s")
    active = np.flatnonzero(values.any(axis=1))
    plan = _plan(active.size, len(goals), goals.shape[1], whole_number("memory_limit", memory_limit, 1), time_limit)
    problem = _problem(values[active], goals, scale)
    masks = _greedy(problem.steps, problem.goals, _by_size(problem.steps))
    report = _Progress(progress, len(goals))
    searched = _searched(problem, plan, masks, deadline, report)
    report.end()
    answers = [_answer(problem, t, *result) for t, result in enumerate(searched)]

    mask = np.zeros((len(goals), len(values)), np.bool_)
    mask[:, active] = [answer.mask for answer in answers]
    total, residual = _totals(values, goals, mask)
    distance, bound = [answer.distance for answer in answers], [answer.bound for answer in answers]
    status = [OPTIMAL if answer.proved else BEST_FOUND for answer in answers]
    return VectorSolution(
        mask=mask if many else mask[0],
        total=total if many else total[0],
        residual=residual if many else residual[0],
        distance=np.array(distance) if many else distance[0],
        bound=np.array(bound) if many else bound[0],
        status=np.array(status) if many else status[0],
        method="meet in the middle, k-d tree",
    )


def _checked(items: Any, target: Any, weights: Any) -> tuple[Array, Array, Array]:
    """Items (n, d), targets (t, d) and weights (d,)."""
    low, high = _DIMENSIONS
    values = finite_array("items", items)
    if values.ndim != 2 or not low <= values.shape[1] <= high:
        hint = "For d = 1 there is subset_sum()." if values.ndim == 1 or values.shape[-1] == 1 else ""
        raise InputError("items", f"an array (n, d) with d from {low} to {high}", f"shape {values.shape}", hint)
    d = values.shape[1]
    goals = finite_array("target", target)
    if goals.ndim not in {1, 2} or goals.shape[-1] != d:
        raise InputError("target", f"an array ({d},) or (t, {d}), as the items are", f"shape {goals.shape}")
    goals = np.atleast_2d(goals)
    scale = np.ones(d) if weights is None else positive_array("weights", weights)
    if scale.shape != (d,):
        raise InputError("weights", f"an array ({d},), as the items are", f"shape {scale.shape}")
    with np.errstate(over="ignore"):
        reach = (np.abs(values).sum(axis=0) + np.abs(goals).max(axis=0)) * np.maximum(scale, 1.0)
    if not reach.max() < np.finfo(np.float64).max / 4:
        raise InputError(
            "items", "vectors whose magnitudes sum well within a double", float(reach.max()), "Scale them."
        )
    return values, goals, scale


def _totals(values: Array, goals: Array, mask: BoolArray) -> tuple[Array, Array]:
    """Sums of the chosen items (t, d), and these less the targets, each correctly rounded."""
    total, residual = np.empty(goals.shape), np.empty(goals.shape)
    partials = np.empty(len(values) + 1)
    for t, k in np.ndindex(goals.shape):
        terms = np.append(values[mask[t], k], -goals[t, k])
        total[t, k] = exact_sum(terms, terms.size - 1, partials)
        residual[t, k] = exact_sum(terms, terms.size, partials)
    return total, residual


# --- in integers ------------------------------------------------------------------------------------------------------


class _Problem(NamedTuple):
    """Weighted coordinates, exactly and on a 64-bit grid.

    Attributes
    ----------
    items : Whole (n, d)
        In units of ``1 / unit``, exact; so are `targets`, `moved` and `floor`.
    targets : Whole (t, d)
        A target far outside the box of all sums is moved towards it, by which all distances shrink alike: `moved`.
    moved, floor : Whole (t,)
        No distance from the moved target is below the floor.
    unit : int
    steps, goals : int64 arrays (n, d), (t, d)
        Items and targets in parts of a step of the grid.
    enough : int64 array (t,)
        The floor in parts, where the search may stop; -1 where it may not.
    part : Fraction
        Units in a part of a step.
    doubt : int
        Two subsets whose distances differ by more than twice this many parts are in their true order; 0 if all are.
    """

    items: Whole
    targets: Whole
    moved: Whole
    floor: Whole
    unit: int
    steps: Ints
    goals: Ints
    enough: Ints
    part: Fraction
    doubt: int


def _problem(values: Array, goals: Array, scale: Array) -> _Problem:
    """Put a problem into integers."""
    weights = [Fraction(w) for w in scale.tolist()]
    ratios = [
        [Fraction(x) * w for x, w in zip(row, weights, strict=True)] for row in (*values.tolist(), *goals.tolist())
    ]
    unit = max(ratio.denominator for row in ratios for ratio in row)  # powers of two: the largest is common to all
    exact: Any = np.array([[int(ratio * unit) for ratio in row] for row in ratios], dtype=object)
    items = exact[: len(values)]
    targets, moved = _move_near(items, exact[len(values) :])

    shift = max(0, int(np.abs(items).sum(axis=0).max(initial=0)).bit_length() - _BITS)
    rounded = (items + (1 << shift >> 1)) >> shift
    error = np.abs(items - (rounded << shift)).sum(axis=0).max()
    steps = rounded * _PARTS
    parts = np.array([_in_parts(row, shift) for row in targets.tolist()], dtype=object)
    enough = np.full(len(parts), -1, dtype=object) if error else _floors(steps, parts)
    return _Problem(
        items=items,
        targets=targets,
        moved=moved,
        floor=_floors(items, targets),
        unit=unit,
        steps=steps.astype(np.int64),
        goals=parts.astype(np.int64),
        enough=enough.astype(np.int64),
        part=Fraction(1 << shift, _PARTS),
        doubt=_PARTS * (-(-error >> shift) + 1) if error else 0,
    )


def _move_near(items: Whole, targets: Whole) -> tuple[Whole, Whole]:
    """Targets at most the box's largest side away from the box of all sums, and by how much all distances shrank.

    Let `far` be a target's distance from the box, and `excess` that by which it is more than the largest side. A
    coordinate whose own gap is at most `excess` never decides, since its distance is never above `far`; in all
    others the target is on the same side of every sum, and moving it by `excess` takes that from every distance.
    """
    low, high = np.minimum(items, 0).sum(axis=0), np.maximum(items, 0).sum(axis=0)
    far = np.maximum(np.maximum(low - targets, targets - high), 0).max(axis=1)
    excess = np.maximum(far - (high - low).max(), 0)
    up, down = targets + excess[:, None], targets - excess[:, None]
    near = np.where(targets < low, np.minimum(up, low), np.where(targets > high, np.maximum(down, high), targets))
    return near, excess


def _floors(items: Whole, targets: Whole) -> Whole:
    """For each target how far at least all sums are: outside their box, or between multiples of a common divisor."""
    low, high = np.minimum(items, 0).sum(axis=0), np.maximum(items, 0).sum(axis=0)
    outside = np.maximum(np.maximum(low - targets, targets - high), 0)
    divisors = np.array([math.gcd(*column) or 1 for column in items.T], dtype=object)
    off = targets % divisors
    between = np.where(divisors > 1, np.minimum(off, divisors - off), 0)
    return np.maximum(outside, between).max(axis=1)


def _in_parts(target: list[int], shift: int) -> list[int]:
    """A target in parts of a step, such that all distances from sums on the grid keep their order.

    Such distances are whole steps and a fraction, each coordinate's own or one less that. So it suffices to keep
    the order of these fractions, of which there are at most two for each coordinate, symmetric about a half.
    """
    step = 1 << shift
    fractions = sorted({part for value in target for part in (value % step, -value % step)} - {0})
    half = len(fractions) // 2
    parts = {0: 0}
    for k, fraction in enumerate(fractions):
        parts[fraction] = k + 1 if k < half else _PARTS - (len(fractions) - k)
    if len(fractions) % 2:
        parts[fractions[half]] = _PARTS // 2
    return [_PARTS * (value >> shift) + parts[value % step] for value in target]


# --- which items go where ---------------------------------------------------------------------------------------------


class _Plan(NamedTuple):
    """How many items are set once, gone through in turn, in an outer and an inner loop, asked for, or in the tree."""

    excess: int
    far: int
    outer: int
    inner: int
    tree: int


def _plan(n: int, targets: int, d: int, memory_limit: int, time_limit: float | None) -> _Plan:
    """The plan that is expected to take the least time within the memory allowed.

    Within a time limit all tables are to take a quarter of it at most; items for which that is too short are set once.
    """
    if n > _LARGEST_UNLIMITED and time_limit is None:
        hint = "A proof would take minutes to hours."
        raise InputError("time_limit", f"given, in seconds, for more than {_LARGEST_UNLIMITED} items", None, hint)
    allowed = math.inf if time_limit is None else time_limit / 8
    settings = allowed / (targets * _SECONDS_PER_SETTING)
    most = int(math.log2(min(2.0**_LARGEST_OUTER, max(1.0, settings))))
    made = {}
    for tree in range(min(n, _LARGEST_TREE) + 1):
        inner = min(n - tree, max(1, tree - 2), tree, _LARGEST_INNER)
        outer = min(n - tree - inner, most)
        far = min(n - tree - inner - outer, most)
        seconds = _SECONDS_PER_LEVEL * (d + 3) * (tree * 2**tree + inner * 2**inner)
        if tree == 0 or seconds <= allowed:
            made[_Plan(n - tree - inner - outer - far, far, outer, inner, tree)] = seconds
    least = min(plan.excess for plan in made)
    room = {plan: _room(plan, n, targets, d) for plan in made if plan.excess == least}
    fitting = [plan for plan in room if room[plan] <= memory_limit]
    if not fitting:
        required = f"at least {min(room.values()):,} bytes for {n} items and {targets} targets"
        raise InputError("memory_limit", required, memory_limit)
    return min(fitting, key=lambda plan: made[plan] + targets * _SECONDS_PER_QUESTION * 2.0 ** (n - plan.tree))


def _room(plan: _Plan, n: int, targets: int, d: int) -> int:
    """Bytes that a plan takes."""
    tables = (2**plan.tree + 2**plan.inner) * (10 * d + 11) + (2**plan.outer + 2**plan.far) * (24 * d + 32)
    found = (_AHEAD + 2) * _ROOM * 32 if n > 1 else 0
    return tables + min(found, _AHEAD * 2**n * 32) + targets * (2 * n + 300 * d)


def _by_size(steps: Ints) -> Ints:
    """The items' places, the largest first."""
    return np.argsort(-np.abs(steps).max(axis=1), kind="stable")


def _greedy(steps: Ints, goals: Ints, places: Ints) -> BoolArray:
    """A subset (t, n) for each goal: from the largest item on, in if that brings the goal nearer the others' middle."""
    mask = np.zeros((len(goals), len(steps)), np.bool_)
    missing = 2 * goals - steps.sum(axis=0)  # twice what is missing, if all items still to come are half in
    for k in places:
        without, including = missing + steps[k], missing - steps[k]
        mask[:, k] = np.abs(including).max(axis=1) < np.abs(without).max(axis=1)
        missing = np.where(mask[:, k, None], including, without)
    return mask


# --- the tree ---------------------------------------------------------------------------------------------------------


class _Tree(NamedTuple):
    """Points in the order of their leaves.

    Node 1 is the root, 2k and 2k + 1 are the halves of node k, and all leaves hold equally many points.

    Attributes
    ----------
    points : int64 array (2**b, d)
    order : int64 array (2**b,)
        The subset behind each point, as bits.
    axes : int8 array (leaves,)
        For each inner node the coordinate that it is halved in; -1 where all its points are equal.
    limits : int64 array (leaves, 4)
        The least and the largest of this coordinate in the lower half, and in the upper.
    boxes : int64 array (2 * leaves, 2, d)
        For each node the least and the largest of each coordinate.
    """

    points: Ints
    order: Ints
    axes: NDArray[np.int8]
    limits: Ints
    boxes: Ints


def _sums(steps: Ints) -> Ints:
    """All subset sums, each at the place whose bits say which items are in."""
    sums = np.zeros((2 ** len(steps), steps.shape[1]), np.int64)
    for k, item in enumerate(steps):
        np.add(sums[: 1 << k], item, out=sums[1 << k : 2 << k])
    return sums


def _planted(steps: Ints) -> _Tree:
    """All subset sums as a tree that is not halved yet."""
    points = _sums(steps)
    leaves = max(1, len(points) // _LEAF)
    return _Tree(
        points=points,
        order=np.arange(len(points)),
        axes=np.full(leaves, -1, np.int8),
        limits=np.zeros((leaves, 4), np.int64),
        boxes=np.zeros((2 * leaves, 2, points.shape[1]), np.int64),
    )


def _grow(pool: ThreadPoolExecutor, tree: _Tree) -> None:
    """Halve all nodes: the upper ones one by one, from some 100,000 points on with all that is below them."""
    levels = max(0, len(tree.points).bit_length() - 1 - 17)
    for level in range(levels):
        list(pool.map(lambda node: _halve(*tree, node), range(1 << level, 2 << level)))
    list(pool.map(lambda node: _halve_all(*tree, node), range(1 << levels, 2 << levels)))


@njit(nogil=True, cache=True)
def _halve_all(points: Any, order: Any, axes: Any, limits: Any, boxes: Any, node: int) -> None:
    """Halve a node, its halves, and so on down to the leaves."""
    count = 1
    while node < 2 * axes.size:
        for k in range(node, node + count):
            _halve(points, order, axes, limits, boxes, k)
        node *= 2
        count *= 2


@njit(nogil=True, cache=True)
def _halve(points: Any, order: Any, axes: Any, limits: Any, boxes: Any, node: int) -> None:
    """Box the points of a node, and halve them at the median of the coordinate in which they spread most."""
    first, size = 1, points.shape[0]
    while 2 * first <= node:
        first *= 2
        size //= 2
    start = (node - first) * size
    stop, middle = start + size, start + size // 2
    axis, spread = -1, 0
    for k in range(points.shape[1]):
        low, high = _extent(points, start, stop, k)
        boxes[node, 0, k], boxes[node, 1, k] = low, high
        if high - low > spread:
            axis, spread = k, high - low
    if axis >= 0 and node < axes.size:
        axes[node] = axis
        _select(points, order, start, stop, middle, axis)
        limits[node, 0], limits[node, 1] = _extent(points, start, middle, axis)
        limits[node, 2], limits[node, 3] = _extent(points, middle, stop, axis)


@njit(nogil=True, cache=True)
def _extent(points: Any, start: int, stop: int, axis: int) -> tuple[int, int]:
    """The least and the largest of a coordinate."""
    low = high = points[start, axis]
    for place in range(start, stop):
        low = min(low, points[place, axis])
        high = max(high, points[place, axis])
    return low, high


@njit(nogil=True, cache=True)
def _select(points: Any, order: Any, start: int, stop: int, middle: int, axis: int) -> None:
    """Order points such that none before `middle` is above, and none from it on below, in `axis` (Hoare 1961)."""
    low, high = start, stop - 1
    while low < high:
        first, second, third = points[low, axis], points[(low + high) // 2, axis], points[high, axis]
        pivot = max(min(first, second), min(max(first, second), third))
        i, j = low, high
        while i <= j:
            while points[i, axis] < pivot:
                i += 1
            while points[j, axis] > pivot:
                j -= 1
            if i <= j:
                for k in range(points.shape[1]):
                    points[i, k], points[j, k] = points[j, k], points[i, k]
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@njit(nogil=True, cache=True)
def _ask(
    tree: Any,
    asked: Any,
    goal: Any,
    first: int,
    last: int,
    slack: int,
    enough: int,
    budget: int,
    state: Any,
    found: Any,
) -> int:
    """Look for points of the tree that, with points `first` to ``last - 1`` of another set, come close to a goal.

    Parameters
    ----------
    tree : _Tree
    asked : int64 array (m, d)
    goal : int64 array (d,)
    first, last : int
    slack : int
        Pairs are wanted up to this much farther than the best; -1 for nearer ones only.
    enough : int
        Distance at which to stop.
    budget : int
        Nodes after which to return.
    state : int64 array (2,)
        The best distance and the number of pairs found, -1 for too many; brought up to date.
    found : int64 array (r, 3)
        Of each pair the distance, its place in `asked` and in the tree.

    Returns
    -------
    int
        The place in `asked` to go on from.
    """
    points, _, axes, limits, boxes = tree
    leaf = points.shape[0] // axes.size
    query = np.empty(goal.size, np.int64)
    nodes = np.empty(64, np.int64)
    place = first
    while place < last and budget > 0 and state[_RADIUS] > enough and state[_COUNT] >= 0:
        for k in range(goal.size):
            query[k] = goal[k] - asked[place, k]
        nodes[0] = 1
        depth = 1
        while depth > 0:
            depth -= 1
            node = nodes[depth]
            bound = _gap(boxes, node, query)
            while node < axes.size and axes[node] >= 0 and bound <= state[_RADIUS] + slack:
                budget -= 1
                value = query[axes[node]]
                lower = max(bound, limits[node, 0] - value, value - limits[node, 1])
                upper = max(bound, limits[node, 2] - value, value - limits[node, 3])
                node *= 2
                # The nearer half first; the other waits, and then has to show its whole box.
                nodes[depth] = node + 1 if lower <= upper else node
                depth += max(lower, upper) <= state[_RADIUS] + slack
                bound = min(lower, upper)
                node += lower > upper
            if bound > state[_RADIUS] + slack:
                continue
            size = leaf
            while node < axes.size:  # points all equal
                node, size = 2 * node, 2 * size
            start = (node - axes.size) * leaf
            budget -= 1
            # Equal points differ only by what the grid has lost.
            if size > leaf and (slack < 0 or _distance(points, start, query) > state[_RADIUS] + slack):
                size = 1
            for point in range(start, start + size):
                distance = _distance(points, point, query)
                if distance <= state[_RADIUS] + slack:
                    _note(distance, place, point, slack, state, found)
        place += 1
    return place


@njit(nogil=True, cache=True)
def _gap(boxes: Any, node: int, query: Any) -> int:
    """The distance of a query from a node's box, 0 inside."""
    gap = 0
    for k in range(query.size):
        gap = max(gap, boxes[node, 0, k] - query[k], query[k] - boxes[node, 1, k])
    return gap


@njit(nogil=True, cache=True)
def _distance(points: Any, place: int, query: Any) -> int:
    """The distance between a point and a query, in the max-norm."""
    distance = 0
    for k in range(query.size):
        distance = max(distance, abs(points[place, k] - query[k]))
    return distance


@njit(nogil=True, cache=True)
def _note(distance: int, asked: int, point: int, slack: int, state: Any, found: Any) -> None:
    """Remember a pair; once the room is full, forget those that better ones have left behind."""
    state[_RADIUS] = min(state[_RADIUS], distance)
    if state[_COUNT] == found.shape[0]:
        kept = 0
        for k in range(found.shape[0]):
            if found[k, 0] <= state[_RADIUS] + slack:
                found[kept] = found[k]
                kept += 1
        state[_COUNT] = kept if kept < found.shape[0] else -1
    if state[_COUNT] >= 0:
        found[state[_COUNT], 0], found[state[_COUNT], 1], found[state[_COUNT], 2] = distance, asked, point
        state[_COUNT] += 1


# --- the search -------------------------------------------------------------------------------------------------------


class _Tables(NamedTuple):
    """Sums of the far and of the outer items, of the inner ones in a tree's order, and of the others as a tree.

    And which items these are, far and outer ones together.
    """

    far: Ints
    outer: Ints
    inner: _Tree
    tree: _Tree
    places: tuple[Ints, Ints, Ints]


class _Found(NamedTuple):
    """What a search has found.

    Attributes
    ----------
    pairs : int64 array (m, 4)
        Of the pairs that may be the best the distance, the far and outer items' setting as bits, outer ones first,
        and the places in `inner` and `tree`.
    radius : int
        The best distance, in parts of a step.
    complete : bool
        Whether every subset was looked at.
    crowded : bool
        Whether more pairs were in doubt than there is room for.
    interrupted : bool
        Whether Ctrl-C has ended the search.
    """

    pairs: Ints
    radius: int
    complete: bool = True
    crowded: bool = False
    interrupted: bool = False


class _Wanted(NamedTuple):
    """Pairs up to `slack` farther than the best, -1 for nearer ones only; one as near as `enough` ends the search."""

    slack: int
    enough: int
    deadline: float


def _tables(pool: ThreadPoolExecutor, steps: Ints, plan: _Plan) -> _Tables:
    """Deal out the items: the largest are set in turn, as their settings are then the first to be out of reach."""
    far, outer, rest = np.split(_by_size(steps)[plan.excess :], [plan.far, plan.far + plan.outer])
    every_other = np.zeros(rest.size, np.bool_)
    every_other[: 2 * plan.inner : 2] = True
    inner, planted = rest[every_other], rest[~every_other]
    tables = _Tables(
        far=_sums(steps[far]),
        outer=_sums(steps[outer]),
        inner=_planted(steps[inner]),
        tree=_planted(steps[planted]),
        places=(np.append(outer, far), inner, planted),
    )
    _grow(pool, tables.inner)
    _grow(pool, tables.tree)
    return tables


def _searched(
    problem: _Problem, plan: _Plan, known: BoolArray, deadline: float, report: _Progress
) -> list[tuple[_Found, BoolArray]]:
    """For each target what was found, and the subsets (m, n) that may be the best, the one `known` the last of them.

    Ctrl-C ends the search; targets that it leaves have the known subset only.
    """
    ahead = _by_size(problem.steps)[: plan.excess]
    goals = problem.goals - known[:, ahead].astype(np.int64) @ problem.steps[ahead]
    radii = np.abs(known.astype(np.int64) @ problem.steps - problem.goals).max(axis=1).tolist()
    nothing = np.empty((0, 4), np.int64)
    results = [(_Found(nothing, radius, complete=False), known[t : t + 1]) for t, radius in enumerate(radii)]
    try:
        with ThreadPoolExecutor(workers()) as pool:
            tables = _tables(pool, problem.steps, plan)
            for t, goal in enumerate(goals):
                until = deadline if math.isinf(deadline) else _shared(deadline, len(goals) - t)
                wanted = _Wanted(2 * problem.doubt or -1, int(problem.enough[t]), until)
                report.target = t
                found = _search(pool, tables, goal, radii[t], wanted, report)
                if found.crowded and not found.interrupted:
                    nearer = _search(pool, tables, goal, radii[t], wanted._replace(slack=-1), report)
                    found = nearer._replace(crowded=True)
                found = found._replace(complete=found.complete and plan.excess == 0)
                results[t] = found, np.vstack([_subsets(tables, found.pairs, known[t]), known[t]])
                if found.interrupted:
                    break
    except KeyboardInterrupt:
        pass
    return results


class _Progress:
    """Tells the caller the share of the work done since it was told last, a thousand times at most."""

    def __init__(self, tell: Callable[[float], None] | None, targets: int) -> None:
        self.tell = tell
        self.told = 0.0
        self.targets = targets
        self.target = 0
        self.first, self.part = 0.0, 1.0

    def portion(self, k: int, portions: int) -> None:
        """From now on shares are those of the k-th portion of a target's work."""
        self.part = 1 / (self.targets * portions)
        self.first = self.target / self.targets + k * self.part

    def __call__(self, share: float, least: float = 0.001) -> None:
        """Tell the share of the portion that is done."""
        new = self.first + share * self.part - self.told
        if self.tell is not None and new > least:
            self.tell(new)
            self.told += new

    def end(self) -> None:
        """Tell the rest."""
        self.first, self.part = 0.0, 1.0
        self(1.0, least=0.0)


def _shared(deadline: float, targets: int) -> float:
    """The next target's own deadline."""
    now = time.monotonic()
    return now + (deadline - now) / targets


def _search(
    pool: ThreadPoolExecutor, tables: _Tables, goal: Ints, radius: int, wanted: _Wanted, report: _Progress
) -> _Found:
    """Ask for all inner sums under all settings of the far and the outer items, the most promising settings first."""
    best = _Found(np.empty((0, 4), np.int64), radius)
    box = tables.inner.boxes[1] + tables.tree.boxes[1]
    outer = np.array([tables.outer.min(axis=0), tables.outer.max(axis=0)])
    for k, (setting, missing, gap) in enumerate(_settings(goal - tables.far, box + outer, radius + wanted.slack)):
        report.portion(k, len(tables.far))
        if gap <= best.radius + wanted.slack:
            best = _search_outer(pool, tables, missing, setting * len(tables.outer), best, wanted, report)
        if not best.complete or best.crowded or best.radius <= wanted.enough:
            break
    return best


def _settings(missing: Ints, box: Ints, limit: int) -> Iterator[tuple[int, Ints, int]]:
    """Settings with what is missing then and how far it is from a box of sums, at most `limit`.

    Those come first that leave what is missing nearest to the box's middle, where sums are dense.
    """
    gaps = np.maximum(box[0] - missing, missing - box[1]).max(axis=1)
    near = np.flatnonzero(gaps <= limit)
    order = np.argsort(np.abs(2 * missing[near] - box.sum(axis=0)).max(axis=1), kind="stable")
    for setting in near[order].tolist():
        yield setting, missing[setting], int(gaps[setting])


def _search_outer(
    pool: ThreadPoolExecutor,
    tables: _Tables,
    goal: Ints,
    first: int,
    best: _Found,
    wanted: _Wanted,
    report: _Progress,
) -> _Found:
    """Ask for all inner sums under all settings of the outer items, which count on from `first`.

    A task knows the best distance of all tasks up to the sixteenth before it and of none that is later, however many
    run at a time, and what they find is taken up in their order: so the result does not depend on threads.
    """
    box = tables.inner.boxes[1] + tables.tree.boxes[1]
    settings = _settings(goal - tables.outer, box, best.radius + wanted.slack)
    starts = range(0, len(tables.inner.points), _CHUNK)
    halt = threading.Event()
    waiting: deque[Future[_Found]] = deque()
    try:
        for k, (setting, missing, gap, start) in enumerate((*s, start) for s in settings for start in starts):
            if len(waiting) == _AHEAD:
                best = _joined(best, waiting.popleft(), wanted, halt)
            if time.monotonic() > wanted.deadline:
                halt.set()
            if halt.is_set() or best.radius <= wanted.enough:
                break
            report(k / (len(tables.outer) * len(starts)))
            if gap <= best.radius + wanted.slack:
                task = partial(_ask_all, tables, missing, first + setting, start, best.radius, wanted, halt)
                waiting.append(pool.submit(task))
        while waiting:
            best = _joined(best, waiting.popleft(), wanted, halt)
    except KeyboardInterrupt:
        halt.set()
        while waiting:
            best = _joined(best, waiting.popleft(), wanted, halt)
        best = best._replace(interrupted=True)
    return best._replace(complete=not halt.is_set())


def _ask_all(
    tables: _Tables, goal: Ints, setting: int, start: int, radius: int, wanted: _Wanted, halt: threading.Event
) -> _Found:
    """One task: some inner sums under one outer setting, asked for until told to stop."""
    stop = min(start + _CHUNK, len(tables.inner.points))
    found = np.empty((1 if wanted.slack < 0 else _ROOM, 3), np.int64)
    state = np.array([radius, 0])
    while start < stop and state[_COUNT] >= 0 and state[_RADIUS] > wanted.enough and not halt.is_set():
        start = _ask(
            tables.tree, tables.inner.points, goal, start, stop, wanted.slack, wanted.enough, _BUDGET, state, found
        )
    count = int(state[_COUNT])
    pairs = np.insert(found[: max(0, count)], 1, setting, axis=1)
    return _Found(pairs, int(state[_RADIUS]), crowded=count < 0)


def _joined(best: _Found, task: Future[_Found], wanted: _Wanted, halt: threading.Event) -> _Found:
    """Take up what a task has found; past the deadline, or once it is too much, tell all tasks to stop."""
    try:
        found = task.result(None if math.isinf(wanted.deadline) else max(0.0, wanted.deadline - time.monotonic()))
    except TimeoutError:
        halt.set()
        found = task.result()
    new = found.pairs[found.pairs[:, 0] <= best.radius + wanted.slack]
    radius = min(best.radius, found.radius)
    pairs = np.vstack([best.pairs, new])
    pairs = pairs[pairs[:, 0] <= radius + max(0, wanted.slack)]
    crowded = best.crowded or found.crowded or len(pairs) > _ROOM
    if crowded:
        halt.set()
    return _Found(pairs, radius, crowded=crowded)


def _subsets(tables: _Tables, pairs: Ints, known: BoolArray) -> BoolArray:
    """The subsets (m, n) behind pairs; items that have no part in them are as in the known subset."""
    mask = np.repeat(known[None], len(pairs), axis=0)
    outer, inner, planted = tables.places
    bits = (pairs[:, 1], tables.inner.order[pairs[:, 2]], tables.tree.order[pairs[:, 3]])
    for items, chosen in zip((outer, inner, planted), bits, strict=True):
        mask[:, items] = chosen[:, None] >> np.arange(items.size) & 1
    return mask


# --- the answer -------------------------------------------------------------------------------------------------------


class _Answer(NamedTuple):
    """The best subset of a target, its distance, the bound and whether it is proved optimal."""

    mask: BoolArray
    distance: float
    bound: float
    proved: bool


def _answer(problem: _Problem, t: int, found: _Found, subsets: BoolArray) -> _Answer:
    """The first of the closest subsets, compared exactly, and what is proved of it."""
    distances = np.abs(subsets.astype(object) @ problem.items - problem.targets[t]).max(axis=1)
    k = int(np.argmin(distances))
    distance, bound = distances[k], problem.floor[t]
    proved = distance == bound or (found.complete and not found.crowded)
    if proved:
        bound = distance
    elif found.complete:
        bound = min(distance, max(bound, math.floor((found.radius - problem.doubt) * problem.part)))
    moved = problem.moved[t]
    # Whole numbers are divided with one correct rounding, however large they are.
    quotient = (bound + moved) / problem.unit
    if bound < distance and Fraction(quotient) > Fraction(bound + moved, problem.unit):
        quotient = math.nextafter(quotient, 0.0)
    return _Answer(subsets[k], (distance + moved) / problem.unit, quotient, proved)
