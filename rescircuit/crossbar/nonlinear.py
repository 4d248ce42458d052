"""Arrays of non-linear cells: banks behind NMOS switches, memristors, selectors, with all their wires.

Newton's method on Kirchhoff's current law. A cell's current depends on the voltages of both its lines, not only on
their difference, so the Jacobian is not symmetric. It is solved by GMRES, preconditioned by the exact elimination of
its symmetric part, the array whose cells conduct ``(dI/dv_word - dI/dv_bit) / 2``: where wires conduct better than
cells that is nearly the Jacobian itself, and a plain *chord* on it, many inputs at a time, suffices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, gmres

from rescircuit.checks import Array
from rescircuit.crossbar.cells import CellLaw
from rescircuit.crossbar.solution import CURRENT_LIMIT, RESIDUAL_LIMIT, CrossbarSolution
from rescircuit.crossbar.topology import wired
from rescircuit.crossbar.wired_array import WiredArray
from rescircuit.crossbar.wiring import DEFAULT_MEMORY, LinearSystem, check_memory
from rescircuit.errors import InputError, SolutionError

__all__ = ["NonlinearCrossbar"]

_AT_ONCE = 1 << 22  # cells, of all inputs that are iterated side by side
_ARRAYS = 100  # (m, n), that Newton's method holds: cells, voltages, and GMRES's vectors
_CHORD_STEPS = 12
_NEWTON_STEPS = 40
_HALVINGS = 20
_WORTHWHILE = 0.3  # a chord that shrinks its steps less is given up for Newton's method
_ENOUGH = 1e-12  # of the output currents: what another step may change
_RAMPS = ((1.0,), (0.25, 0.5, 0.75, 1.0), tuple(np.linspace(0.05, 1.0, 20)))  # shares of the sources' voltages
_TO_TRY = "Check the cells' parameters, lower the voltages, or give the wires a smaller resistance."


class NonlinearCrossbar(WiredArray):
    """An m x n crossbar of cells whose current is a function of the voltages of both their lines.

    Parameters
    ----------
    cells : CellLaw
        Such as :class:`rescircuit.crossbar.BankCells`, :class:`rescircuit.crossbar.SinhCells` or
        :class:`rescircuit.crossbar.SelectedCells`.
    r_word_line, r_bit_line, r_driver, r_sense, drive, sense, memory_limit, progress
        As for :class:`rescircuit.Crossbar`.

    Raises
    ------
    InputError
        As for :class:`rescircuit.Crossbar`.

    Examples
    --------
    Memristors whose current grows faster than their voltage, behind wires of 10 ohm a cell:

    >>> import rescircuit as rc
    >>> cells = rc.crossbar.SinhCells(conductances=[[1e-4, 2e-4], [3e-4, 4e-4]], v_scale=0.25)
    >>> crossbar = rc.NonlinearCrossbar(cells, r_word_line=10, r_bit_line=10)
    >>> solution = crossbar.solve([0.2, 0.4])
    >>> solution.output_currents.round(6)
    array([0.000195, 0.000272])
    >>> solution.kcl_residual < 1e-12
    True
    """

    def __init__(
        self,
        cells: CellLaw,
        r_word_line: Any = 0.0,
        r_bit_line: Any = 0.0,
        *,
        r_driver: Any = 0.0,
        r_sense: Any = 0.0,
        drive: str | Sequence[str] = "left",
        sense: str | Sequence[str] = "bottom",
        memory_limit: int = DEFAULT_MEMORY,
        progress: Callable[[str, float], None] | None = None,
    ) -> None:
        if not hasattr(cells, "currents"):
            raise InputError("cells", "a law of cells, such as BankCells or SinhCells", cells)
        check_memory(cells.shape, memory_limit, arrays=_ARRAYS)
        self.cells = cells
        self._memory_limit = memory_limit
        self.topology = wired(cells.shape, r_word_line, r_bit_line, r_driver, r_sense, drive, sense)
        zero = np.zeros(cells.shape)
        self.topology.check_paths(cells.currents(zero, zero)[1] > 0)
        self._progress = progress

    def solve(self, voltages: Any, bit_line_voltages: Any = 0.0) -> CrossbarSolution:
        """All voltages and currents.

        Parameters
        ----------
        voltages : array (m,) or (..., m)
            Of the word lines' sources, volt.
        bit_line_voltages : float or array (n,) or (..., n)
            What the bit lines' ends are held at, volt.

        Raises
        ------
        InputError
            For voltages that are not finite, not one a line, or outside what the cells' law covers.
        SolutionError
            If Newton's method does not converge; it names the node where Kirchhoff's law is violated most.
        """
        drivers, senses, batch = self.checked_ends(voltages, bit_line_voltages)
        held = [drivers[:, self.topology.driven], senses[:, self.topology.sensed]]
        if held[0].size or held[1].size:
            self.cells.check_inputs(*(own if own.size else held[1 - k] for k, own in enumerate(held)))
        m, n = self.shape
        check_memory((m, n), self._memory_limit, arrays=_ARRAYS + 6 * len(drivers))
        at_once = max(1, _AT_ONCE // (m * n))
        states = []
        for start in range(0, len(drivers), at_once):
            some = slice(start, start + at_once)
            states.append(self._solve(_Ends(drivers[some], senses[some])))
        for state in states:
            if not state.residual <= RESIDUAL_LIMIT:
                raise self._not_converged(state, state.residual)
            if not state.error <= CURRENT_LIMIT:
                raise self._not_converged(state, state.error)
        words, bits, through = (
            np.concatenate([getattr(state, name) for state in states]) for name in ("words", "bits", "through")
        )
        system = states[-1].system
        return CrossbarSolution.of(
            self.topology,
            *(drivers, senses, words, bits, through),
            (through.sum(axis=2), through.sum(axis=1)),
            batch=batch,
            kcl_residual=max(state.residual for state in states),
            current_error=max(state.error for state in states),
            condition=lambda: system.condition,
            iterations=max(state.iterations for state in states),
        )

    def __repr__(self) -> str:
        m, n = self.shape
        return f"<NonlinearCrossbar of {m} word lines and {n} bit lines, {type(self.cells).__name__}>"

    def _solve(self, ends: _Ends) -> _State:
        """Some inputs: by a chord side by side, and those for which it is too slow one by one."""
        state = self._start(ends)
        slow = self._chord(state)
        if slow.any():
            state.system.forget()
        for k in np.flatnonzero(slow):
            own = self._newton_from_rest(_Ends(ends.drivers[k : k + 1], ends.senses[k : k + 1]))
            state.put(int(k), own)
        return state

    def _start(self, ends: _Ends) -> _State:
        """The array with its cells as they conduct when the lines are at their sources' voltages, all inputs' mean."""
        shape = (ends.count, *self.shape)
        words = np.broadcast_to(ends.drivers[:, :, np.newaxis], shape)
        bits = np.broadcast_to(ends.senses[:, np.newaxis, :], shape)
        if not self.topology.driven.all() or not self.topology.sensed.all():
            words, bits = np.zeros(shape), np.zeros(shape)  # a floating line has no source
        _, d_word, d_bit = self.cells.currents(words, bits)
        system = self._linear(0.5 * (d_word - d_bit).mean(axis=0))
        return self._evaluated(system, ends, *system.voltages(ends.drivers, ends.senses))

    def _chord(self, state: _State) -> np.ndarray:
        """Iterate with one elimination as long as that pays; returns which inputs have not converged."""
        before = np.full(state.ends.count, np.inf)
        for _ in range(_CHORD_STEPS):
            step = state.system.corrections(state.at_words, state.at_bits)
            size = state.relative_size(*step)
            contraction = np.divide(size, before, out=np.zeros_like(size), where=np.isfinite(before) & (before > 0))
            # What is still missing is the rest of a geometric series.
            state.errors = size * np.where(contraction < 1, 1.0 / (1.0 - np.minimum(contraction, 0.999)), np.inf)
            self._report(float(state.errors.max()))
            done = state.errors <= _ENOUGH
            if done.all() or (contraction[~done] > _WORTHWHILE).any():
                return ~done & (state.errors > CURRENT_LIMIT * 1e-2)
            before = size
            state.move(self._evaluated(state.system, state.ends, *self._after(state, *step)))
        return state.errors > _ENOUGH

    def _newton_from_rest(self, ends: _Ends) -> _State:
        """One input by Newton's method, its sources raised in one step, or in as many as it takes."""
        failure: SolutionError | None = None
        for ramp in _RAMPS:
            try:
                state = self._start(ends.scaled(ramp[0]))
                for share in ramp:
                    state = self._newton(state, ends.scaled(share))
            except SolutionError as error:
                failure = error
            else:
                return state
        raise failure  # type: ignore[misc]

    def _newton(self, state: _State, ends: _Ends) -> _State:
        """One input by Newton's method with the exact Jacobian."""
        state = self._evaluated(state.system, ends, state.words, state.bits, state.iterations)
        size, before = np.inf, np.inf
        for _ in range(_NEWTON_STEPS):
            state.system.forget()  # the next one takes as much memory
            system = self._linear(0.5 * (state.d_word - state.d_bit)[0])
            step = _newton_step(system, state)
            size = float(state.relative_size(*step)[0])
            # Newton's steps shrink quadratically: one that is small enough is the last. Below rounding they don't.
            if size <= _ENOUGH or (size <= 1e-2 * CURRENT_LIMIT and size > 0.5 * before):
                state.errors = np.array([size])
                return state
            self._report(size)
            state, before = self._descended(system, state, step), size
        raise self._not_converged(state, size)

    def _descended(self, system: LinearSystem, state: _State, step: tuple[Array, Array]) -> _State:
        """A step, halved until Kirchhoff's law is violated less than before."""
        words, bits = step
        for _ in range(_HALVINGS):
            after = self._evaluated(system, state.ends, *self._after(state, words, bits), state.iterations + 1)
            if after.violation <= state.violation or after.residual <= 1e-15:
                return after
            words, bits = 0.5 * words, 0.5 * bits
        raise self._not_converged(state, float(state.relative_size(*step)[0]))

    def _after(self, state: _State, words: Array, bits: Array) -> tuple[Array, Array]:
        """Voltages after a step, kept within those of the sources."""
        low, high = self.voltage_range(state.ends.drivers, state.ends.senses)
        return np.clip(state.words + words, low, high), np.clip(state.bits + bits, low, high)

    def _evaluated(self, system: LinearSystem, ends: _Ends, words: Array, bits: Array, iterations: int = 0) -> _State:
        through, d_word, d_bit = self.cells.currents(words, bits)
        slopes = np.maximum(d_word, -d_bit)
        at_words, at_bits, residuals = system.defects(through, slopes, ends.drivers, ends.senses, words, bits)
        return _State(
            ends=ends,
            system=system,
            words=words,
            bits=bits,
            through=through,
            d_word=d_word,
            d_bit=d_bit,
            at_words=at_words,
            at_bits=at_bits,
            residuals=residuals,
            errors=np.full(ends.count, np.inf),
            iterations=iterations,
        )

    def _linear(self, slopes: Array) -> LinearSystem:
        return LinearSystem(self.topology, slopes)

    def _report(self, error: float) -> None:
        if self._progress is not None:
            reached = np.log10(max(error, _ENOUGH)) / np.log10(_ENOUGH)
            self._progress(f"Newton: {error:.0e} left", float(np.clip(reached, 0.0, 1.0)))

    def _not_converged(self, state: _State, size: float) -> SolutionError:
        m, n = self.shape
        at = np.concatenate([np.abs(state.at_words[0]).ravel(), np.abs(state.at_bits[0]).ravel()])
        node = self.topology.node_name(m + n + int(np.argmax(np.nan_to_num(at, nan=np.inf))))
        what = f"Newton's method for the array (Kirchhoff's law fails most at {node})"
        return SolutionError(what, size, _ENOUGH, _TO_TRY)


