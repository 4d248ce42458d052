"""A bank in a JSON file: its resistors, its switch and its setting, to be exported and verified later.

The file is untrusted like any that people bring: only these fields, each within its range, and a size limit.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from operator import methodcaller
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rescircuit.bank.parallel import DEFAULT_READ_VOLTAGE, Bank
from rescircuit.bank.settings import Mask
from rescircuit.devices import NMOS, IdealSwitch
from rescircuit.devices.processes import SwitchDescription, first_fault
from rescircuit.errors import InputError
from rescircuit.files import file_size, write_text

__all__ = ["load_bank", "save_bank"]

_FORMAT = "rescircuit bank 1"
_MOST_RESISTORS = 4096
_LARGEST_FILE = 1 << 20  # bytes


class _BankFile(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)

    format: Literal["rescircuit bank 1"]
    resistances: Annotated[list[float], Field(min_length=1, max_length=_MOST_RESISTORS)]
    switch: SwitchDescription
    v_read: float = DEFAULT_READ_VOLTAGE
    mask: list[bool] | None = None
    seed: int | None = None
    chip: int | None = None


def save_bank(bank: Bank, path: str | Path, mask: Mask | None = None) -> Path:
    """Write one bank, and its setting if there is one, as :func:`load_bank` reads it.

    Raises
    ------
    InputError
        For an array of banks, too many resistors, another kind of switch, a mask of another length, or a folder
        that cannot be written to.
    """
    if bank.shape:
        raise InputError("bank", "a single bank, of shape ()", f"shape {bank.shape}")
    if bank.n > _MOST_RESISTORS:
        raise InputError("bank", f"of at most {_MOST_RESISTORS} resistors", bank.n)
    setting = None if mask is None else np.asarray(mask)
    if setting is not None and (setting.dtype != np.bool_ or setting.shape != (bank.n,)):
        required = f"{bank.n} booleans, one a resistor"
        raise InputError("mask", required, f"shape {setting.shape} of {setting.dtype.name}")
    if not isinstance(bank.switch, NMOS | IdealSwitch):
        raise InputError("bank.switch", "an NMOS or an IdealSwitch", type(bank.switch).__name__)
    kind = "nmos" if isinstance(bank.switch, NMOS) else "ideal"
    switch: dict[str, Any] = {"kind": kind, **asdict(bank.switch)}
    if "lambda_" in switch:
        switch["lambda"] = switch.pop("lambda_")
    if math.isinf(switch["r_off"]):
        del switch["r_off"]
    content = {
        "format": _FORMAT,
        "resistances": bank.resistances.tolist(),
        "switch": switch,
        "v_read": bank.v_read,
        "mask": None if setting is None else setting.tolist(),
        "seed": bank.seed,
        "chip": bank.chip,
    }
    # NumPy's scalars, which a seed or a width may be, become Python's.
    return write_text(path, json.dumps(content, indent=2, default=methodcaller("item")) + "\n")


def load_bank(path: str | Path) -> tuple[Bank, Mask | None]:
    """Read one bank and its setting, or None where the file has none.

    Raises
    ------
    InputError
        For an unreadable file, unknown or ill-valued fields, or a mask of another length.
    """
    path = Path(path)
    try:
        if file_size(path) > _LARGEST_FILE:
            raise InputError("file", f"a bank of at most {_LARGEST_FILE} bytes", str(path))
        content = _BankFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError("file", "a readable bank file", str(path), f"{error.strerror}.") from None
    except ValidationError as error:
        field, reason = first_fault(error)
        raise InputError(path.name, "a valid bank file", field or "the text", reason) from None
    bank = Bank(
        resistances=np.array(content.resistances),
        switch=content.switch.build(),
        v_read=content.v_read,
        seed=content.seed,
        chip=content.chip,
    )
    if content.mask is None:
        return bank, None
    if len(content.mask) != bank.n:
        raise InputError(f"mask in {path.name}", f"{bank.n} booleans, one a resistor", f"{len(content.mask)}")
    return bank, np.array(content.mask)
