"""``rescircuit compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.bank_options import BankOptions, read_bank
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_text, progress_bar
from rescircuit.cli.netlist_files import NETLISTS, read_netlist
from rescircuit.cli.outputs import interruptible, naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.spice.circuits.circuit import Circuit

__all__ = ["compare"]

EPILOG = example(
    "rescircuit compare edited.cir my-bank/bank.json",
    "rescircuit compare drawn-elsewhere.net ours.cir --json",
)


def compare(
    a: Annotated[
        Path,
        typer.Argument(
            metavar="A",
            help=f"A netlist ({', '.join(NETLISTS)}), or a bank (.json, from design --out) in its own setting.",
            show_default=False,
        ),
    ],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another of either.", show_default=False)],
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Say whether two files are the same circuit, such as a deck edited by hand and the bank that it came from.

    Names, order, subcircuits and comments don't count; values, models, temperatures and what is simulated do.

    Exit code 1: they differ; 2: one cannot be read.
    """
    from rescircuit.spice import same_circuit
    from rescircuit.spice.circuits.connections import Connections

    with interruptible("the files are not compared."), naming({"circuits": "A and B"}), progress_bar() as report:
        circuits: list[Circuit] = []
        for done, (name, file) in enumerate((("A", a), ("B", b))):
            report("reading", done, 3)
            circuits.append(_read(name, file))
        report("comparing", 2, 3)
        first, second = circuits
        difference = same_circuit(first, second)
        count = Connections.of(first).n_elements
    if as_json:
        print_json({"same": difference is None, "difference": difference})
    elif difference is None:
        print_text(f"{a} and {b} are the same circuit: {count:,} element{'' if count == 1 else 's'}.")
    else:
        print_text(f"{a} and {b} differ: {difference}.")
    if difference is not None:
        raise typer.Exit(1)


def _read(name: str, file: Path) -> Circuit:
    """The circuit of a file; errors name the argument that it was given as."""
    with naming({"file": name, "FILE": name}):
        if file.suffix.lower() == ".json":
            return read_bank(file, BankOptions(), None).deck().circuit
        if file.suffix.lower() not in NETLISTS:
            raise InputError("FILE", f"a netlist ({', '.join(NETLISTS)}) or a bank (.json)", str(file))
        return read_netlist(file)
