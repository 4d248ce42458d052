"""How the commands speak: results (tables, text, JSON) on standard output, progress and remarks on standard error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

__all__ = [
    "JSON_OPTION",
    "SEED_OPTION",
    "counting",
    "example",
    "print_json",
    "print_table",
    "print_text",
    "progress_bar",
    "say",
]

SEED_OPTION = typer.Option("--seed", help="Which chip is sampled; the same seed gives the same chip anywhere.")
JSON_OPTION = typer.Option("--json", help="Print the result as JSON.")


def example(*lines: str) -> str:
    """The end of a command's help."""
    return "[bold]Example[/bold]\n\n" + "\n\n".join(lines)


def print_json(result: Any) -> None:
    """Print `result`, of dicts, lists, numbers and arrays, as one JSON document."""
    typer.echo(json.dumps(result, indent=2, default=_plain, allow_nan=False))


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table; the first column is text, the others are numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for k, column in enumerate(columns):
        table.add_column(column, justify="right" if k else "left")
    for row in rows:
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # a pipe has no width: don't fold what a file or a reader can take whole
    console.print(table)


def print_text(text: str) -> None:
    """Print a result in words."""
    typer.echo(text)


def say(text: str) -> None:
    """Print a remark on standard error."""
    typer.echo(text, err=True)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float, float], None]]:
    """A progress bar on standard error; call what it yields with (what is under way, steps done, steps in all)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)  # silent where nobody watches
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("starting", total=None)

        def tell(step: str, done: float, total: float) -> None:
            progress.update(task, description=step, completed=done, total=total)

        yield tell


def counting(report: Callable[[str, float, float], None], step: str, total: float) -> Callable[[float], None]:
    """What takes the number of things done since its last call, as solvers tell it, and shows how many are done."""
    done = 0.0

    def count(more: float) -> None:
        nonlocal done
        done += more
        report(step, done, total)

    return count


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, Path):
        return str(value)
    return value.tolist()  # NumPy's arrays and numbers; json has dealt with all the rest
