"""What the circuits of all kinds of bank are made of: one bank, its setting and its input voltages, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.bank import DEFAULT_READ_VOLTAGE, Bank, CapacitorBank, Mask
from rescircuit.bank.series import SeriesBank
from rescircuit.checks import Array, finite_array
from rescircuit.errors import InputError

__all__ = ["checked_setting", "input_voltages"]


def checked_setting(bank: Bank | SeriesBank | CapacitorBank, mask: Any) -> Mask:
    """The setting of a single bank, (n,); for ``None`` all of its components count.

    Raises
    ------
    InputError
        For an array of banks, or a mask of another shape.
    """
    if bank.shape:
        hint = f"Make a {type(bank).__name__} of one row of its {bank.values_name}."
        raise InputError("bank", "a single bank, of shape ()", f"shape {bank.shape}", hint)
    chosen = np.ones(bank.n, bool) if mask is None else np.asarray(mask)
    if chosen.dtype != np.bool_ or chosen.shape != (bank.n,):
        raise InputError("mask", f"{bank.n} booleans", f"shape {chosen.shape} of {chosen.dtype.name}")
    return chosen


def input_voltages(bank: Bank | SeriesBank | CapacitorBank, voltages: Any) -> Array:
    """Volt, (K,); for ``None`` the bank's read voltage, or 0.1 V for a bank without one.

    Raises
    ------
    InputError
        For voltages of another shape.
    """
    usual = bank.v_read if isinstance(bank, Bank) else DEFAULT_READ_VOLTAGE
    inputs = finite_array("voltages", usual if voltages is None else voltages, "V")
    if inputs.ndim > 1:
        raise InputError("voltages", "a number or an array (K,)", f"shape {inputs.shape}")
    return inputs.reshape(-1)
