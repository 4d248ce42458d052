"""Capacitor banks: the charge that they move, from transients."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.bank import CapacitorBank, CapacitorSetting
from rescircuit.checks import Array
from rescircuit.spice.makers.bank_inputs import bank_at, checked_setting
from rescircuit.spice.makers.capacitor_bank import capacitor_bank_circuit, read_charges
from rescircuit.spice.verification.agreement import LIMITS
from rescircuit.spice.verification.cases.banks import read_voltages
from rescircuit.spice.verification.cases.case import Asked, Case
from rescircuit.spice.verification.comparison import Reference

__all__ = ["capacitor_bank_case"]

_CHARGES = "charges"


def capacitor_bank_case(bank: CapacitorBank, asked: Asked) -> Case:
    """A capacitor bank."""
    asked.only(bank, "mask", "setting", "voltages", "temperature", bit_line_voltages="Its output is held at 0 V.")
    closed = checked_setting(bank, asked.mask_or_setting(bank, CapacitorSetting))
    inputs = read_voltages(bank, asked)
    circuit = capacitor_bank_circuit(
        bank, mask=closed, voltages=inputs, temperature=asked.temperature, comment=asked.comment
    )
    limit = LIMITS["charge"]
    moved = np.abs(inputs).max() * float(bank.full_scale)

    def ours(_: Any) -> dict[str, Array]:
        return {_CHARGES: np.atleast_1d(bank_at(bank, asked.temperature).charge(closed, inputs))}

    def theirs(result: Any) -> dict[str, Reference]:
        charges = read_charges(bank, inputs, result)
        floor = limit.floor_of_charges(moved)
        return {_CHARGES: Reference(values=charges, unit="C", element=lambda _: "c_charge", floor=floor, limit=limit)}

    return Case(circuit=circuit, ours=ours, theirs=theirs)
