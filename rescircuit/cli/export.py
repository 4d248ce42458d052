"""``rescircuit export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rescircuit.cli.circuit_files import CellModel, Wiring, check_output, naming_option, naming_options, read_circuit
from rescircuit.cli.circuit_options import (
    BankNumber,
    BitLineVoltagesFile,
    Cells,
    CircuitFile,
    Drive,
    RBitLine,
    RDriver,
    RSense,
    RWordLine,
    Sense,
    Temperature,
    VGate,
    VoltagesFile,
    VScale,
    WOverL,
)
from rescircuit.cli.console import JSON_OPTION, example, print_json, say
from rescircuit.errors import InputError

__all__ = ["export"]

EPILOG = example(
    "rescircuit export my-bank/bank.json -o bank.cir",
    "rescircuit export conductances.csv --r-word-line 1ohm --r-bit-line 1ohm -o array.cir",
    "ngspice -b -r array.raw array.cir",
)
_NO_DECKS = (".csv", ".npz", ".json", ".toml")  # suffixes of what the commands read


def export(
    file: CircuitFile,
    voltages: VoltagesFile = None,
    bit_line_voltages: BitLineVoltagesFile = None,
    r_word_line: RWordLine = "0ohm",
    r_bit_line: RBitLine = "0ohm",
    r_driver: RDriver = "0ohm",
    r_sense: RSense = "0ohm",
    drive: Drive = "left",
    sense: Sense = "bottom",
    cells: Cells = "linear",
    v_scale: VScale = None,
    w_over_l: WOverL = None,
    v_gate: VGate = None,
    temperature: Temperature = None,
    bank: BankNumber = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The deck to write; by default it is printed.")
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Write a bank or an array as a netlist for ngspice."""
    from rescircuit.spice import deck

    wiring = Wiring(
        r_word_line=r_word_line, r_bit_line=r_bit_line, r_driver=r_driver, r_sense=r_sense, drive=drive, sense=sense
    )
    model = CellModel(kind=cells, v_scale=v_scale, w_over_l=w_over_l, v_gate=v_gate)
    if out is not None and out.suffix.lower() in _NO_DECKS:
        raise InputError("--out", "a deck's name, such as array.cir", str(out))
    check_output("--out", out, [file, voltages, bit_line_voltages, *wiring.files()])
    with naming_options(file):
        thing, options = read_circuit(file, voltages, bit_line_voltages, wiring, model, temperature, bank)
        written = deck(thing, **options)
    with naming_option("--out"):
        path = None if out is None else written.write(out)
    if as_json:
        print_json({"file": path, "nodes": written.nodes, "sources": written.sources, "text": written.text})
    elif path is None:
        typer.echo(written.text, nl=False)
    else:
        say(f"Written: {path}, {len(written.nodes)} nodes. Run it: ngspice -b -r {path.stem}.raw {path}")
