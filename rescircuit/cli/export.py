"""``rescircuit export``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from rescircuit.cli.circuit_choice import CircuitOptions
from rescircuit.cli.circuit_tables import check_deck_name, naming_option
from rescircuit.cli.console import JSON_OPTION, example, print_json, progress_bar, say
from rescircuit.cli.option_groups import with_groups
from rescircuit.cli.outputs import interruptible

__all__ = ["export"]

EPILOG = example(
    "rescircuit export my-bank/bank.json --code 1011010110101101 --temperature=-40:125:15 -o bank.cir",
    "rescircuit export chip.zarr --banks 0:100 --settings settings.csv -o chip.cir",
    "rescircuit export conductances.csv --r-word-line 1ohm --r-bit-line 1ohm -o array.cir",
    "rescircuit export conductances.csv --r-word-line 1ohm --c-word-line 1fF --c-bit-line 1fF -o settling.cir",
    "rescircuit export network.npz --layer 1 --tile 0 --bank-size 8 --r-word-line 1ohm -o tile.cir",
    "rescircuit export chip.npz --layer 1 --tile 0 -o tile.cir",
    "rescircuit export drawn-elsewhere.net --open-end probe -o ours.cir",
    "ngspice -b -r array.raw array.cir",
)
_MOST_BANKS = 10_000


@with_groups
def export(
    circuit: CircuitOptions,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The deck to write; by default it is printed.", show_default=False),
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Write a bank, a chip, an array, a network's tile or somebody's netlist as a deck for ngspice.

    The circuit is checked by its electrical rules first: errors are refused, and warnings are told.
    """
    check_deck_name("--out", out, circuit.files())
    with interruptible(), circuit.naming(), progress_bar() as report:
        subject = circuit.read(_MOST_BANKS, report)
        report("writing", 0, 1)
        deck = subject.deck()
    with naming_option("--out"):
        path = None if out is None else deck.write(out)
    if as_json:
        content = {"file": path, "nodes": deck.nodes, "sources": deck.sources, "text": deck.text}
        print_json({**content, "warnings": [warning.as_dict() for warning in deck.warnings]})
        return
    for warning in deck.warnings:
        say(str(warning))
    if path is None:
        for line in deck.lines():
            typer.echo(line)
    else:
        run = shlex.join(["ngspice", "-b", "-r", f"{path.stem}.raw", str(path)])
        say(f"Written: {path}, {len(deck.nodes)} nodes. Run it: {run}")
