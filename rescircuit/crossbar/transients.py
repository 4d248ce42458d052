"""How long an array takes to settle after a step of its inputs, by the capacitances of wires and cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from rescircuit.checks import Array, finite_number, non_negative_array
from rescircuit.crossbar.array import Crossbar
from rescircuit.crossbar.wiring import LinearSystem
from rescircuit.errors import InputError, SolutionError

__all__ = ["RESIDUAL_LIMIT", "Settling", "settling"]

RESIDUAL_LIMIT = 1e-8  # of the slowest mode, relative to its time constant
_CLOSE_ENOUGH = 1e-11  # where Lanczos's iteration stops
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
    capacitances = _Capacitances(
        words=_checked("c_word_line", c_word_line, crossbar.shape),
        bits=_checked("c_bit_line", c_bit_line, crossbar.shape),
        cells=_checked("c_cell", c_cell, crossbar.shape),
    )
    solution = crossbar.solve(voltages)
    m, n = crossbar.shape
    words, bits = (v.reshape(-1, m, n) for v in (solution.word_line_voltages, solution.bit_line_voltages))
    lag = crossbar.system.arriving(*capacitances.charges(words, bits))[1].reshape(*solution.output_currents.shape)
    current = solution.output_currents
    delays = np.divide(lag, current, out=np.full_like(lag, np.nan), where=current != 0)
    slowest, residual = _slowest_mode(crossbar.system, capacitances)
    return Settling(elmore_delays=delays, slowest_time_constant=slowest, residual=residual)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Capacitances:
    """Farad, (m, n) each: at nodes on word lines and on bit lines, and between the two.

    Their matrix C has a block of two rows for each cell, ``[[w + c, -c], [-c, b + c]]``, with the Cholesky factor
    ``[[a, 0], [-c / a, d]]``.
    """

    words: Array
    bits: Array
    cells: Array

    def charges(self, words: Array, bits: Array) -> tuple[Array, Array]:
        """``C v``, coulomb, (k, m, n) each."""
        across = self.cells * (words - bits)
        return self.words * words + across, self.bits * bits - across

    @property
    def factor(self) -> tuple[Array, Array, Array]:
        """Upper left, lower left and lower right of each cell's Cholesky factor, (m, n), √F."""
        upper = np.sqrt(self.words + self.cells)
        lower = -np.divide(self.cells, upper, out=np.zeros_like(upper), where=upper > 0)
        # b + c - c² / (w + c), without its cancellation
        seen = np.divide(self.cells * self.words, upper**2, out=np.zeros_like(upper), where=upper > 0)
        return upper, lower, np.sqrt(self.bits + seen)


def _slowest_mode(system: LinearSystem, capacitances: _Capacitances) -> tuple[float, float]:
    """The largest eigenvalue of ``Lᵀ Y⁻¹ L``, second, and its residual relative to it."""
    operator = _Modes(system, capacitances)
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


class _Modes(LinearOperator):
    """``Lᵀ Y⁻¹ L`` of an array: symmetric, and its eigenvalues are the time constants."""

    def __init__(self, system: LinearSystem, capacitances: _Capacitances) -> None:
        self._system = system
        self._factor = capacitances.factor
        size = 2 * capacitances.words.size
        super().__init__(dtype=np.dtype(np.float64), shape=(size, size))

    def _matvec(self, x: Array) -> Array:
        upper, lower, last = self._factor
        words, bits = np.reshape(x, (2, 1, *upper.shape))
        words, bits = self._system.corrections(upper * words, lower * words + last * bits)
        return np.concatenate([(upper * words + lower * bits).ravel(), (last * bits).ravel()])


def _checked(argument: str, values: Any, shape: tuple[int, int]) -> Array:
    """Capacitances as an array (m, n)."""
    capacitances = non_negative_array(argument, values, "F")
    try:
        return np.broadcast_to(capacitances, shape)
    except ValueError:
        required = f"a number or of a shape that broadcasts to {shape}"
        raise InputError(argument, required, f"shape {capacitances.shape}") from None
