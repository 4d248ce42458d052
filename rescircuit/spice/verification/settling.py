"""The proof that ngspice sees an array settle as our own solvers say."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.crossbar import Crossbar, CrossbarSolution, settling
from rescircuit.crossbar.transients import settling_course
from rescircuit.errors import InputError
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.engines.ngspice import DEFAULT_TIMEOUT, run_deck
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.makers.settling import checked_step, read_arrived_charges, settling_circuit
from rescircuit.spice.verification.agreement import LIMITS
from rescircuit.spice.verification.cases.case import Asked, Case
from rescircuit.spice.verification.cases.crossbars import crossbar_case
from rescircuit.spice.verification.comparison import Reference, Verification

__all__ = ["settling_case", "verify_settling"]

_CURRENTS, _DELAYS, _COURSE = "output_currents", "elmore_delays", "currents_over_time"

# The last point but one: the very last step is the rest that is left, and where Gear's steps change so late, rounding
# in their coefficients moves the capacitors' charges.
_END = -2
# Of ngspice's first steps: that one is Euler's, and wrong by a share of what it does not resolve.
_UNRESOLVED = 1000.0


def verify_settling(
    crossbar: Crossbar,
    voltages: Any,
    *,
    c_word_line: Any,
    c_bit_line: Any,
    c_cell: Any = 0.0,
    timeout: float = DEFAULT_TIMEOUT,
) -> Verification:
    """Let an array settle by our own solvers and by ngspice, and compare.

    Compared are all currents and voltages in the end, Elmore's delays by the charge that has arrived, and the output
    currents over time, as a share of full scale, with those of
    :func:`rescircuit.crossbar.transients.settling_course`. The last are compared from about 2e-5 of the slowest time
    constant on: before, ngspice's first step shows. Each quantity has a limit of its own.

    Parameters
    ----------
    crossbar, voltages, c_word_line, c_bit_line, c_cell
        As for :func:`rescircuit.spice.makers.settling.settling_circuit`. ngspice takes about 0.3 s for 8 x 8 cells with
        all wires, 3 s for 16 x 16 and 20 s for 24 x 24.
    timeout : float
        Longest time for ngspice, second.

    Returns
    -------
    Verification
        Also when the two do not agree; then ``passed`` is ``False``.

    Raises
    ------
    InputError
        As for the circuit, and for arrays too large for a course.
    SolutionError
        As :func:`rescircuit.crossbar.settling`.
    SpiceError
        When ngspice does not bring a result that can be trusted.
    MissingToolError
        When there is no ngspice.
    """
    case = settling_case(crossbar, voltages, c_word_line=c_word_line, c_bit_line=c_bit_line, c_cell=c_cell)
    return case.verified(lambda deck: run_deck(deck, timeout=timeout))


def settling_case(crossbar: Crossbar, voltages: Any, *, c_word_line: Any, c_bit_line: Any, c_cell: Any = 0.0) -> Case:
    """What is compared by :func:`verify_settling`; see there."""
    steps = checked_step(crossbar, voltages)
    stated = {"c_word_line": c_word_line, "c_bit_line": c_bit_line, "c_cell": c_cell}
    circuit = settling_circuit(crossbar, steps, **stated)
    delays, course = settling(crossbar, steps, **stated).elmore_delays, settling_course(crossbar, steps, **stated)
    still = crossbar_case(crossbar, Asked(voltages=steps))
    solution = crossbar.solve(steps[np.newaxis])

    def ours(result: SpiceResult) -> dict[str, Array]:
        over_time = course.currents(_times(result))
        return {**still.ours(_at_the_end(result)), _DELAYS: delays[np.newaxis], _COURSE: over_time}

    def theirs(result: SpiceResult) -> dict[str, Reference]:
        end = still.theirs(_at_the_end(result))
        settled = {name: dataclasses.replace(each, limit=LIMITS["settling"]) for name, each in end.items()}
        by_charge = _delays(crossbar, circuit, result, solution, settled[_CURRENTS])
        return {**settled, _DELAYS: by_charge, _COURSE: _course(crossbar, result, solution)}

    return Case(circuit=circuit, ours=ours, theirs=theirs)


def _delays(
    crossbar: Crossbar, circuit: Circuit, result: SpiceResult, solution: CrossbarSolution, final: Reference
) -> Reference:
    """Elmore's delays by the charge that had not arrived at the end, second, (1, n).

    Their floor is what a change of the current by its own floor, for the whole time, would change in them.
    """
    duration = _times(result)[_END]
    lag = final.values * duration - read_arrived_charges(crossbar, circuit, result)[_END]
    flowing = final.values != 0
    return Reference(
        values=np.divide(lag, final.values, out=np.zeros_like(lag), where=flowing),
        unit="s",
        axes=("bit line",),
        element=lambda place: f"c_charge_{place[-1]}",
        limit=LIMITS["settling"],
        floor=np.divide(duration * final.floor, np.abs(final.values), out=np.full_like(lag, np.inf), where=flowing),
        compared=crossbar.topology.sensed & (solution.output_currents != 0),
    )


def _course(crossbar: Crossbar, result: SpiceResult, solution: CrossbarSolution) -> Reference:
    """The output currents at ngspice's times, ampere, (K, n).

    Their floor is the full scale: the largest of each, or its cells' currents where those cancel.
    """
    topology, times = crossbar.topology, _times(result)
    sources = [f"v_{topology.node_name(int(node))}" for node in topology.senses]
    currents = np.zeros((times.size, topology.sensed.size))
    for line in np.flatnonzero(topology.sensed).tolist():
        currents[:, line] = result.source_currents[sources[line]]
    resolved = times >= _UNRESOLVED * times[0]
    through = np.where(np.isinf(crossbar.conductances), 0.0, solution.device_currents[0])
    full_scale = np.maximum(np.abs(currents[resolved]).max(axis=0), np.abs(through).sum(axis=0))
    return Reference(
        values=currents,
        unit="A",
        axes=("point in time", "bit line"),
        element=lambda place: sources[place[-1]],
        limit=LIMITS["settling_course"],
        floor=np.where(full_scale > 0, full_scale, 1.0),  # where nothing ever flows
        compared=resolved[:, np.newaxis] & topology.sensed,
    )


def _at_the_end(result: SpiceResult) -> SpiceResult:
    """The point at the end alone, as if it were an operating point."""

    def last(found: Mapping[str, Array]) -> dict[str, Array]:
        return {name: values[[_END]] for name, values in found.items()}

    return dataclasses.replace(
        result,
        node_voltages=last(result.node_voltages),
        source_currents=last(result.source_currents),
        times=None,
    )


def _times(result: SpiceResult) -> Array:
    if result.times is None:
        raise InputError("result", "one of a transient", "an operating point")
    return result.times
