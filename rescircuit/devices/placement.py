"""Where the elements of a chip stand, so that neighbours can vary together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_number, whole_number
from rescircuit.errors import InputError

__all__ = ["Placement", "checked_placement", "checked_span"]

_MOST_ELEMENTS = 2**53  # so that every number is a float, too
_LONGEST = 1.0  # metre


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Elements in rows, one after the other: element g stands in column ``g % columns`` of row ``g // columns``.

    Its centre is at ``origin_x + (g % columns + 0.5) * pitch_x``, ``origin_y + (g // columns + 0.5) * pitch_y``.

    Parameters
    ----------
    columns : int
        Elements in a row.
    pitch_x, pitch_y : float
        From one column and one row to the next, metre.
    origin_x, origin_y : float
        The corner of the first element, metre.

    Raises
    ------
    InputError
        For a number outside its range.
    """

    columns: int
    pitch_x: float
    pitch_y: float
    origin_x: float = 0.0
    origin_y: float = 0.0

    def __post_init__(self) -> None:
        whole_number("columns", self.columns, 1, _MOST_ELEMENTS)
        for name in ("pitch_x", "pitch_y"):
            required = f"a length above 0 and at most {_LONGEST:g} (metre), such as 5e-6"
            if not 0 < finite_number(name, getattr(self, name), required) <= _LONGEST:
                raise InputError(name, required, getattr(self, name))
        for name in ("origin_x", "origin_y"):
            required = f"a coordinate from -{_LONGEST:g} to {_LONGEST:g} (metre)"
            if abs(finite_number(name, getattr(self, name), required)) > _LONGEST:
                raise InputError(name, required, getattr(self, name))

    def positions(self, count: int, start: int = 0) -> tuple[Array, Array]:
        """Coordinates x and y, metre, of the elements `start` to `start + count - 1`, each of shape (count,)."""
        count, start = checked_span(count, start)
        rows, columns = np.divmod(np.arange(start, start + count), self.columns)
        return self.column_positions(columns), self.row_positions(rows)

    def column_positions(self, columns: NDArray[np.int64]) -> Array:
        """Coordinates x, metre, of the columns' centres."""
        return self.origin_x + (columns.astype(np.float64) + 0.5) * self.pitch_x

    def row_positions(self, rows: NDArray[np.int64]) -> Array:
        """Coordinates y, metre, of the rows' centres."""
        return self.origin_y + (rows.astype(np.float64) + 0.5) * self.pitch_y


def checked_placement(placement: Any) -> Placement:
    """`placement`, for variation that depends on the place."""
    if not isinstance(placement, Placement):
        required = "a Placement, for a gradient and a field depend on where the elements stand"
        raise InputError("placement", required, placement)
    return placement


def checked_span(count: int, start: int) -> tuple[int, int]:
    """How many elements, from which on, of a chip of no more than a float can number."""
    count = whole_number("count", count, 0, _MOST_ELEMENTS)
    return count, whole_number("start", start, 0, _MOST_ELEMENTS - count)
