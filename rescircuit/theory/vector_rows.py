"""Errors of subset sums of vectors, point by point, and the tables of them that experiments share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.tables import Table, figure
from rescircuit.theory.findings import known
from rescircuit.theory.vector_theory import items_of_theorem

__all__ = [
    "ItemsNeeded",
    "Reached",
    "SecondMoment",
    "SizeError",
    "VectorError",
    "columns_of",
    "finite_row",
    "items_needed",
    "limits_text",
    "needed_table",
    "reached_table",
    "size_title",
]

_RARE = 0.005


@dataclass(frozen=True, kw_only=True)
class Reached:
    """The share of samples within an error, its limits, and what the theory says of it."""

    epsilon: float
    share: float
    low: float
    high: float
    first_moment: float
    given_total: float


@dataclass(frozen=True, kw_only=True)
class SizeError:
    """The median error of subsets of k of n items, its limits, and what the theory says of it."""

    d: int
    n: int
    k: int | None
    median: float
    low: float
    high: float
    first_moment: float
    given_total: float


@dataclass(frozen=True, kw_only=True)
class VectorError(SizeError):
    """The same for subsets of a size with a name; k is None where any size may be.

    Attributes
    ----------
    name : str
        Of the size.
    covering : float
        No items at all have a smaller median.
    reached : tuple of Reached
        For each epsilon asked for.
    """

    name: str
    covering: float
    reached: tuple[Reached, ...]


@dataclass(frozen=True, kw_only=True)
class SecondMoment:
    """The number Y of subsets of k of n items within a radius.

    Attributes
    ----------
    mean : float
        E[Y], measured.
    ratio, error : float
        ``E[Y (Y - 1)] / E[Y]**2``, measured, and its standard error.
    theory : float
        The same, computed.
    """

    d: int
    n: int
    k: int
    radius: float
    mean: float
    ratio: float
    error: float
    theory: float

    @property
    def limit(self) -> float:
        """Of the ratio as n grows: ``(1 - (k / n)**2)**(-d / 2)``."""
        return (1.0 - (self.k / self.n) ** 2) ** (-self.d / 2)


@dataclass(frozen=True, kw_only=True)
class ItemsNeeded:
    """Items at which the median error is `epsilon`, between the points measured; None outside of them.

    Attributes
    ----------
    measured, low, high, first_moment, given_total : float or None
    least : float
        ``d log2(1 / epsilon)``, with which alone all of the cube can be covered.
    theorem : float
        The theorem's number without its constant.
    """

    name: str
    d: int
    epsilon: float
    measured: float | None
    low: float | None
    high: float | None
    first_moment: float | None
    given_total: float | None
    least: float
    theorem: float


def items_needed(curve: Sequence[VectorError], epsilon: float) -> ItemsNeeded:
    """Where a curve of median errors, straight between its points in the logarithm of the error, reaches `epsilon`."""

    def crossing(of: str) -> float | None:
        values = np.array([getattr(each, of) for each in curve])
        items = np.array([each.n for each in curve], dtype=np.float64)
        below = np.flatnonzero(values <= epsilon)
        if not below.size or not below[0] or not np.isfinite(values).all():
            return None
        last = int(below[0])
        above = math.log(values[last - 1])
        share = (above - math.log(epsilon)) / (above - math.log(values[last]))
        return float(items[last - 1] + share * (items[last] - items[last - 1]))

    d = curve[0].d
    return ItemsNeeded(
        name=curve[0].name,
        d=d,
        epsilon=epsilon,
        measured=crossing("median"),
        low=crossing("low"),
        high=crossing("high"),
        first_moment=crossing("first_moment"),
        given_total=crossing("given_total"),
        least=d * math.log2(1.0 / epsilon),
        theorem=items_of_theorem(d, epsilon),
    )


def reached_table(errors: Sequence[VectorError], kind: str) -> Table:
    """Probabilities, where neither nearly none nor nearly all samples are within the error.

    Parameters
    ----------
    errors : sequence of VectorError
    kind : str
        What their names name.
    """
    rows = [
        (
            each.name,
            f"{at.epsilon:g}",
            str(each.d),
            str(each.n),
            f"{at.share:.3f}",
            f"{at.low:.3f} to {at.high:.3f}",
            f"{at.given_total:.3f}",
            f"{at.first_moment:.3f}",
        )
        for each in errors
        for at in each.reached
        if _RARE < at.share < 1.0 - _RARE
    ]
    columns = (kind, "error", "d", "n", "probability", "limits", "given the total", "first moment")
    return Table(title="Probability of an error at most so large", columns=columns, rows=tuple(rows))


def needed_table(needed: Sequence[ItemsNeeded], kind: str, items: str) -> Table:
    """Items for a median error.

    Parameters
    ----------
    needed : sequence of ItemsNeeded
    kind, items : str
        What their names name, and what the items are called.
    """
    rows = [
        (
            each.name,
            f"{each.epsilon:g}",
            str(each.d),
            figure(each.measured),
            "" if each.low is None or each.high is None else f"{each.low:.1f} to {each.high:.1f}",
            figure(each.given_total),
            figure(each.first_moment),
            figure(each.least),
            figure(each.theorem),
        )
        for each in needed
    ]
    theory = ("given the total", "first moment", "d log2(1/e)", "theorem's, C = 1")
    columns = (kind, "error", "d", items, "limits", *theory)
    return Table(title=f"{items.capitalize()} for a median error", columns=columns, rows=tuple(rows))


def limits_text(low: float, high: float) -> str:
    """Limits as a cell of a table."""
    return f"{figure(low)} to {figure(high)}"


def columns_of(rows: Sequence[Any], without: Sequence[str]) -> dict[str, Array]:
    """The fields of the rows, dataclasses of one type, as arrays by name."""
    listed = [{name: value for name, value in asdict(row).items() if name not in without} for row in rows]
    names = listed[0] if listed else {}
    # A size that may be any is NaN.
    return {name: np.array([np.nan if row[name] is None else row[name] for row in listed]) for name in names}


def finite_row(row: dict[str, Any]) -> dict[str, Any]:
    """None in place of an infinite limit, which JSON has no number for."""
    return {name: known(value) if isinstance(value, float) else value for name, value in row.items()}


def size_title(name: str) -> str:
    """Of subsets whose size has this name."""
    return {
        "free": "Subsets of any size",
        "half": "Subsets of n / 2",
        "thesis": "Subsets of n / (6 sqrt(d))",
        "root": "Subsets of sqrt(n)",
    }.get(name, f"Subsets of {name}")
