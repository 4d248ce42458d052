"""Figure 6.1 of da Cunha 2023: branches between a driven rail and a virtual ground, of one bank or of a pair.

More than a dozen branches are folded into rows of equal length, whose rails are joined at their sides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from schemdraw import elements as elm
from schemdraw.segments import SegmentCircle

from rescircuit.bank import Bank, CapacitorBank, DifferentialPair, Mask
from rescircuit.checks import Array
from rescircuit.devices.switches import Switch
from rescircuit.plotting.schematics.labels import code_of, numbered, quantity
from rescircuit.plotting.schematics.sheet import CARRYING, IDLE, Point, Sheet
from rescircuit.plotting.schematics.symbols import draw_switch, gate_voltage, kind_of_switch

__all__ = ["draw_bank", "draw_capacitor_bank", "draw_pair"]

_LONGEST_ROW = 12
_MOST_UPRIGHT = 6  # branches in a row with room for labels that read from left to right
_ROW = 6.2  # from one row's upper rail to the next one's
_COMPONENT, _SWITCH, _LEAD = 2.2, 1.3, 1.55  # heights of a branch's parts
_HEIGHT = _COMPONENT + _SWITCH + _LEAD
_SOURCE = (-2.3, 1.9)  # where the source stands left of the first branch, and its height
_FEED = -1.45  # where the rows' upper rails are joined
_COLLECT = 1.05  # where their lower rails are, right of the last branch and its labels
_COLLECT_UPRIGHT = 2.0
_OUT = 2.8  # length of the output's wire


@dataclass(frozen=True, kw_only=True, eq=False)
class Ladder:
    """What is drawn of one bank: its components' values and what each closed branch carries.

    Attributes
    ----------
    letter, unit : str
        Of the components: r in ohm, c in farad.
    values : array (n,)
    switch : Switch
    closed, stuck : bool array (n,)
        The switches as they are, and which of them are not as they are asked to be.
    carried : array (n,)
        Ampere or coulomb through each branch.
    carried_unit : str
        ``"A"`` or ``"C"``.
    total : float
        Out of the bank, in that unit.
    """

    letter: str
    unit: str
    values: Array
    switch: Switch
    closed: Mask
    stuck: Mask
    carried: Array
    carried_unit: str
    total: float

    @property
    def n(self) -> int:
        """Branches."""
        return len(self.values)

    @property
    def leaks(self) -> float:
        """What all open branches carry together."""
        return float(self.carried[~self.closed].sum())

    @property
    def output(self) -> str:
        """The letter of what comes out."""
        return "I" if self.carried_unit == "A" else "Q"

    def notes(self) -> list[str]:
        """Lines of a caption about switches that are not perfect."""
        lines = []
        v_gate = gate_voltage(self.switch)
        if v_gate is not None:
            lines.append(f"gates of closed transistors at {quantity(v_gate, 'V')}, of open ones at 0 V")
        if self.leaks:
            lines.append(f"open branches carry {quantity(self.leaks, self.carried_unit, 3)} together")
        if self.stuck.any():
            lines.append("* stays as it is, whatever the setting says")
        return lines


def draw_bank(sheet: Sheet, bank: Bank, mask: Mask, voltage: float) -> list[str]:
    """Draw a parallel bank; its caption's lines."""
    ladder = _resistors(bank, mask, voltage)
    (exit_point,) = _draw_all(sheet, [ladder], voltage)
    _output(sheet, exit_point, ladder)
    return [
        f"{_setting(ladder)}: G = {quantity(float(bank.conductance(mask, voltage)), 'S')} at {quantity(voltage, 'V')}"
        if voltage > 0
        else _setting(ladder),
        *ladder.notes(),
    ]


def draw_capacitor_bank(sheet: Sheet, bank: CapacitorBank, mask: Mask, voltage: float) -> list[str]:
    """Draw a bank of capacitors, whose branches carry charge; its caption's lines."""
    ladder = _capacitors(bank, mask, voltage)
    (exit_point,) = _draw_all(sheet, [ladder], voltage)
    _output(sheet, exit_point, ladder)
    return [
        f"{_setting(ladder)}: C = {quantity(float(bank.capacitance(mask)), 'F')}",
        f"charges after a step from 0 V to {quantity(voltage, 'V')}",
        *ladder.notes(),
    ]


