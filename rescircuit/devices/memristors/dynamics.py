"""A memristor under a voltage that changes: its state and current over time, with an estimate of their error."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_number, positive_number, whole_number
from rescircuit.devices.memristors.models import MemristorModel
from rescircuit.devices.memristors.trajectories import METHOD, Trajectory, integrate
from rescircuit.devices.memristors.waveforms import Waveform
from rescircuit.errors import InputError, SolutionError

__all__ = ["MemristorTransient", "simulate_memristor"]

_RTOL, _ATOL, _TIGHTER = 1e-10, 1e-12, 0.02
_ERROR_LIMIT = 1e-6  # of the state, whose range is 0 to 1
_SHORTEST, _LONGEST = 1e-20, 1e20  # second
_FASTEST = 1e11  # times that a state may cross its range in a simulation: more is a jump, not a motion
_MOST_PIECES, _MOST_POINTS = 100_000, 10_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class MemristorTransient:
    """A memristor's answer to a waveform.

    Attributes
    ----------
    model : MemristorModel
    waveform : Waveform
    time : array (k,)
        Second, from 0 to the duration in equal steps.
    voltage, current, state : array (k,)
        Volt, ampere, and the state from 0 (`r_off`) to 1 (`r_on`), at these times.
    method : str
        The integrator, and what it was told of tolerances.
    rtol, atol : float
        Its tolerances of the state.
    steps : int
        How many steps it took.
    state_error, current_error : float
        The largest change of state and current (ampere) when it is done again with tolerances fifty times tighter:
        an estimate of the error, not a bound.
    """

    model: MemristorModel
    waveform: Waveform
    time: Array
    voltage: Array
    current: Array
    state: Array
    method: str
    rtol: float
    atol: float
    steps: int
    state_error: float
    current_error: float
    trajectory: Trajectory

    @property
    def duration(self) -> float:
        """Second."""
        return float(self.time[-1])

    @cached_property
    def resistance(self) -> Array:
        """Ohm, (k,)."""
        return 1.0 / np.asarray(self.model.current(1.0, self.state))

    def at(self, times: Any) -> tuple[Array, Array, Array]:
        """Voltage, current and state at other `times` (k,), from the integrator's own interpolation.

        Raises
        ------
        InputError
            For times that are not from 0 to the duration.
        """
        moments = np.asarray(times, float)
        if moments.ndim != 1 or not ((moments >= 0) & (moments <= self.duration)).all():
            raise InputError("times", f"a row of times from 0 to {self.duration:g} (s)", times)
        voltage, state = self.waveform.voltages(moments), self.trajectory(moments)
        return voltage, np.asarray(self.model.current(voltage, state)), state

    def loop_area(self, since: float = 0.0) -> float:
        """The area that the current-voltage loop encloses from `since` (second) to the end, watt.

        The two lobes of a pinched loop are traced in opposite senses; each counts as positive.
        """
        voltage, current = self._since(since)
        return sum(
            abs(float(np.trapezoid(current, np.where(side, voltage, 0.0)))) for side in (voltage > 0, voltage < 0)
        )

    def energy(self, since: float = 0.0) -> float:
        """What the memristor turned to heat from `since` (second) to the end, joule."""
        voltage, current = self._since(since)
        return float(np.trapezoid(voltage * current, dx=float(self.time[1])))

    def _since(self, since: float) -> tuple[Array, Array]:
        first = int(np.searchsorted(self.time, finite_number("since", since) - 0.5 * self.time[1]))
        if not 0 <= first < self.time.size - 1:
            raise InputError("since", f"a time from 0 to less than {self.duration:g} (s)", since)
        return self.voltage[first:], self.current[first:]


def simulate_memristor(
    model: MemristorModel,
    waveform: Waveform,
    duration: float,
    initial_state: float = 0.3,
    *,
    points: int = 2001,
    rtol: float = _RTOL,
) -> MemristorTransient:
    """Integrate a memristor's state under a voltage.

    Parameters
    ----------
    model : MemristorModel
        A :class:`LinearDriftMemristor` or a :class:`VTEAM`.
    waveform : Waveform
        A :class:`Sine`, :class:`PiecewiseLinear` or :class:`Pulses`.
    duration : float
        Second, above 0.
    initial_state : float
        From 0 (`r_off`) to 1 (`r_on`).
    points : int
        How many moments the result lists, equally spaced, at least 2.
    rtol : float
        Relative tolerance of the integrator, 1e-11 to 1e-3; it is checked against fifty times tighter ones.

    Raises
    ------
    InputError
        For another model or waveform, a number outside its range, or a waveform with more than 100,000 kinks.
    SolutionError
        If the integrator fails, or the two integrations differ by more than 1e-6 (10,000 `rtol`, if that is more).

    Examples
    --------
    Pinched at 0 V, and a loop that closes as the frequency rises:

    >>> from rescircuit.devices import LinearDriftMemristor, Sine, simulate_memristor
    >>> for frequency in (1.0, 10.0):
    ...     run = simulate_memristor(LinearDriftMemristor(), Sine(amplitude=1.0, frequency=frequency), 2 / frequency)
    ...     print(f"{frequency:g} Hz: {run.loop_area(1 / frequency):.1e} W, largest {run.current.max():.1e} A")
    1 Hz: 6.3e-05 W, largest 1.2e-04 A
    10 Hz: 2.5e-06 W, largest 9.1e-05 A
    """
    duration = positive_number("duration", duration, "s")
    if not _SHORTEST <= duration <= _LONGEST:
        raise InputError("duration", f"from {_SHORTEST:g} to {_LONGEST:g} (s)", duration)
    _check_model(model, waveform, duration)
    start = finite_number("initial_state", initial_state)
    if not 0.0 <= start <= 1.0:
        raise InputError("initial_state", "from 0 (r_off) to 1 (r_on)", initial_state)
    points = whole_number("points", points, 2, _MOST_POINTS)
    if not 1e-11 <= finite_number("rtol", rtol) <= 1e-3:
        raise InputError("rtol", "from 1e-11 to 1e-3", rtol)
    limit = max(_ERROR_LIMIT, 1e4 * rtol)
    edges = _edges(model, waveform, duration)
    coarse, fine = (
        integrate(model, waveform, edges, start, rtol * share, _ATOL * share * rtol / _RTOL)
        for share in (1.0, _TIGHTER)
    )
    times = np.linspace(0.0, duration, points)
    voltage, state = waveform.voltages(times), coarse(times)
    current = np.asarray(model.current(voltage, state))
    checked = np.concatenate([times, edges, 0.5 * (edges[1:] + edges[:-1])])  # however few times were asked for
    ours, theirs = coarse(checked), fine(checked)
    error = float(np.abs(ours - theirs).max())
    across = waveform.voltages(checked)
    if not error <= limit:
        hint = "Try a smaller rtol, or a voltage nearer to what the model was made for."
        raise SolutionError("a memristor's transient", error, limit, hint)
    for array in (times, voltage, current, state):
        array.flags.writeable = False
    return MemristorTransient(
        model=model,
        waveform=waveform,
        time=times,
        voltage=voltage,
        current=current,
        state=state,
        method=f"{METHOD}, {edges.size - 1} pieces",
        rtol=rtol,
        atol=_ATOL * rtol / _RTOL,
        steps=coarse.steps,
        state_error=error,
        current_error=float(np.abs(model.current(across, ours) - model.current(across, theirs)).max()),
        trajectory=coarse,
    )


def _check_model(model: MemristorModel, waveform: Waveform, duration: float) -> None:
    if not isinstance(model, MemristorModel):
        raise InputError("model", "a LinearDriftMemristor or a VTEAM", model)
    if not isinstance(waveform, Waveform):
        raise InputError("waveform", "a Sine, PiecewiseLinear or Pulses", waveform)
    with np.errstate(over="ignore", invalid="ignore"):
        ends = [model.rate(sign * waveform.largest, state) for sign in (-1.0, 1.0) for state in (0.0, 0.5, 1.0)]
        crossings = duration * float(np.abs(ends).max())
    if not crossings <= _FASTEST:
        required = f"of voltages and a duration in which the state crosses its range at most {_FASTEST:g} times"
        raise InputError("waveform", required, f"{crossings:g} times, at {waveform.largest:g} V over {duration:g} s")


def _edges(model: MemristorModel, waveform: Waveform, duration: float) -> Array:
    """Where pieces begin and end: both ends, the waveform's corners, and where it passes a threshold."""
    inside = [waveform.corners(duration), *(waveform.crossings(level, duration) for level in model.thresholds)]
    edges = np.unique(np.concatenate([[0.0, duration], *inside]))
    if edges.size > _MOST_PIECES + 1:
        required = f"short enough for at most {_MOST_PIECES:,} corners and crossings of thresholds"
        raise InputError("duration", required, f"{edges.size - 2:,} of them")
    return edges
