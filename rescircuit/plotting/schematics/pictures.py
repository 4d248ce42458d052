"""Schematics of banks and crossbars as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.bank import DEFAULT_READ_VOLTAGE, Bank, CapacitorBank, DifferentialPair, Mask, SeriesBank
from rescircuit.bank.settings import Programmed
from rescircuit.checks import Array, finite_array, finite_number
from rescircuit.crossbar import Crossbar, NonlinearCrossbar
from rescircuit.errors import InputError
from rescircuit.network.programmed_tile import ProgrammedTile
from rescircuit.plotting.schematics.labels import checked_title

if TYPE_CHECKING:
    from rescircuit.plotting.schematics.sheet import Sheet

__all__ = ["MOST_BRANCHES", "MOST_LINES", "draw_schematic", "drawn"]

MOST_BRANCHES = 24  # of a bank
MOST_LINES = 8  # word lines, and bit lines, of a crossbar

_AnyBank = Bank | SeriesBank | CapacitorBank | DifferentialPair
_AnyCrossbar = Crossbar | NonlinearCrossbar


def draw_schematic(
    thing: _AnyBank | _AnyCrossbar | ProgrammedTile,
    path: str | Path,
    *,
    mask: Any = None,
    setting: Programmed | None = None,
    voltages: Any = None,
    title: str | None = None,
) -> Path:
    """Draw the circuit of a bank, a small crossbar or a network's tile, with its values, its setting and its currents.

    Banks are drawn as in figures 6.1 and 6.3 of da Cunha 2023, crossbars as in figure 6.2. What carries current in a
    bank is drawn thick and in colour, and under each branch stands 1 or 0. The same input gives the same bytes.

    Parameters
    ----------
    thing : Bank, SeriesBank, CapacitorBank, DifferentialPair, Crossbar, NonlinearCrossbar or ProgrammedTile
        One bank of up to 24 components (in a pair each), or an array of up to 8 x 8 cells.
    path : str or Path
        Of the picture, in ``.svg`` or ``.png``.
    mask : bool array (n,), optional
        A bank's setting, ``True`` where the component counts; by default everywhere, or as its fuses are blown.
    setting : Programmed, optional
        What programming the bank gave, in the place of `mask`.
    voltages : float or array (m,), optional
        Volt: of a bank's input, by default its read voltage, or of a crossbar's word lines, by default 0.1 V each.
    title : str, optional
        Put above the picture as it stands, at most 120 characters.

    Raises
    ------
    InputError
        For things that are too large or no circuit, a mask of another length, voltages that they do not stand, a
        title that is too long, and a path of another suffix or in a folder that cannot be written to.
    SolutionError
        For a crossbar that is not solved.
    """
    target = _checked_path(path)
    heading = checked_title(title)
    from rescircuit.plotting.schematics.sheet import house_style

    with house_style():
        sheet = drawn(thing, mask=mask, setting=setting, voltages=voltages, title=heading)
        return sheet.save(target, heading)


def drawn(thing: Any, *, mask: Any, setting: Programmed | None, voltages: Any, title: str) -> Sheet:
    """The sheet that :func:`draw_schematic` saves, with everything on it."""
    from rescircuit.plotting.schematics.sheet import Sheet

    if isinstance(thing, ProgrammedTile):
        thing = thing.array
    if isinstance(thing, _AnyCrossbar):
        from rescircuit.plotting.schematics.crossbars import draw_crossbar

        _check_crossbar(thing, mask, setting)
        inputs = _word_line_voltages(thing, voltages)
        sheet = Sheet(0.36)
        sheet.finish(title, draw_crossbar(sheet, thing, inputs))
        return sheet
    if not isinstance(thing, _AnyBank):
        raise InputError("thing", "a bank, a differential pair, a crossbar or a network's tile", thing)
    chosen, voltage = _checked_setting(thing, mask, setting), _input_voltage(thing, voltages)
    sheet = Sheet()
    sheet.finish(title, _draw_bank(sheet, thing, chosen, voltage))
    return sheet


def _draw_bank(sheet: Sheet, bank: _AnyBank, mask: Mask, voltage: float) -> list[str]:
    """Draw a bank of any kind; the lines of its caption."""
    from rescircuit.plotting.schematics import parallel, series

    match bank:
        case Bank():
            return parallel.draw_bank(sheet, bank, mask, voltage)
        case CapacitorBank():
            return parallel.draw_capacitor_bank(sheet, bank, mask, voltage)
        case DifferentialPair():
            return parallel.draw_pair(sheet, bank, mask, voltage)
        case SeriesBank():
            return series.draw_series_bank(sheet, bank, mask, voltage)


def _checked_path(path: str | Path) -> Path:
    if not isinstance(path, str | Path):
        raise InputError("path", "the name of a picture, .svg or .png", path)
    if Path(path).suffix.lower() not in {".svg", ".png"}:
        raise InputError("path", "the name of a picture, .svg or .png", str(path))
    return Path(path)


def _checked_setting(bank: _AnyBank, mask: Any, setting: Programmed | None) -> Mask:
    """The setting of one bank that is not too large, (n,); by default all components count."""
    if bank.shape:
        raise InputError(
            "thing", "a single bank, of shape ()", f"shape {bank.shape}", "Take one of them: bank.part(0)."
        )
    parts = (bank.positive, bank.negative) if isinstance(bank, DifferentialPair) else (bank,)
    largest = max(part.n for part in parts)
    if largest > MOST_BRANCHES:
        raise InputError("thing", f"a bank of at most {MOST_BRANCHES} components, to be drawn", largest)
    if setting is not None:
        if mask is not None:
            raise InputError("setting", "left out where a mask is given", "both")
        if not isinstance(setting, Programmed):
            raise InputError("setting", "what a bank's program() gave", setting, "Give booleans as mask.")
        mask = setting.mask
    if mask is None and isinstance(bank, Bank) and bank.one_time is not None:
        mask = bank.one_time.closed
    chosen = np.ones(bank.n, bool) if mask is None else np.asarray(mask)
    if chosen.dtype != np.bool_ or chosen.shape != (bank.n,):
        raise InputError("mask", f"{bank.n} booleans", f"shape {chosen.shape} of {chosen.dtype.name}")
    return chosen


def _input_voltage(bank: _AnyBank, voltages: Any) -> float:
    if voltages is not None:
        return finite_number("voltages", voltages, "one finite number (V) for a bank")
    return bank.v_read if isinstance(bank, Bank | DifferentialPair) else DEFAULT_READ_VOLTAGE


def _check_crossbar(crossbar: _AnyCrossbar, mask: Any, setting: Any) -> None:
    for name, given in (("mask", mask), ("setting", setting)):
        if given is not None:
            raise InputError(name, "left out for a crossbar", "one", "Its cells hold their settings.")
    if max(crossbar.shape) > MOST_LINES:
        m, n = crossbar.shape
        raise InputError("thing", f"a crossbar of at most {MOST_LINES} x {MOST_LINES} cells, to be drawn", f"{m} x {n}")


def _word_line_voltages(crossbar: _AnyCrossbar, voltages: Any) -> Array:
    m = crossbar.shape[0]
    inputs = np.full(m, DEFAULT_READ_VOLTAGE) if voltages is None else finite_array("voltages", voltages, "V")
    if inputs.shape != (m,):
        raise InputError("voltages", f"of shape ({m},), one a word line", f"shape {inputs.shape}")
    return inputs
