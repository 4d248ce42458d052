"""Figure 6.2 of da Cunha 2023: word lines from the left, bit lines to the bottom, a cell from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from schemdraw import elements as elm

from rescircuit.checks import Array
from rescircuit.crossbar import Crossbar, NonlinearCrossbar
from rescircuit.crossbar.topology import Topology
from rescircuit.plotting.schematics.cells import CellPictures, cell_pictures
from rescircuit.plotting.schematics.labels import numbered, quantity, span
from rescircuit.plotting.schematics.sheet import Point, Sheet

__all__ = ["draw_crossbar"]

_PITCH = 2.35  # of the bit lines
_END = 1.3  # length of a segment of wire, or of a driver, outside the array
_STUB = 0.45  # of a line that ends beyond the last one it crosses
_WIRE = 0.6  # scale of a wire's resistor

_Array = Crossbar | NonlinearCrossbar


def draw_crossbar(sheet: Sheet, crossbar: _Array, voltages: Array) -> list[str]:
    """Draw a crossbar and its solution at these voltages of its word lines, (m,); its caption's lines."""
    currents = crossbar.solve(voltages).output_currents
    pictures = cell_pictures(crossbar)
    topology = crossbar.topology
    m, n = topology.shape
    for i in range(m):
        _word_line(sheet, topology, pictures, i, f"{numbered('V', i)} = {quantity(float(voltages[i]), 'V')}")
    for j in range(n):
        _bit_line(sheet, topology, pictures, j, f"{numbered('I', j)} =\n{quantity(float(currents[j]), 'A')}")
    for i, j in np.ndindex(m, n):
        pictures.draw(sheet, (i, j), (j * _PITCH, -i * pictures.pitch))
    return [pictures.about, *_about_wires(topology)]


def _word_line(sheet: Sheet, topology: Topology, pictures: CellPictures, i: int, label: str) -> None:
    """Word line i from its left end to its right one, with what drives it."""
    n = topology.shape[1]
    y, segments, driver = -i * pictures.pitch, topology.r_word_line[i], float(topology.r_driver[i])
    nodes = [j * _PITCH - pictures.word_offset for j in range(n)]
    drivers = topology.r_driver.any()
    left, right = bool(topology.left[i]), bool(topology.right[i])
    if left:
        start = nodes[0] - _END
        _segment(sheet, (start, y), (nodes[0], y), segments[0])
        _end(sheet, (start, y), (start - (_END if drivers else 0.0), y), driver)
        sheet.text((start - (_END if drivers else 0.0) - 0.25, y), label, align=("right", "center"))
    else:
        sheet.wire((nodes[0] - _STUB, y), (nodes[0], y))
        if not right:
            sheet.text((nodes[0] - _STUB - 0.15, y), "floating", align=("right", "center"))
    for j in range(n - 1):
        crossing = (j * _PITCH + 0.05, y)
        sheet.wire((nodes[j], y), crossing)
        _segment(sheet, crossing, (nodes[j + 1], y), segments[j + 1])
    last = (n - 1) * _PITCH + 0.05
    sheet.wire((nodes[-1], y), (last, y))
    if not right:
        sheet.wire((last, y), (last + _STUB, y))
        return
    stop = last + _END
    _segment(sheet, (last, y), (stop, y), segments[n])
    outer = stop + (_END if drivers else 0.0)
    _end(sheet, (stop, y), (outer, y), driver)
    sheet.text((outer + 0.25, y), label, align=("left", "center"))


