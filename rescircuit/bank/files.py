"""A bank in a JSON file: its resistors, its switch and its setting, to be exported and verified later.

The file is untrusted like any that people bring: only these fields, each within its range, and a size limit.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from operator import methodcaller
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rescircuit.bank.base import MOST_COMPONENTS
from rescircuit.bank.parallel import DEFAULT_READ_VOLTAGE, Bank
from rescircuit.bank.settings import Mask
from rescircuit.bank.tabulated_files import TABULATED, TabulatedDescription, describe_table
from rescircuit.devices.coefficients import Coefficients
from rescircuit.devices.processes import SWITCH_KINDS, NativeSwitch, first_fault
from rescircuit.devices.switches import (
    NMOS,
    AntiFuse,
    BSIM4Switch,
    Fuse,
    IdealSwitch,
    OneTimeSwitches,
    TabulatedSwitch,
    ThresholdSelector,
)
from rescircuit.errors import InputError
from rescircuit.files import file_size, write_text

__all__ = ["load_bank", "save_bank"]

_FORMAT = "rescircuit bank 1"
_LARGEST_FILE = 1 << 23  # bytes: room for 4096 resistors, and for a table of a transistor's currents
_KINDS = dict(zip(SWITCH_KINDS, (NMOS, IdealSwitch, Fuse, AntiFuse, ThresholdSelector), strict=True))

SwitchNumbers = Annotated[list[float | None], Field(min_length=1, max_length=MOST_COMPONENTS)]  # None: infinite
Numbers = Annotated[list[float], Field(min_length=1, max_length=MOST_COMPONENTS)]
Flags = Annotated[list[bool], Field(max_length=MOST_COMPONENTS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


class _Coefficients(_Strict):
    tc1: float | Numbers = 0.0
    tc2: float | Numbers = 0.0
    vc1: float | Numbers = 0.0
    vc2: float | Numbers = 0.0
    drift: float | Numbers = 0.0
    drift_exponent: float = 0.5


class _BankFile(_Strict):
    format: Literal["rescircuit bank 1"]
    resistances: Numbers
    switch: Annotated[NativeSwitch | TabulatedDescription, Field(discriminator="kind")]
    switch_arrays: dict[str, SwitchNumbers] = {}
    coefficients: _Coefficients = _Coefficients()
    areas: Numbers | None = None
    v_read: float = DEFAULT_READ_VOLTAGE
    mask: Flags | None = None
    stuck_closed: Flags | None = None
    stuck_open: Flags | None = None
    blown: Flags | None = None
    seed: int | None = None
    chip: int | None = None


def save_bank(bank: Bank, path: str | Path, mask: Mask | None = None) -> Path:
    """Write one bank, and its setting if there is one, as :func:`load_bank` reads it.

    Raises
    ------
    InputError
        For an array of banks, one at other conditions than 27 °C and new, another kind of switch, a mask of another
        length, or a folder that cannot be written to.
    """
    if bank.shape:
        raise InputError("bank", "a single bank, of shape ()", f"shape {bank.shape}")
    if bank.n > MOST_COMPONENTS:
        raise InputError("bank", f"of at most {MOST_COMPONENTS} resistors", bank.n)
    switch, arrays = _described(bank.switch)
    bank.at()  # refuses one that is at other conditions
    setting = None if mask is None else np.asarray(mask)
    if setting is not None and (setting.dtype != np.bool_ or setting.shape != (bank.n,)):
        required = f"{bank.n} booleans, one a resistor"
        raise InputError("mask", required, f"shape {setting.shape} of {setting.dtype.name}")
    content = {
        "format": _FORMAT,
        "resistances": bank.resistances,
        "switch": switch,
        "switch_arrays": arrays,
        "coefficients": {field.name: getattr(bank.coefficients, field.name) for field in fields(Coefficients)},
        "areas": bank.areas,
        "v_read": bank.v_read,
        "mask": setting,
        "stuck_closed": bank.stuck_closed,
        "stuck_open": bank.stuck_open,
        "blown": None if bank.one_time is None else bank.one_time.closed,
        "seed": bank.seed,
        "chip": bank.chip,
    }
    # NumPy's arrays and scalars, which a seed or a width may be, become Python's.
    return write_text(path, json.dumps(content, indent=2, default=methodcaller("tolist")) + "\n")


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
        field, reason = first_fault(error, (*SWITCH_KINDS, TABULATED))
        raise InputError(path.name, "a valid bank file", field or "the text", reason) from None
    n = len(content.resistances)
    for name in ("mask", "stuck_closed", "stuck_open", "blown", "areas"):
        values = getattr(content, name)
        if values is not None and len(values) != n:
            what = "numbers" if name == "areas" else "booleans"
            raise InputError(f"{name} in {path.name}", f"{n} {what}, one a resistor", f"{len(values)}")
    bank = _built(content)
    return bank, None if content.mask is None else np.array(content.mask)


def _described(switch: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A switch as a process file has it, and those of its parameters that differ from resistor to resistor."""
    if isinstance(switch, TabulatedSwitch):
        return describe_table(switch), {}
    kind = next((name for name, made in _KINDS.items() if type(switch) is made), None)
    if kind is None:
        known = ", ".join(made.__name__ for made in (*_KINDS.values(), TabulatedSwitch))
        hint = "Characterise it first: rescircuit.spice.characterise." if isinstance(switch, BSIM4Switch) else ""
        raise InputError("bank.switch", f"one of {known}", type(switch).__name__, hint)
    own = {field.name: getattr(switch, field.name) for field in fields(switch)}
    arrays = {name: value for name, value in own.items() if np.ndim(value)}
    finite = {name: value for name, value in own.items() if name not in arrays and value != math.inf}
    for name, value in arrays.items():  # the description's own check wants a number in their place
        if np.isfinite(value).all():
            finite[name] = float(value[0])
    if "lambda_" in finite:
        finite["lambda"] = finite.pop("lambda_")
    endless = {name: [None if x == math.inf else x for x in value.tolist()] for name, value in arrays.items()}
    return {"kind": kind, **finite}, endless


