"""A parallel bank as a circuit (figure 6.1 of da Cunha 2023)."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.bank import Bank
from rescircuit.spice.circuits.analyses import TemperatureSweep
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Instance
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import VoltageSource, driven
from rescircuit.spice.circuits.subcircuits import Subcircuit
from rescircuit.spice.makers.bank_inputs import checked_setting, input_voltages, simulated_at
from rescircuit.spice.makers.bank_subcircuits import as_written, bank_subcircuit, setting_note
from rescircuit.spice.makers.branches import branch_writer, gate_voltage

__all__ = ["BANK", "INPUT", "INSTANCE", "OUTPUT", "SENSE", "bank_circuit"]

INPUT, OUTPUT, SENSE = "in", "out", "v_out"
BANK, INSTANCE = "bank", "x_bank"


def bank_circuit(
    bank: Bank,
    *,
    mask: Any = None,
    voltages: Any = None,
    temperature: float | TemperatureSweep | None = None,
    comment: str = "",
) -> Circuit:
    """The circuit of one bank in one setting.

    The bank is the subcircuit ``bank`` with the ports ``in``, ``out`` and, for transistors, ``gate_k``: from ``in``
    each resistor ``r_k`` leads to a node ``branch_k`` and its switch from there to ``out``. A switch on the driven side
    comes before its resistor. A resistor with voltage coefficients is the source ``b_r_k``. Around its instance
    ``x_bank`` are the source at ``in``, those of the gates, and ``v_out``, which holds the node ``out`` at 0 V: its
    current is that into the virtual ground.

    Parameters
    ----------
    bank : Bank
        A single one, of shape ``()``. Switches that are stuck stay as they are.
    mask : bool array (n,), optional
        The setting; by default all switches are closed.
    voltages : float or array (K,), optional
        Input voltages, volt, one a sample; by default the bank's read voltage.
    temperature : float or TemperatureSweep, optional
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
    written = as_written(bank, temperature)
    v_gate = gate_voltage(written.switch)
    gates = [f"gate_{k}" for k in range(bank.n)]
    inside = bank_subcircuit(written, (), closed, name=BANK, ends=(INPUT, OUTPUT), gates=gates)
    elements: list[Element] = [driven(INPUT, input_voltages(bank, voltages))]
    elements.append(Instance(name=INSTANCE, ports=inside.ports, model=BANK))
    if v_gate is not None:
        held = np.where(closed, v_gate, 0.0).tolist()
        elements += (
            VoltageSource(name=f"v_{gate}", plus=gate, minus=GROUND, voltage=volts)
            for gate, volts in zip(gates, held, strict=True)
        )
    elements.append(VoltageSource(name=SENSE, plus=OUTPUT, minus=GROUND, voltage=0.0))
    return Circuit(
        elements=tuple(elements),
        models=(*branch_writer(written).models, inside),
        **simulated_at(bank, temperature),
        comment=comment,
        notes={INSTANCE: setting_note(bank, closed, temperature)},
        open_ends=frozenset({INPUT, OUTPUT}),  # where nothing conducts
        probes=inner_nodes(INSTANCE, inside),
    )


def inner_nodes(instance: str, inside: Subcircuit) -> tuple[str, ...]:
    """The nodes of an instance that are not its ports, by their full names."""
    return tuple(f"{instance}.{node}" for node in inside.nodes if node not in inside.ports)
