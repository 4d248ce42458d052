"""A memristor under a waveform as a circuit for ngspice, and the proof that ngspice agrees with our own transient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rescircuit.checks import Array, finite_number, positive_number
from rescircuit.devices.memristors import (
    VTEAM,
    LinearDriftMemristor,
    MemristorTransient,
    PiecewiseLinear,
    Pulses,
    Sine,
)
from rescircuit.errors import InputError
from rescircuit.spice.circuits.circuit import Circuit, Transient
from rescircuit.spice.circuits.elements import Instance
from rescircuit.spice.circuits.memristors import memristor_subcircuit
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import PiecewiseLinearSource, SineSource, Source
from rescircuit.spice.decks.writing import write_deck
from rescircuit.spice.engines.ngspice import DEFAULT_TIMEOUT, run_deck
from rescircuit.spice.verification.comparison import Verification

__all__ = ["MemristorVerification", "memristor_circuit", "verify_memristor"]

_INPUT, _STATE, _SOURCE = "in", "state", "v_in"
_STEPS = 1000  # in a period of a sine, or in the whole of another waveform
_TOLERANCE = 1e-12  # at 1e-9 a device that switches at once is late, and its current off by 1e-2 of full scale
_LIMIT = 1e-3  # of full scale


@dataclass(frozen=True, kw_only=True)
class MemristorVerification(Verification):
    """How closely our own transient of a memristor agrees with ngspice, at each of ngspice's points in time.

    ``max_relative_error`` is relative to full scale: the current's largest magnitude, and 1 for the state.

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

    def summary(self) -> str:
        """The verdict in one line."""
        verdict = "agrees" if self.passed else "DISAGREES"
        return (
            f"ngspice {self.ngspice_version} {verdict}: {self.compared:,} numbers, largest error "
            f"{self.max_relative_error:.1e} of full scale, of the {self.quantity} (limit {self.limit:.0e}), "
            f"{self.seconds:.2f} s"
        )


def memristor_circuit(
    model: LinearDriftMemristor | VTEAM,
    waveform: Sine | PiecewiseLinear | Pulses,
    duration: float,
    initial_state: float = 0.3,
    *,
    max_step: float | None = None,
    relative_tolerance: float = _TOLERANCE,
    comment: str = "",
) -> Circuit:
    """A source of `waveform` across a memristor, over time: nodes ``in`` and ``state``, source ``v_in``.

    Parameters
    ----------
    model, waveform, duration, initial_state
        As for :func:`rescircuit.devices.memristors.simulate_memristor`.
    max_step : float, optional
        ngspice's longest step, second; by default a thousandth of the duration, or of a sine's period.
    relative_tolerance : float
        ngspice's ``reltol``, 1e-12 to 1e-3; where ngspice gives up with a time step that is too small, allow more.
    comment : str
        Free text for the deck's head.

    Raises
    ------
    InputError
        For another model or waveform, or numbers that a deck cannot hold.

    Examples
    --------
    >>> from rescircuit.devices import LinearDriftMemristor, Sine
    >>> from rescircuit.spice import write_deck
    >>> from rescircuit.spice.makers.memristor import memristor_circuit
    >>> circuit = memristor_circuit(LinearDriftMemristor(window=1), Sine(amplitude=1.0, frequency=1.0), 2.0)
    >>> print(write_deck(circuit).text.splitlines()[1])
    v_in in 0 sin(0.0 1.0 1.0 0.0 0.0 0.0)
    """
    duration = positive_number("duration", duration, "s")
    finite_number("initial_state", initial_state)
    subcircuit = memristor_subcircuit(model, initial_state=float(initial_state), capacitance=duration)
    longest = min(duration, waveform.period) if isinstance(waveform, Sine) else duration
    memristor = Instance(
        name="x_memristor",
        ports=(_INPUT, GROUND, _STATE),
        model=subcircuit.name,
        paths=((_INPUT, GROUND), (_STATE, GROUND)),  # what holds the state is its charge, from initial conditions
    )
    step = longest / _STEPS if max_step is None else positive_number("max_step", max_step, "s")
    return Circuit(
        elements=(_source(waveform, duration), memristor),
        models=(subcircuit,),
        transient=Transient(stop=duration, max_step=step, relative_tolerance=relative_tolerance),
        comment=comment,
        open_ends=frozenset({_STATE}),
    )


def verify_memristor(
    transient: MemristorTransient,
    *,
    max_step: float | None = None,
    relative_tolerance: float = _TOLERANCE,
    timeout: float = DEFAULT_TIMEOUT,
) -> MemristorVerification:
    """Run a memristor's transient in ngspice and compare current and state with our own at ngspice's points.

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
    theirs = {"current": -result.source_currents[_SOURCE], "state": result.node_voltages[_STATE]}
    scale = {"current": float(np.abs(current).max()) or 1.0, "state": 1.0}
    errors = {
        name: np.abs(ours - theirs[name]) / scale[name] for name, ours in (("current", current), ("state", state))
    }
    worst = max(errors, key=lambda name: errors[name].max())
    when = times[errors[worst].argmax()]
    return MemristorVerification(
        max_relative_error=float(errors[worst].max()),
        limit=_LIMIT,
        quantity=f"{worst} at {when:g} s",
        compared=2 * times.size,
        ngspice_version=result.version,
        seconds=result.seconds,
        deck=deck,
        times=times,
        voltages=voltage,
        currents=theirs["current"],
        states=theirs["state"],
    )


def _source(waveform: Sine | PiecewiseLinear | Pulses, duration: float) -> Source:
    ends = {"name": _SOURCE, "plus": _INPUT, "minus": GROUND}
    if isinstance(waveform, Sine):
        return SineSource(
            **ends,
            amplitude=waveform.amplitude,
            frequency=waveform.frequency,
            offset=waveform.offset,
            phase=math.degrees(waveform.phase),
        )
    if isinstance(waveform, Pulses):
        waveform = waveform.as_lines(duration)
    if not isinstance(waveform, PiecewiseLinear):
        raise InputError("waveform", "a Sine, PiecewiseLinear or Pulses", waveform)
    return PiecewiseLinearSource(**ends, times=tuple(waveform.times), voltages=tuple(waveform.voltages_at))
