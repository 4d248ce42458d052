"""A differential pair of banks as one circuit, with the difference of their currents."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.bank import DifferentialPair
from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import TemperatureSweep
from rescircuit.spice.circuits.charges import CurrentMirror
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Instance, Resistor
from rescircuit.spice.circuits.models import Model
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import VoltageSource, driven
from rescircuit.spice.makers.bank import INPUT, inner_nodes
from rescircuit.spice.makers.bank_inputs import input_voltages, simulated_at
from rescircuit.spice.makers.bank_subcircuits import as_written, bank_subcircuit, setting_note
from rescircuit.spice.makers.branches import MODEL, branch_writer, gate_voltage

__all__ = ["DIFFERENCE", "SIDES", "pair_circuit"]

SIDES = ("positive", "negative")
DIFFERENCE = "difference"


def pair_circuit(
    pair: DifferentialPair,
    *,
    mask: Any,
    voltages: Any = None,
    temperature: float | TemperatureSweep | None = None,
    comment: str = "",
) -> Circuit:
    """The circuit of one pair of banks in one setting.

    Both have the node ``in``. The banks are the instances ``x_positive`` and ``x_negative`` of the subcircuits of these
    names, as in :func:`rescircuit.spice.bank_circuit`; the sources ``v_positive`` and ``v_negative`` hold their outputs
    at 0 V, and mirrors of their currents make the voltage of the node ``difference`` their difference in ampere, on a
    resistor of 1 ohm.

    Parameters
    ----------
    pair : DifferentialPair
        A single one, of shape ``()``. Transistors of both banks share their model if it is one.
    mask : bool array (n,)
        The setting: the positive bank's switches first.
    voltages, temperature, comment
        See :func:`rescircuit.spice.bank_circuit`.

    Raises
    ------
    InputError
        As :func:`rescircuit.spice.bank_circuit`, and for banks whose temperatures differ.
    """
    if pair.shape:
        raise InputError("pair", "a single pair, of shape ()", f"shape {pair.shape}")
    celsius, other = pair.positive.temperature, pair.negative.temperature
    if celsius != other:
        required = f"a bank at the positive one's {celsius:g} °C"
        raise InputError("negative", required, other, "A deck has one temperature.")
    elements: list[Element] = [driven(INPUT, input_voltages(pair.positive, voltages))]
    banks = {side: as_written(getattr(pair, side), temperature) for side in SIDES}
    first, second = (branch_writer(banks[side]).models for side in SIDES)
    alike = first == second or not (first and second)
    models: dict[str, Model] = {}
    notes: dict[str, str] = {}
    probes: tuple[str, ...] = ()
    for side, setting in zip(SIDES, pair.split(mask), strict=True):
        bank, written = getattr(pair, side), banks[side]
        closed = bank.actual_mask(setting)
        name = MODEL if alike else f"{side}_{MODEL}"
        models |= {model.name: model for model in branch_writer(written, name).models}
        gates = [f"{side}_gate_{k}" for k in range(bank.n)]
        inside = bank_subcircuit(written, (), closed, name=side, ends=("in", "out"), gates=gates, model=name)
        models[side], instance = inside, f"x_{side}"
        notes[instance] = setting_note(bank, closed, temperature)
        elements.append(Instance(name=instance, ports=(INPUT, _output(side), *inside.ports[2:]), model=side))
        probes += inner_nodes(instance, inside)
        v_gate = gate_voltage(written.switch)
        if v_gate is not None:
            held = np.where(closed, v_gate, 0.0).tolist()
            elements += (
                VoltageSource(name=f"v_{gate}", plus=gate, minus=GROUND, voltage=volts)
                for gate, volts in zip(gates, held, strict=True)
            )
        elements.append(VoltageSource(name=f"v_{side}", plus=_output(side), minus=GROUND, voltage=0.0))
    elements += (
        CurrentMirror(name="f_positive", plus=GROUND, minus=DIFFERENCE, source="v_positive"),
        CurrentMirror(name="f_negative", plus=DIFFERENCE, minus=GROUND, source="v_negative"),
        Resistor(name="r_difference", plus=DIFFERENCE, minus=GROUND, resistance=1.0),
    )
    return Circuit(
        elements=tuple(elements),
        models=tuple(models.values()),
        **simulated_at(pair.positive, temperature),
        comment=comment,
        notes=notes,
        open_ends=frozenset({INPUT, *map(_output, SIDES)}),
        probes=probes,
    )


def _output(side: str) -> str:
    return f"{side}_out"
