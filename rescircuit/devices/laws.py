"""The laws by which devices scatter: from a uniform random number to a relative factor, by inversion."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rescircuit.checks import Array, finite_number, positive_array
from rescircuit.devices.csv_column import read_column
from rescircuit.devices.streams import exponential, normal_quantile
from rescircuit.errors import InputError

__all__ = ["Empirical", "Law", "LogNormal", "Normal", "Truncated", "Uniform", "is_law"]

_CELLS = 2**52  # streams give the middles of so many equal parts of (0, 1)
_QUADRATURE = 2**16  # points over which the spread of a truncated law is taken


class Law(Protocol):
    """How a relative factor is distributed."""

    def factors(self, uniforms: Array) -> Array:
        """The factors above 0 of `uniforms` in (0, 1), same shape; they do not decrease with them."""
        ...

    @property
    def spread(self) -> float:
        """The standard deviation of the factor."""
        ...


def is_law(value: Any) -> bool:
    """Whether `value` has what a law has; the class of a law is not one yet."""
    return not isinstance(value, type) and callable(getattr(value, "factors", None)) and hasattr(value, "spread")


@dataclass(frozen=True, kw_only=True)
class Uniform:
    """Uniform from ``1 - half_width`` to ``1 + half_width``.

    Parameters
    ----------
    half_width : float
        Relative, at least 0 and below 1. The 20 % of integrated resistors (Talebbeydokhti et al. 2006) is 0.2.

    Raises
    ------
    InputError
        For a half-width outside its range.
    """

    half_width: float = 0.2

    def __post_init__(self) -> None:
        _check("half_width", self.half_width, 1.0, "a relative half-width of at least 0 and below 1, such as 0.2")

    def factors(self, uniforms: Array) -> Array:
        """The factors of `uniforms` in (0, 1), same shape."""
        return 1.0 + self.half_width * (2.0 * uniforms - 1.0)

    @property
    def spread(self) -> float:
        """The standard deviation: the half-width over the root of 3."""
        return self.half_width / math.sqrt(3.0)


@dataclass(frozen=True, kw_only=True)
class Normal:
    """Normal with mean 1.

    Parameters
    ----------
    sigma : float
        The standard deviation, relative, at least 0 and at most 0.12, so that no factor reaches zero: a random number
        of 52 bits is at most 8.2 standard deviations away.

    Raises
    ------
    InputError
        For a standard deviation outside its range.
    """

    sigma: float = 0.01

    def __post_init__(self) -> None:
        required = "a relative standard deviation of at least 0 and at most 0.12, such as 0.01"
        hint = 'For a wider variation, use LogNormal or Uniform (law = "lognormal" or "uniform").'
        _check("sigma", self.sigma, np.nextafter(0.12, 1.0), required, hint)

    def factors(self, uniforms: Array) -> Array:
        """The factors of `uniforms` in (0, 1), same shape."""
        return 1.0 + self.sigma * normal_quantile(uniforms)

    @property
    def spread(self) -> float:
        """The standard deviation."""
        return self.sigma


@dataclass(frozen=True, kw_only=True)
class LogNormal:
    """Lognormal with median 1: the factor's logarithm is normal.

    Parameters
    ----------
    sigma : float
        The standard deviation of the natural logarithm, at least 0 and below 3.

    Raises
    ------
    InputError
        For a standard deviation outside its range.
    """

    sigma: float

    def __post_init__(self) -> None:
        required = "a standard deviation of the logarithm of at least 0 and below 3, such as 0.1"
        _check("sigma", self.sigma, 3.0, required)

    def factors(self, uniforms: Array) -> Array:
        """The factors of `uniforms` in (0, 1), same shape."""
        return exponential(self.sigma * normal_quantile(uniforms))

    @property
    def spread(self) -> float:
        """The standard deviation of the factor: ``sqrt((w - 1) w)`` with ``w = exp(sigma**2)``."""
        square = self.sigma * self.sigma
        return math.sqrt(math.expm1(square) * math.exp(square))


@dataclass(frozen=True, kw_only=True)
class Truncated:
    """Another law, restricted to factors from ``1 - within`` to ``1 + within``: what a test at the foundry lets pass.

    Parameters
    ----------
    law : Law
        The law before the test.
    within : float
        The largest relative deviation that passes, above 0 and below 1.

    Raises
    ------
    InputError
        For a limit outside its range, or one that nothing passes.
    """

    law: Law
    within: float = 0.1

    def __post_init__(self) -> None:
        if not is_law(self.law):
            raise InputError("law", "a law such as Normal(sigma=0.05)", self.law)
        required = "a relative deviation above 0 and below 1, such as 0.1"
        if _check("within", self.within, 1.0, required) == 0:
            raise InputError("within", required, self.within)
        low, high = self._limits
        if low > high:
            hint = "Nothing that the law gives is so near to 1: raise it."
            raise InputError("within", "wide enough for a part of the law to pass", self.within, hint)

    def factors(self, uniforms: Array) -> Array:
        """The factors of `uniforms` in (0, 1), same shape."""
        low, high = self._limits
        inside = np.clip((low + uniforms * (high - low + 1)) / _CELLS, (low + 0.5) / _CELLS, (high + 0.5) / _CELLS)
        return np.clip(self.law.factors(inside), 1.0 - self.within, 1.0 + self.within)

    @cached_property
    def spread(self) -> float:
        """The standard deviation, to some 1e-4 of itself: a sum over 65536 quantiles."""
        return float(self.factors((np.arange(_QUADRATURE) + 0.5) / _QUADRATURE).std())

    @cached_property
    def _limits(self) -> tuple[int, int]:
        """The first and the last of the parts of (0, 1) whose factors pass, by bisection."""
        low = _first_cell(self.law, lambda factor: factor >= 1.0 - self.within)
        return low, _first_cell(self.law, lambda factor: factor > 1.0 + self.within) - 1


def _first_cell(law: Law, is_beyond: Callable[[float], bool]) -> int:
    """The first part of (0, 1) whose factor is beyond a limit; their number if there is none."""
    low, high = 0, _CELLS
    while low < high:
        middle = (low + high) // 2
        if is_beyond(float(law.factors(np.array([(middle + 0.5) / _CELLS]))[0])):
            high = middle
        else:
            low = middle + 1
    return low


@dataclass(frozen=True, init=False, eq=False)
class Empirical:
    """Drawn from measured factors, each as often as the others.

    Parameters
    ----------
    factors : array (k,)
        Relative values above 0, around 1.

    Attributes
    ----------
    measured : array (k,)
        They in rising order, read-only.

    Raises
    ------
    InputError
        For factors that are not positive numbers in one row.
    """

    measured: Array

    def __init__(self, *, factors: Array) -> None:
        measured = np.sort(positive_array("factors", factors), axis=None)
        if np.ndim(factors) != 1:
            raise InputError("factors", "of one dimension", f"shape {np.shape(factors)}")
        measured.flags.writeable = False
        object.__setattr__(self, "measured", measured)

    @classmethod
    def from_csv(cls, path: str | Path, column: str | int | None = None) -> Empirical:
        """Read measured resistances or conductances of one column and divide them by their median.

        Parameters
        ----------
        path : str or Path
            Comma-separated values; ``#`` starts a comment, and a first line without numbers names the columns.
        column : str or int, optional
            The column's name, or its number from 0; may be left out where there is only one.

        Raises
        ------
        InputError
            For an unreadable file, a column that is not there, text in a number, lines of different lengths, or a
            value that is not above 0, with the file and the line.
        """
        values = read_column(path, column)
        with np.errstate(over="ignore"):
            return cls(factors=values / np.median(values))

    def factors(self, uniforms: Array) -> Array:
        """The factors of `uniforms` in (0, 1), same shape: the step quantile."""
        places = (uniforms * self.measured.size).astype(np.int64)
        return self.measured[np.minimum(places, self.measured.size - 1)]

    @cached_property
    def spread(self) -> float:
        """The standard deviation of the measured factors."""
        return float(self.measured.std())


def _check(argument: str, value: Any, below: float, required: str, hint: str = "") -> float:
    number = finite_number(argument, value, required)
    if not 0 <= number < below:
        raise InputError(argument, required, value, hint)
    return number
