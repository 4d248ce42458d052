"""Sums whose reciprocals come closest to a target: resistances in series that together give a conductance.

``|1 / x - target|`` is not symmetric in x, so the sum closest to ``1 / target`` need not be the best. But for x > 0 it
falls up to ``1 / target`` and grows from there on. Hence of all sums not above that point the largest is the best, and
of all sums above it the smallest; the better of these two (:mod:`~rescircuit.subsetsum.one_sided`) is the optimum.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.subsetsum.one_sided import LARGEST_N, neighbouring_sums
from rescircuit.subsetsum.tasks import Progress

__all__ = ["ClosestReciprocals", "closest_reciprocals"]

_NEAR_TIE = 1e-14  # relative; errors are computed to some 1e-15
_SPLITTER = 134217729.0  # 2**27 + 1


class ClosestReciprocals(NamedTuple):
    """The best subsets; the leading axes are those of items, targets and offsets, broadcast.

    Attributes
    ----------
    mask : bool array (..., n)
    total : array (...)
        ``offset + sum(s * items)``, correctly rounded.
    error : array (...)
        ``1 / total - target`` before any rounding of the total, to some 1e-15 of itself.
    """

    mask: NDArray[np.bool_]
    total: Array
    error: Array


def closest_reciprocals(
    items: Array, targets: Array, offsets: Array, *, progress: Progress | None = None
) -> ClosestReciprocals:
    """The subsets that minimise ``|1 / (offset + sum(s * items)) - target|``, exactly on the doubles given.

    Parameters
    ----------
    items : array (..., n)
        Finite, above 0, n at most 40; leading axes are instances with items of their own.
    targets, offsets : arrays (...)
        Finite, at least 0.
    progress : callable, optional
        Called with the number of targets done since the last call.

    Returns
    -------
    ClosestReciprocals
        Of two subsets equally close, the one whose reciprocal is below the target.

    Raises
    ------
    InputError
        For more than 40 items.
    """
    n = items.shape[-1]
    if n > LARGEST_N:
        raise InputError("items", f"at most {LARGEST_N} numbers an instance", n, "Use smaller banks.")
    shape = np.broadcast_shapes(items.shape[:-1], targets.shape, offsets.shape)
    # Trailing axes on which all instances share their items share the work of sorting sums.
    own = (1,) * (len(shape) + 1 - items.ndim) + items.shape[:-1]
    split = len(shape)
    while split > 0 and own[split - 1] == 1:
        split -= 1
    banks, columns = math.prod(shape[:split]), math.prod(shape[split:])
    spread = np.broadcast_to(items.reshape(*own[:split], n), (*shape[:split], n))
    found = _solve(
        np.ascontiguousarray(spread.reshape(banks, n)),
        np.ascontiguousarray(np.broadcast_to(targets, shape).reshape(banks, columns)),
        np.ascontiguousarray(np.broadcast_to(offsets, shape).reshape(banks, columns)),
        progress,
    )
    return ClosestReciprocals(found.mask.reshape(*shape, n), found.total.reshape(shape), found.error.reshape(shape))


def _solve(items: Array, targets: Array, offsets: Array, progress: Progress | None) -> ClosestReciprocals:
    """The same for items (b, n), targets and offsets (b, t)."""
    reach = items.sum(axis=1, keepdims=True) + offsets
    with np.errstate(divide="ignore", over="ignore"):
        rounded = 1.0 / targets
        # A point twice out of reach may as well be there: all sums are below it.
        outside = rounded > 2.0 * reach
        points = np.where(outside, 2.0 * reach, rounded)
        remainders = np.where(outside, 0.0, _lost_by_reciprocal(np.where(outside, 1.0, targets)))

    def rational_point(bank: int, column: int) -> Fraction:
        point = Fraction(points[bank, column]) if outside[bank, column] else 1 / Fraction(targets[bank, column])
        return point - Fraction(offsets[bank, column])

    near = neighbouring_sums(items, points, remainders, offsets, rational_point, progress=progress)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        # 1/x - g = g (1/g - x) / x; far outside, the plain difference loses nothing.
        errors = np.where(outside, 1.0 / near.total - targets, -targets * near.residual / near.total)
    errors = np.where(np.isinf(near.residual), np.array([np.inf, -np.inf])[:, np.newaxis, np.newaxis], errors)
    upper = np.abs(errors[1]) <= np.abs(errors[0])
    spread = np.abs(errors[0] + errors[1])  # of opposite signs
    tied = np.isfinite(spread) & (spread <= _NEAR_TIE * np.abs(errors[0]))
    for bank, column in np.argwhere(tied | near.exact).tolist():
        exact = {
            side: _exact_error(items[bank, near.mask[side, bank, column]], targets[bank, column], offsets[bank, column])
            for side in range(2)
            if np.isfinite(errors[side, bank, column])
        }
        upper[bank, column] = min(exact, key=lambda side: (abs(exact[side]), -side)) == 1
        for side, error in exact.items():
            errors[side, bank, column] = float(error)
    return ClosestReciprocals(
        mask=np.where(upper[..., np.newaxis], near.mask[1], near.mask[0]),
        total=np.where(upper, near.total[1], near.total[0]),
        error=np.where(upper, errors[1], errors[0]),
    )


def _exact_error(chosen: Array, target: float, offset: float) -> Fraction:
    return 1 / sum(map(Fraction, chosen.tolist()), Fraction(offset)) - Fraction(target)


def _lost_by_reciprocal(values: Array) -> Array:
    """``1 / values`` less its rounded value, from the exact product of both (Dekker 1971)."""
    fraction, exponent = np.frexp(values)
    reciprocal = 1.0 / fraction
    product = fraction * reciprocal
    a_high, b_high = (x * _SPLITTER - (x * _SPLITTER - x) for x in (fraction, reciprocal))
    a_low, b_low = fraction - a_high, reciprocal - b_high
    rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return np.ldexp(((1.0 - product) - rest) / fraction, -exponent)
