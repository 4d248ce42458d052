"""The switches of banks in files: how they are described there, and made again."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from rescircuit.bank.base import MOST_COMPONENTS
from rescircuit.bank.tabulated_files import TABULATED, TabulatedDescription, describe_table
from rescircuit.devices.processes import SWITCH_KINDS, NativeSwitch
from rescircuit.devices.switches import (
    NMOS,
    AntiFuse,
    BSIM4Switch,
    Fuse,
    IdealSwitch,
    TabulatedSwitch,
    ThresholdSelector,
)
from rescircuit.errors import InputError

__all__ = ["KINDS", "SwitchDescription", "SwitchNumbers", "build_switch", "describe_switch"]

KINDS = (*SWITCH_KINDS, TABULATED)
_NATIVE = dict(zip(SWITCH_KINDS, (NMOS, IdealSwitch, Fuse, AntiFuse, ThresholdSelector), strict=True))

SwitchDescription = Annotated[NativeSwitch | TabulatedDescription, Field(discriminator="kind")]
SwitchNumbers = Annotated[list[float | None], Field(min_length=1, max_length=MOST_COMPONENTS)]  # None: infinite


def describe_switch(switch: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A switch as a process file has it, and those of its parameters that differ from resistor to resistor.

    Raises
    ------
    InputError
        For another kind of switch, and a larger table than files have room for.
    """
    if isinstance(switch, TabulatedSwitch):
        return describe_table(switch), {}
    kind = next((name for name, made in _NATIVE.items() if type(switch) is made), None)
    if kind is None:
        known = ", ".join(made.__name__ for made in (*_NATIVE.values(), TabulatedSwitch))
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


def build_switch(
    description: NativeSwitch | TabulatedDescription, arrays: dict[str, list[float | None]] | None = None
) -> Any:
    """The switch that :func:`describe_switch` described.

    Raises
    ------
    InputError
        For parameters out of their range, and arrays of what the switch has not.
    """
    switch = description.build()
    if not arrays:
        return switch
    if isinstance(switch, TabulatedSwitch):
        raise InputError("switch_arrays", "left out for a tabulated switch, all of which are alike", TABULATED)
    own = {field.name for field in fields(switch)}
    for name in arrays:
        if name not in own:
            raise InputError("switch_arrays", f"of parameters of the switch ({', '.join(sorted(own))})", name)
    given = {name: _with_infinity(values) for name, values in arrays.items()}
    return type(switch)(**{name: getattr(switch, name) for name in own} | given)


def _with_infinity(values: list[float | None]) -> Any:
    return np.array([math.inf if value is None else value for value in values])
