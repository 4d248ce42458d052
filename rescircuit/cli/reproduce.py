"""``rescircuit reproduce``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, print_text, progress_bar, say
from rescircuit.cli.data import DATA_DIR_OPTION
from rescircuit.cli.outputs import interruptible, naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.reproductions import Reproduced

__all__ = ["reproduce"]

EPILOG = example(
    "rescircuit reproduce",
    "rescircuit reproduce lenet-weights --data-dir my-data --seeds 20",
)
_OPTIONS = {
    "name": "NAME",
    "seeds": "--seeds",
    "images": "--images",
    "full": "--full",
    "folder": "--out",
    "data_dir": "--data-dir",
}


def reproduce(
    name: Annotated[
        str | None, typer.Argument(help="Which experiment; without one, they are listed.", show_default=False)
    ] = None,
    data_dir: Annotated[Path | None, DATA_DIR_OPTION] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for tables, pictures and finished pieces; reproduced/NAME if left out."),
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="How many samples, or chips; each experiment has its own.")] = None,
    images: Annotated[int | None, typer.Option(help="How many of the 10,000 test images.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="The published sizes, for hours, where the usual ones are smaller.")
    ] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Do a published experiment again, and lay its figures beside the published ones.

    What is finished is kept in the folder: after Ctrl-C the same command goes on from there.
    """
    from rescircuit.reproductions import reproduce as run

    if name is None:
        left_out = (
            ("--seeds", seeds),
            ("--images", images),
            ("--out", out),
            ("--data-dir", data_dir),
            ("--full", full),
        )
        for option, given in left_out:
            if given is not None and given is not False:
                raise InputError(option, "left out without NAME, which says what to reproduce", str(given))
        _list(as_json)
        return
    folder = Path("reproduced") / name if out is None else out
    remark = f"what is finished is kept in {folder}, and the same command goes on from there."
    with interruptible(remark), naming(_OPTIONS), progress_bar() as report:
        result = run(name, folder, data_dir=data_dir, seeds=seeds, images=images, full=full, report=report)
    if as_json:
        print_json(result.as_dict())
        return
    _print(result)
    say(f"{result.seconds:.0f} s. In {folder}/: {', '.join(path.name for path in result.files)}")


def _list(as_json: bool) -> None:
    from rescircuit.reproductions import REPRODUCTIONS

    known = list(REPRODUCTIONS.values())
    if as_json:
        fields = ("name", "title", "source", "needs", "seeds", "images")
        print_json([{field: getattr(each, field) for field in fields} for each in known])
        return
    for each in known:
        print_text(f"{each.name}\n    {each.title}.\n    {each.source}.\n    Needs: {each.needs}.\n")
    say("rescircuit data fetch mnist brings MNIST; rescircuit reproduce NAME runs one of them.")


def _print(result: Reproduced) -> None:
    for table in result.tables:
        print_table(table.title, list(table.columns), [list(row) for row in table.rows])
    for remark in result.remarks:
        print_text(f"- {remark}")
