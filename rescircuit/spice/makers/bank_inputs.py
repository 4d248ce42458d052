"""What the circuits of all kinds of bank are made of: one bank, its setting and its input voltages, checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.bank import DEFAULT_READ_VOLTAGE, Bank, CapacitorBank, Mask
from rescircuit.bank.series import SeriesBank
from rescircuit.checks import Array, finite_array
from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import TemperatureSweep

__all__ = ["bank_at", "checked_setting", "input_voltages", "noted_at", "simulated_at"]


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


def input_voltages(bank: Any, voltages: Any) -> Array:
    """Volt, (K,); for ``None`` the bank's read voltage, or 0.1 V for a bank without one.

    Raises
    ------
    InputError
        For voltages of another shape.
    """
    usual = getattr(bank, "v_read", DEFAULT_READ_VOLTAGE)
    inputs = finite_array("voltages", usual if voltages is None else voltages, "V")
    if inputs.ndim > 1:
        raise InputError("voltages", "a number or an array (K,)", f"shape {inputs.shape}")
    return inputs.reshape(-1)


def bank_at(bank: Any, temperature: float | None) -> Any:
    """A bank of any kind at `temperature` °C; as it is for ``None``."""
    return bank if temperature is None else bank.at(temperature=temperature)


def noted_at(bank: Any, temperature: float | TemperatureSweep | None) -> tuple[Any, str]:
    """The bank whose numbers a note gives, and what the note says of its temperature, if that was asked for."""
    there = bank if isinstance(temperature, TemperatureSweep) else bank_at(bank, temperature)
    return there, "" if temperature is None else f", {there.temperature:g} degrees C"


def simulated_at(bank: Any, temperature: float | TemperatureSweep | None) -> dict[str, Any]:
    """What a circuit says of its temperatures, for a bank of any kind that was made at 27 °C, or is at its own."""
    if isinstance(temperature, TemperatureSweep):
        for celsius in (temperature.start, temperature.stop):
            bank.at(temperature=celsius)  # refuses where it cannot be
        return {"temperatures": temperature}
    return {"temperature_celsius": bank_at(bank, temperature).temperature}
