"""A memristor under a waveform as a circuit over time."""

from __future__ import annotations

import math

from rescircuit.checks import finite_number, positive_number
from rescircuit.devices.memristors import (
    VTEAM,
    LinearDriftMemristor,
    PiecewiseLinear,
    Pulses,
    Sine,
)
from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import Transient
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.elements import Instance
from rescircuit.spice.circuits.memristors import memristor_subcircuit
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import PiecewiseLinearSource, SineSource, Source

__all__ = ["MEMRISTOR_INPUT", "MEMRISTOR_SOURCE", "MEMRISTOR_STATE", "TOLERANCE", "memristor_circuit"]

MEMRISTOR_INPUT, MEMRISTOR_STATE, MEMRISTOR_SOURCE = "in", "state", "v_in"
_STEPS = 1000  # in a period of a sine, or in the whole of another waveform
TOLERANCE = 1e-12  # at 1e-9 a device that switches at once is late, and its current off by 1e-2 of full scale


def memristor_circuit(
    model: LinearDriftMemristor | VTEAM,
    waveform: Sine | PiecewiseLinear | Pulses,
    duration: float,
    initial_state: float = 0.3,
    *,
    max_step: float | None = None,
    relative_tolerance: float = TOLERANCE,
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
    >>> print(write_deck(circuit).text.splitlines()[-6])
    v_in in 0 sin(0.0 1.0 1.0 0.0 0.0 0.0)
    """
    duration = positive_number("duration", duration, "s")
    finite_number("initial_state", initial_state)
    subcircuit = memristor_subcircuit(model, initial_state=float(initial_state), capacitance=duration)
    longest = min(duration, waveform.period) if isinstance(waveform, Sine) else duration
    memristor = Instance(
        name="x_memristor",
        ports=(MEMRISTOR_INPUT, GROUND, MEMRISTOR_STATE),
        model=subcircuit.name,
    )
    step = longest / _STEPS if max_step is None else positive_number("max_step", max_step, "s")
    return Circuit(
        elements=(_source(waveform, duration), memristor),
        models=(subcircuit,),
        transient=Transient(stop=duration, max_step=step, relative_tolerance=relative_tolerance),
        comment=comment,
        open_ends=frozenset({MEMRISTOR_STATE}),
    )


def _source(waveform: Sine | PiecewiseLinear | Pulses, duration: float) -> Source:
    ends = {"name": MEMRISTOR_SOURCE, "plus": MEMRISTOR_INPUT, "minus": GROUND}
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