@dataclass(frozen=True, eq=False)
class _Ends:
    """Voltages (k, m) and (k, n) of the lines' ends."""

    drivers: Array
    senses: Array

    @property
    def count(self) -> int:
        return len(self.drivers)

    def scaled(self, share: float) -> _Ends:
        return _Ends(share * self.drivers, share * self.senses)


@dataclass(kw_only=True, eq=False)
class _State:
    """Where the iteration of some inputs stands."""

    ends: _Ends
    system: LinearSystem
    words: Array
    bits: Array
    through: Array
    d_word: Array
    d_bit: Array
    at_words: Array
    at_bits: Array
    residuals: Array
    errors: Array
    iterations: int = 0

    @property
    def error(self) -> float:
        return float(self.errors.max())

    @property
    def residual(self) -> float:
        return float(self.residuals.max())

    @property
    def violation(self) -> float:
        """Of Kirchhoff's law: the sum of all nodes', ampere; infinite where it is not a number."""
        total = float(np.abs(self.at_words).sum() + np.abs(self.at_bits).sum())
        return total if np.isfinite(total) else np.inf

    def relative_size(self, words: Array, bits: Array) -> Array:
        """How much a step changes the output currents, (k,), relative to each line's sum of cells' currents."""
        size = np.abs(self.through).sum(axis=1)
        scale = np.maximum(size, 1e-6 * size.max(axis=1, keepdims=True))
        change = np.abs((self.d_word * words + self.d_bit * bits).sum(axis=1))
        relative = np.divide(change, scale, out=np.where(change == 0, 0.0, np.inf), where=scale != 0)
        return relative.max(axis=1)

    def move(self, after: _State) -> None:
        """Take over voltages and what follows from them."""
        for name in ("words", "bits", "through", "d_word", "d_bit", "at_words", "at_bits", "residuals"):
            setattr(self, name, getattr(after, name))
        self.iterations += 1

    def put(self, k: int, own: _State) -> None:
        """Take over one input's result."""
        for name in ("words", "bits", "through", "residuals", "errors"):
            getattr(self, name)[k] = getattr(own, name)[0]
        self.iterations = max(self.iterations, own.iterations)
        self.system = own.system


