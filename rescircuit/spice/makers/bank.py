"""A parallel bank as a circuit (figure 6.1 of da Cunha 2023)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rescircuit.bank import Bank
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.elements import Element
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import VoltageSource, driven
from rescircuit.spice.makers.bank_inputs import checked_setting, input_voltages
from rescircuit.spice.makers.branches import branch_writer, gate_voltage

__all__ = ["INPUT", "OUTPUT", "SENSE", "bank_at", "bank_circuit"]

INPUT, OUTPUT, SENSE = "in", "out", "v_out"


def bank_circuit(
    bank: Bank, *, mask: Any = None, voltages: Any = None, temperature: float | None = None, comment: str = ""
) -> Circuit:
    """The circuit of one bank in one setting.

    From the node ``in`` each resistor ``r_k`` leads to a node ``branch_k`` and its switch from there to the
    node ``out``, where the source ``v_out`` holds 0 V: its current is that into the virtual ground. A switch on the
    driven side comes before its resistor. A resistor with voltage coefficients is the source ``b_r_k``.

    Parameters
    ----------
    bank : Bank
        A single one, of shape ``()``. Switches that are stuck stay as they are.
    mask : bool array (n,), optional
        The setting; by default all switches are closed.
    voltages : float or array (K,), optional
        Input voltages, volt, one a sample; by default the bank's read voltage.
    temperature : float, optional
        Of the simulation, °C, for a bank as it was made: resistors are written as they are at 27 °C, with their
        temperature coefficients, and transistors by their models at 27 °C, so that ngspice moves both. By default the
        bank's own temperature.
    comment : str
        Free text for the head of a deck.

    Raises
    ------
    InputError
        For an array of banks, a mask or voltages of another shape, an unknown kind of switch, or a temperature that
        the bank cannot be at.
    """
    closed = bank.actual_mask(checked_setting(bank, mask))
    inputs = input_voltages(bank, voltages)
    moved = bank_at(bank, temperature)
    # Resistors are given as they were made, and ngspice warms them; switches know their temperature.
    written = branch_writer(replace(bank, switch=moved.switch, temperature=moved.temperature))
    v_gate = gate_voltage(moved.switch)
    elements: list[Element] = [driven(INPUT, inputs)]
    for k in range(bank.n):
        gate, ends = f"gate_{k}", (INPUT, f"branch_{k}", OUTPUT)
        elements += written.elements((k,), str(k), closed=bool(closed[k]), ends=ends, gate=gate)
        if v_gate is not None:
            held = v_gate if closed[k] else 0.0
            elements.append(VoltageSource(name=f"v_gate_{k}", plus=gate, minus=GROUND, voltage=held))
    elements.append(VoltageSource(name=SENSE, plus=OUTPUT, minus=GROUND, voltage=0.0))
    # A switch that conducts nothing when open leaves its resistor's end open, and maybe the output alone.
    open_ends = frozenset({OUTPUT, *(f"branch_{k}" for k in np.flatnonzero(~closed))})
    return Circuit(
        elements=tuple(elements),
        models=written.models,
        temperature_celsius=moved.temperature,
        comment=comment,
        open_ends=open_ends,
    )


def bank_at(bank: Any, temperature: float | None) -> Any:
    """A bank of any kind at `temperature` °C; as it is for ``None``."""
    return bank if temperature is None else bank.at(temperature=temperature)
