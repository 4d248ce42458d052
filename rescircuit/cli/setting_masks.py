"""Settings as commands take them: one bank's code, or a file that ``program`` or ``trim`` left."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescircuit.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Settings", "parse_code", "read_settings"]

_LARGEST_TABLE = 1 << 28  # bytes: of some million banks

Settings = Mapping[int, "NDArray[np.bool_]"]  # the mask (n,) of each bank that has one, by its number


def parse_code(text: str, n: int) -> NDArray[np.bool_]:
    """The setting (n,) of a bank of `n` branches, from digits such as ``101101``."""
    import numpy as np

    digits = text.strip()
    if len(digits) != n or not re.fullmatch("[01]+", digits, re.ASCII):
        required = f"{n} digits 0 or 1, branch 0 first"
        raise InputError("--code", required, text, f"It has {len(digits)}." if len(digits) != n else "")
    return np.array([digit == "1" for digit in digits])


def read_settings(file: Path) -> Settings:
    """The settings of a file of ``program`` or ``trim``; where it ranks several for a bank, the closest.

    Raises
    ------
    InputError
        For another file, and for a bank with two settings.
    """
    reader = {".csv": _masks_of_table, ".npz": _masks_of_archive}.get(file.suffix.lower())
    if reader is None:
        raise InputError("--settings", "a .csv or .npz file, from program --out", str(file))
    try:
        return reader(file)
    except InputError as error:
        name = "--settings" if error.argument in ("file", "--settings") else f"--settings {error.argument}"
        raise InputError(name, error.required, error.got, error.hint) from None


def _masks_of_archive(file: Path) -> Settings:
    import numpy as np

    from rescircuit.files import read_npz

    arrays = read_npz(file)
    mask = arrays.get("mask")
    if mask is None or mask.dtype != np.bool_ or mask.ndim == 0:
        raise InputError(file.name, "an archive with an array mask (..., n) of booleans", ", ".join(arrays))
    if "rank" in arrays:
        if mask.ndim < 2 or not mask.shape[-2]:
            raise InputError(file.name, "an archive with a mask (..., best, n), as it has ranks", f"shape {mask.shape}")
        mask = mask[..., 0, :]
    rows = mask.reshape(-1, mask.shape[-1])
    return _by_bank(file.name, _numbers_of(arrays, len(rows)), list(rows))


def _numbers_of(arrays: Mapping[str, Any], count: int) -> list[int]:
    """The banks' numbers that ``trim`` writes; those of ``program`` are in their order."""
    import numpy as np

    numbers = arrays.get("bank")
    if numbers is None:
        return list(range(count))
    if numbers.size != count or not np.issubdtype(numbers.dtype, np.integer):
        raise InputError("bank", f"{count} whole numbers, one a setting", f"shape {numbers.shape} of {numbers.dtype}")
    return [int(number) for number in numbers.ravel()]


def _masks_of_table(file: Path) -> Settings:
    import numpy as np

    lines = enumerate(_text_of(file).split("\n"), 1)
    header = next(lines)[1].strip().split(",")
    if "mask" not in header:
        raise InputError(file.name, "a table with a column mask, as program --out writes it", ",".join(header))
    numbers, masks = [], []
    for line, text in lines:
        cells = dict(zip(header, text.strip().split(","), strict=False))
        if not text.strip() or cells.get("rank", "1") != "1":
            continue
        where = f"{file.name}, line {line}"
        if not re.fullmatch("[01]+", cells.get("mask", ""), re.ASCII):
            raise InputError(where, "a row with a mask of digits 0 and 1", text)
        number = cells.get("bank", str(len(masks)))
        if not re.fullmatch(r"\d{1,15}", number, re.ASCII):
            raise InputError(where, "a row with a bank's number", text)
        numbers.append(int(number))
        masks.append(np.frombuffer(cells["mask"].encode("ascii"), np.uint8) == ord("1"))
    return _by_bank(file.name, numbers, masks)


def _by_bank(name: str, numbers: list[int], masks: list[Any]) -> Settings:
    found = dict(zip(numbers, masks, strict=True))
    if len(found) < len(masks):
        ordered = sorted(numbers)
        twice = next(number for number, after in pairwise(ordered) if number == after)
        raise InputError(name, "settings of different banks", f"two of bank {twice}")
    return found


def _text_of(file: Path) -> str:
    from rescircuit.files import file_size

    try:
        if file_size(file) > _LARGEST_TABLE:
            raise InputError("file", f"at most {_LARGEST_TABLE:,} bytes", str(file))
        return file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or "It is not text in UTF-8"
        raise InputError("file", "a readable table", str(file), f"{reason}.") from None
