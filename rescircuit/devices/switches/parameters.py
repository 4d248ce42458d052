"""Parameters of switches: a number for all of them, or an array with one for each."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from typing import Any, Self

import numpy as np

from rescircuit.checks import Array, checked_shape, finite_number, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["Parameters", "checked_place", "parameter", "spread_below"]


class Parameters:
    """What frozen dataclasses of parameters share, numbers or arrays: comparison, a short text, parts of arrays."""

    def __eq__(self, other: object) -> bool:
        """Whether `other` is of the same kind and has the same parameters."""
        if type(other) is not type(self):
            return NotImplemented
        return all(np.array_equal(mine, theirs) for mine, theirs in zip(_values(self), _values(other), strict=True))

    def __hash__(self) -> int:
        """Equal for equal parameters."""
        return hash((type(self), *(v.shape if isinstance(v, np.ndarray) else v for v in _values(self))))

    def __repr__(self) -> str:
        """The parameters that are not as by default; arrays by their shapes."""
        named = zip(fields(self), _values(self), strict=True)  # pyright: ignore[reportArgumentType]
        said = [f"{field.name}={_said(value)}" for field, value in named if not _is_default(field.default, value)]
        return f"{type(self).__name__}({', '.join(said)})"

    def part(self, index: Any) -> Self:
        """Some of the switches: arrays of parameters are indexed, numbers stay.

        Raises
        ------
        InputError
            For an index that does not fit the arrays.
        """
        named = {field.name: getattr(self, field.name) for field in fields(self)}  # pyright: ignore[reportArgumentType]
        try:
            chosen = {name: value[index] for name, value in named.items() if isinstance(value, np.ndarray)}
        except IndexError as error:
            raise InputError("index", "one that fits the switches' parameters", index, f"{error}.") from None
        return replace(self, **chosen) if chosen else self  # pyright: ignore[reportArgumentType]

    def spread_to(self, shape: tuple[int, ...]) -> Self:
        """The same switches with all arrays of parameters of `shape`, so that parts may be taken; numbers stay.

        Raises
        ------
        InputError
            For arrays that do not broadcast to it.
        """
        spread: dict[str, Any] = {}
        for field in fields(self):  # pyright: ignore[reportArgumentType]
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray) and value.shape != shape:
                try:
                    spread[field.name] = np.broadcast_to(value, shape)
                except ValueError:
                    required = f"a number or an array that broadcasts to {shape}"
                    raise InputError(field.name, required, f"shape {value.shape}") from None
        return replace(self, **spread) if spread else self  # pyright: ignore[reportArgumentType]


def parameter(
    argument: str, value: Any, required: str, *, above: float, or_equal: bool = False, endless: bool = False
) -> float | Array:
    """`value` as a float, or as an array that nobody can change; refuses what is not in range.

    Parameters
    ----------
    argument, required : str
        For the error's text.
    value : float or array
        What came.
    above : float
        The lower end of the range.
    or_equal : bool
        Whether the range includes it.
    endless : bool
        Whether infinity is in the range.
    """
    try:
        raw = np.asarray(value)
    except ValueError:
        raise InputError(argument, required, value) from None  # lists of unequal lengths
    if raw.dtype.kind not in "fiu" or raw.size == 0 or np.ma.is_masked(value):
        raise InputError(argument, required, f"shape {raw.shape} of {raw.dtype.name}" if raw.ndim else value)
    array = raw.astype(np.float64)
    good = (np.isfinite(array) | ((array == np.inf) & endless)) & (array >= above if or_equal else array > above)
    if not good.all():
        place = tuple(int(k) for k in np.argwhere(~good)[0])
        raise InputError(f"{argument} at index {place}" if place else argument, required, array[place].item())
    if array.ndim == 0:
        return float(array)
    array.flags.writeable = False
    return array


def spread_below(argument: str, value: Any, below: float) -> float:
    """`value` as a relative standard deviation of at least 0 and below `below`."""
    required = f"a standard deviation of at least 0 and below {below:g}"
    spread = finite_number(argument, value, required)
    if not 0 <= spread < below:
        raise InputError(argument, required, value)
    return spread


def checked_place(shape: Any, *, seed: int, chip: int, start: int) -> tuple[int, ...]:
    """`shape` as a tuple; refuses what says no place on a chip, also where there is no variation to be sampled."""
    whole_number("start", start, 0)
    Stream(seed=seed, chip=chip, source="switch")
    return checked_shape(shape)


def _values(parameters: Any) -> list[Any]:
    return [getattr(parameters, field.name) for field in fields(parameters)]


def _said(value: Any) -> str:
    return f"<shape {value.shape}>" if isinstance(value, np.ndarray) else repr(value)


def _is_default(default: Any, value: Any) -> bool:
    return default is not MISSING and not isinstance(value, np.ndarray) and value == default
