"""What all commands of ``rescircuit theory`` do with an experiment: run it, show it, and write it down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import counting, print_json, print_table, print_text, progress_bar, say
from rescircuit.cli.outputs import interruptible, naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.pieces import Pieces
    from rescircuit.theory.findings import Findings

__all__ = ["OUT", "SAMPLES", "SEED", "run_experiment"]

OUT = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Folder for tables, pictures, finished pieces, and arrays.npz, whose .files lists its arrays; "
        "without it nothing is kept.",
    ),
]
SAMPLES = Annotated[int, typer.Option("--samples", help="Random samples for each point.")]
SEED = Annotated[int, typer.Option("--seed", help="What is sampled; the same seed gives the same samples anywhere.")]

Compute = Callable[["Pieces | None", Callable[[float], None]], "Findings"]


def run_experiment(
    name: str,
    compute: Compute,
    draw: Callable[[Any, Path], list[Path]],
    *,
    seed: int,
    out: Path | None,
    as_json: bool,
    options: Mapping[str, str],
) -> None:
    """Run an experiment and print its tables and remarks; with a folder, write them, arrays and pictures there.

    Parameters
    ----------
    name : str
        The command after ``rescircuit theory``: findings have ``theory NAME`` as their experiment.
    compute : callable
        From pieces, or none, and what is to be told of progress (shares of 1) to findings.
    draw : callable
        ``draw(findings, folder)`` writes the pictures, and gives their paths.
    seed : int
    out : Path, optional
        The folder; it must not have results of another experiment or seed.
    as_json : bool
    options : mapping
        The library's arguments and the options that they are given by, for errors.

    Raises
    ------
    InputError
        For a folder with other results, before anything is computed.
    """
    from rescircuit.pieces import Pieces

    if out is not None:
        _check_folder(out, name, seed)
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


def _check_folder(folder: Path, name: str, seed: int) -> None:
    """Refuse to write over what another experiment, or the same one with another seed, has left."""
    try:
        kept = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        experiment, kept_seed = str(kept["experiment"]).removeprefix("theory "), kept["seed"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return  # none, or a damaged one, or of something else: what is to be written says more
    if experiment != name:
        raise InputError("--out", f"a folder of 'theory {name}', or a new one", f"theory {experiment}")
    if kept_seed != seed:
        raise InputError("--out", f"a folder of --seed {seed}, or a new one", f"--seed {kept_seed}")


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
