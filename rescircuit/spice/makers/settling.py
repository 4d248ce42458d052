"""A crossbar with the capacitances of its wires and cells as a circuit over time: a step at its inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, positive_number
from rescircuit.crossbar import Crossbar, Topology, settling
from rescircuit.crossbar.modes import Capacitances
from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import Transient
from rescircuit.spice.circuits.charges import CurrentMirror
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Capacitor
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import PiecewiseLinearSource, VoltageSource
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.makers.crossbar import crossbar_circuit

__all__ = ["MOST_TIME_CONSTANTS", "read_arrived_charges", "settling_circuit"]

MOST_TIME_CONSTANTS = 10_000.0  # of the slowest mode in a duration: ngspice takes its steps by the slowest

_TIME_CONSTANTS = 40.0  # by default: what has not settled is 4e-18
_STEPS = 50  # at the least in a time constant
# Of the longest step, to the corner of the sources: ngspice's first step is a hundredth of the way to it, so that it
# resolves modes which are some 1e7 times faster than the slowest. It merges corners closer than 5e-5.
_CORNER = 1e-4
_TOLERANCE = 3e-11  # of ngspice's steps; at 1e-12 it stops at its shortest step, as rounding exceeds that
_ABOUT = (
    "The inputs step from 0 V at time 0. What has arrived at bit line j is the voltage of charge_j times "
    "c_charge_j, over the gain of f_charge_j, in coulomb."
)


def settling_circuit(
    crossbar: Crossbar,
    voltages: Any,
    *,
    c_word_line: Any,
    c_bit_line: Any,
    c_cell: Any = 0.0,
    duration: float | None = None,
    comment: str = "",
) -> Circuit:
    """The circuit of a crossbar whose inputs step from 0 V to `voltages` at time 0, over time.

    It is that of :func:`rescircuit.spice.makers.crossbar.crossbar_circuit` with the capacitors ``c_word_i_j`` and
    ``c_bit_i_j`` from the cells' ends to ground and ``c_cell_i_j`` across the cells. All of them begin at 0 V while the
    sources are at their voltages from the start, which is the step itself and no steep ramp in its place. The current
    into the virtual ground of bit line j is mirrored by ``f_charge_j`` into ``c_charge_j``, whose voltage is the charge
    that has arrived, over that of the largest output current for the whole duration.

    ngspice integrates by Gear's formula. Any formula that is linear in the charges gives the charge that has arrived
    once all has settled exactly, whatever its steps, but trapezoids ring on modes that are faster than a step, and for
    ever on what is charged in no time.

    Parameters
    ----------
    crossbar : Crossbar
        m word lines and n bit lines.
    voltages : array (m,)
        Of the word lines' sources after the step, volt.
    c_word_line, c_bit_line, c_cell : float or array broadcastable to (m, n)
        As for :func:`rescircuit.crossbar.settling`, farad.
    duration : float, optional
        Second, at most :data:`MOST_TIME_CONSTANTS` of the slowest time constants; by default 40 of them.
    comment : str
        Free text for the head of a deck.

    Raises
    ------
    InputError
        For another kind of array, voltages of another shape, capacitances as
        :func:`rescircuit.crossbar.settling` refuses them, an array in which nothing takes time, or another duration.
    SolutionError
        As :func:`rescircuit.crossbar.settling`.
    """
    steps = checked_step(crossbar, voltages)
    stated = {"c_word_line": c_word_line, "c_bit_line": c_bit_line, "c_cell": c_cell}
    slowest = settling(crossbar, steps, **stated).slowest_time_constant
    if slowest == 0.0:
        hint = "Give wires a resistance, and nodes behind them a capacitance."
        raise InputError("the array", "with a capacitance that is charged through a resistance", "none", hint)
    stop = _TIME_CONSTANTS * slowest if duration is None else positive_number("duration", duration, "s")
    if stop > MOST_TIME_CONSTANTS * slowest:
        required = f"at most {MOST_TIME_CONSTANTS:,.0f} of the slowest time constant of {slowest:g} s"
        raise InputError("duration", required, duration)
    longest = min(slowest, stop) / _STEPS
    still = crossbar_circuit(crossbar, voltages=steps, comment=comment)
    elements = (
        *(_stepping(element, _CORNER * longest) for element in still.elements),
        *_capacitors(crossbar.topology, Capacitances.of(crossbar.shape, **stated)),
        *_charges(crossbar, steps, stop),
    )
    return dataclasses.replace(
        still,
        elements=elements,
        transient=Transient(stop=stop, max_step=longest, method="gear", relative_tolerance=_TOLERANCE),
        comment=f"{_ABOUT} {still.comment}".rstrip(),
    )


def checked_step(crossbar: Crossbar, voltages: Any) -> Array:
    """The inputs (m,) of one step, volt.

    Raises
    ------
    InputError
        For another kind of array or another shape.
    """
    if not isinstance(crossbar, Crossbar):
        hint = "Take its cells' conductances at one voltage: a step of small voltages sees no others."
        raise InputError("crossbar", "a Crossbar, whose cells are linear", crossbar, hint)
    steps = finite_array("voltages", voltages, "V")
    if steps.shape != crossbar.shape[:1]:
        raise InputError("voltages", f"of shape {crossbar.shape[:1]}, one step", f"shape {steps.shape}")
    return steps


def read_arrived_charges(crossbar: Crossbar, circuit: Circuit, result: SpiceResult) -> Array:
    """What has arrived at each bit line at each time of a run of that circuit, coulomb, (K, n); 0 at floating lines."""
    if result.times is None:
        raise InputError("result", "one of a transient", "an operating point")
    gains = {each.minus: each.gain for each in circuit.elements if isinstance(each, CurrentMirror)}
    farads = {each.plus: each.capacitance for each in circuit.elements if isinstance(each, Capacitor)}
    arrived = np.zeros((len(result.times), crossbar.shape[1]))
    for line in np.flatnonzero(crossbar.topology.sensed).tolist():
        node = f"charge_{line}"
        arrived[:, line] = result.node_voltages[node] * farads[node] / gains[node]
    return arrived


def _stepping(element: Element, corner: float) -> Element:
    """An element as it is, but of a source the same constant voltage with a corner in it, for ngspice's first step."""
    if not isinstance(element, VoltageSource) or element.voltage == 0:
        return element
    volt = element.voltage
    ends = {"name": element.name, "plus": element.plus, "minus": element.minus}
    return PiecewiseLinearSource(**ends, times=(0.0, corner), voltages=(volt, volt))


