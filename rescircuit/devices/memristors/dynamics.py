"""A memristor under a voltage that changes: its state and current over time, with an estimate of their error.

The times at which the law of motion is not smooth are known before: the waveform's corners and those at which the
voltage passes a threshold of the model. Between two of them the direction of motion is fixed, and the state either
rests, runs into an end of its range and stays there, or follows a smooth equation, which is handed to SciPy's
``solve_ivp``. So no step of the integrator ever reaches across a kink.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_number, positive_number, whole_number
from rescircuit.devices.memristors.models import MemristorModel
from rescircuit.devices.memristors.waveforms import Waveform
from rescircuit.errors import InputError, SolutionError

__all__ = ["MemristorTransient", "simulate_memristor"]

METHOD = "LSODA"  # takes larger steps where the state creeps towards an end, which makes the equation stiff
_RTOL, _ATOL, _TIGHTER = 1e-10, 1e-12, 0.02
_ERROR_LIMIT = 1e-6  # of the state, whose range is 0 to 1
_STEPS_A_PIECE = 24  # at least: a law of a high exponent seems to rest just beyond its threshold
_SHORTEST, _LONGEST = 1e-20, 1e20  # second
_FASTEST = 1e11  # times that a state may cross its range in a simulation: more is a jump, not a motion
_MOST_PIECES, _MOST_POINTS = 100_000, 10_000_000


@dataclass(frozen=True, eq=False)
class _Trajectory:
    """The state, piece by piece.

    Attributes
    ----------
    starts : array (pieces,)
        When each piece begins, second.
    states : tuple of functions
        Of times (k,) in a piece, second, to states (k,).
    steps : int
        Of the integrator.
    """

    starts: Array
    states: tuple[Callable[[Array], Array], ...]
    steps: int

    def __call__(self, times: Array) -> Array:
        """The state at `times` (k,), second."""
        piece = np.searchsorted(self.starts, times, side="right") - 1
        states = np.empty(times.shape)
        order = np.argsort(piece, kind="stable")
        bounds = np.searchsorted(piece[order], np.arange(self.starts.size + 1))
        for k, state in enumerate(self.states):
            members = order[bounds[k] : bounds[k + 1]]
            if members.size:
                states[members] = state(times[members])
        return np.clip(states, 0.0, 1.0)


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
    trajectory: _Trajectory

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
        _integrate(model, waveform, edges, start, rtol * share, _ATOL * share * rtol / _RTOL)
        for share in (1.0, _TIGHTER)
    )
    times = np.linspace(0.0, duration, points)
    voltage, state, check = waveform.voltages(times), coarse(times), fine(times)
    current = np.asarray(model.current(voltage, state))
    error = float(np.abs(state - check).max())
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
        current_error=float(np.abs(current - model.current(voltage, check)).max()),
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


def _integrate(
    model: MemristorModel, waveform: Waveform, edges: Array, state: float, rtol: float, atol: float
) -> _Trajectory:
    starts: list[float] = []
    states: list[Callable[[Array], Array]] = []
    steps = 0
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        for since, path, last, taken in _piece(model, waveform, (begin, end), state, rtol, atol):
            starts.append(since)
            states.append(path)
            state = last
            steps += taken
    return _Trajectory(np.array(starts), tuple(states), steps)


def _piece(
    model: MemristorModel, waveform: Waveform, span: tuple[float, float], state: float, rtol: float, atol: float
) -> Iterator[tuple[float, Callable[[Array], Array], float, int]]:
    """(begin, state over time, last state, steps) of one piece, or of two if the state stops at an end on the way."""
    begin, end = span
    towards = model.direction(float(waveform.voltages(0.5 * (begin + end))))
    goal = 0.5 * (1 + towards)  # the end of the range towards which it moves
    if towards == 0 or (model.window is None and state == goal):
        yield begin, _resting(state), state, 0
        return
    solution = _solve(model, waveform, span, state, goal, rtol, atol)
    stopped = bool(solution.t_events[0].size)
    last = goal if stopped else float(np.clip(solution.y[0, -1], 0.0, 1.0))
    interpolated = solution.sol
    yield begin, lambda times: interpolated(times)[0], last, solution.t.size - 1
    if stopped and solution.t[-1] < end:
        yield float(solution.t[-1]), _resting(goal), goal, 0


def _resting(state: float) -> Callable[[Array], Array]:
    return lambda times: np.full(times.shape, state)


def _solve(
    model: MemristorModel,
    waveform: Waveform,
    span: tuple[float, float],
    state: float,
    goal: float,
    rtol: float,
    atol: float,
) -> Any:
    """SciPy's solution of one smooth piece; without a window it ends where the state reaches `goal`."""
    from scipy.integrate import solve_ivp

    def rate(time: float, x: Array) -> Array:
        return np.asarray(model.rate(waveform.voltages(time), x))

    def distance(_: float, x: Array) -> float:
        return float(x[0]) - goal if model.window is None else 1.0

    distance.terminal = True  # type: ignore[attr-defined]
    largest = (span[1] - span[0]) / _STEPS_A_PIECE
    with warnings.catch_warnings():  # what LSODA warns of fails below
        warnings.simplefilter("ignore", UserWarning)
        solution = solve_ivp(
            *(rate, span, [state]),
            method=METHOD,
            dense_output=True,
            events=distance,
            max_step=largest,
            rtol=rtol,
            atol=atol,
        )
    if not solution.success:
        hint = f"The integrator gave up at {solution.t[-1]:g} s: {solution.message}"
        raise SolutionError("a memristor's transient", np.inf, _ERROR_LIMIT, hint)
    return solution
