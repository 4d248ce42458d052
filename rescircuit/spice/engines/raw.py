"""The binary raw file of ngspice, read strictly: one complete plot of real, finite numbers or an error.

A run that ngspice gave up leaves a raw file too, with its data under ``No. Points: 0``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import SpiceError, shorten

__all__ = ["Plot", "read_raw"]

_DATA_MARK = b"Binary:\n"
_NUMBER = np.dtype(np.float64)
_DIGITS = 18  # of a number of points or variables, far beyond any file


@dataclass(frozen=True, kw_only=True)
class Plot:
    """One plot of a raw file.

    Attributes
    ----------
    name : str
        ngspice's name of the analysis, such as ``"Operating Point"``.
    variables : tuple of str
        Names of the variables, as ngspice spells them.
    values : (points, variables) array
        Volt and ampere.
    """

    name: str
    variables: tuple[str, ...]
    values: Array


def read_raw(content: bytes) -> Plot:
    """Read the content of a raw file.

    Raises
    ------
    SpiceError
        For anything that is not exactly one complete plot of real, finite numbers.
    """
    header, mark, data = content.partition(_DATA_MARK)
    if not mark:
        raise SpiceError("ngspice's raw file is not complete: it has no binary data")
    fields, listed = _split_header(header)
    points, count = _whole(fields, "No. Points"), _whole(fields, "No. Variables")
    if fields.get("Flags") != "real":
        raise SpiceError(f"ngspice's raw file holds {shorten(fields.get('Flags'))} numbers, not real ones")
    variables = _variable_names(listed, count)
    expected = points * count * _NUMBER.itemsize
    if len(data) != expected:
        raise SpiceError(f"ngspice's raw file holds {len(data)} bytes of data, not the {expected} it announces")
    values = np.frombuffer(data, dtype=_NUMBER).reshape(points, count)
    if not np.isfinite(values).all():
        place = int(np.argwhere(~np.isfinite(values))[0, 1])
        raise SpiceError(f"ngspice's raw file holds a value of {variables[place]} that is not finite")
    return Plot(name=fields.get("Plotname", ""), variables=variables, values=values)


def _split_header(header: bytes) -> tuple[dict[str, str], list[str]]:
    """The ``key: value`` lines before the list of variables, and the lines of that list."""
    try:
        lines = header.decode("ascii").splitlines()
        start = lines.index("Variables:")
    except ValueError:
        raise SpiceError("ngspice's raw file has no readable header") from None
    pairs = (line.partition(":") for line in lines[:start])
    return {key: value.strip() for key, _, value in pairs}, lines[start + 1 :]


def _whole(fields: dict[str, str], key: str) -> int:
    text = fields.get(key, "")
    if not text.isdecimal() or len(text) > _DIGITS:
        raise SpiceError(f"ngspice's raw file states no whole number as {key}: {shorten(text)}")
    return int(text)


def _variable_names(listed: list[str], count: int) -> tuple[str, ...]:
    """Names from lines of number, name and kind; the numbers must be 0, 1, 2, ..."""
    rows = [line.split() for line in listed]
    numbers = [row[0] for row in rows if len(row) >= 3]
    if numbers != [str(k) for k in range(count)] or len(rows) != count:
        raise SpiceError(f"ngspice's raw file lists other variables than the {count} that it announces")
    return tuple(row[1] for row in rows)
