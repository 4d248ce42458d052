"""Figure 6.3 of da Cunha 2023: a string of resistors, each with a switch across it, in rows that go to and fro."""

from __future__ import annotations

import math

from schemdraw import elements as elm

from rescircuit.bank import Mask, SeriesBank
from rescircuit.plotting.schematics.labels import code_of, numbered, quantity
from rescircuit.plotting.schematics.sheet import CARRYING, IDLE, Sheet
from rescircuit.plotting.schematics.symbols import ClosedSwitch, OpenSwitch

__all__ = ["draw_series_bank"]

_LONGEST_ROW = 6
_PITCH, _ROW = 2.5, 3.5
_RISE = 1.05  # of a bypass above its resistor


def draw_series_bank(sheet: Sheet, bank: SeriesBank, mask: Mask, voltage: float) -> list[str]:
    """Draw a string; its caption's lines."""
    current = float(bank.current(mask, voltage))  # first: it refuses a short
    rows = math.ceil(bank.n / _LONGEST_ROW)
    length = math.ceil(bank.n / rows)
    _source(sheet, voltage)
    for k in range(bank.n):
        row, place = divmod(k, length)
        start = place if row % 2 == 0 else length - place
        step = 1 if row % 2 == 0 else -1
        if place == 0 and row:
            x = start * _PITCH
            side = 0.45 if step < 0 else -0.45
            sheet.wire((x, -(row - 1) * _ROW), (x + side, -(row - 1) * _ROW), (x + side, -row * _ROW), (x, -row * _ROW))
        _stage(sheet, bank, k, (start * _PITCH, (start + step) * _PITCH), -row * _ROW, counts=bool(mask[k]))
    row, place = divmod(bank.n - 1, length)
    step = 1 if row % 2 == 0 else -1
    end = ((place + 1) if step > 0 else length - place - 1) * _PITCH
    _output(sheet, end, -row * _ROW, step, current)
    return _caption(bank, mask)


def _caption(bank: SeriesBank, mask: Mask) -> list[str]:
    resistance, conductance = float(bank.resistance(mask)), float(bank.conductance(mask))
    lines = [
        f"code {code_of(mask)}, {int(mask.sum())} of {bank.n} resistors count: their bypasses are open",
        f"R = {quantity(resistance, 'ohm')}, G = {quantity(conductance, 'S')} at small voltages",
    ]
    switch = bank.switch
    if switch.r_on or math.isfinite(switch.r_off):
        open_one = quantity(switch.r_off, "ohm") if math.isfinite(switch.r_off) else "no leakage"
        lines.append(f"bypass switches: {quantity(switch.r_on, 'ohm')} closed, {open_one} open")
    return lines


def _source(sheet: Sheet, voltage: float) -> None:
    x, height = -1.2, 1.75
    sheet.wire((x, 0.0), (0.0, 0.0))
    sheet.symbol(elm.SourceV, (x, -height), (x, 0.0), scale=0.85)
    sheet.stamp(elm.Ground, (x, -height))
    sheet.text((x - 0.6, -0.5 * height), f"V =\n{quantity(voltage, 'V')}", align=("right", "center"))


def _stage(sheet: Sheet, bank: SeriesBank, k: int, ends: tuple[float, float], y: float, *, counts: bool) -> None:
    """One resistor with its bypass above it, from the first of `ends` to the second."""
    through, beside = (CARRYING, IDLE) if counts else (IDLE, CARRYING)
    step = math.copysign(1.0, ends[1] - ends[0])
    start, end = ends[0] + 0.25 * step, ends[1] - 0.25 * step
    middle = 0.5 * (start + end)
    for outer, inner in ((ends[0], start), (end, ends[1])):
        sheet.wire((outer, y), (inner, y), pen=CARRYING)
    left, right = min(start, end), max(start, end)
    sheet.symbol(elm.Resistor, (left, y), (right, y), through, scale=0.85)
    sheet.wire((left, y), (left, y + _RISE), pen=beside)
    sheet.symbol(OpenSwitch if counts else ClosedSwitch, (left, y + _RISE), (right, y + _RISE), beside, scale=0.85)
    sheet.wire((right, y + _RISE), (right, y), pen=beside)
    for x in (start, end):
        sheet.dot((x, y), CARRYING)
    label = f"{numbered('r', k)}  {quantity(float(bank.resistances[k]), 'ohm')}"
    sheet.text((middle, y - 0.32), label, align=("center", "top"), color=through.colour)
    bit = "1" if counts else "0"
    style = {"fontweight": "bold" if counts else "normal", "fontsize": 10}
    sheet.text((middle, y - 0.82), bit, align=("center", "top"), color=through.colour, **style)


def _output(sheet: Sheet, x: float, y: float, step: int, current: float) -> None:
    end = x + 1.9 * step
    sheet.wire((x, y), (end, y))
    sheet.arrow((x + (0.95 + 0.17) * step, y), 0.0 if step > 0 else 180.0)
    sheet.text((x + 0.95 * step, y + 0.25), f"I = {quantity(current, 'A')}", align=("center", "bottom"))
    sheet.stamp(elm.Ground, (end, y))
    sheet.text((end, y - 0.95), "virtual ground", align=("center", "top"))