def _newton_step(system: LinearSystem, state: _State) -> tuple[Array, Array]:
    """Solve the Jacobian's equations for one input, preconditioned by its symmetric part."""
    shape = state.words.shape
    half = state.words.size
    m, n = shape[1:]
    none = np.zeros((1, m)), np.zeros((1, n))

    def split(both: Array) -> tuple[Array, Array]:
        return both[:half].reshape(shape), both[half:].reshape(shape)

    def jacobian(both: Array) -> Array:
        words, bits = split(both.ravel())
        through = state.d_word * words + state.d_bit * bits
        at_words, at_bits, _ = system.defects(through, through, *none, words, bits)
        return -np.concatenate([at_words.ravel(), at_bits.ravel()])

    def symmetric_inverse(both: Array) -> Array:
        words, bits = system.corrections(*split(both.ravel()))
        return np.concatenate([words.ravel(), bits.ravel()])

    right = np.concatenate([state.at_words.ravel(), state.at_bits.ravel()])
    first = symmetric_inverse(right)
    found, _ = gmres(
        _Operator(2 * half, jacobian),
        right,
        x0=first,
        rtol=1e-6,
        atol=0.0,
        restart=12,
        maxiter=3,
        M=_Operator(2 * half, symmetric_inverse),
    )
    return split(found)


class _Operator(LinearOperator):
    """A linear map of vectors, for GMRES."""

    def __init__(self, size: int, apply: Callable[[Array], Array]) -> None:
        super().__init__(dtype=np.dtype(np.float64), shape=(size, size))
        self._apply = apply

    def _matvec(self, x: Array) -> Array:
        return self._apply(x)