def draw_pair(sheet: Sheet, pair: DifferentialPair, mask: Mask, voltage: float) -> list[str]:
    """Draw two banks on one source, each numbered from 0, and their currents' difference; its caption's lines."""
    masks = pair.split(mask)
    ladders = [_resistors(bank, own, voltage) for bank, own in zip((pair.positive, pair.negative), masks, strict=True)]
    upper, lower = _draw_all(sheet, ladders, voltage)
    right = max(upper[0], lower[0]) + _OUT
    middle = 0.5 * (upper[1] + lower[1])
    for sign, point, ladder in (("+", upper, ladders[0]), ("-", lower, ladders[1])):
        side = 1.0 if sign == "+" else -1.0
        sheet.wire(point, (right, point[1]), (right, middle + side * 0.35))
        sheet.arrow((right - 0.5 * _OUT + 0.17, point[1]), 0.0)
        label = f"{numbered('I', sign)} = {quantity(ladder.total, 'A')}"
        sheet.text((right - 0.1, point[1] + 0.15), label, align=("right", "bottom"))
        sheet.text((right + 0.28, middle + side * 0.62), "+" if sign == "+" else "−", fontsize=11)
    sheet.stamp(_Circle, (right, middle))
    sheet.text((right, middle), "Σ")
    sheet.wire((right + 0.35, middle), (right + 1.5, middle))
    sheet.arrow((right + 1.5, middle), 0.0)
    difference = quantity(float(pair.current(mask, voltage)), "A")
    names = numbered("I", "+"), numbered("I", "-")
    sheet.text((right + 1.7, middle), f"{names[0]} − {names[1]}\n= {difference}", align=("left", "center"))
    notes = dict.fromkeys(line for ladder in ladders for line in ladder.notes())
    lines = [f"positive {_setting(ladders[0])}", f"negative {_setting(ladders[1])}"]
    if voltage > 0:
        conductance = quantity(float(pair.conductance(mask, voltage)), "S")
        lines.append(f"{numbered('G', '+')} − {numbered('G', '-')} = {conductance} at {quantity(voltage, 'V')}")
    return [*lines, "both banks end in virtual grounds, at 0 V", *notes]