def _capacitors(topology: Topology, capacitances: Capacitances) -> Iterator[Capacitor]:
    """Those that are there; what a shorted cell or a wire without resistance bridges is not."""
    words, bits = topology.word_nodes, topology.bit_nodes
    for i, j in np.ndindex(*topology.shape):
        word, bit = (topology.node_name(int(nodes[i, j])) for nodes in (words, bits))
        for kind, plus, minus, farads in (
            ("word", word, GROUND, capacitances.words),
            ("bit", bit, GROUND, capacitances.bits),
            ("cell", word, bit, capacitances.cells),
        ):
            if farads[i, j] > 0 and plus != minus:
                name, farad = f"c_{kind}_{i}_{j}", float(farads[i, j])
                yield Capacitor(name=name, plus=plus, minus=minus, capacitance=farad, initial_voltage=0.0)


def _charges(crossbar: Crossbar, voltages: Array, duration: float) -> Iterator[Element]:
    """The mirrors and their capacitors.

    The largest output current is mirrored as 1 A: ngspice controls its steps by charges above 1e-14 C alone, and an
    array's own are smaller.
    """
    topology = crossbar.topology
    largest = float(np.abs(crossbar.solve(voltages).output_currents).max())
    for line in np.flatnonzero(topology.sensed).tolist():
        node, sense = f"charge_{line}", f"v_{topology.node_name(int(topology.senses[line]))}"
        yield CurrentMirror(
            name=f"f_charge_{line}", plus=GROUND, minus=node, source=sense, gain=1.0 / largest if largest else 1.0
        )
        yield Capacitor(name=f"c_charge_{line}", plus=node, minus=GROUND, capacitance=duration, initial_voltage=0.0)
