"""``rescircuit data``: what data sets are there, fetched and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, progress_bar, say
from rescircuit.cli.outputs import interruptible, naming

if TYPE_CHECKING:
    from rescircuit.datasets import Dataset, FileState

__all__ = ["DATA_DIR_OPTION", "data"]

DATA_DIR_OPTION = typer.Option(
    help="Folder of data sets; else that of RESCIRCUIT_DATA, else one in the user's cache.", show_default=False
)
_EPILOG = example("rescircuit data", "rescircuit data fetch mnist", "rescircuit data check mnist --data-dir my-data")
_OPTIONS = {"dataset": "NAME", "folder": "--data-dir", "path": "--data-dir"}

data = typer.Typer(
    name="data",
    help="MNIST and Fashion-MNIST: what is there, fetched from their public homes and checked.",
    epilog=_EPILOG,
    invoke_without_command=True,
)


@data.callback()
def _list(
    context: typer.Context,
    data_dir: Annotated[Path | None, DATA_DIR_OPTION] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """List the data sets that are there and those that can be had."""
    context.obj = data_dir
    if context.invoked_subcommand is not None:
        return
    from rescircuit.datasets import DATASETS, check_dataset, data_folder

    states = {name: check_dataset(dataset, data_dir) for name, dataset in DATASETS.items()}
    if as_json:
        print_json(_as_dict(data_dir, states))
        return
    rows = [["digits (8 x 8 pixels; Alpaydin and Kaynak)", "comes with scikit-learn"]]
    rows += [[f"{name} ({dataset.title})", _in_words(states[name])] for name, dataset in DATASETS.items()]
    print_table(f"Data sets in {data_folder(data_dir)}", ["name", "state"], rows)
    if any(state.state != "whole" for each in states.values() for state in each):
        say("rescircuit data fetch NAME brings what is missing.")


@data.command("fetch", epilog=example("rescircuit data fetch fashion-mnist --data-dir my-data"))
def fetch(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="mnist or fashion-mnist.", show_default=False)],
    data_dir: Annotated[Path | None, DATA_DIR_OPTION] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Bring a data set from its public homes; what is there and whole is left alone.

    Every file is checked by its sum before it takes its place. Exit code 1: it could not be had.
    """
    from rescircuit.datasets import data_folder, fetch_dataset, find_dataset

    folder = context.obj if data_dir is None else data_dir
    with interruptible("files that were whole are kept."), naming(_OPTIONS), progress_bar() as report:
        states = fetch_dataset(find_dataset(name), folder, report=report)
    if as_json:
        print_json(_as_dict(folder, {name: states}))
        return
    say(f"{name} is in {data_folder(folder) / name}.")


@data.command("check", epilog=example("rescircuit data check", "rescircuit data check mnist"))
def check(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Only this data set; else all.", show_default=False)] = None,
    data_dir: Annotated[Path | None, DATA_DIR_OPTION] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Compare the sums of all files that are there.

    Exit code 1: a file is wrong, or one of the data set that was named is missing.
    """
    from rescircuit.datasets import DATASETS, check_dataset, data_folder, find_dataset

    folder = context.obj if data_dir is None else data_dir
    with naming(_OPTIONS):
        chosen: list[Dataset] = list(DATASETS.values()) if name is None else [find_dataset(name)]
    states = {dataset.name: check_dataset(dataset, folder) for dataset in chosen}
    if as_json:
        print_json(_as_dict(folder, states))
    else:
        rows = [[f"{each}/{state.name}", state.state] for each, found in states.items() for state in found]
        print_table(f"Files in {data_folder(folder)}", ["file", "state"], rows)
        for found in states.values():
            for state in found:
                if state.reason:
                    say(state.reason)
    bad = ("wrong",) if name is None else ("wrong", "missing")
    if any(state.state in bad for found in states.values() for state in found):
        raise typer.Exit(1)


def _in_words(states: tuple[FileState, ...]) -> str:
    counts = {word: sum(state.state == word for state in states) for word in ("whole", "wrong", "missing")}
    if counts["missing"] == len(states):
        return "not there"
    if counts["whole"] == len(states):
        return "there, whole"
    return ", ".join(f"{count} files {word}" for word, count in counts.items() if count)


def _as_dict(data_dir: Path | None, states: dict[str, tuple[FileState, ...]]) -> dict[str, Any]:
    from rescircuit.datasets import data_folder

    return {
        "folder": data_folder(data_dir),
        "datasets": {
            name: [
                {"file": state.name, "state": state.state, "path": state.path, "reason": state.reason}
                for state in found
            ]
            for name, found in states.items()
        },
    }
