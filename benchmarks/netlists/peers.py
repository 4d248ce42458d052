"""The same netlists and raw files by others: PySpice, and the least that any program in Python has to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
from numpy.typing import NDArray

__all__ = ["plain_lines", "pyspice_raw", "pyspice_text", "write_raw_files"]

Array = NDArray[np.float64]

_HEAD = (
    "Title: rescircuit circuit\nDate: Sat Nov 21 12:00:00  2026\nPlotname: {plot}\nFlags: {flags}\n"
    "No. Variables: {variables}\nNo. Points: {points}\nVariables:\n"
)
# The library's server mode, which PySpice's parser was written for, says this before and within the same header.
_BEFORE = "Circuit: rescircuit circuit\nDoing analysis at TEMP = 27.000000 and TNOM = 27.000000\n"
_WITHIN = "No. of Data Columns : {variables}\n"


def plain_lines(cells: Array, volts: Array) -> Iterator[str]:
    """A square crossbar with wires of 1 ohm as a deck, by string formatting alone: no name, value or rule checked."""
    n = len(cells)
    yield "rescircuit circuit\n"
    yield from (f"v_drive_{i} drive_{i} 0 dc {volt!r}\n" for i, volt in enumerate(volts.tolist()))
    yield from _plain_resistors(cells)
    yield from (f"v_sense_{j} sense_{j} 0 dc 0.0\n" for j in range(n))
    yield ".options reltol=1e-09 vntol=1e-12 abstol=1e-18 gmin=1e-18 tnom=27.0 temp=27.0\n.op\n.save\n"
    for kind in ("word", "bit"):
        yield from (f"+ v({kind}_{i}_{j})\n" for i in range(n) for j in range(n))
    yield from (f"+ v(drive_{i}) v(sense_{i}) i(v_drive_{i}) i(v_sense_{i})\n" for i in range(n))
    yield ".end\n"


def _plain_resistors(cells: Array) -> Iterator[str]:
    n = len(cells)
    for i in range(n):
        for j in range(n):
            before = f"word_{i}_{j - 1}" if j else f"drive_{i}"
            yield f"r_word_{i}_{j} {before} word_{i}_{j} 1.0\n"
    for i in range(n):
        for j in range(n):
            after = f"bit_{i + 1}_{j}" if i + 1 < n else f"sense_{j}"
            yield f"r_bit_{i}_{j} bit_{i}_{j} {after} 1.0\n"
    for i, row in enumerate((1.0 / cells).tolist()):
        for j, resistance in enumerate(row):
            yield f"r_cell_{i}_{j} word_{i}_{j} bit_{i}_{j} {resistance!r}\n"


def pyspice_text(cells: Array, volts: Array) -> str:
    """The same circuit built in PySpice by its own calls, and its text, which has no analysis and saves nothing."""
    from PySpice.Spice.Netlist import Circuit

    n = len(cells)
    circuit = Circuit("rescircuit circuit")
    for i, volt in enumerate(volts.tolist()):
        circuit.V(f"_drive_{i}", f"drive_{i}", circuit.gnd, volt)
        circuit.V(f"_sense_{i}", f"sense_{i}", circuit.gnd, 0.0)
    for i, row in enumerate((1.0 / cells).tolist()):
        for j, resistance in enumerate(row):
            before = f"word_{i}_{j - 1}" if j else f"drive_{i}"
            after = f"bit_{i + 1}_{j}" if i + 1 < n else f"sense_{j}"
            circuit.R(f"_word_{i}_{j}", before, f"word_{i}_{j}", 1.0)
            circuit.R(f"_bit_{i}_{j}", f"bit_{i}_{j}", after, 1.0)
            circuit.R(f"_cell_{i}_{j}", f"word_{i}_{j}", f"bit_{i}_{j}", resistance)
    return str(circuit)


def pyspice_raw(content: bytes, points: int) -> dict[str, NDArray]:
    """The variables of a raw file by PySpice's parser.

    It calls a form of ``np.fromstring`` that NumPy removed in version 2.3. It is given ``np.frombuffer`` in its place,
    which copies nothing and so is faster than what it was written with.
    """
    from PySpice.Spice import RawFile as RawFileModule
    from PySpice.Spice.NgSpice.RawFile import RawFile

    with mock.patch.object(RawFileModule, "np", SimpleNamespace(fromstring=np.frombuffer, array=np.array)):
        return {name: variable.data for name, variable in RawFile(content, points).variables.items()}


def write_raw_files(folder: Path, kind: str, variables: int, size: int) -> int:
    """Raw files of about `size` bytes of random numbers in the folder; returns the number of points.

    ``ours.raw`` is as ngspice's batch runs leave it, ``pyspice.raw`` the same as PySpice reads it, if it can.

    Parameters
    ----------
    folder : Path
        Where to write them.
    kind : str
        ``real``, ``complex`` or ``text``.
    variables : int
        Number of variables, the sweep's or the frequency included.
    size : int
        Bytes of numbers.
    """
    width = 2 * variables if kind == "complex" else variables
    points = max(1, size // (width * (23 if kind == "text" else 8)))
    scale = "frequency" if kind == "complex" else "v(v-sweep)"
    names = [scale, *(f"v(word_{k // 64}_{k % 64})" for k in range(variables - 1))]
    kinds = ["frequency" if kind == "complex" else "voltage", *["voltage"] * (variables - 1)]
    listed = "".join(f"\t{k}\t{name}\t{of}\n" for k, (name, of) in enumerate(zip(names, kinds, strict=True)))
    head = _HEAD.format(
        plot="AC Analysis" if kind == "complex" else "DC transfer characteristic",
        flags="complex" if kind == "complex" else "real",
        variables=variables,
        points=points,
    )
    numbers = np.random.default_rng(variables).random((points, width))
    if kind == "complex":
        numbers[:, 1] = 0.0  # of the frequency
    if kind == "text":
        rows = enumerate(numbers.tolist())
        with Path(folder, "ours.raw").open("w", encoding="ascii") as file:
            file.write(f"{head}{listed}Values:\n")
            file.writelines(f" {k}" + "".join(f"\t{number:.15e}\n" for number in row) + "\n" for k, row in rows)
        return points
    Path(folder, "ours.raw").write_bytes(f"{head}{listed}Binary:\n".encode() + numbers.tobytes())
    theirs = f"{_BEFORE}{head}{_WITHIN.format(variables=variables)}{listed}Binary:\n"
    Path(folder, "pyspice.raw").write_bytes(theirs.encode() + numbers.tobytes())
    return points
