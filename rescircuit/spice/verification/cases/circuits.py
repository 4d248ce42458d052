"""Circuits that were drawn elsewhere: all their nodes and sources, by the nodal solver."""

from __future__ import annotations

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.engines.nodal.circuits import is_linear, solve_circuit
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.verification.agreement import LIMITS
from rescircuit.spice.verification.cases.case import Asked, Case
from rescircuit.spice.verification.comparison import Reference

__all__ = ["circuit_case"]

_VOLTAGES, _CURRENTS = "node_voltages", "source_currents"


def circuit_case(circuit: Circuit, asked: Asked) -> Case:
    """A linear circuit as it is; voltages relative to the largest, currents to the largest at their source's nodes."""
    asked.only(circuit)
    if asked.verifying and not is_linear(circuit):
        hint = "Others are verified as what they were made from: a bank, an array, a memristor."
        raise InputError("circuit", "linear and at rest, which we can solve ourselves", "another one", hint)
    limit = LIMITS["linear"]
    nodes = circuit.nodes + circuit.probes
    sources = tuple(source.name for source in circuit.sources)

    def ours(_: SpiceResult) -> dict[str, Array]:
        solution = solve_circuit(circuit)
        found = {_VOLTAGES: _stacked(solution.node_voltages, nodes)}
        return found | ({_CURRENTS: _stacked(solution.source_currents, sources)} if sources else {})

    def theirs(result: SpiceResult) -> dict[str, Reference]:
        voltages = _stacked(result.node_voltages, nodes)
        largest = np.abs(voltages).max()
        found = {
            _VOLTAGES: Reference(
                values=voltages,
                unit="V",
                axes=("node",),
                element=lambda place: nodes[place[-1]],
                floor=limit.floor_of_voltages(largest),
                limit=limit,
            )
        }
        if sources:
            currents = _stacked(result.source_currents, sources)
            floor = limit.floor_of_currents(np.abs(currents).max())
            found[_CURRENTS] = Reference(
                values=currents,
                unit="A",
                axes=("source",),
                element=lambda place: sources[place[-1]],
                floor=floor,
                limit=limit,
            )
        return found

    return Case(circuit=circuit, ours=ours, theirs=theirs)


def _stacked(found: object, names: tuple[str, ...]) -> Array:
    return np.stack([found[name] for name in names], axis=-1)  # type: ignore[index] - a mapping of names to arrays
