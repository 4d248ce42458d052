"""Switches as symbols, open and closed, along a vertical or horizontal line."""

from __future__ import annotations

from typing import Any

from schemdraw import elements as elm
from schemdraw.segments import Segment, SegmentCircle

from rescircuit.devices.switches import AntiFuse, Fuse, Switch, ThresholdSelector
from rescircuit.plotting.schematics.sheet import Pen, Point, Sheet

__all__ = ["BlownFuse", "ClosedSwitch", "OpenSwitch", "draw_switch", "gate_voltage", "kind_of_switch"]

_CONTACT = 0.1  # radius of a switch's contacts
_FET = 0.72  # scale of a transistor, 1.67 units high as schemdraw draws it
_FET_HEIGHT, _FET_REACH = 1.667, 0.917


class ClosedSwitch(elm.Element2Term):
    """A lever that lies on both contacts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._lever((0.85, 0.1))

    def _lever(self, tip: Point) -> None:
        ends = (_CONTACT, 1.0 - _CONTACT)
        gap = (float("nan"), float("nan"))
        self.segments.append(Segment([(0.0, 0.0), gap, (_CONTACT, 0.1), tip, gap, (1.0, 0.0)]))
        self.segments.extend(SegmentCircle((x, 0.0), _CONTACT, fill="bg", zorder=3) for x in ends)


class OpenSwitch(ClosedSwitch):
    """A lever that points away from the far contact."""

    def _lever(self, tip: Point) -> None:  # noqa: ARG002
        super()._lever((0.8, 0.48))


class BlownFuse(elm.ResistorIEC):
    """A fuse's case without the wire through it: stubs on both sides, a gap between them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.segments.append(Segment([(0.0, 0.0), (0.3, 0.0)]))
        self.segments.append(Segment([(0.7, 0.0), (1.0, 0.0)]))


def gate_voltage(switch: Switch) -> float | None:
    """At which the gate of a closed transistor is, volt; None for other switches."""
    v_gate = getattr(switch, "v_gate", None)
    return None if v_gate is None else float(v_gate)


def kind_of_switch(switch: Switch) -> str:
    """What a caption calls such switches."""
    names = {Fuse: "fuses", AntiFuse: "anti-fuses", ThresholdSelector: "threshold selectors"}
    return names.get(type(switch), "switches")


def draw_switch(sheet: Sheet, switch: Switch, top: Point, bottom: Point, pen: Pen, *, closed: bool, gate: str) -> None:
    """A switch on a vertical line: a transistor with its gate to the left, a fuse, a threshold device, or a lever.

    Parameters
    ----------
    sheet : Sheet
    switch : Switch
        Whose kind decides the symbol.
    top, bottom : (x, y)
        The ends of the line.
    pen : Pen
    closed : bool
    gate : str
        The name of a transistor's gate.
    """
    if gate_voltage(switch) is not None:
        lead = 0.5 * (top[1] - bottom[1] - _FET * _FET_HEIGHT)
        drain, source = (top[0], top[1] - lead), (top[0], bottom[1] + lead)
        sheet.wire(top, drain, pen=pen)
        sheet.stamp(elm.AnalogNFet, drain, pen, scale=_FET, flip=True)
        sheet.wire(source, bottom, pen=pen)
        at = (top[0] - _FET * _FET_REACH - 0.06, top[1] - lead - 0.78 * _FET * _FET_HEIGHT + 0.12)
        sheet.text(at, gate, align=("right", "center"), color=pen.colour)
        return
    kinds = {
        Fuse: (elm.FuseIEEE, BlownFuse),
        AntiFuse: (elm.FuseIEEE, BlownFuse),
        ThresholdSelector: (elm.Diac, elm.Diac),
    }
    whole, broken = kinds.get(type(switch), (ClosedSwitch, OpenSwitch))
    sheet.symbol(whole if closed else broken, top, bottom, pen, scale=0.8)
