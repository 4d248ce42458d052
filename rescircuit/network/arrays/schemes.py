"""How signed weights become differences of conductances: pairs of cells, or a cell and a reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.network.compensation import Scheme

__all__ = ["Lines", "Window", "asked_conductances", "bit_lines", "largest_difference"]


@dataclass(frozen=True, kw_only=True)
class Window:
    """What every cell of a layer can be: from `low`, its "off", to `high`, siemens."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """Siemens."""
        return self.high - self.low


@dataclass(frozen=True, kw_only=True, eq=False)
class Lines:
    """Bit lines of a tile: those whose currents make each output, (o,), the first less the second; and how many."""

    plus: NDArray[np.intp]
    minus: NDArray[np.intp]
    count: int


def bit_lines(scheme: Scheme, outputs: int) -> Lines:
    """Pairs side by side; with ``"offset"`` one for each output, and the references in the middle of them."""
    if scheme != "offset":
        plus = 2 * np.arange(outputs)
        return Lines(plus=plus, minus=plus + 1, count=2 * outputs)
    middle = outputs // 2
    plus = np.arange(outputs)
    return Lines(plus=plus + (plus >= middle), minus=np.full(outputs, middle), count=outputs + 1)


def largest_difference(scheme: Scheme, window: Window, swing: float) -> float:
    """The difference of conductances that the largest weight has, siemens."""
    reach = swing * window.width
    return 0.5 * reach if scheme == "offset" else reach


def asked_conductances(scheme: Scheme, difference: Array, lines: Lines, window: Window) -> Array:
    """What cells are to be, (i, lines), for differences (i, o), siemens; within the window by less than rounding."""
    asked = np.empty((len(difference), lines.count))
    if scheme == "one_side":
        asked[:, lines.plus] = window.low + np.maximum(difference, 0.0)
        asked[:, lines.minus] = window.low + np.maximum(-difference, 0.0)
    else:
        middle = window.low + 0.5 * window.width
        share = 1.0 if scheme == "offset" else 0.5
        asked[:, lines.minus] = middle - (1.0 - share) * difference
        asked[:, lines.plus] = middle + share * difference
    return np.clip(asked, window.low, window.high)
