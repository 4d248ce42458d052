"""``rescircuit export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rescircuit.cli.circuit_files import CircuitFile, RBitLine, RWordLine, VoltagesFile, read_circuit
from rescircuit.cli.console import JSON_OPTION, example, print_json, say

__all__ = ["export"]

EPILOG = example(
    "rescircuit export my-bank/bank.json -o bank.cir",
    "rescircuit export conductances.csv --r-word-line 1ohm --r-bit-line 1ohm -o array.cir",
    "ngspice -b -r array.raw array.cir",
)


def export(
    file: CircuitFile,
    voltages: VoltagesFile = None,
    r_word_line: RWordLine = "0ohm",
    r_bit_line: RBitLine = "0ohm",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The deck to write; by default it is printed.")
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Write a bank or an array as a netlist for ngspice."""
    from rescircuit.spice import deck

    thing, options = read_circuit(file, voltages, r_word_line, r_bit_line)
    written = deck(thing, **options)
    path = None if out is None else written.write(out)
    if as_json:
        print_json({"file": path, "nodes": written.nodes, "sources": written.sources, "text": written.text})
    elif path is None:
        typer.echo(written.text, nl=False)
    else:
        say(f"Written: {path}, {len(written.nodes)} nodes. Run it: ngspice -b -r {path.stem}.raw {path}")
