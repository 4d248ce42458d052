"""Arguments in, floats and arrays out, or one clear :class:`~rescircuit.errors.InputError`."""

from __future__ import annotations

import math
from operator import index as as_index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.errors import InputError, shorten

Array = NDArray[np.float64]

__all__ = [
    "Array",
    "checked_shape",
    "finite_array",
    "finite_number",
    "non_negative_array",
    "non_negative_number",
    "positive_array",
    "positive_number",
    "whole_number",
]


def finite_number(argument: str, value: Any, required: str = "a finite number") -> float:
    """`value` as a float; refuses what is not one finite real number."""
    if isinstance(value, np.generic | np.ndarray):
        real = value.dtype.kind in "fiu" and not np.ma.is_masked(value)
    else:
        real = isinstance(value, int | float) and not isinstance(value, bool)
    if not real:  # fractions and decimals too: callers go on with what they were given
        raise InputError(argument, required, value)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(argument, required, value) from None
    if not math.isfinite(number):
        raise InputError(argument, required, value)
    return number


def positive_number(argument: str, value: Any, unit: str = "") -> float:
    """`value` as a finite float above zero."""
    required = f"a finite number above 0{_in(unit)}"
    number = finite_number(argument, value, required)
    if number <= 0:
        raise InputError(argument, required, value)
    return number


def non_negative_number(argument: str, value: Any, unit: str = "") -> float:
    """`value` as a finite float, zero or above."""
    required = f"a finite number of at least 0{_in(unit)}"
    number = finite_number(argument, value, required)
    if number < 0:
        raise InputError(argument, required, value)
    return number


def whole_number(argument: str, value: Any, low: int, high: int | None = None, hint: str = "") -> int:
    """`value` as an int from `low` to `high`, both included."""
    required = f"a whole number of at least {low}" if high is None else f"a whole number from {low} to {high}"
    try:
        number = as_index(value)
    except TypeError:
        raise InputError(argument, required, value, hint) from None
    if isinstance(value, bool) or number < low or (high is not None and number > high):
        raise InputError(argument, required, value, hint)
    return number


def checked_shape(shape: Any, least: int = 0) -> tuple[int, ...]:
    """`shape`, a whole number of at least `least` or several, as a tuple."""
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    return tuple(whole_number("shape", size, least) for size in sizes)


def finite_array(argument: str, values: Any, unit: str = "", *, allow_empty: bool = False) -> Array:
    """`values` as a float64 array of finite numbers; refuses text, objects, NaN, infinity, gaps and emptiness."""
    required = f"finite numbers{_in(unit)}"
    try:
        raw = np.asarray(values)
    except ValueError:
        raise InputError(argument, f"{required} in a rectangular array", values) from None
    if raw.dtype.kind not in "fiu":
        raise InputError(argument, required, f"shape {raw.shape} of {raw.dtype.name}: {shorten(values)}")
    if np.ma.is_masked(values):
        raise InputError(argument, f"{required} without masked entries", f"shape {raw.shape}, masked in part")
    array = raw.astype(np.float64)
    if array.size == 0 and not allow_empty:
        raise InputError(argument, f"{required}, at least one", f"shape {array.shape}")
    _refuse(argument, required, array, ~np.isfinite(array))
    return array


def positive_array(argument: str, values: Any, unit: str = "") -> Array:
    """`values` as a float64 array of finite numbers above zero."""
    array = finite_array(argument, values, unit)
    _refuse(argument, f"finite numbers above 0{_in(unit)}", array, array <= 0)
    return array


def non_negative_array(argument: str, values: Any, unit: str = "") -> Array:
    """`values` as a float64 array of finite numbers, zero or above."""
    array = finite_array(argument, values, unit)
    _refuse(argument, f"finite numbers of at least 0{_in(unit)}", array, array < 0)
    return array


def _refuse(argument: str, required: str, array: Array, bad: NDArray[np.bool_]) -> None:
    """Raise for the first offending element, naming its place."""
    if not bad.any():
        return
    place = tuple(int(k) for k in np.argwhere(bad)[0])
    where = f" at index {place[0] if len(place) == 1 else place}" if place else ""
    raise InputError(argument + where, required, float(array[place]))


def _in(unit: str) -> str:
    return f" ({unit})" if unit else ""
