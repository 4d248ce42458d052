"""A bank of any form in a JSON file: its components, its switch and its setting, to be exported and verified later.

The file is untrusted like any that people bring: only these fields, each within its range, and a size limit.

.. code-block:: json

    {
      "format": "rescircuit bank 1",
      "form": "series",
      "resistances": [10000.0, 17000.0],
      "switch": {"kind": "ideal", "r_on": 20},
      "mask": [true, false]
    }

The form is ``parallel``, as where it is left out; ``series``, whose switch is ``ideal``; ``capacitor``, with
`capacitances` and a `c_off` and likewise; or ``pair``, whose banks `positive` and `negative` have the fields of a
parallel one, but for the `mask`: that is both banks', the positive one's first.
"""

from __future__ import annotations

import json
from operator import methodcaller
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from rescircuit.bank.file_forms import FILES, AnyBank, FileHead, describe_bank
from rescircuit.bank.file_switches import KINDS
from rescircuit.bank.settings import Mask
from rescircuit.devices.processes import first_fault
from rescircuit.errors import InputError
from rescircuit.files import file_size, write_text

__all__ = ["AnyBank", "load_bank", "save_bank"]

_LARGEST_FILE = 1 << 24  # bytes: room for 4096 resistors and a table of a transistor's currents, of each bank of a pair


def save_bank(bank: AnyBank, path: str | Path, mask: Mask | None = None) -> Path:
    """Write one bank or pair, and its setting if there is one, as :func:`load_bank` reads it.

    Parameters
    ----------
    bank : Bank, SeriesBank, CapacitorBank or DifferentialPair
        A single one, of shape ``()``.
    path : path
        Of the file.
    mask : bool array (n,), optional
        The setting; of a pair the positive bank's and then the negative's.

    Raises
    ------
    InputError
        For an array of banks, one at other conditions than 27 °C and new, another kind of switch, a mask of another
        length, or a folder that cannot be written to.
    """
    setting = None if mask is None else np.asarray(mask)
    content = describe_bank(bank, setting)
    if setting is not None and (setting.dtype != np.bool_ or setting.shape != (bank.n,)):
        required = f"{bank.n} booleans, one a {FILES[content.get('form', 'parallel')].component}"
        raise InputError("mask", required, f"shape {setting.shape} of {setting.dtype.name}")
    # NumPy's arrays and scalars, which a seed or a width may be, become Python's.
    return write_text(path, json.dumps(content, indent=2, default=methodcaller("tolist")) + "\n")


def load_bank(path: str | Path) -> tuple[AnyBank, Mask | None]:
    """Read one bank or pair and its setting, or None where the file has none.

    Returns
    -------
    (Bank, SeriesBank, CapacitorBank or DifferentialPair, mask or None)

    Raises
    ------
    InputError
        For an unreadable file, unknown or ill-valued fields, or a mask of another length.
    """
    path = Path(path)
    content = _read(path)
    try:
        content.check_lengths()
        bank = content.build()
    except InputError as error:
        raise InputError(f"{path.name}: {error.argument}", error.required, error.got, error.hint) from None
    return bank, None if content.mask is None else np.array(content.mask)


def _read(path: Path) -> Any:
    """What the file says, each field of it within its range."""
    try:
        if file_size(path) > _LARGEST_FILE:
            raise InputError("file", f"a bank of at most {_LARGEST_FILE} bytes", str(path))
        text = path.read_bytes()
        form = FileHead.model_validate_json(text).form
        return FILES[form].model_validate_json(text)
    except OSError as error:
        raise InputError("file", "a readable bank file", str(path), f"{error.strerror}.") from None
    except ValidationError as error:
        field, reason = first_fault(error, KINDS)
        raise InputError(path.name, "a valid bank file", field or "the text", reason) from None
