"""A parallel bank as a subcircuit: one of its own for each, as each has its own resistors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import Bank
from rescircuit.devices.switches.bsim4 import BSIM4Switch
from rescircuit.quantities import format_quantity
from rescircuit.spice.circuits.analyses import TemperatureSweep
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.subcircuits import Subcircuit
from rescircuit.spice.makers.bank_inputs import noted_at
from rescircuit.spice.makers.branches import MODEL, branch_writer

__all__ = ["as_written", "bank_subcircuit", "code_of", "setting_note"]


def bank_subcircuit(
    bank: Bank,
    at: tuple[int, ...],
    closed: NDArray[np.bool_],
    *,
    name: str,
    ends: tuple[str, str],
    gates: Sequence[str],
    model: str = MODEL,
    comment: str = "",
) -> Subcircuit:
    """The branches of one bank between two ports.

    Branch k is the resistor ``r_k``, the node ``branch_k`` and its switch; a switch on the driven side stands before
    its resistor.

    Parameters
    ----------
    bank : Bank
        Or an array of banks.
    at : tuple of int
        Which of them; ``()`` for a single one.
    closed : bool array (n,)
        Its switches as they are.
    name : str
        The subcircuit's.
    ends : tuple of str
        Its first two ports, at the input and at the output.
    gates : sequence of str
        The node of each transistor's gate, (n,): ground, or a port.
    model : str
        See :class:`rescircuit.spice.makers.branches.BranchWriter`.
    comment : str
        Free text for the lines before it.
    """
    written = branch_writer(bank, model)
    start, end = ends
    elements = tuple(
        element
        for k, (shut, gate) in enumerate(zip(closed.tolist(), gates, strict=True))
        for element in written.elements((*at, k), str(k), closed=shut, ends=(start, f"branch_{k}", end), gate=gate)
    )
    used = {node for element in elements for node in element.nodes}
    return Subcircuit(
        name=name,
        ports=(*ends, *(gate for gate in dict.fromkeys(gates) if gate in used and gate != GROUND)),
        elements=elements,
        comment=comment,
        # A switch that conducts nothing when open leaves its resistor's end open, and maybe the output alone.
        open_ends=frozenset({end, *(f"branch_{k}" for k in np.flatnonzero(~closed))}),
    )


def as_written(bank: Bank, temperature: float | TemperatureSweep | None) -> Bank:
    """A bank as a deck at `temperature` °C holds it: resistors as they were made, switches as they are there.

    ngspice warms the resistors, and switches by models; a switch whose laws are formulas knows its temperature.
    """
    if temperature is None or isinstance(temperature, TemperatureSweep):
        return bank
    moved = bank.at(temperature=temperature)
    return replace(bank, switch=moved.switch, temperature=moved.temperature)


def setting_note(bank: Bank, closed: NDArray[np.bool_], temperature: float | TemperatureSweep | None) -> str:
    """What a single bank's setting is, for the lines before its instance."""
    said = f"code {code_of(closed)}, branch 0 first, closed switches 1"
    if isinstance(bank.switch, BSIM4Switch):  # whose currents ngspice alone knows
        return said
    there, words = noted_at(bank, temperature)
    return f"{said}: {format_quantity(float(there.conductance(closed)), 'S')} at {bank.v_read:g} V{words}"


def code_of(closed: NDArray[np.bool_]) -> str:
    """The switches as a word of bits, branch 0 first."""
    return "".join("01"[int(shut)] for shut in closed)