def _with_infinity(values: list[float | None]) -> Any:
    return np.array([math.inf if value is None else value for value in values])


def _built_switch(content: _BankFile) -> Any:
    """The switch, with those of its parameters that differ from resistor to resistor."""
    switch = content.switch.build()
    if not content.switch_arrays:
        return switch
    if isinstance(switch, TabulatedSwitch):
        raise InputError("switch_arrays", "left out for a tabulated switch, all of which are alike", TABULATED)
    own = {field.name for field in fields(switch)}
    for name in content.switch_arrays:
        if name not in own:
            raise InputError("switch_arrays", f"of parameters of the switch ({', '.join(sorted(own))})", name)
    arrays = {name: _with_infinity(values) for name, values in content.switch_arrays.items()}
    return type(switch)(**{name: getattr(switch, name) for name in own} | arrays)


def _built(content: _BankFile) -> Bank:
    """The bank that a file describes."""
    switch = _built_switch(content)
    one_time = None
    if content.blown is not None:
        if not isinstance(switch, Fuse | AntiFuse):
            raise InputError("blown", "left out where switches are no fuses", content.switch.kind)
        one_time = OneTimeSwitches.as_made(switch, (len(content.blown),)).blow(content.blown)
    return Bank(
        resistances=np.array(content.resistances),
        switch=switch,
        coefficients=Coefficients(**content.coefficients.model_dump()),
        areas=None if content.areas is None else np.array(content.areas),
        v_read=content.v_read,
        stuck_closed=None if content.stuck_closed is None else np.array(content.stuck_closed),
        stuck_open=None if content.stuck_open is None else np.array(content.stuck_open),
        one_time=one_time,
        seed=content.seed,
        chip=content.chip,
    )