def _bit_line(sheet: Sheet, topology: Topology, pictures: CellPictures, j: int, label: str) -> None:
    """Bit line j from its top end to its bottom one, with the virtual grounds that take its current."""
    m = topology.shape[0]
    x, segments, sense = j * _PITCH, topology.r_bit_line[:, j], float(topology.r_sense[j])
    nodes = [-i * pictures.pitch - pictures.bit_offset for i in range(m)]
    senses = topology.r_sense.any()
    top, bottom = bool(topology.top[j]), bool(topology.bottom[j])
    sheet.wire((x, 0.05), (x, nodes[0]))
    if top:
        start = 0.05 + _END
        _segment(sheet, (x, start), (x, 0.05), segments[0])
        outer = _sensed(sheet, (x, start), 1.0, sense if senses else None)
        if not bottom:
            sheet.text((x, outer + 0.15), label, align=("center", "bottom"))
    else:
        sheet.wire((x, _STUB), (x, 0.05))
    for i in range(1, m):
        crossing = (x, -i * pictures.pitch + 0.05)
        _segment(sheet, (x, nodes[i - 1]), crossing, segments[i])
        sheet.wire(crossing, (x, nodes[i]))
    if bottom:
        stop = nodes[-1] - _END
        _segment(sheet, (x, nodes[-1]), (x, stop), segments[m])
        outer = _sensed(sheet, (x, stop), -1.0, sense if senses else None)
        sheet.text((x, outer - 0.15), label, align=("center", "top"))
    else:
        sheet.wire((x, nodes[-1]), (x, nodes[-1] - _STUB))
        if not top:
            sheet.text((x, nodes[-1] - _STUB - 0.15), "floating", align=("center", "top"))


def _end(sheet: Sheet, inner: Point, outer: Point, driver: float) -> None:
    """The terminal that a word line's source is at, behind its driver's resistance."""
    if inner != outer:
        _segment(sheet, outer, inner, driver)
    sheet.dot(outer, hollow=True)


def _sensed(sheet: Sheet, at: Point, side: float, sense: float | None) -> float:
    """The virtual ground at a bit line's end, above (1.0) or below (-1.0); how far it reaches."""
    x, y = at
    if sense is not None:
        _segment(sheet, (x, y), (x, y + side * _END), sense)
        y += side * _END
    sheet.wire((x, y), (x, y + side * 0.6))
    sheet.arrow((x, y + side * 0.55), 90.0 * side)
    sheet.stamp(elm.Ground, (x, y + side * 0.6), turn=90.0 + 90.0 * side)
    return y + side * 1.55


def _segment(sheet: Sheet, start: Point, end: Point, resistance: float) -> None:
    """A segment of wire: a line where it has no resistance, two ends and a cross where it is broken."""
    if resistance == 0:
        sheet.wire(start, end)
    elif np.isfinite(resistance):
        sheet.symbol(elm.Resistor, start, end, scale=_WIRE)
    else:
        parts = [(1 - share) * np.array(start) + share * np.array(end) for share in (0.25, 0.5, 0.75)]
        sheet.wire(start, _point(parts[0]))
        sheet.wire(_point(parts[2]), end)
        sheet.text(_point(parts[1]), "×")


def _point(place: Array) -> Point:
    return float(place[0]), float(place[1])


def _about_wires(topology: Topology) -> list[str]:
    """What a caption says of the wires' resistances, and of what is not as usual."""
    left, right, top, bottom = (flags.any() for flags in (topology.left, topology.right, topology.top, topology.bottom))
    words, bits = topology.r_word_line, topology.r_bit_line
    parts = {
        "word-line segments": words[:, 0 if left else 1 : None if right else -1],
        "bit-line segments": bits[0 if top else 1 : None if bottom else -1],
        "drivers": topology.r_driver,
        "senses": topology.r_sense,
    }
    named = [f"{name} {span(values[np.isfinite(values)], 'ohm')}" for name, values in parts.items() if _resists(values)]
    lines = [", ".join(some) for some in _pairs(named)] or ["wires without resistance"]
    if np.isinf(words).any() or np.isinf(bits).any():
        lines.append("× a broken wire")
    return lines


def _resists(values: Array) -> bool:
    return bool((values[np.isfinite(values)] > 0).any())


def _pairs(items: Sequence[str]) -> list[list[Any]]:
    return [list(items[k : k + 2]) for k in range(0, len(items), 2)]
