"""Measured values as people bring them: CSV tables, npz archives and zarr stores, none of them trusted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array
from rescircuit.errors import InputError
from rescircuit.files import read_csv, read_npz
from rescircuit.measured.zarr_stores import choose_array, read_zarr

__all__ = ["read_flags", "read_values"]


def read_values(path: str | Path, name: str = "values") -> Array:
    """The numbers of a CSV table (rows, columns), or those of an array in an npz archive or a zarr store.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` or ``.npz`` file, or a zarr store of format 2 or 3: a folder, or a ``.zarr`` or ``.zip`` file.
    name : str
        The array to read where a file holds several; an only one may have any name.

    Raises
    ------
    InputError
        For a file that can't be read, is damaged or incomplete, claims more than a GiB of numbers, or holds anything
        but finite numbers.
    """
    return finite_array(f"{name} in {Path(path).name}", _read(Path(path), name))


def read_flags(path: str | Path, name: str) -> NDArray[np.bool_]:
    """Flags from a file as :func:`read_values` reads it: booleans, or numbers that are 0 or 1.

    Raises
    ------
    InputError
        As :func:`read_values`, and for other numbers.
    """
    raw = _read(Path(path), name)
    if raw.dtype == np.bool_:
        return raw
    where = f"{name} in {Path(path).name}"
    numbers = finite_array(where, raw)
    other = numbers[(numbers != 0) & (numbers != 1)]
    if other.size:
        raise InputError(where, "0 or 1 everywhere", float(other[0]))
    return numbers == 1


def _read(path: Path, name: str) -> NDArray[Any]:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return read_csv(path)
    if suffix == ".npz":
        arrays = read_npz(path)
        return arrays[choose_array(arrays, name, path)]
    if suffix in {".zarr", ".zip"} or os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for names too long
        return read_zarr(path, name)
    raise InputError("file", "a .csv or .npz file or a .zarr store", str(path))
