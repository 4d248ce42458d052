"""A series bank as a circuit (figure 6.3 of da Cunha 2023)."""

from __future__ import annotations

import math
from typing import Any

from rescircuit.bank.series import SeriesBank
from rescircuit.errors import InputError
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.elements import Element, Resistor
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import VoltageSource, driven
from rescircuit.spice.makers.bank import INPUT, OUTPUT, SENSE, bank_at
from rescircuit.spice.makers.bank_inputs import checked_setting, input_voltages
from rescircuit.spice.makers.branches import resistor_element

__all__ = ["series_bank_circuit"]


def series_bank_circuit(
    bank: SeriesBank, *, mask: Any = None, voltages: Any = None, temperature: float | None = None, comment: str = ""
) -> Circuit:
    """The circuit of one series bank in one setting.

    From the node ``in`` the string of resistors ``r_k`` leads over the nodes ``joint_k`` to the node ``out``, where
    the source ``v_out`` holds 0 V: its current is that into the virtual ground. Across each resistor is its bypass
    ``r_bypass_k``, `r_on` where it is closed and `r_off` where it is open, if that is finite. A bypass of 0 ohm joins
    its two nodes into one; its resistor, which then carries no current, is left out.

    Parameters
    ----------
    bank : SeriesBank
        A single one, of shape ``()``.
    mask : bool array (n,), optional
        The setting, ``True`` where a bypass is open; by default all are.
    voltages : float or array (K,), optional
        Input voltages, volt, one a sample; by default 0.1 V.
    temperature : float, optional
        See :func:`rescircuit.spice.bank_circuit`.
    comment : str
        Free text for the head of a deck.

    Raises
    ------
    InputError
        For an array of banks, a mask or voltages of another shape, or a setting without resistance.
    """
    opened = checked_setting(bank, mask)
    inputs = input_voltages(bank, voltages)
    r_on, r_off = bank.switch.r_on, bank.switch.r_off
    present = [k for k in range(bank.n) if opened[k] or r_on > 0]
    if not present:
        raise InputError("mask", "a setting with a resistance", "all bypasses closed, of 0 ohm", "It is a short.")
    elements: list[Element] = [driven(INPUT, inputs)]
    start = INPUT
    for k in present:
        end = OUTPUT if k == present[-1] else f"joint_{k}"
        elements.append(resistor_element(str(k), start, end, float(bank.resistances[k]), bank.coefficients.part(k)))
        bypass = r_off if opened[k] else r_on
        if math.isfinite(bypass):
            elements.append(Resistor(name=f"r_bypass_{k}", plus=start, minus=end, resistance=bypass))
        start = end
    elements.append(VoltageSource(name=SENSE, plus=OUTPUT, minus=GROUND, voltage=0.0))
    celsius = bank_at(bank, temperature).temperature
    return Circuit(elements=tuple(elements), temperature_celsius=celsius, comment=comment)
