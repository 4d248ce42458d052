"""What ``export``, ``verify`` and ``simulate array`` read: a bank, or an array of conductances and its wires."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rescircuit.bank import Bank
    from rescircuit.checks import Array
    from rescircuit.crossbar import Crossbar

__all__ = [
    "CircuitFile",
    "RBitLine",
    "RWordLine",
    "VoltagesFile",
    "read_circuit",
    "read_crossbar",
    "read_matrix",
]

CircuitFile = Annotated[
    Path,
    typer.Argument(
        help="A bank (.json, from design --out), or conductances in siemens, a row a word line (.csv, .npz).",
        show_default=False,
    ),
]
RWordLine = Annotated[str, typer.Option(help="Word-line wire between neighbouring cells, such as 1ohm.")]
RBitLine = Annotated[str, typer.Option(help="Bit-line wire between neighbouring cells, such as 1ohm.")]
VoltagesFile = Annotated[
    Path | None,
    typer.Option(
        help="Input voltages (.csv, .npz): for an array a row an input, for a bank one column; by default the "
        "bank's read voltage, or 0.1 V on every word line.",
        show_default=False,
    ),
]


def read_circuit(
    file: Path, voltages: Path | None, r_word_line: str, r_bit_line: str
) -> tuple[Bank | Crossbar, dict[str, Any]]:
    """The bank or crossbar of a file, and the options that deck() and verify() take for it."""
    if file.suffix.lower() != ".json":
        crossbar = read_crossbar(file, r_word_line, r_bit_line)
        return crossbar, {"voltages": read_voltages(voltages, crossbar)}
    from rescircuit.bank_files import load_bank
    from rescircuit.errors import InputError
    from rescircuit.quantities import parse_quantity

    for option, wire in (("--r-word-line", r_word_line), ("--r-bit-line", r_bit_line)):
        if parse_quantity(wire, "ohm", argument=option):
            raise InputError(option, "left out for a bank, which has no such wires", wire)
    bank, mask = load_bank(file)
    options: dict[str, Any] = {} if mask is None else {"mask": mask}
    if voltages is not None:
        options["voltages"] = read_matrix(voltages, "voltages").ravel()
    return bank, options


def read_crossbar(file: Path, r_word_line: str, r_bit_line: str) -> Crossbar:
    """The crossbar of a file of conductances, with its wires."""
    from rescircuit.crossbar import Crossbar
    from rescircuit.quantities import parse_quantity

    return Crossbar(
        read_matrix(file, "conductances"),
        parse_quantity(r_word_line, "ohm", argument="--r-word-line"),
        parse_quantity(r_bit_line, "ohm", argument="--r-bit-line"),
    )


def read_voltages(file: Path | None, crossbar: Crossbar) -> Array:
    """Input voltages (k, m) or (m,); without a file, the usual read voltage on every word line."""
    import numpy as np

    from rescircuit.bank import DEFAULT_READ_VOLTAGE

    if file is None:
        return np.full(crossbar.shape[0], DEFAULT_READ_VOLTAGE)
    return read_matrix(file, "voltages")


def read_matrix(file: Path, name: str) -> Array:
    """The numbers of a CSV file, or the array `name` (or the only one) of an npz file."""
    from rescircuit.checks import finite_array
    from rescircuit.errors import InputError
    from rescircuit.files import read_csv, read_npz

    suffix = file.suffix.lower()
    if suffix == ".csv":
        return read_csv(file)
    if suffix == ".npz":
        arrays = read_npz(file)
        if name not in arrays and len(arrays) > 1:
            raise InputError(file.name, f"an archive with one array, or one named {name}", ", ".join(arrays))
        return finite_array(f"{name} in {file.name}", arrays.get(name, next(iter(arrays.values()))))
    raise InputError("file", "a .csv or .npz file", str(file))
