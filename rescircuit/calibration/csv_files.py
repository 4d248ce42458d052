"""Tables of measured values from a real bench, and tables of settings for it.

Measured values are lines under the header ``bank,item,value_siemens,standard_error_siemens``, columns in any order,
the last one optional. The item is a switch, 0 to n - 1, with what closing it adds, or ``offset``, with what the bank
conducts with all switches open. Every bank 0 to b - 1 has every item once, in any order of lines. ``#`` starts a
comment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from rescircuit.bank import Mask
from rescircuit.calibration.error_model import adds_nothing, variances
from rescircuit.calibration.estimates import Calibration
from rescircuit.calibration.patterns import Patterns, as_patterns
from rescircuit.calibration.programming import CalibratedSetting
from rescircuit.calibration.provenance import Provenance
from rescircuit.calibration.read_out import ReadOut
from rescircuit.checks import Array, positive_number
from rescircuit.errors import InputError
from rescircuit.files import LARGEST_BYTES, file_size, write_lines

__all__ = ["mask_hex", "mask_text", "read_calibration_csv", "write_calibration_csv", "write_settings_csv"]

_NEEDED = ("bank", "item", "value_siemens")
_ERROR = "standard_error_siemens"
_OFFSET = "offset"
_MOST_BANKS, _MOST_SWITCHES = 1 << 24, 4096


def read_calibration_csv(
    path: str | Path,
    *,
    v_read: float,
    read_out: ReadOut | None = None,
    patterns: Patterns | str = "one-hot",
    temperature: float = 27.0,
    provenance: Provenance | None = None,
) -> Calibration:
    """Values measured on a bench as a calibration of b banks, of shape (b,).

    Parameters
    ----------
    path : str or Path
        See above for its columns.
    v_read : float
        Volt, at which the values were measured.
    read_out : ReadOut, optional
        The datasheet of the instrument: errors of settings, and those of values that the file lacks, follow from it and
        from the patterns, correlations included. One without a full scale gets the largest current of the patterns and
        a quarter more. Without a read-out the file's errors are taken as independent of each other.
    patterns : Patterns, "one-hot" or "hadamard"
        The settings that were read; without effect where there is no read-out.
    temperature : float
        °C, at which they were measured.
    provenance : Provenance, optional
        Where they come from.

    Raises
    ------
    InputError
        For an unreadable file; a missing or unknown column; text in place of a number, a negative error, or a bank or
        item that comes twice, with the line; banks or items that are missing.
    """
    path = Path(path)
    values, errors = _table(path)
    n = values.shape[1] - 1
    known = not math.isnan(errors[0, 0])
    design = None
    if read_out is not None:
        design = as_patterns(patterns, n)
        read_out = _with_range(read_out, design, values, positive_number("v_read", v_read, "V"), path.name)
    elif not known:
        hint = "Add it, or give the read-out, from which errors follow."
        raise InputError(path.name, f"a table with a column {_ERROR}", "one without", hint)
    calibration = Calibration(
        values=values[:, :n],
        offset=values[:, n],
        standard_errors=errors[:, :n] if known else np.zeros((len(values), n)),
        offset_standard_error=errors[:, n] if known else np.zeros(len(values)),
        v_read=v_read,
        read_out=read_out,
        patterns=design,
        temperature=temperature,
        provenance=provenance,
    )
    gain_error = 0.0  # which part of the errors in a file it makes is not known
    if design is not None and not known:
        gain_error = 0.0 if read_out is None else read_out.lasting_gain_error
        sources = calibration.sources(np.arange(len(values)))
        errors = np.sqrt([variances(sources, weights) for weights in design.solution]).T
    return replace(
        calibration,
        standard_errors=errors[:, :n],
        offset_standard_error=errors[:, n],
        dead=adds_nothing(values[:, :n], errors[:, :n], gain_error),
    )


def write_calibration_csv(calibration: Calibration, path: str | Path) -> Path:
    """Write the values of a calibration as :func:`read_calibration_csv` reads them, banks numbered in C order."""
    n = calibration.n
    parts = [
        np.concatenate([per_switch.reshape(-1, n), per_bank.reshape(-1, 1)], axis=1)
        for per_switch, per_bank in (
            (calibration.values, calibration.offset),
            (calibration.standard_errors, calibration.offset_standard_error),
        )
    ]
    items = [*map(str, range(n)), _OFFSET]
    lines = (
        f"{bank},{item},{value!r},{error!r}"
        for bank, (values, errors) in enumerate(zip(*parts, strict=True))
        for item, value, error in zip(items, values.tolist(), errors.tolist(), strict=True)
    )
    return write_lines(path, chain([",".join((*_NEEDED, _ERROR))], lines))


def write_settings_csv(setting: CalibratedSetting, path: str | Path, *, banks: Any = None) -> Path:
    """Write settings for a bench, a line each in C order of their axes.

    The mask is text, switch 0 first; ``hex`` is the same as a number in which switch k is bit k.

    Parameters
    ----------
    setting : CalibratedSetting
        What :meth:`Calibration.program` gave, (...).
    path : str or Path
        For the table, with the columns bank, target_siemens, estimate_siemens, predicted_error_siemens, mask and hex.
    banks : int array, optional
        Number of each setting's bank, broadcasting to (...); by default a setting for each bank, in C order.

    Raises
    ------
    InputError
        For numbers of banks that do not broadcast, or a folder that cannot be written to.
    """
    mask = np.asarray(setting.mask)
    shape = mask.shape[:-1]
    numbers = np.arange(math.prod(shape)).reshape(shape) if banks is None else np.asarray(banks)
    try:
        numbers = np.broadcast_to(numbers, shape)
    except ValueError:
        raise InputError("banks", f"of a shape that broadcasts to {shape}", f"shape {numbers.shape}") from None
    if numbers.dtype.kind not in "iu":
        raise InputError("banks", "whole numbers", f"shape {numbers.shape} of {numbers.dtype.name}")
    floats = [
        np.broadcast_to(part, shape).reshape(-1).tolist()
        for part in (setting.target, setting.estimate, setting.predicted_error)
    ]
    rows = zip(numbers.reshape(-1).tolist(), *floats, mask.reshape(-1, mask.shape[-1]), strict=True)
    lines = (
        f"{bank},{target!r},{estimate!r},{error!r},{mask_text(row)},{mask_hex(row)}"
        for bank, target, estimate, error, row in rows
    )
    header = "bank,target_siemens,estimate_siemens,predicted_error_siemens,mask,hex"
    return write_lines(path, chain([header], lines))


def mask_text(mask: Mask) -> str:
    """A setting (n,) as noughts and ones, switch 0 first."""
    return "".join("1" if closed else "0" for closed in mask)


def mask_hex(mask: Mask) -> str:
    """A setting (n,) as a number in hexadecimal digits, in which switch k is bit k."""
    n = len(mask)
    number = int.from_bytes(np.packbits(mask, bitorder="little").tobytes(), "little")
    return f"{number:0{-(-n // 4)}x}"


def _with_range(read_out: ReadOut, patterns: Patterns, values: Array, v_read: float, name: str) -> ReadOut:
    if read_out.full_scale is not None:
        return read_out
    largest = float((patterns.design @ values.T).max())
    if largest <= 0:
        raise InputError(name, "values of banks that conduct", f"at most {largest:g} S in all patterns")
    return read_out.ranged_for(largest, v_read)


def _table(path: Path) -> tuple[Array, Array]:
    """Values and standard errors, (b, n + 1), the offset last; errors are NaN where the file has none."""
    lines = _content_lines(path)
    number, header = next(lines, (1, ""))
    columns = _columns(header, f"{path.name}, line {number}")
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for number, line in lines:
        _take(line, columns, f"{path.name}, line {number}", found)
    if not found:
        raise InputError(path.name, "at least one line of values under its header", "none")
    banks = max(bank for bank, _ in found) + 1
    n = max(item for _, item in found) + 1
    if n == 0:
        raise InputError(path.name, "a line for at least one switch", "offsets only")
    if len(found) != banks * (n + 1):
        _say_what_is_missing(path, found, banks, n)
    table = np.empty((2, banks, n + 1))
    for (bank, item), both in found.items():
        table[:, bank, item] = both  # the offset's item is -1: the last
    return table[0], table[1]


def _content_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, with their numbers, without comments."""
    try:
        if file_size(path) > LARGEST_BYTES:
            raise InputError("file", f"at most {LARGEST_BYTES} bytes", str(path))
        with path.open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, 1):
                content = line.partition("#")[0].strip()
                if content:
                    yield number, content
    except UnicodeDecodeError:
        raise InputError("file", "readable text", str(path)) from None
    except OSError as error:
        raise InputError("file", "a readable file", str(path), f"{error.strerror}.") from None


