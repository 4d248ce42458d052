"""Files that commands write: looked at before the work, named as options in errors, and what Ctrl-C leaves of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import typer

from rescircuit.cli.console import say
from rescircuit.errors import InputError

__all__ = ["PICTURES", "check_store_is_free", "check_writable", "interruptible", "naming"]

PICTURES = (".png", ".svg", ".pdf")


def check_writable(option: str, path: Path | None, suffixes: tuple[str, ...]) -> None:
    """Refuse before the work what could not be written after it: a file, or a store, which is a folder."""
    if path is None:
        return
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise InputError(option, f"a file's name in {' or '.join(suffixes)}", str(path))
    is_folder = suffix != ".zarr" and os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for long names
    if not os.access(path.parent, os.W_OK) or is_folder:
        raise InputError(option, "in a folder that can be written to", str(path))


def check_store_is_free(option: str, path: Path, kind: str, *, force: bool) -> None:
    """Refuse before the work a store's path that is taken; with `force`, by anything but a store of this kind.

    Parameters
    ----------
    option : str
        That gives the path.
    path : Path
    kind : str
        ``"chip"`` or ``"calibration"``.
    force : bool
        Whether such a store may be replaced.
    """
    if not os.path.lexists(path):
        return
    if not force:
        raise InputError(option, "a name that is free", str(path), "--force replaces what is there.")
    from rescircuit.cli.stores import kind_of

    there = kind_of(path)
    if there != kind:
        hint = f"A {there} is there." if there else "Something else is there."
        raise InputError(option, f"a name that is free, or that of a {kind} to replace", str(path), hint)


@contextmanager
def naming(options: Mapping[str, str]) -> Iterator[None]:
    """Within it, errors name the option of the command line and not the library's argument."""
    try:
        yield
    except InputError as error:
        argument, space, place = error.argument.partition(" ")
        name = options.get(argument, argument) + space + place
        raise InputError(name, error.required, error.got, error.hint) from None


@contextmanager
def interruptible(remark: str | Callable[[], str] = "nothing is written.") -> Iterator[None]:
    """Within it, Ctrl-C leaves a remark and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"Interrupted: {remark if isinstance(remark, str) else remark()}")
        raise typer.Exit(130) from None