class _Circle(elm.Element):
    """Where currents are subtracted."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.segments.append(SegmentCircle((0.0, 0.0), 0.35))


def _resistors(bank: Bank, mask: Mask, voltage: float) -> Ladder:
    total = float(bank.current(mask, voltage))  # first: it refuses voltages that the switches do not stand
    v_in, v_out = np.asarray(voltage), np.zeros(())
    through = [bank.branch(v_in, v_out, closed=mask[k], item=k)[0] for k in range(bank.n)]
    closed = bank.actual_mask(mask)
    return Ladder(
        letter="r",
        unit="ohm",
        values=bank.resistances,
        switch=bank.switch,
        closed=closed,
        stuck=closed != mask,
        carried=np.array(through, np.float64),
        carried_unit="A",
        total=total,
    )


def _capacitors(bank: CapacitorBank, mask: Mask, voltage: float) -> Ladder:
    def alone(k: int) -> CapacitorBank:
        one = slice(k, k + 1)
        return replace(bank, capacitances=bank.capacitances[one], coefficients=bank.coefficients.part(one), areas=None)

    return Ladder(
        letter="c",
        unit="F",
        values=bank.capacitances,
        switch=bank.switch,
        closed=mask,
        stuck=np.zeros(bank.n, bool),
        carried=np.array([float(alone(k).charge(mask[k : k + 1], voltage)) for k in range(bank.n)]),
        carried_unit="C",
        total=float(bank.charge(mask, voltage)),
    )


def _setting(ladder: Ladder) -> str:
    closed = f"{int(ladder.closed.sum())} of {ladder.n} {kind_of_switch(ladder.switch)} closed"
    return f"code {code_of(ladder.closed)}, {closed}"


def _draw_all(sheet: Sheet, ladders: Sequence[Ladder], voltage: float) -> list[Point]:
    """All ladders below each other on one source; where the current of each comes out."""
    rows = [_row_lengths(ladder.n) for ladder in ladders]
    upright = max(max(lengths) for lengths in rows) <= _MOST_UPRIGHT
    pitch, collect = (2.3, _COLLECT_UPRIGHT) if upright else (1.3, _COLLECT)
    right = (max(max(lengths) for lengths in rows) - 1) * pitch + collect
    y, exits, tops = 0.0, [], []
    for ladder, lengths in zip(ladders, rows, strict=True):
        start = 0
        collected = []
        for length in lengths:
            tops.append(y)
            sheet.wire((_FEED, y), ((length - 1) * pitch, y))
            sheet.wire((0.0, y - _HEIGHT), (right, y - _HEIGHT))
            for k in range(length):
                _branch(sheet, ladder, start + k, (k * pitch, y), upright=upright)
            collected.append(y - _HEIGHT)
            start += length
            y -= _ROW
        sheet.wire((right, collected[0]), (right, collected[-1]))
        for joined in collected[1:]:
            sheet.dot((right, joined))
        exits.append((right, collected[-1]))
    _source(sheet, tops, voltage)
    return exits


def _row_lengths(n: int) -> list[int]:
    """Branches in each row: as few rows as there can be, of nearly equal lengths."""
    rows = math.ceil(n / _LONGEST_ROW)
    return [n // rows + (k < n % rows) for k in range(rows)]


def _source(sheet: Sheet, tops: Sequence[float], voltage: float) -> None:
    x, height = _SOURCE
    sheet.wire((x, 0.0), (_FEED, 0.0), (_FEED, tops[-1]))
    for top in tops[:-1]:
        sheet.dot((_FEED, top))
    sheet.symbol(elm.SourceV, (x, -height), (x, 0.0), scale=0.85)
    sheet.stamp(elm.Ground, (x, -height))
    sheet.text((x - 0.6, -0.5 * height), f"V =\n{quantity(voltage, 'V')}", align=("right", "center"))


def _branch(sheet: Sheet, ladder: Ladder, k: int, top: Point, *, upright: bool) -> None:
    """One branch below `top`, and its labels to the right of it."""
    closed = bool(ladder.closed[k])
    pen = CARRYING if closed else IDLE
    x, y = top
    middle, bottom = y - _COMPONENT, y - _COMPONENT - _SWITCH
    # A transistor may be put on the driven side, where it comes before its resistor.
    before = getattr(ladder.switch, "side", "ground") == "driven"
    gate = numbered("g", k)
    switch_at = (y, y - _SWITCH) if before else (middle, bottom)
    part_at = (y - _SWITCH, bottom) if before else (y, middle)
    kind = elm.Resistor if ladder.letter == "r" else elm.Capacitor
    sheet.symbol(kind, (x, part_at[0]), (x, part_at[1]), pen, scale=0.85)
    draw_switch(sheet, ladder.switch, (x, switch_at[0]), (x, switch_at[1]), pen, closed=closed, gate=gate)
    sheet.wire((x, bottom), (x, y - _HEIGHT), pen=pen)
    sheet.dot(top)
    sheet.dot((x, y - _HEIGHT))
    style = {"color": pen.colour, "rotation": 0 if upright else 90}
    value = f"{numbered(ladder.letter, k)}\n{quantity(float(ladder.values[k]), ladder.unit)}"
    label = value if upright else value.replace("\n", " ")
    align = ("left", "center")
    sheet.text((x + (0.38 if upright else 0.3), 0.5 * sum(part_at)), label, align=align, **style)
    if closed:
        sheet.arrow((x, bottom - 0.5 * _LEAD - 0.17), -90.0, pen)
        carried = quantity(float(ladder.carried[k]), ladder.carried_unit, 3)
        sheet.text((x + (0.25 if upright else 0.2), bottom - 0.5 * _LEAD), carried, align=align, **style)
    bit = ("1" if closed else "0") + ("*" if ladder.stuck[k] else "")
    sheet.text((x, y - _HEIGHT - 0.4), bit, color=pen.colour, fontweight="bold" if closed else "normal", fontsize=10)


def _output(sheet: Sheet, at: Point, ladder: Ladder) -> None:
    """Out of the lower rail into the virtual ground."""
    x, y = at
    end = x + _OUT
    sheet.wire(at, (end, y))
    sheet.arrow((x + 0.5 * _OUT + 0.17, y), 0.0)
    sheet.text(
        (x + 0.15, y + 0.2),
        f"{ladder.output} = {quantity(ladder.total, ladder.carried_unit)}",
        align=("left", "bottom"),
    )
    sheet.stamp(elm.Ground, (end, y))
    sheet.text((end, y - 0.95), "virtual ground", align=("center", "top"))
