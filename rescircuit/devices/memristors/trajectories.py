"""A memristor's state over time, piece by piece between the kinks of its law of motion.

The times at which the law of motion is not smooth are known before: the waveform's corners and those at which the
voltage passes a threshold of the model. Between two of them the direction of motion is fixed, and the state either
rests, runs into an end of its range and stays there, or follows a smooth equation, which is handed to SciPy's
``solve_ivp``. So no step of the integrator ever reaches across a kink.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices.memristors.models import MemristorModel
from rescircuit.devices.memristors.waveforms import Waveform
from rescircuit.errors import SolutionError

__all__ = ["METHOD", "Trajectory", "integrate"]

METHOD = "LSODA"  # takes larger steps where the state creeps towards an end, which makes the equation stiff
_STEPS_A_PIECE = 24  # at least: a law of a high exponent seems to rest just beyond its threshold


@dataclass(frozen=True, eq=False)
class Trajectory:
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


def integrate(
    model: MemristorModel, waveform: Waveform, edges: Array, state: float, rtol: float, atol: float
) -> Trajectory:
    """The trajectory from `state` on, between `edges` (second, ascending), which hold all kinks.

    Raises
    ------
    SolutionError
        If the integrator fails.
    """
    starts: list[float] = []
    states: list[Callable[[Array], Array]] = []
    steps = 0
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        for since, path, last, taken in _piece(model, waveform, (begin, end), state, rtol, atol):
            starts.append(since)
            states.append(path)
            state = last
            steps += taken
    return Trajectory(np.array(starts), tuple(states), steps)


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
        raise SolutionError("a memristor's transient", np.inf, rtol, hint)
    return solution
