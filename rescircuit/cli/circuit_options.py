"""The options of ``export``, ``verify`` and ``simulate array``: which bank or array, its wires and cells."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "BankNumber",
    "BitLineVoltagesFile",
    "Cells",
    "CircuitFile",
    "Drive",
    "MemoryLimit",
    "RBitLine",
    "RDriver",
    "RSense",
    "RWordLine",
    "Sense",
    "Temperature",
    "VGate",
    "VScale",
    "VoltagesFile",
    "WOverL",
]

_WIRES, _CELLS = "Wires, drivers and senses", "Cells"

CircuitFile = Annotated[
    Path,
    typer.Argument(
        help="A bank (.json, from design --out), a chip (.zarr) with --bank, or conductances in siemens, a row a word "
        "line (.csv, .npz).",
        show_default=False,
    ),
]
BankNumber = Annotated[int | None, typer.Option(help="Which bank of a chip (.zarr), numbered row after row.")]
Temperature = Annotated[str | None, typer.Option(help="Of a bank, °C, such as 85; its values are those at 27 °C.")]
VoltagesFile = Annotated[
    Path | None,
    typer.Option(
        help="Input voltages (.csv, .npz): for an array a row an input, for a bank one column; by default the "
        "bank's read voltage, or 0.1 V on every word line.",
        show_default=False,
    ),
]
BitLineVoltagesFile = Annotated[
    Path | None,
    typer.Option(
        help="What the bit lines' ends are held at (.csv, .npz), volt: one row, or a row an input; by default 0 V.",
        show_default=False,
    ),
]
RWordLine = Annotated[
    str,
    typer.Option(
        help="Word-line wire between neighbouring cells, such as 1ohm; or a file (.csv, .npz) with a column of one a "
        "line, or a row a line of one a segment, n + 1. In npz inf is a broken wire.",
        rich_help_panel=_WIRES,
    ),
]
RBitLine = Annotated[
    str,
    typer.Option(
        help="Bit-line wire, likewise; a file with a row of one a line, or m + 1 such rows of one a segment.",
        rich_help_panel=_WIRES,
    ),
]
RDriver = Annotated[
    str,
    typer.Option(
        help="Between a word line's source and each of its driven ends; or a file of one a line.",
        rich_help_panel=_WIRES,
    ),
]
RSense = Annotated[
    str,
    typer.Option(
        help="Between each of a bit line's sensed ends and its virtual ground; or a file of one a line.",
        rich_help_panel=_WIRES,
    ),
]
Drive = Annotated[
    str,
    typer.Option(
        help="Where word lines are driven: left, right, both or floating; one for all, or one a line with commas.",
        rich_help_panel=_WIRES,
    ),
]
Sense = Annotated[
    str,
    typer.Option(help="Where bit lines are sensed: bottom, top, both or floating; likewise.", rich_help_panel=_WIRES),
]
Cells = Annotated[
    str,
    typer.Option(
        help="linear; sinh: memristors, the file has their conductances at small voltages; 1t1r: resistors behind "
        "NMOS switches, the file has 1 / resistance, and 0 for an open switch.",
        rich_help_panel=_CELLS,
    ),
]
VScale = Annotated[
    str | None,
    typer.Option(
        help="Of sinh: current = conductance * v_scale * sinh(v / v_scale), such as 0.25V.", rich_help_panel=_CELLS
    ),
]
WOverL = Annotated[
    str | None, typer.Option(help="Of 1t1r: width over length of the switches, such as 10.", rich_help_panel=_CELLS)
]
VGate = Annotated[
    str | None, typer.Option(help="Of 1t1r: gate voltage of closed switches; by default 1.8V.", rich_help_panel=_CELLS)
]
MemoryLimit = Annotated[
    str | None, typer.Option(help="Arrays that need more memory are refused, such as 4GiB.", show_default=False)
]
