"""``rescircuit verify``."""

from __future__ import annotations

from typing import Annotated

import typer

from rescircuit.cli.circuit_files import CellModel, Wiring, naming_options, read_circuit
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
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_text, progress_bar

__all__ = ["verify"]

EPILOG = example(
    "rescircuit verify my-bank/bank.json",
    "rescircuit verify conductances.csv --r-word-line 1ohm --r-bit-line 1ohm --voltages inputs.csv",
    "rescircuit verify conductances.csv --r-word-line 1ohm --r-driver 50ohm --drive both --sense top",
    "rescircuit verify conductances.csv --r-word-line 1ohm --cells sinh --v-scale 0.25V",
)


def verify(
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
    timeout: Annotated[float, typer.Option(help="Seconds that ngspice may take.")] = 300.0,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Run a bank or an array in ngspice and compare it with our own solution. Exit code 1: they differ."""
    from rescircuit.spice import verify as run

    wiring = Wiring(
        r_word_line=r_word_line, r_bit_line=r_bit_line, r_driver=r_driver, r_sense=r_sense, drive=drive, sense=sense
    )
    model = CellModel(kind=cells, v_scale=v_scale, w_over_l=w_over_l, v_gate=v_gate)
    with naming_options(file), progress_bar() as report:
        thing, options = read_circuit(file, voltages, bit_line_voltages, wiring, model, temperature, bank)
        report("ngspice", 0, 1)
        check = run(thing, **options, timeout=timeout)
    if as_json:
        print_json(check.as_dict())
    else:
        print_text(check.summary())
    if not check.passed:
        raise typer.Exit(1)
