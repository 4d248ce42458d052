"""Many banks in one circuit: a Monte Carlo deck, whose values are those of a chip's own banks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import Bank, Mask, checked_mask
from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import TemperatureSweep
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Instance
from rescircuit.spice.circuits.models import Model
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import VoltageSource, driven
from rescircuit.spice.makers.bank import INPUT
from rescircuit.spice.makers.bank_inputs import input_voltages, simulated_at
from rescircuit.spice.makers.bank_subcircuits import as_written, bank_subcircuit, code_of
from rescircuit.spice.makers.branches import branch_writer, gate_voltage
from rescircuit.spice.makers.cells import GATE_ON

__all__ = ["population_circuit", "population_setting", "sense_of"]


def population_circuit(
    bank: Bank,
    *,
    mask: Any = None,
    voltages: Any = None,
    temperature: float | TemperatureSweep | None = None,
    comment: str = "",
) -> Circuit:
    """The circuit of an array of banks side by side, each with a virtual ground of its own.

    All have the node ``in``. Bank k, row after row, is the instance ``x_bank_k`` of the subcircuit ``bank_k``, with the
    ports ``in`` and ``out`` and, where a transistor is closed, ``gate_on``; the gates of open ones are on ground. The
    source ``v_out_k`` holds the node ``out_k`` at 0 V: its current is that into the virtual ground.

    Parameters
    ----------
    bank : Bank
        An array of banks, as :meth:`rescircuit.Bank.sample` draws them from a chip or from many.
    mask : bool array, broadcastable to (..., n), optional
        Their settings; by default all switches are closed.
    voltages, temperature, comment
        See :func:`rescircuit.spice.bank_circuit`.

    Raises
    ------
    InputError
        As :func:`rescircuit.spice.bank_circuit`.
    """
    asked = population_setting(bank, mask)
    closed = np.broadcast_to(bank.actual_mask(asked), bank.resistances.shape)
    written = as_written(bank, temperature)
    v_gate = gate_voltage(written.switch)
    elements: list[Element] = [driven(INPUT, input_voltages(bank, voltages))]
    if v_gate is not None and closed.any():
        elements.append(VoltageSource(name=f"v_{GATE_ON}", plus=GATE_ON, minus=GROUND, voltage=v_gate))
    models: list[Model] = list(branch_writer(written).models)
    for k, at in enumerate(np.ndindex(*bank.shape)):
        name, output = f"bank_{k}", f"out_{k}"
        inside = bank_subcircuit(
            written,
            at,
            closed[at],
            name=name,
            ends=("in", "out"),
            gates=np.where(closed[at], GATE_ON, GROUND).tolist(),
            comment=f"bank {', '.join(map(str, at))}: code {code_of(closed[at])}",
        )
        models.append(inside)
        elements.append(Instance(name=f"x_{name}", ports=(INPUT, output, *inside.ports[2:]), model=name))
        elements.append(VoltageSource(name=sense_of(k), plus=output, minus=GROUND, voltage=0.0))
    return Circuit(
        elements=tuple(elements),
        models=tuple(models),
        **simulated_at(bank, temperature),
        comment=comment,
        open_ends=frozenset({INPUT, *(f"out_{k}" for k in range(closed[..., 0].size))}),
    )


def population_setting(bank: Bank, mask: Any) -> Mask:
    """The settings of an array of banks, (..., n); for ``None`` all switches are closed."""
    chosen: NDArray[np.bool_] = checked_mask(np.ones(bank.n, bool) if mask is None else mask, bank.n)
    try:
        return np.broadcast_to(chosen, bank.resistances.shape)
    except ValueError:
        required = f"booleans that broadcast to {bank.resistances.shape}"
        raise InputError("mask", required, f"shape {chosen.shape}") from None


def sense_of(bank: int) -> str:
    """The source at a bank's output."""
    return f"v_out_{bank}"
