"""A memristor's transient: its current and its state at each of ngspice's points in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices.memristors import MemristorTransient
from rescircuit.errors import InputError
from rescircuit.spice.decks.writing import write_deck
from rescircuit.spice.engines.ngspice import DEFAULT_TIMEOUT, run_deck
from rescircuit.spice.makers.memristor import (
    MEMRISTOR_INPUT,
    MEMRISTOR_SOURCE,
    MEMRISTOR_STATE,
    TOLERANCE,
    memristor_circuit,
)
from rescircuit.spice.verification.agreement import LIMITS
from rescircuit.spice.verification.comparison import Reference, Verification, agreements

__all__ = ["MemristorVerification", "verify_memristor"]


@dataclass(frozen=True, kw_only=True, eq=False)
class MemristorVerification(Verification):
    """How closely our own transient of a memristor agrees with ngspice, at each of ngspice's points in time.

    Errors are relative to full scale: the largest magnitude of voltage and current, and 1 for the state.

    Attributes
    ----------
    times : array (k,)
        ngspice's points, second.
    voltages, currents, states : array (k,)
        Volt, ampere and the state there, by ngspice.
    """

    times: Array
    voltages: Array
    currents: Array
    states: Array


def verify_memristor(
    transient: MemristorTransient,
    *,
    max_step: float | None = None,
    relative_tolerance: float = TOLERANCE,
    timeout: float = DEFAULT_TIMEOUT,
) -> MemristorVerification:
    """Run a memristor's transient in ngspice and compare voltage, current and state with our own at ngspice's points.

    Two things are hard for ngspice: a device that switches within its first step, because the waveform begins beyond a
    threshold (a shorter `max_step` helps), and linear drift without a window, whose jump at the end of the range
    happens a little too late.

    Parameters
    ----------
    transient : MemristorTransient
        From :func:`rescircuit.devices.memristors.simulate_memristor`.
    max_step, relative_tolerance
        As for :func:`memristor_circuit`.
    timeout : float
        Longest time for ngspice, second.

    Returns
    -------
    MemristorVerification
        Also when the two do not agree; then ``passed`` is ``False``.

    Raises
    ------
    InputError
        For what is not such a transient, or numbers that a deck cannot hold.
    SpiceError
        When ngspice does not bring a result that can be trusted.
    MissingToolError
        When there is no ngspice.
    """
    if not isinstance(transient, MemristorTransient):
        raise InputError("transient", "what simulate_memristor returned", transient)
    circuit = memristor_circuit(
        *(transient.model, transient.waveform, transient.duration, float(transient.state[0])),  # type: ignore[arg-type]
        max_step=max_step,
        relative_tolerance=relative_tolerance,
    )
    deck = write_deck(circuit)
    result = run_deck(deck, timeout=timeout)
    times = np.asarray(result.times)
    voltage, current, state = transient.at(np.minimum(times, transient.duration))
    limit = LIMITS["memristor"]

    def reference(values: Array, unit: str, full_scale: float) -> Reference:
        return Reference(
            values=values,
            unit=unit,
            axes=("point in time",),
            element=lambda place: f"{times[place[0]]:g} s",
            floor=full_scale,
            limit=limit,
        )

    ngspice_current, ngspice_state = -result.source_currents[MEMRISTOR_SOURCE], result.node_voltages[MEMRISTOR_STATE]
    ngspice_voltage = result.node_voltages[MEMRISTOR_INPUT]
    theirs = {
        "voltage": reference(ngspice_voltage, "V", float(np.abs(ngspice_voltage).max()) or 1.0),
        "current": reference(ngspice_current, "A", float(np.abs(ngspice_current).max()) or 1.0),
        "state": reference(ngspice_state, "", 1.0),
    }
    return MemristorVerification(
        agreements=agreements({"voltage": voltage, "current": current, "state": state}, theirs),
        engine=result.engine,
        ngspice_version=result.version,
        seconds=result.seconds,
        deck=deck,
        times=times,
        voltages=ngspice_voltage,
        currents=ngspice_current,
        states=ngspice_state,
    )