def _columns(header: str, where: str) -> list[str]:
    columns = [name.strip() for name in header.split(",")]
    known = {*_NEEDED, _ERROR}
    if not set(_NEEDED) <= set(columns) <= known or len(set(columns)) != len(columns):
        required = f"a header of the columns {', '.join(_NEEDED)} and, if known, {_ERROR}"
        missing = [name for name in _NEEDED if name not in columns]
        hint = f"The column {missing[0]} is missing." if missing else "No others are known, and each comes once."
        raise InputError(where, required, header, hint)
    return columns


def _take(line: str, columns: list[str], where: str, found: dict[tuple[int, int], tuple[float, float]]) -> None:
    """Read one line of values into `found`, by bank and item; the offset is item -1."""
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) != len(columns):
        raise InputError(where, f"{len(columns)} cells: {', '.join(columns)}", f"{len(cells)} cells")
    row = dict(zip(columns, cells, strict=True))
    bank = _whole(row["bank"], _MOST_BANKS, f"bank in {where}")
    place = f"item in {where}"
    item = -1 if row["item"] == _OFFSET else _whole(row["item"], _MOST_SWITCHES, place, f" or {_OFFSET!r}")
    value = _number(row["value_siemens"], f"value_siemens in {where}")
    error = math.nan
    if _ERROR in row:
        error = _number(row[_ERROR], f"{_ERROR} in {where}")
        if error < 0:
            raise InputError(f"{_ERROR} in {where}", "at least 0 (S)", error)
    if (bank, item) in found:
        raise InputError(where, "the only one of its bank and item", f"bank {bank}, item {row['item']} again")
    found[bank, item] = value, error


def _whole(text: str, limit: int, where: str, more: str = "") -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(limit)) and int(text) < limit):
        raise InputError(where, f"a whole number from 0 to {limit - 1}{more}", text)
    return int(text)


def _number(text: str, where: str) -> float:
    """A finite number as other programs read it too: Python alone takes ``1_000`` and the digits of all scripts."""
    try:
        number = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(where, "a finite number (S), such as 1.5e-5", text)
    return number


def _say_what_is_missing(path: Path, found: Iterable[tuple[int, int]], banks: int, n: int) -> NoReturn:
    there = set(found)
    bank, item = next((bank, item) for bank in range(banks) for item in (*range(n), -1) if (bank, item) not in there)
    required = f"complete: {banks} banks with {n} switches and an offset each"
    missing = f"no line for bank {bank}, item {_OFFSET if item < 0 else item}"
    raise InputError(path.name, required, missing, "Banks and switches are numbered from 0, without gaps.")
