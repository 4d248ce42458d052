"""Rules about models and subcircuits: used, with ports that lead somewhere, and not too many inside each other."""

from __future__ import annotations

from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.connections import Connections
from rescircuit.spice.circuits.rules.findings import Finding, found, listed
from rescircuit.spice.circuits.subcircuits import Subcircuit

__all__ = ["unused_definitions", "unused_ports", "wrong_depth"]

_DEEPEST = 19  # ngspice 39 reads 19 subcircuits inside each other, and calls 20 an infinite recursion


def wrong_depth(connections: Connections) -> list[Finding]:
    """Instances inside each other, deeper than ngspice reads them."""
    if connections.depth <= _DEEPEST:
        return []
    message = (
        f"{connections.depth} instances are inside each other, and ngspice reads {_DEEPEST}: put the elements of some "
        "in their place."
    )
    return [found("deep-nesting", (), message)]


def unused_ports(connections: Connections) -> list[Finding]:
    """Ports of subcircuits on which nothing inside is, and which are not among its open ends."""

    def unused(place: tuple[str, str]) -> Finding:
        subcircuit, port = place
        message = (
            f"Nothing inside the subcircuit {subcircuit} is on its port {port}: leave the port out, or list it in the "
            "subcircuit's open_ends."
        )
        return found("unused-port", (f"{subcircuit}.{port}",), message)

    places = [
        (name, part.own_nodes[port])
        for name, part in connections.subcircuits.items()
        for port in range(1, 1 + part.n_ports)
        if not part.touching[port] and port not in part.open_ends
    ]
    return listed("unused-port", places, unused)


def unused_definitions(circuit: Circuit) -> list[Finding]:
    """Models and subcircuits that no element uses, not even inside a subcircuit that is used."""
    used = {element.model_name for element in circuit.census.special}
    for model in reversed(circuit.models):  # a subcircuit stands behind those that it uses
        if isinstance(model, Subcircuit) and model.name in used:
            used.update(element.model_name for element in model.elements)

    def unused_model(name: str) -> Finding:
        return found("unused-model", (name,), f"No element uses the model {name}: leave it out, or name it in one.")

    def unused_subcircuit(name: str) -> Finding:
        message = f"No instance uses the subcircuit {name}: leave it out, or make an instance of it."
        return found("unused-subcircuit", (name,), message)

    unused = [model for model in circuit.models if model.name not in used]
    subcircuits = [model.name for model in unused if isinstance(model, Subcircuit)]
    models = [model.name for model in unused if not isinstance(model, Subcircuit)]
    return [
        *listed("unused-model", models, unused_model),
        *listed("unused-subcircuit", subcircuits, unused_subcircuit),
    ]
