"""A series bank as a circuit (figure 6.3 of da Cunha 2023)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rescircuit.bank import Mask
from rescircuit.bank.series import SeriesBank
from rescircuit.errors import InputError
from rescircuit.quantities import format_quantity
from rescircuit.spice.circuits.analyses import TemperatureSweep
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Instance, Resistor
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import VoltageSource, driven
from rescircuit.spice.circuits.subcircuits import Subcircuit
from rescircuit.spice.makers.bank import BANK, INPUT, INSTANCE, OUTPUT, SENSE, inner_nodes
from rescircuit.spice.makers.bank_inputs import checked_setting, input_voltages, noted_at, simulated_at
from rescircuit.spice.makers.bank_subcircuits import code_of
from rescircuit.spice.makers.branches import resistor_element

__all__ = ["series_bank_circuit"]


def series_bank_circuit(
    bank: SeriesBank,
    *,
    mask: Any = None,
    voltages: Any = None,
    temperature: float | TemperatureSweep | None = None,
    comment: str = "",
) -> Circuit:
    """The circuit of one series bank in one setting.

    The bank is the subcircuit ``bank``: from its port ``in`` the string of resistors ``r_k`` leads over the nodes
    ``joint_k`` to its port ``out``. Across each resistor is its bypass ``r_bypass_k``, `r_on` where it is closed and
    `r_off` where it is open, if that is finite. A bypass of 0 ohm joins its two nodes into one; its resistor, which
    then carries no current, is left out. The source ``v_out`` holds the node ``out`` at 0 V: its current is that into
    the virtual ground.

    Parameters
    ----------
    bank : SeriesBank
        A single one, of shape ``()``.
    mask : bool array (n,), optional
        The setting, ``True`` where a bypass is open; by default all are.
    voltages : float or array (K,), optional
        Input voltages, volt, one a sample; by default 0.1 V.
    temperature : float or TemperatureSweep, optional
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
    inside = Subcircuit(name=BANK, ports=(INPUT, OUTPUT), elements=tuple(_string(bank, opened)))
    elements = (
        driven(INPUT, inputs),
        Instance(name=INSTANCE, ports=inside.ports, model=BANK),
        VoltageSource(name=SENSE, plus=OUTPUT, minus=GROUND, voltage=0.0),
    )
    return Circuit(
        elements=elements,
        models=(inside,),
        **simulated_at(bank, temperature),
        comment=comment,
        notes={INSTANCE: _note(*noted_at(bank, temperature), opened)},
        probes=inner_nodes(INSTANCE, inside),
    )


def _string(bank: SeriesBank, opened: Mask) -> Iterator[Element]:
    """The resistors and their bypasses."""
    r_on, r_off = bank.switch.r_on, bank.switch.r_off
    present = [k for k in range(bank.n) if opened[k] or r_on > 0]
    if not present:
        raise InputError("mask", "a setting with a resistance", "all bypasses closed, of 0 ohm", "It is a short.")
    start = INPUT
    for k in present:
        end = OUTPUT if k == present[-1] else f"joint_{k}"
        yield resistor_element(str(k), start, end, float(bank.resistances[k]), bank.coefficients.part(k))
        bypass = r_off if opened[k] else r_on
        if math.isfinite(bypass):
            yield Resistor(name=f"r_bypass_{k}", plus=start, minus=end, resistance=bypass)
        start = end


def _note(bank: SeriesBank, words: str, opened: Mask) -> str:
    resistance = format_quantity(1.0 / float(bank.conductance(opened)), "ohm")
    return f"code {code_of(opened)}, resistor 0 first, open bypasses 1: {resistance}{words}"
