"""How long an array takes to settle after a step of its inputs, by the capacitances of wires and cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from rescircuit.checks import Array, finite_number, non_negative_array
from rescircuit.crossbar.array import Crossbar
from rescircuit.crossbar.modes import Capacitances, Modes
from rescircuit.errors import InputError, SolutionError

__all__ = ["MOST_MODES", "RESIDUAL_LIMIT", "Settling", "SettlingCourse", "settling", "settling_course"]

RESIDUAL_LIMIT = 1e-8  # of the slowest mode, relative to its time constant
MOST_MODES = 4096  # of a course: all of a 45 x 45 array's, some minute of dense algebra in half a gigabyte
_CLOSE_ENOUGH = 1e-11  # where Lanczos's iteration stops
_BLOCK = 512  # times at once: what they need beside the results stays small
_TO_TRY = "Check that the capacitances span no more decades than they do on a chip."


@dataclass(frozen=True, kw_only=True, eq=False)
class Settling:
    """How an array's output currents settle after a step of its inputs from 0 V; leading axes are the batch's.

    Attributes
    ----------
    elmore_delays : array (..., n)
        Exact first moments of the errors, ``∫ (1 - i(t) / i(∞)) dt``, second, of each output current; NaN where
        none flows in the end. Where displacement currents through cells rush ahead of what settles they may be
        negative.
    slowest_time_constant : float
        Of all the array's modes, second.
    residual : float
        Of the slowest mode, ``|C x - τ Y x|`` in the symmetric form, relative to τ: some mode's time constant is no
        farther from τ than this share of it.
    """

    elmore_delays: Array
    slowest_time_constant: float
    residual: float

    def time_to(self, relative_error: float) -> float:
        """An estimate of the time after which errors are below `relative_error`, second: ``τ ln(1 / error)``.

        It is exact for a current whose error is the slowest mode's alone. Faster modes make currents settle earlier;
        one whose final value is small beside what other cells put through its line may take longer.

        Raises
        ------
        InputError
            For an error that is not between 0 and 1.
        """
        required = "a number above 0 and below 1"
        error = finite_number("relative_error", relative_error, required)
        if not 0.0 < error < 1.0:
            raise InputError("relative_error", required, relative_error)
        return self.slowest_time_constant * math.log(1.0 / error)


def settling(crossbar: Crossbar, voltages: Any, *, c_word_line: Any, c_bit_line: Any, c_cell: Any = 0.0) -> Settling:
    """How the output currents settle when the inputs step from 0 V to `voltages` at time 0.

    With node voltages v that end at v*, ``C dv/dt = Y (v* - v)``. The charge by which a current lags behind its final
    value is what arrives at its virtual ground when the charge ``C v*`` of all nodes is let into them, so Elmore's
    delays (1948, Journal of Applied Physics 19; for RC trees Rubinstein, Penfield and Horowitz 1983, IEEE Transactions
    on Computer-Aided Design 2) take one solution. The slowest time constant is the largest eigenvalue of
    ``C x = τ Y x``, by Lanczos's iteration on ``Lᵀ Y⁻¹ L`` with ``C = L Lᵀ``.

    Parameters
    ----------
    crossbar : Crossbar
        m word lines and n bit lines.
    voltages : array (m,) or (..., m)
        Of the word lines' sources after the step, volt.
    c_word_line, c_bit_line : float or array broadcastable to (m, n)
        Of a wire's segment to ground, at each cell's end on its word line and on its bit line, farad.
    c_cell : float or array broadcastable to (m, n)
        Across each cell, between its word line and its bit line, farad.

    Raises
    ------
    InputError
        For voltages as in :meth:`rescircuit.Crossbar.solve`, and capacitances that are negative, not finite or of a
        shape that doesn't match.
    SolutionError
        As :meth:`rescircuit.Crossbar.solve`, and if the slowest mode is not found to :data:`RESIDUAL_LIMIT`.

    Examples
    --------
    1 kΩ of wire and a cell of 1 mS charge 1 pF in the middle with 1 kΩ and 1 kΩ in parallel:

    >>> import rescircuit as rc
    >>> from rescircuit.crossbar.transients import settling
    >>> outcome = settling(rc.Crossbar([[1e-3]], r_word_line=1e3), [0.1], c_word_line=1e-12, c_bit_line=0.0)
    >>> outcome.elmore_delays.round(15), round(outcome.slowest_time_constant, 15)
    (array([5.e-10]), 5e-10)
    """
    capacitances = Capacitances.of(crossbar.shape, c_word_line, c_bit_line, c_cell)
    solution = crossbar.solve(voltages)
    m, n = crossbar.shape
    words, bits = (v.reshape(-1, m, n) for v in (solution.word_line_voltages, solution.bit_line_voltages))
    lag = crossbar.system.arriving(*capacitances.charges(words, bits))[1].reshape(*solution.output_currents.shape)
    current = solution.output_currents
    delays = np.divide(lag, current, out=np.full_like(lag, np.nan), where=current != 0)
    slowest, residual = _slowest_mode(Modes(crossbar.system, capacitances))
    return Settling(elmore_delays=delays, slowest_time_constant=slowest, residual=residual)


@dataclass(frozen=True, kw_only=True, eq=False)
class SettlingCourse:
    """The output currents over time after a step of the inputs from 0 V; leading axes are the batch's.

    At t seconds a current is ``final_currents - Σ amplitudes exp(-t / time_constants)``. What capacitances let through
    in no time, between a source and a virtual ground without a resistance on the way, is not in it.

    Attributes
    ----------
    final_currents : array (..., n)
        Ampere.
    time_constants : array (k,)
        Of the modes, second, rising. Modes that are faster than the slowest by more than rounding can tell are left
        out: they have ended before a time that could be told from 0.
    amplitudes : array (..., n, k)
        What each mode lacks at time 0 of a current's final value, ampere; known to some 1e-16 of all modes' times the
        ratio of the slowest time constant to the mode's own.
    """

    final_currents: Array
    time_constants: Array
    amplitudes: Array

    def currents(self, times: Any) -> Array:
        """Output currents (..., K, n), ampere, at `times` (K,), second, in any order.

        Raises
        ------
        InputError
            For times that are negative or not finite, or no list of them.
        """
        at = non_negative_array("times", times, "s")
        if at.ndim != 1:
            raise InputError("times", "of shape (K,)", f"shape {at.shape}")
        final = self.final_currents[..., np.newaxis, :]
        lacking = np.swapaxes(self.amplitudes, -1, -2)
        found = np.empty((*final.shape[:-2], at.size, final.shape[-1]))
        for start in range(0, at.size, _BLOCK):
            decays = np.exp(-at[start : start + _BLOCK, np.newaxis] / self.time_constants)
            found[..., start : start + _BLOCK, :] = final - decays @ lacking
        return found


def settling_course(
    crossbar: Crossbar, voltages: Any, *, c_word_line: Any, c_bit_line: Any, c_cell: Any = 0.0
) -> SettlingCourse:
    """The output currents over time when the inputs step from 0 V to `voltages` at time 0, mode by mode.

    With ``C = L Lᵀ`` and ``x = Lᵀ (v* - v)`` it is ``x = -(Lᵀ Y⁻¹ L) dx/dt`` (see :func:`settling`), and a current's
    error is what arrives of the charges ``-L dx/dt``. All eigenvectors of that symmetric matrix are taken, which costs
    the cube of the number of nodes with capacitance.

    Parameters
    ----------
    crossbar, voltages, c_word_line, c_bit_line, c_cell
        As for :func:`settling`.

    Raises
    ------
    InputError
        As :func:`settling`, and for more than :data:`MOST_MODES` nodes with capacitance.
    SolutionError
        As :meth:`rescircuit.Crossbar.solve`.

    Examples
    --------
    >>> import rescircuit as rc
    >>> from rescircuit.crossbar.transients import settling_course
    >>> course = settling_course(rc.Crossbar([[1e-3]], r_word_line=1e3), [0.1], c_word_line=1e-12, c_bit_line=0.0)
    >>> (1e6 * course.currents([0.0, 5e-10, 5e-9])).round(2).T  # µA; the time constant is 0.5 ns
    array([[ 0.  , 31.61, 50.  ]])
    """
    capacitances = Capacitances.of(crossbar.shape, c_word_line, c_bit_line, c_cell)
    operator = Modes(crossbar.system, capacitances)
    charged = np.flatnonzero(np.concatenate([part.ravel() for part in capacitances.factor[::2]]))
    if charged.size > MOST_MODES:
        hint = "The delays and the slowest time constant need no modes: settling() finds them for any array."
        raise InputError("the array", f"of at most {MOST_MODES:,} nodes with capacitance", charged.size, hint)
    solution = crossbar.solve(voltages)
    m, n = crossbar.shape
    matrix, arriving = operator.dense(charged)
    # All columns of L are orthogonal to its null space, in which nothing takes time.
    constants, modes = eigh((matrix + matrix.T) / 2) if charged.size else (np.zeros(0), matrix)
    told = constants > max(charged.size, 1) * np.finfo(np.float64).eps * constants.max(initial=0.0)
    constants, modes = constants[told], modes[:, told]
    words, bits = (v.reshape(-1, m, n) for v in (solution.word_line_voltages, solution.bit_line_voltages))
    lacking = operator.held(words, bits)[charged].T @ modes / constants
    amplitudes = (arriving.T @ modes) * lacking[:, np.newaxis]
    final = solution.output_currents
    return SettlingCourse(
        final_currents=final, time_constants=constants, amplitudes=amplitudes.reshape(*final.shape, constants.size)
    )


def _slowest_mode(operator: Modes) -> tuple[float, float]:
    """The largest eigenvalue of ``Lᵀ Y⁻¹ L``, second, and its residual relative to it."""
    # Not orthogonal to the slowest mode, which has one sign where cells have no capacitance; the same in every run.
    start = np.random.default_rng(0).uniform(0.5, 1.5, operator.shape[0])
    if not operator.matvec(start).any():
        return 0.0, 0.0  # no capacitance, or all of it at sources and virtual grounds
    try:
        found, modes = eigsh(operator, k=1, which="LA", v0=start, tol=_CLOSE_ENOUGH)  # type: ignore[arg-type]
    except ArpackNoConvergence:
        raise SolutionError("The slowest mode of the array", math.inf, RESIDUAL_LIMIT, _TO_TRY) from None
    slowest, mode = float(found[0]), modes[:, 0]
    residual = float(np.linalg.norm(operator.matvec(mode) - slowest * mode)) / slowest
    if not residual <= RESIDUAL_LIMIT:
        raise SolutionError("The slowest mode of the array", residual, RESIDUAL_LIMIT, _TO_TRY)
    return slowest, residual
