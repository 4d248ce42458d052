"""Tables that commands read for circuits, and names of files that they write."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescircuit.cli.option_groups import option_name
from rescircuit.cli.outputs import PICTURES, check_writable
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array

__all__ = [
    "TABLES",
    "check_deck_name",
    "check_output",
    "naming_option",
    "one_line",
    "read_line",
    "read_matrix",
    "read_table",
    "read_voltages",
    "same_file",
]

TABLES = (".csv", ".npz")
# Suffixes of what commands read and write, and of archives.
_NO_DECKS = (*TABLES, *PICTURES, ".json", ".toml", ".zarr", ".safetensors", ".onnx", ".pt", ".h5")
_NO_DECKS += (".zip", ".gz", ".bz2", ".xz", ".zst", ".7z", ".tar", ".tgz")


def read_voltages(file: Path | None, shape: tuple[int, int]) -> Array:
    """Input voltages (k, m) or (m,); without a file, the usual read voltage on every word line."""
    import numpy as np

    from rescircuit.bank import DEFAULT_READ_VOLTAGE

    if file is None:
        return np.full(shape[0], DEFAULT_READ_VOLTAGE)
    return read_matrix(file, "voltages")


def read_matrix(file: Path, name: str) -> Array:
    """The numbers of a CSV file, or the array `name` (or the only one) of an npz file."""
    from rescircuit.checks import finite_array

    return finite_array(f"{name} in {file.name}", read_table(file, name))


def read_table(file: Path, name: str) -> Any:
    """The same unchecked; errors name the option it was given to, and those of conductances the file."""
    if name != "conductances":
        with naming_option(option_name(name)):
            return _read_table(file, name)
    try:
        return _read_table(file, name)
    except InputError as error:
        if error.argument == "file" or error.argument.startswith(file.name):
            raise
        raise InputError(f"{error.argument} in {file.name}", error.required, error.got, error.hint) from None


def one_line(option: str, table: Array) -> Array:
    """The numbers (k,) of a table with one row or one column."""
    if table.ndim > 2 or (table.ndim == 2 and 1 not in table.shape):
        raise InputError(option, "a file with one row or one column", f"shape {table.shape}")
    return table.ravel()


def read_line(file: Path, name: str) -> Array:
    """The numbers (k,) of a file as :func:`read_matrix` takes it, with one row or one column."""
    return one_line(option_name(name), read_matrix(file, name))


def same_file(path: Path, other: Path) -> bool:
    """Whether two names are of one file, which need not be there."""
    return os.path.realpath(path) == os.path.realpath(other)


def check_output(option: str, path: Path | None, suffixes: tuple[str, ...], inputs: Iterable[Path | None] = ()) -> None:
    """Refuse before the work what could not be written after it, and what would replace a file that is read."""
    _check_target(option, path, inputs)
    check_writable(option, path, suffixes)


def check_deck_name(option: str, path: Path | None, inputs: Iterable[Path | None] = ()) -> None:
    """The same for a deck, whose name may end in anything but what other files' names end in; or a device."""
    if path is None:
        return
    suffix = path.suffix.lower()
    if suffix in _NO_DECKS:
        raise InputError(option, "a deck's name, such as array.cir", str(path))
    _check_target(option, path, inputs)
    if os.path.isfile(path) or not os.path.exists(path):  # noqa: PTH110, PTH113 - Path's own raise for long names
        check_writable(option, path, (suffix,))


def _check_target(option: str, path: Path | None, inputs: Iterable[Path | None]) -> None:
    """Refuse to write to a directory, or over one of the files that were given."""
    if path is None:
        return
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for long names
        raise InputError(option, "a file's name, not that of a directory", str(path))
    for file in inputs:
        if file is not None and same_file(file, path):
            raise InputError(option, "another file than those that are read", str(path))


@contextmanager
def naming_option(option: str) -> Iterator[None]:
    """Within it, errors about a file or a path name the option that it was given to."""
    try:
        yield
    except InputError as error:
        name = option if error.argument in ("file", "path") else f"{option} {error.argument}"
        raise InputError(name, error.required, error.got, error.hint) from None


def _read_table(file: Path, name: str) -> Any:
    """What stands in a CSV file, or as the array `name` (or the only one) in an npz file."""
    from rescircuit.files import read_csv, read_npz

    suffix = file.suffix.lower()
    if suffix == ".csv":
        return read_csv(file)
    if suffix == ".npz":
        arrays = read_npz(file)
        if name not in arrays and len(arrays) > 1:
            raise InputError(file.name, f"an archive with one array, or one named {name}", ", ".join(arrays))
        return arrays.get(name, next(iter(arrays.values())))
    raise InputError("file", "a .csv or .npz file", str(file))
