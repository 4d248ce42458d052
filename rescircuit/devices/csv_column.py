"""One column of measured values from a CSV file, which a person or a bench has written."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rescircuit.checks import Array, whole_number
from rescircuit.errors import InputError
from rescircuit.files import LARGEST_BYTES, file_size

__all__ = ["read_column"]


def read_column(path: str | Path, column: str | int | None = None) -> Array:
    """Numbers above 0 of one column, (rows,).

    Parameters
    ----------
    path : str or Path
        Comma-separated values; ``#`` starts a comment. A first line in which no cell begins as a number does is a
        header. The other columns may hold anything.
    column : str or int, optional
        The column's name in the header, or its number from 0; may be left out where there is only one.

    Raises
    ------
    InputError
        For an unreadable file, a column that is not there, text in a number, lines of different lengths, or a number
        that is not finite and above 0, with the file and the line.
    """
    path = Path(path)
    rows = _rows(path)
    try:
        line, cells = next(rows)
    except StopIteration:
        raise InputError(path.name, "numbers, at least one", "an empty file") from None
    width, header = len(cells), None if any(map(_begins_as_number, cells)) else cells
    place = _place(path.name, column, width, header)
    values = [] if header else [_value(path.name, line, cells[place])]
    for line, cells in rows:
        if len(cells) != width:
            raise InputError(f"{path.name}, line {line}", f"{width} cells, as the lines before", f"{len(cells)} cells")
        values.append(_value(path.name, line, cells[place]))
    if not values:
        raise InputError(path.name, "numbers, at least one, below its header", f"only the header {header}")
    return np.array(values)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The file's lines with their numbers, cut into cells, without comments and blank lines."""
    try:
        if file_size(path) > LARGEST_BYTES:
            raise InputError("file", f"at most {LARGEST_BYTES} bytes", str(path))
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except InputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a NUL in the name
        reason = getattr(error, "strerror", None) or "It is not text in UTF-8"
        raise InputError("file", "a readable text file", str(path), f"{reason}.") from None
    for number, line in enumerate(lines, 1):
        content = line.partition("#")[0].strip()
        if content:
            yield number, _cells(path.name, number, content)


def _cells(name: str, number: int, content: str) -> list[str]:
    try:
        cells = next(csv.reader([content], skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise InputError(f"{name}, line {number}", "cells with commas between them", content, f"{error}.") from None
    return [cell.strip() for cell in cells]


def _begins_as_number(cell: str) -> bool:
    return cell[:1] in tuple("+-.0123456789") or cell.lower() in {"nan", "inf", "infinity"}


def _place(name: str, column: str | int | None, width: int, header: list[str] | None) -> int:
    """The number of the wanted column."""
    names = ", ".join(header) if header else f"{width} columns without a header"
    if column is None:
        if width > 1:
            raise InputError("column", f"given, as {name} has several ({names})", column)
        return 0
    if not isinstance(column, str):
        return whole_number("column", column, 0, width - 1, f"{name} has {names}.")
    if header is None or header.count(column) != 1:
        raise InputError("column", f"the name of one column of {name} ({names})", column)
    return header.index(column)


def _value(name: str, line: int, cell: str) -> float:
    """A number as other programs read it too: Python alone takes ``1_000`` and the digits of all scripts."""
    required = "a finite number above 0"
    where = f"{name}, line {line}"
    try:
        value = math.nan if "_" in cell or not cell.isascii() else float(cell)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise InputError(where, required, cell)
    return value
