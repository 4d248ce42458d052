"""What all commands of ``rescircuit theory`` do with an experiment: run it, show it, and write it down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import counting, print_json, print_table, print_text, progress_bar, say
from rescircuit.cli.outputs import interruptible, naming

if TYPE_CHECKING:
    from rescircuit.pieces import Pieces
    from rescircuit.theory.findings import Findings

__all__ = ["OUT", "SAMPLES", "SEED", "run_experiment"]

OUT = Annotated[
    Path | None,
    typer.Option("--out", help="Folder for tables, pictures, arrays and finished pieces; without it nothing is kept."),
]
SAMPLES = Annotated[int, typer.Option("--samples", help="Random samples for each point.")]
SEED = Annotated[int, typer.Option("--seed", help="What is sampled; the same seed gives the same samples anywhere.")]

Compute = Callable[["Pieces | None", Callable[[float], None]], "Findings"]


def run_experiment(
    name: str,
    compute: Compute,
    draw: Callable[[Any, Path], list[Path]],
    *,
    out: Path | None,
    as_json: bool,
    options: Mapping[str, str],
) -> None:
    """Run an experiment and print its tables and remarks; with a folder, write them, arrays and pictures there.

    Parameters
    ----------
    name : str
        What is under way, for the progress bar.
    compute : callable
        From pieces, or none, and what is to be told of progress (shares of 1) to findings.
    draw : callable
        ``draw(findings, folder)`` writes the pictures, and gives their paths.
    out : Path, optional
        The folder.
    as_json : bool
    options : mapping
        The library's arguments and the options that they are given by, for errors.
    """
    from rescircuit.pieces import Pieces

    remark = "nothing is kept; --out FOLDER keeps what is finished."
    if out is not None:
        remark = f"what is finished is kept in {out}, and the same command goes on from there."
    pieces = None if out is None else Pieces(folder=out / "pieces")
    with interruptible(remark), naming({"folder": "--out", **options}), progress_bar() as report:
        findings = compute(pieces, counting(report, name, 1.0))
        written = [] if out is None else _written(findings, out, draw)
    if as_json:
        print_json(findings.as_dict())
        return
    for table in findings.tables():
        print_table(table.title, list(table.columns), [list(row) for row in table.rows])
    for each in findings.remarks():
        print_text(f"- {each}")
    if out is not None:
        say(f"In {out}/: {', '.join(path.name for path in written)}")


def _written(findings: Findings, folder: Path, draw: Callable[[Any, Path], list[Path]]) -> list[Path]:
    import numpy as np

    from rescircuit.files import make_folder, write_atomically, write_text

    make_folder(folder)
    tables, results, arrays = folder / "tables.md", folder / "results.json", folder / "arrays.npz"
    remarks = "\n".join(f"- {each}" for each in findings.remarks())
    write_text(tables, "\n".join([*(table.markdown() for table in findings.tables()), remarks, ""]))
    write_text(results, json.dumps(findings.as_dict(), indent=2, allow_nan=False) + "\n")

    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            np.savez(stream, **findings.arrays())  # type: ignore[arg-type]

    write_atomically(arrays, write)
    return [*draw(findings, folder), tables, results, arrays]
