"""``rescircuit verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.circuit_choice import CircuitOptions
from rescircuit.cli.circuit_tables import check_output, naming_option
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, print_text, progress_bar, say
from rescircuit.cli.option_groups import with_groups
from rescircuit.cli.outputs import PICTURES, interruptible
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.spice import Verification

__all__ = ["verify"]

EPILOG = example(
    "rescircuit verify my-bank/bank.json --temperature=-40:125:15",
    "rescircuit verify chip.zarr --banks 0:100 --settings settings.csv",
    "rescircuit verify conductances.csv --r-word-line 1ohm --r-bit-line 1ohm --voltages inputs.csv --plot check.png",
    "rescircuit verify conductances.csv --r-word-line 1ohm --cells sinh --v-scale 0.25V",
    "rescircuit verify conductances.csv --r-word-line 1ohm --c-word-line 1fF --c-bit-line 1fF",
    "rescircuit verify network.npz --layer 1 --tile 0 --bank-size 8 --r-word-line 1ohm --inputs test.npz",
    "rescircuit verify chip.npz --layer 1 --tile 0 --inputs test.npz",
    "rescircuit verify drawn-elsewhere.net --engine pyspice",
)
_ENGINES = ("auto", "ngspice", "pyspice", "nodal")
_MOST_BANKS = 1000
_WIDE = 110  # characters in a line


@with_groups
def verify(
    circuit: CircuitOptions,
    engine: Annotated[
        str,
        typer.Option(
            help="What solves the deck: ngspice; pyspice, ngspice as a library; nodal, SuperLU on the deck's nodal "
            "matrix, for linear circuits. auto is ngspice, and nodal for large linear arrays."
        ),
    ] = "auto",
    timeout: Annotated[float, typer.Option(help="Seconds that ngspice may take.")] = 300.0,
    plot: Annotated[
        Path | None,
        typer.Option(help="The errors of each quantity, and where they are (.png, .svg, .pdf).", show_default=False),
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Solve a bank, a chip, an array, a network's tile or a linear netlist ourselves and in ngspice, and compare.

    Exit code 1: they differ.
    """
    if engine not in _ENGINES:
        raise InputError("--engine", f"one of {', '.join(_ENGINES)}", engine)
    check_output("--plot", plot, PICTURES, circuit.files())
    with interruptible("nothing is compared."), circuit.naming(), progress_bar() as report:
        subject = circuit.read(_MOST_BANKS, report)
        report("solving twice", 0, 1)
        check = subject.verify(engine, timeout)
    files = [] if plot is None else [_drawn(check, plot)]
    if as_json:
        print_json({**check.as_dict(), "files": files})
    else:
        print_text(check.summary())
        _print_rows(check)
        if files:
            say(f"Written: {', '.join(map(str, files))}")
    if not check.passed:
        raise typer.Exit(1)


def _print_rows(check: Verification) -> None:
    """A row a quantity; in a narrow window without the numbers where the largest errors are."""
    from rich.console import Console

    columns = ["quantity", "numbers", "largest error", "limit", "where", "ours", check.engine]
    console = Console()
    shown = columns[: -2 if console.is_terminal and console.width < _WIDE else None]
    print_table("", shown, [list(row[: len(shown)]) for row in check.rows()])


def _drawn(check: Verification, path: Path) -> Path:
    from rescircuit.plotting import save_figure
    from rescircuit.plotting.verification import plot_verification

    with naming_option("--plot"):
        return save_figure(plot_verification(check), path)
