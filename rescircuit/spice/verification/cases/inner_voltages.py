"""Inside banks: the voltages between each resistor and its switch, or along a string.

An output current is one number, in which a wrong branch may hide behind larger ones; its own node names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rescircuit.bank import Bank, Mask
from rescircuit.bank.series import SeriesBank
from rescircuit.checks import Array
from rescircuit.devices import NMOS
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.verification.agreement import Limit
from rescircuit.spice.verification.comparison import Reference

__all__ = ["VOLTAGES", "inner_nodes_of", "inner_reference", "inner_voltages"]

VOLTAGES = "inner_voltages"


def inner_nodes_of(bank: Bank | SeriesBank, instance: str, circuit: Circuit) -> dict[str, int]:
    """The nodes inside an instance of a single bank by their full names, with the number of the resistor before each.

    None where resistors depend on the voltage across them: what that is, a current alone does not say.
    """
    if bank.coefficients.voltage_dependent:
        return {}
    letters = "joint" if isinstance(bank, SeriesBank) else "branch"
    nodes = {f"{instance}.{letters}_{k}": k for k in range(bank.n)}
    return {node: k for node, k in nodes.items() if node in circuit.probes}


def inner_voltages(bank: Bank | SeriesBank, mask: Mask, inputs: Array, nodes: Mapping[str, int]) -> Array:
    """Our own voltages at these nodes, volt, (K, nodes), of a single bank with its output at 0 V."""
    law = _along_string if isinstance(bank, SeriesBank) else _in_branch
    return np.stack([law(bank, mask, inputs, k) for k in nodes.values()], axis=-1)  # type: ignore[arg-type]


def inner_reference(nodes: Sequence[str], inputs: Array, result: SpiceResult, limit: Limit) -> Reference:
    """The same by another solver."""
    return Reference(
        values=np.stack([result.node_voltages[node] for node in nodes], axis=-1),
        unit="V",
        axes=("node",),
        element=lambda place: nodes[place[-1]],
        floor=limit.floor_of_voltages(np.abs(inputs).max()),
        limit=limit,
    )


def _in_branch(bank: Bank, mask: Mask, inputs: Array, k: int) -> Array:
    """Between resistor k and its switch, whichever comes first."""
    dropped = bank.resistances[k] * bank.branch(inputs, np.zeros(()), closed=mask[k], item=k)[0]
    before = isinstance(bank.switch, NMOS) and bank.switch.side == "driven"
    return dropped if before else inputs - dropped


def _along_string(bank: SeriesBank, mask: Mask, inputs: Array, k: int) -> Array:
    """Behind resistor k of a string."""
    parts = np.where(mask, bank.counted_resistances, bank.bypassed_resistances)
    return inputs * (parts[k + 1 :].sum() / parts.sum())
