"""Chips and calibrations as commands take them: the right kind of store, and one bank of it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Bank
    from rescircuit.calibration import Calibration

__all__ = ["CHUNK", "check_kind", "common_of", "fingerprint_of", "kind_of", "load_one", "partial_of", "rows_of"]

CHUNK = 4096  # banks of a large chip that are dealt with at once
_NAMES = {
    "chip": "a chip (.zarr, of rescircuit sample)",
    "calibration": "a calibration (.zarr, of rescircuit calibrate)",
}


def kind_of(path: Path) -> str | None:
    """``"chip"``, ``"calibration"``, another kind, or None for what is no whole store of this program."""
    from rescircuit.measured.checked_stores import open_checked_store

    try:
        return str(open_checked_store(path).provenance.get("kind")).partition(" ")[0]
    except InputError:
        return None


def check_kind(argument: str, path: Path, *kinds: str) -> str:
    """Which of these kinds a store is; its metadata are found sound.

    Raises
    ------
    InputError
        For another kind, a damaged store, or none at all.
    """
    from rescircuit.measured.checked_stores import open_checked_store

    required = " or ".join(_NAMES[kind] for kind in kinds)
    try:
        kind = str(open_checked_store(path).provenance.get("kind")).partition(" ")[0]
    except InputError as error:
        raise InputError(argument, required, str(path), _reason(path, error.hint)) from None
    if kind not in kinds:
        remedy = " Measure it first: rescircuit calibrate." if kind == "chip" else ""
        raise InputError(argument, required, str(path), f"It is a {kind}.{remedy}")
    return kind


def rows_of(path: Path) -> int:
    """How many banks a store holds."""
    from rescircuit.measured.checked_stores import open_checked_store

    return open_checked_store(path).layout.rows


def load_one(argument: str, path: Path, number: int, *kinds: str) -> Bank | Calibration:
    """Bank `number` of a chip, or of a calibration.

    Raises
    ------
    InputError
        As :func:`check_kind`, and for a number that is none of the banks'.
    """
    from rescircuit.bank.chips import load_chip
    from rescircuit.calibration import load_calibration
    from rescircuit.checks import whole_number

    kind = check_kind(argument, path, *kinds)
    number = whole_number("--bank", number, 0, rows_of(path) - 1)
    banks = slice(number, number + 1)
    return load_chip(path, banks=banks).part(0) if kind == "chip" else load_calibration(path, banks=banks).bank(0)


def common_of(chip: Path, celsius: float) -> float:
    """How far a reference, of a chip's material and on the same die, is from its nominal value at `celsius` °C."""
    import numpy as np

    from rescircuit.bank.chips import load_chip, load_chip_provenance

    made = load_chip(chip, banks=slice(0, 1))
    on_the_die = float(load_chip_provenance(chip).get("common", 1.0))
    return on_the_die * float(np.mean(made.coefficients.at(celsius, 0.0)))


def fingerprint_of(chip: Path) -> str:
    """What tells a chip from any other: a digest of the digests of all its values, and of its metadata."""
    from rescircuit.measured.checked_stores import open_checked_store

    store = open_checked_store(chip)
    content = json.dumps([store.provenance, {name: list(of) for name, of in store.digests.items()}], sort_keys=True)
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()


def partial_of(out: Path) -> str:
    """Where a store is while it is not whole."""
    return f"{os.path.realpath(out)}.partial"


def _reason(path: Path, hint: str) -> str:
    """Why a path is no store, in words of the command line."""
    if os.path.exists(path):  # noqa: PTH110 - Path.exists raises for long names
        return hint
    in_the_making = os.path.isdir(partial_of(path))  # noqa: PTH112 - likewise
    remedy = "It is not whole yet: the command that was writing it goes on with it."
    return remedy if in_the_making else "There is no such file."
