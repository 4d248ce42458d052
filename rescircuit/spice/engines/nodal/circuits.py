"""Our own solution of a linear circuit at rest, to the last digits, where ngspice is not needed."""

from __future__ import annotations

import time

import numpy as np

from rescircuit.errors import InputError
from rescircuit.spice.circuits.charges import CurrentMirror, VoltageDependentCapacitor
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.elements import Capacitor, Instance, Resistor
from rescircuit.spice.circuits.flattening import Placed, flattened
from rescircuit.spice.circuits.sources import CurrentSource, SelectedSource, VoltageSource
from rescircuit.spice.engines.nodal.table import CircuitSolution, ElementTable

__all__ = ["is_linear", "solve_circuit"]

_LINEAR = (
    *(Resistor, Capacitor, VoltageDependentCapacitor, Instance),
    *(VoltageSource, SelectedSource, CurrentSource, CurrentMirror),
)


def solve_circuit(circuit: Circuit) -> CircuitSolution:
    """Voltages and currents at rest in a circuit of resistors, constant sources and mirrors of currents.

    Capacitors carry no current. A circuit with selected sources is solved for all of its samples, one with a
    temperature sweep at all of its temperatures.

    Parameters
    ----------
    circuit : Circuit
        Flat, or with subcircuits: nodes and sources inside them have names such as ``x_bank.branch_0``.

    Raises
    ------
    InputError
        For an element of another kind, a transient, a node without a path to ground through resistors and voltage
        sources, and a loop of voltage sources, by name.
    SolutionError
        When mirrors make the circuit singular, or nearly so, the currents do not add up to 1e-12 of their magnitudes,
        or the voltages or the mirrored currents are not known to 1e-9 of the largest.

    Examples
    --------
    >>> from rescircuit.spice import Circuit, Resistor, VoltageSource, solve_circuit
    >>> divider = Circuit(
    ...     elements=(
    ...         VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0),
    ...         Resistor(name="r_1", plus="in", minus="middle", resistance=1e3),
    ...         Resistor(name="r_2", plus="middle", minus="0", resistance=3e3),
    ...     )
    ... )
    >>> solution = solve_circuit(divider)
    >>> float(solution.node_voltages["middle"][0]), float(solution.source_currents["v_in"][0])
    (0.75, -0.00025)
    """
    started = time.perf_counter()
    if not isinstance(circuit, Circuit):
        raise InputError("circuit", "a Circuit", circuit)
    if circuit.transient is not None:
        raise InputError("circuit", "without a transient", circuit.transient, "ngspice can follow it over time.")
    table = ElementTable()
    for placed in flattened(circuit):
        _add(table, placed)
    swept = circuit.temperatures
    temperatures = (circuit.temperature_celsius,) if swept is None else swept.values
    nominal = circuit.nominal_temperature_celsius
    warmer = [celsius - nominal for celsius in temperatures]
    return table.solved(samples=circuit.n_samples or 1, warmer=warmer, swept=swept is not None, started=started)


def is_linear(circuit: Circuit) -> bool:
    """Whether :func:`solve_circuit` knows all of a circuit's elements, and it is at rest."""
    return circuit.transient is None and all(isinstance(each, _LINEAR) for each in circuit.special_elements)


def _add(table: ElementTable, placed: Placed) -> None:
    name, element, nodes = placed
    plus, minus, *_ = (table.node(node) for node in nodes)  # all elements have two or more
    if isinstance(element, Resistor):
        table.add_resistor(plus, minus, element.resistance, element.tc1, element.tc2)
    elif isinstance(element, VoltageSource):
        table.sources[name] = plus, minus, np.array([element.voltage])
    elif isinstance(element, SelectedSource):
        table.sources[name] = plus, minus, np.array(element.voltages)
    elif isinstance(element, CurrentSource):
        table.currents.append((plus, minus, element.current))
    elif isinstance(element, CurrentMirror):
        around = name.removesuffix(element.name)  # the instances that both are in
        table.mirrors.append((plus, minus, around + element.source, element.gain))
    elif not isinstance(element, Capacitor | VoltageDependentCapacitor):
        required = "a resistor, a constant source, a mirror of a current or a capacitor"
        raise InputError(f"element {name}", required, type(element).__name__, "ngspice can solve this circuit.")
