"""The programming problem with all that a circuit may ask of it, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array, non_negative_number, positive_number, whole_number
from rescircuit.errors import InputError
from rescircuit.subsetsum.tasks import Progress

__all__ = ["DEFAULT_MEMORY", "LARGEST_N", "Problem", "state_problem"]

LARGEST_N = 64  # the bits of a setting are one word
DEFAULT_MEMORY = 2 << 30  # bytes
_MOST_BEST = 100_000

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """Instances of equation (6.1): find ``s`` in {0, 1}^n with ``offset + sum(s * items)`` closest to the target.

    Attributes
    ----------
    items : array (b, n)
    targets, offsets : array (b, t)
    chosen, excluded : bool array (b, n)
        Items that are in every subset, and in none.
    count : (int, int) or None
        The least and the largest number of items to choose.
    best : int or None
        How many of the best subsets to find; None for one, without an axis of its own.
    tolerance : float or None
        Where it is given, any residual up to it will do, and the fewest items or the least cost count.
    cost : array (n,) or None
    constraints : (array (c, n), array (c,), array (c,)) or None
        A matrix and the least and the largest values of its product with ``s``.
    step : float or None
        All items and targets are multiples of it.
    deadline : float or None
        On the monotonic clock.
    memory : int
        Bytes.
    progress : callable or None
    shape : tuple of int
        The shape of results, whose product is b t.
    """

    items: Array
    targets: Array
    offsets: Array
    chosen: Mask
    excluded: Mask
    count: tuple[int, int] | None
    best: int | None
    tolerance: float | None
    cost: Array | None
    constraints: tuple[Array, Array, Array] | None
    step: float | None
    deadline: float | None
    memory: int
    progress: Progress | None
    shape: tuple[int, ...]

    @property
    def n(self) -> int:
        """Items in an instance."""
        return self.items.shape[1]


def state_problem(
    items: Any,
    targets: Any,
    *,
    offset: Any = 0.0,
    count: Any = None,
    chosen: Any = None,
    excluded: Any = None,
    best: Any = None,
    tolerance: Any = None,
    cost: Any = None,
    constraints: Any = None,
    step: Any = None,
    time_limit: Any = None,
    memory_limit: Any = DEFAULT_MEMORY,
    progress: Progress | None = None,
) -> Problem:
    """Check the arguments of :func:`~rescircuit.subsetsum.subset_sum` and lay them out.

    Trailing axes on which all instances share their items become t, so that shared work is done once.
    """
    values = finite_array("items", items)
    goals = finite_array("targets", targets)
    starts = finite_array("offset", offset)
    if values.ndim == 0:
        raise InputError("items", "an array (..., n)", float(values), "Write [x] for one item.")
    n = values.shape[-1]
    if n > LARGEST_N:
        raise InputError("items", f"at most {LARGEST_N} numbers an instance", n, "Use smaller banks.")
    fixed = [_mask(name, mask, values.shape) for name, mask in (("chosen", chosen), ("excluded", excluded))]
    shape = _broadcast(values, goals, starts, *fixed)
    with np.errstate(over="ignore"):
        reach = np.abs(values).sum(axis=-1).max() + np.abs(goals).max() + np.abs(starts).max()
    if not reach < np.finfo(np.float64).max / 4:
        raise InputError("items", "numbers whose magnitudes sum well within a double", float(reach), "Scale them.")

    # Instances (b, t): leading axes with items of their own, trailing ones that share them.
    own = [array.shape[:-1] for array in (values, *fixed)]
    split = len(shape)
    while split > 0 and all(len(axes) < len(shape) - split + 1 or axes[split - 1 - len(shape)] == 1 for axes in own):
        split -= 1
    banks, columns = math.prod(shape[:split]), math.prod(shape[split:])

    def per_bank(array: NDArray[Any]) -> NDArray[Any]:
        axes = (1,) * (len(shape) + 1 - array.ndim) + array.shape
        spread = np.broadcast_to(array.reshape(*axes[:split], n), (*shape[:split], n))
        return np.ascontiguousarray(spread.reshape(banks, n))

    def per_instance(array: Array) -> Array:
        return np.ascontiguousarray(np.broadcast_to(array, shape).reshape(banks, columns))

    in_all, in_none = per_bank(fixed[0]), per_bank(fixed[1])
    both = np.argwhere(in_all & in_none)
    if both.size:
        raise InputError("excluded", "without items that are chosen", f"item {int(both[0, 1])} in both")
    return Problem(
        items=per_bank(values),
        targets=per_instance(goals),
        offsets=per_instance(starts),
        chosen=in_all,
        excluded=in_none,
        count=_count(count, n, in_all, in_none),
        best=None if best is None else whole_number("best", best, 1, _MOST_BEST),
        tolerance=None if tolerance is None else non_negative_number("tolerance", tolerance),
        cost=_cost(cost, n, tolerance),
        constraints=_constraints(constraints, n),
        step=None if step is None else positive_number("step", step),
        deadline=None if time_limit is None else monotonic() + positive_number("time_limit", time_limit, "s"),
        memory=whole_number("memory_limit", memory_limit, 1 << 20),
        progress=progress,
        shape=shape,
    )


def _mask(argument: str, mask: Any, shape: tuple[int, ...]) -> Mask:
    """A mask (..., n), by default of nothing."""
    if mask is None:
        return np.zeros(shape[-1], np.bool_)
    array = np.asarray(mask)
    required = f"booleans (..., {shape[-1]}), one an item"
    if array.dtype != np.bool_ or array.ndim == 0 or array.shape[-1] != shape[-1]:
        raise InputError(argument, required, f"shape {array.shape} of {array.dtype.name}")
    return array


def _broadcast(values: Array, goals: Array, starts: Array, *masks: Mask) -> tuple[int, ...]:
    """The shape that results take; the first argument that does not fit is named."""
    shape = values.shape[:-1]
    named = [("targets", goals.shape), ("offset", starts.shape)]
    named += [(name, mask.shape[:-1]) for name, mask in zip(("chosen", "excluded"), masks, strict=True)]
    for name, axes in named:
        try:
            shape = np.broadcast_shapes(shape, axes)
        except ValueError:
            required = f"of a shape that broadcasts against the instances' {shape}"
            raise InputError(name, required, f"shape {axes}") from None
    return shape


def _count(count: Any, n: int, chosen: Mask, excluded: Mask) -> tuple[int, int] | None:
    """The least and the largest number of items, possible for every instance."""
    if count is None:
        return None
    required = "a whole number, or a pair of the least and the largest"
    try:
        low, high = (count, count) if np.ndim(count) == 0 else count
    except (TypeError, ValueError):
        raise InputError("count", required, count) from None
    low, high = whole_number("count", low, 0, n), whole_number("count", high, 0)
    if low > high:
        raise InputError("count", "a pair whose first is not above its second", (low, high))
    most_chosen = int(chosen.sum(axis=1).max())
    least_free = n - int(excluded.sum(axis=1).max())
    if high < most_chosen:
        raise InputError("count", f"at least {most_chosen}, the number of chosen items", high)
    if low > least_free:
        raise InputError("count", f"at most {least_free}, the number of items not excluded", low)
    return low, min(high, n)


def _cost(cost: Any, n: int, tolerance: Any) -> Array | None:
    if cost is None:
        return None
    array = finite_array("cost", cost)
    if array.shape != (n,):
        raise InputError("cost", f"of shape ({n},), one an item", f"shape {array.shape}")
    if tolerance is None:
        raise InputError("cost", "given together with a tolerance", "no tolerance", "Say how close is close enough.")
    return array


def _constraints(constraints: Any, n: int) -> tuple[Array, Array, Array] | None:
    if constraints is None:
        return None
    required = f"a triple of a matrix (c, {n}), least values (c,) and largest values (c,)"
    try:
        matrix, low, high = constraints
        low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    except (TypeError, ValueError):
        raise InputError("constraints", required, constraints) from None
    matrix = finite_array("constraints", matrix)
    if matrix.ndim != 2 or matrix.shape[1] != n or low.shape != matrix.shape[:1] or high.shape != low.shape:
        raise InputError("constraints", required, f"shapes {matrix.shape}, {low.shape}, {high.shape}")
    if np.isnan(low).any() or np.isnan(high).any() or (low > high).any():
        raise InputError("constraints", "with least values not above the largest", (low.tolist(), high.tolist()))
    return matrix, low, high
