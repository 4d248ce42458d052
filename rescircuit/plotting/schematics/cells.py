"""The cells of a crossbar as pictures: a resistor or a memristor across the corner, a box with a bank's code in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from schemdraw import elements as elm

from rescircuit.bank import DEFAULT_READ_VOLTAGE
from rescircuit.checks import Array
from rescircuit.crossbar import Crossbar, NonlinearCrossbar
from rescircuit.crossbar.cells import BankCells, CellLaw, LinearCells, SelectedCells, SinhCells, conductances_at
from rescircuit.plotting.schematics.labels import code_of, quantity
from rescircuit.plotting.schematics.sheet import Point, Sheet

__all__ = ["CellPictures", "cell_pictures"]

_ACROSS = 1.0  # how far from the crossing a cell's two ends are
_PITCH = 2.05  # of the word lines, for cells without a box
_LONGEST_CODE = 24  # bits; of more, their number
_LONGEST_LINE = 6  # bits in a box
_BOX = 1.3  # width
_BOX_TOP = 0.3  # below the word line
_LINE = 0.36  # height of a line of bits
_SELECTOR = 0.8  # height of a selector above its box
_SMALL = 8.0  # points


@dataclass(frozen=True, kw_only=True, eq=False)
class CellPictures:
    """How an array's cells are drawn, all alike but for their numbers.

    Attributes
    ----------
    conductances : array (m, n)
        Siemens, as labelled; a cell of 0 is left out, one of ``inf`` is a short.
    codes : str array (m, n), optional
        What stands in a cell's box, for cells that have one.
    memristive, selected : bool
        Whether cells without a box are memristors, and whether all stand behind selectors.
    about : str
        The caption's line on them.
    """

    conductances: Array
    codes: NDArray[np.str_] | None = None
    memristive: bool = False
    selected: bool = False
    about: str

    @property
    def _box_height(self) -> float:
        lines = 1 if self.codes is None else 1 + max(str(code).count("\n") for code in self.codes.flat)
        return _LINE * lines + 0.24

    @property
    def _box_top(self) -> float:
        return _BOX_TOP + (_SELECTOR if self.selected else 0.0)

    @property
    def word_offset(self) -> float:
        """How far left of its bit line a cell's end on the word line is."""
        return _ACROSS + (0.35 if self.codes is not None else 0.25 * self.selected)

    @property
    def bit_offset(self) -> float:
        """How far below its word line a cell's end on the bit line is."""
        return _ACROSS + 0.25 * self.selected if self.codes is None else self._box_top + 0.5 * self._box_height

    @property
    def pitch(self) -> float:
        """Of the word lines."""
        if self.codes is None:
            return _PITCH + 0.25 * self.selected
        return max(_PITCH, self._box_top + self._box_height + 1.0)

    def draw(self, sheet: Sheet, at: tuple[int, int], crossing: Point) -> None:
        """Draw one cell beside the crossing of its lines."""
        conductance = float(self.conductances[at])
        if conductance == 0:
            return
        x, y = crossing
        word, bit = (x - self.word_offset, y), (x, y - self.bit_offset)
        for end in (word, bit):
            sheet.dot(end)
        label = quantity(conductance, "S", 3) if math.isfinite(conductance) else "short"
        style = {"fontsize": _SMALL, "color": "#333333"}
        if self.codes is None:
            self._diagonal(sheet, word, bit, shorted=math.isinf(conductance))
            sheet.text((x - 0.3, bit[1] - 0.18), label, align=("right", "top"), **style)
            return
        low = y - self._box_top - self._box_height
        left = word[0] - 0.5 * _BOX
        if self.selected:
            sheet.symbol(elm.Diac, word, (word[0], y - self._box_top), scale=0.6)
        else:
            sheet.wire(word, (word[0], y - self._box_top))
        sheet.box((left, low), (left + _BOX, y - self._box_top))
        sheet.wire((left + _BOX, bit[1]), bit)
        sheet.text((word[0], bit[1]), str(self.codes[at]), fontsize=7.0, fontfamily="DejaVu Sans Mono")
        sheet.text((word[0], low - 0.12), label, align=("center", "top"), **style)

    def _diagonal(self, sheet: Sheet, word: Point, bit: Point, *, shorted: bool) -> None:
        if shorted:
            sheet.wire(word, bit)
            return
        kind = elm.Memristor if self.memristive else elm.Resistor
        if not self.selected:
            sheet.symbol(kind, word, bit, scale=0.75)
            return
        middle = (word[0] + 0.42 * (bit[0] - word[0]), word[1] + 0.42 * (bit[1] - word[1]))
        sheet.symbol(elm.Diac, word, middle, scale=0.6)
        sheet.symbol(kind, middle, bit, scale=0.6)


def cell_pictures(crossbar: Crossbar | NonlinearCrossbar) -> CellPictures:
    """How the cells of a crossbar are drawn; a law that is not known to us as boxes with their conductances."""
    if isinstance(crossbar, Crossbar):
        return CellPictures(conductances=crossbar.conductances, about="cells labelled with their conductances")
    cells = crossbar.cells
    selected = isinstance(cells, SelectedCells)
    return _of_law(cells.cells if isinstance(cells, SelectedCells) else cells, selected=selected)


def _of_law(cells: CellLaw, *, selected: bool) -> CellPictures:
    behind = ", without their selectors" if selected else ""
    match cells:
        case LinearCells():
            about = f"cells labelled with their conductances{behind}"
            return CellPictures(conductances=cells.conductances, selected=selected, about=about)
        case SinhCells():
            about = f"memristors labelled with their conductances at small voltages{behind}"
            return CellPictures(conductances=cells.conductances, memristive=True, selected=selected, about=about)
        case BankCells():
            v_read, codes, name = cells.bank.v_read, _codes(cells), "banks with their codes and"
        case _:
            v_read, codes, name = DEFAULT_READ_VOLTAGE, np.full(cells.shape, "cell"), "cells with"
    return CellPictures(
        conductances=conductances_at(cells, v_read),
        codes=codes,
        selected=selected,
        about=f"{name} their conductances at {quantity(v_read, 'V')}{behind}",
    )


def _codes(cells: BankCells) -> NDArray[np.str_]:
    """The switches as they are, in lines of nearly equal length, (m, n)."""
    closed = cells.bank.actual_mask(cells.mask)
    n = closed.shape[-1]
    rows = math.ceil(n / _LONGEST_LINE)
    length = math.ceil(n / rows)
    codes = np.empty(cells.shape, dtype=f"<U{n + rows + 16}")
    for at in np.ndindex(*cells.shape):
        code = code_of(closed[at])
        lines = [code[k : k + length] for k in range(0, n, length)]
        codes[at] = "\n".join(lines) if n <= _LONGEST_CODE else f"{int(closed[at].sum())} of\n{n}"
    return codes
