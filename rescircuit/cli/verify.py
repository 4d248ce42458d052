"""``rescircuit verify``."""

from __future__ import annotations

from typing import Annotated

import typer

from rescircuit.cli.circuit_files import CircuitFile, RBitLine, RWordLine, VoltagesFile, read_circuit
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_text, progress_bar

__all__ = ["verify"]

EPILOG = example(
    "rescircuit verify my-bank/bank.json",
    "rescircuit verify conductances.csv --r-word-line 1ohm --r-bit-line 1ohm --voltages inputs.csv",
)


def verify(
    file: CircuitFile,
    voltages: VoltagesFile = None,
    r_word_line: RWordLine = "0ohm",
    r_bit_line: RBitLine = "0ohm",
    timeout: Annotated[float, typer.Option(help="Seconds that ngspice may take.")] = 300.0,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Run a bank or an array in ngspice and compare it with our own solution. Exit code 1: they differ."""
    from rescircuit.spice import verify as run

    thing, options = read_circuit(file, voltages, r_word_line, r_bit_line)
    with progress_bar() as report:
        report("ngspice", 0, 1)
        check = run(thing, **options, timeout=timeout)
    if as_json:
        print_json(check.as_dict())
    else:
        print_text(check.summary())
    if not check.passed:
        raise typer.Exit(1)
