"""``rescircuit demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.console import (
    JSON_OPTION,
    SEED_OPTION,
    example,
    print_json,
    print_table,
    print_text,
    progress_bar,
    say,
)
from rescircuit.cli.network_reports import print_explanation

if TYPE_CHECKING:
    from rescircuit.demo import Demo

__all__ = ["demo"]

EPILOG = example("rescircuit demo --out my-demo --seed 3")


def demo(
    out: Annotated[Path, typer.Option(help="Folder for pictures, decks and results.")] = Path("demo-output"),
    seed: Annotated[int, SEED_OPTION] = 1,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Recognise handwritten digits on a chip of imprecise resistors, and have ngspice confirm it.

    Trains a small network on 1,347 scanned digits, programs it exactly onto sampled chips (two processes, 4, 8 and 12
    resistors to a bank), runs 450 other digits through the arrays with and without their wires, says what each cause of
    error costs the last chip, and checks a bank and a whole tile in ngspice. Takes less than a minute.

    Exit code 1: ngspice differs, or fails.
    """
    from rescircuit.demo import run_demo

    with progress_bar() as report:
        result = run_demo(out, seed=seed, report=report)
    if as_json:
        print_json(result.as_dict())
    else:
        _print(result, out)
    if result.confirmed is False:
        raise typer.Exit(1)


def _print(result: Demo, out: Path) -> None:
    columns = ["process", "n", "accuracy", "wired", "error", "theory", "worst", "program", "solve"]
    rows = [["digital", "", f"{result.digital_accuracy:.2%}", *[""] * 6]]
    rows += [
        [
            row.process,
            str(row.bank_size),
            f"{row.accuracy_without_wires:.2%}",
            f"{row.accuracy_with_wires:.2%}",
            f"{row.median_error:.1e}",
            f"{row.predicted_median_error:.1e}",
            f"{row.worst_error:.1e}",
            f"{row.programming_seconds:.2f} s",
            f"{row.wires_seconds:.2f} s",
        ]
        for row in result.rows
    ]
    print_table(f"{result.images} handwritten digits, chip {result.seed}", columns, rows)
    say(
        "thesis       equal nominals, each resistor off by up to 20 % on its own\n"
        "polysilicon  spread nominals, a die off by up to 20 % as a whole, mismatch 1 %\n"
        "n            resistors in a bank\n"
        "wired        accuracy with 1 Ω of wire from cell to cell\n"
        "error        median programming error of a weight, relative to a bank's full scale\n"
        "theory       the same as random subset sums predict it\n"
        f"program      sampling and programming {result.rows[0].banks:,} banks\n"
        "solve        solving all tiles with their wires\n"
    )
    print_explanation(result.explanation)
    print_text("")
    for name, check in result.verifications.items():
        print_text(f"{name}: {check.summary()}")
    if result.not_verified:
        print_text(f"Not verified: {result.not_verified}")
    say(f"{result.seconds:.0f} s. In {out}/: {', '.join(path.name for path in result.files)}")
