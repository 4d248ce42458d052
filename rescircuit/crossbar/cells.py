"""Cells of a crossbar, linear and not: what flows from each word line into each bit line, with its derivatives.

A cell's current is a function of the voltages of both its lines, not of their difference alone: a bank's switches
have their sources on the bit line and conduct less as that rises. All that a solver needs of an array of cells is the
current and its two derivatives, in :class:`CellLaw`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import DEFAULT_READ_VOLTAGE, Bank, checked_mask
from rescircuit.checks import Array, finite_array, non_negative_array, positive_array, positive_number
from rescircuit.errors import InputError, SolutionError

__all__ = [
    "LARGEST_ARGUMENT",
    "BankCells",
    "CellCurrents",
    "CellLaw",
    "LinearCells",
    "SelectedCells",
    "SinhCells",
    "conductances_at",
    "linearised",
]

CellCurrents = tuple[Array, Array, Array]  # current, and its derivatives by the word line's and the bit line's voltage

LARGEST_ARGUMENT = 40.0  # of a sinh: 1e17 and more would be its value; beyond it goes on along its tangent
_LARGEST_VALUE = math.sinh(LARGEST_ARGUMENT)
_SETTLED = 1e-13  # relative, and a last step is made from there
_MOST_STEPS = 200  # some 6 do; halving alone takes 60


class CellLaw(Protocol):
    """What a crossbar's solver asks of its cells."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of word lines m and of bit lines n."""
        ...

    def currents(self, v_word: Array, v_bit: Array) -> CellCurrents:
        """Currents from word lines to bit lines at the cells' own ends.

        Defined at any finite voltages, as a solver passes through them; :meth:`check_inputs` says where it holds.

        Parameters
        ----------
        v_word, v_bit : array (..., m, n)
            Voltages of the word line and of the bit line at each cell, volt.

        Returns
        -------
        current, d_word, d_bit : array (..., m, n)
            Ampere; its derivatives by `v_word`, at least 0, and by `v_bit`, at most 0, siemens.
        """
        ...

    def check_inputs(self, v_word_lines: Any, v_bit_lines: Any) -> None:
        """Refuse voltages of the lines' sources, volt, between which the law does not hold.

        No node's voltage lies above all sources' or below all of them, so their range says all.

        Raises
        ------
        InputError
            Naming the offending voltages.
        """
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearCells:
    """Cells of one conductance each: ``current = conductances * (v_word - v_bit)``.

    Parameters
    ----------
    conductances : array (m, n)
        Siemens, at least 0.

    Raises
    ------
    InputError
        For conductances that are negative or not finite, and arrays of another shape.
    """

    conductances: Array

    def __post_init__(self) -> None:
        _keep(self, "conductances", _matrix("conductances", self.conductances))

    @property
    def shape(self) -> tuple[int, int]:
        """See :class:`CellLaw`."""
        return _shape_of(self.conductances)

    def currents(self, v_word: Array, v_bit: Array) -> CellCurrents:
        """See :class:`CellLaw`."""
        current = self.conductances * (v_word - v_bit)
        slope = np.broadcast_to(self.conductances, current.shape)
        return current, slope, -slope

    def check_inputs(self, v_word_lines: Any, v_bit_lines: Any) -> None:
        """See :class:`CellLaw`; any finite voltages will do."""
        _range_of(v_word_lines, v_bit_lines)


@dataclass(frozen=True, kw_only=True, eq=False)
class BankCells:
    """Cells that are programmed banks: resistors on the word line, their switches on the bit line.

    Parameters
    ----------
    bank : Bank
        Of shape (m, n), with k resistors in each cell.
    mask : bool array, broadcastable to (m, n, k)
        The setting, ``True`` for a closed switch.

    Raises
    ------
    InputError
        For a bank of another shape, a switch that knows no :meth:`~rescircuit.devices.Switch.branch`, or a mask that
        does not fit.
    """

    bank: Bank
    mask: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if not isinstance(self.bank, Bank) or len(self.bank.shape) != 2:
            got = f"shape {self.bank.shape}" if isinstance(self.bank, Bank) else self.bank
            raise InputError("bank", "a Bank of shape (m, n)", got)
        if not hasattr(self.bank.switch, "branch"):
            raise InputError("switch", "one whose output may be at any voltage, with a method branch", self.bank.switch)
        mask = checked_mask(self.mask, self.bank.n).copy()
        _keep(self, "mask", _broadcast("mask", mask, (*self.bank.shape, self.bank.n)))

    @property
    def shape(self) -> tuple[int, int]:
        """See :class:`CellLaw`."""
        return self.mask.shape[0], self.mask.shape[1]

    def currents(self, v_word: Array, v_bit: Array) -> CellCurrents:
        """See :class:`CellLaw`; the sum over the banks' branches, one after the other to save memory."""
        shape = np.broadcast_shapes(np.shape(v_word), np.shape(v_bit), self.shape)
        total = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for k in range(self.bank.n):
            branch = self.bank.branch(v_word, v_bit, closed=self.mask[..., k], item=k)
            for summed, part in zip(total, branch, strict=True):
                np.add(summed, part, out=summed)
        return total

    def check_inputs(self, v_word_lines: Any, v_bit_lines: Any) -> None:
        """See :class:`CellLaw`; NMOS switches ask for voltages of at least 0 V, selectors for small ones."""
        self.bank.switch.check_voltages(*_range_of(v_word_lines, v_bit_lines))


@dataclass(frozen=True, kw_only=True, eq=False)
class SinhCells:
    """Cells of ``current = conductances * v_scale * sinh((v_word - v_bit) / v_scale)``: a memristor's read-out.

    Where the argument of the sinh exceeds ``LARGEST_ARGUMENT`` = 40 either way it goes on along its tangent, so that a
    solver that passes there meets finite numbers; :meth:`check_inputs` refuses sources that could end there.

    Parameters
    ----------
    conductances : array (m, n)
        At the smallest voltages, siemens, at least 0.
    v_scale : float or array, broadcastable to (m, n)
        Volt, above 0; the larger, the closer to linear: at ``v = v_scale`` the current is 18 % above the linear one.

    Raises
    ------
    InputError
        For values outside their range, and shapes that do not fit.
    """

    conductances: Array
    v_scale: Any

    def __post_init__(self) -> None:
        _keep(self, "conductances", _matrix("conductances", self.conductances))
        _keep(self, "v_scale", _broadcast("v_scale", positive_array("v_scale", self.v_scale, "V"), self.shape))

    @property
    def shape(self) -> tuple[int, int]:
        """See :class:`CellLaw`."""
        return _shape_of(self.conductances)

    def currents(self, v_word: Array, v_bit: Array) -> CellCurrents:
        """See :class:`CellLaw`."""
        value, rise = _sinh((v_word - v_bit) / self.v_scale)
        slope = self.conductances * rise
        return self.conductances * self.v_scale * value, slope, -slope

    def check_inputs(self, v_word_lines: Any, v_bit_lines: Any) -> None:
        """See :class:`CellLaw`; the sources' range may be ``LARGEST_ARGUMENT`` times the least `v_scale`."""
        lowest, highest = _range_of(v_word_lines, v_bit_lines)
        limit = LARGEST_ARGUMENT * float(np.min(self.v_scale))
        if highest - lowest > limit:
            required = f"within {limit:g} V of each other, {LARGEST_ARGUMENT:g} v_scale"
            raise InputError("voltages", required, f"{lowest:g} V to {highest:g} V")


@dataclass(frozen=True, kw_only=True, eq=False)
class SelectedCells:
    """Cells behind selectors: in series with each, on its word line's side, ``i_selector * sinh(v / v_selector)``.

    The node between the two is eliminated. The selector's sinh goes on along its tangent as that of
    :class:`SinhCells`.

    Parameters
    ----------
    cells : CellLaw
        The cells behind the selectors.
    i_selector : float or array, broadcastable to (m, n)
        Ampere, above 0.
    v_selector : float or array, broadcastable to (m, n)
        Volt, above 0.

    Raises
    ------
    InputError
        For values outside their range, and shapes that do not fit.
    """

    cells: CellLaw
    i_selector: Any
    v_selector: Any

    def __post_init__(self) -> None:
        if not (hasattr(self.cells, "currents") and hasattr(self.cells, "check_inputs")):
            raise InputError("cells", "cells, such as LinearCells(conductances=...)", self.cells)
        for name, unit in (("i_selector", "A"), ("v_selector", "V")):
            values = positive_array(name, getattr(self, name), unit)
            _keep(self, name, _broadcast(name, values, self.shape))

    @property
    def shape(self) -> tuple[int, int]:
        """See :class:`CellLaw`."""
        return self.cells.shape

    def currents(self, v_word: Array, v_bit: Array) -> CellCurrents:
        """See :class:`CellLaw`.

        Raises
        ------
        SolutionError
            When the voltage behind a selector is not found; voltages that are not finite have none.
        """
        z = self._argument(v_word, v_bit)
        value, rise = _sinh(z)
        selector = self.i_selector / self.v_selector * rise
        _, cell, d_bit = self.cells.currents(v_word - self.v_selector * z, v_bit)
        # From selector * (dv_word - dv_middle) = cell * dv_middle + d_bit * dv_bit.
        through = selector / (selector + cell)
        return self.i_selector * value, through * cell, through * d_bit

    def check_inputs(self, v_word_lines: Any, v_bit_lines: Any) -> None:
        """See :class:`CellLaw`; the cells' own check, and that no selector's sinh could leave its law."""
        self.cells.check_inputs(v_word_lines, v_bit_lines)
        lowest, highest = _range_of(v_word_lines, v_bit_lines)
        low, high = np.full(self.shape, lowest), np.full(self.shape, highest)
        # Neither more voltage than there is, nor more current than the cells alone would take.
        most = np.maximum(np.abs(self.cells.currents(high, low)[0]), np.abs(self.cells.currents(low, high)[0]))
        argument = np.minimum((highest - lowest) / self.v_selector, _asinh(most / self.i_selector)[0])
        if argument.max() > LARGEST_ARGUMENT:
            required = f"such that no selector's voltage can exceed {LARGEST_ARGUMENT:g} v_selector"
            raise InputError("voltages", required, f"{lowest:g} V to {highest:g} V")

    def _argument(self, v_word: Array, v_bit: Array) -> Array:
        """Voltage across each selector over `v_selector`: `z`, where ``i_selector * sinh(z)`` is the cell's current.

        Newton's steps are made on that law as it stands and on its asinh, ``z = asinh(current / i_selector)``: the one
        is straight where the cell takes most of the voltage, the other over decades of current. Both sides are convex
        in ``|z|`` for a cell that is linear or saturates, so both tangents' roots lie beyond the law's, and the nearer
        one to 0 is the better. Where a step leaves what is known to hold the root, that is halved instead.
        """
        v = v_word - v_bit
        sign, limit = np.where(v < 0, -1.0, 1.0), np.abs(v) / self.v_selector

        def cells_at(z: Array) -> tuple[Array, Array]:
            """Cell's current over `i_selector` at ``|z|``, and its fall as that grows."""
            current, d_word, _ = self.cells.currents(v_word - sign * self.v_selector * z, v_bit)
            return sign * current / self.i_selector, d_word * self.v_selector / self.i_selector

        low, high = np.zeros(limit.shape), limit
        z = np.minimum(limit, _asinh(cells_at(low)[0])[0])  # at most all the voltage, at most all the current
        last_bits = (np.abs(v_word) + np.abs(v_bit)) / self.v_selector
        worst = math.inf
        for _ in range(_MOST_STEPS):
            (value, rise), (taken, fall) = _sinh(z), cells_at(z)
            logarithm, flatter = _asinh(taken)
            excess = value - taken
            step = np.maximum(excess / (rise + fall), (z - logarithm) / (1.0 + flatter * fall))
            # A last bit of the currents or of the voltages moves a step by as much of this.
            scale = (value + np.abs(taken) + fall * last_bits) / (rise + fall)
            change = np.abs(step) / np.maximum(scale, 1e-290)
            worst = float(np.max(change, initial=0.0))
            low, high = np.where(excess < 0, z, low), np.where(excess > 0, z, high)
            after = z - step
            kept = (change <= _SETTLED) | ((low < after) & (after < high))
            z = np.where(kept, np.clip(after, low, high), 0.5 * (low + high))
            if worst <= _SETTLED:
                return sign * z
        raise SolutionError("voltage behind a selector", worst, _SETTLED, "Check the cells' and selectors' parameters.")


def conductances_at(cells: CellLaw, v_read: float = DEFAULT_READ_VOLTAGE) -> Array:
    """Current over voltage, siemens, (m, n), with `v_read` volt on the word lines and the bit lines at 0 V.

    Raises
    ------
    InputError
        For a voltage that is not above 0, or at which the cells' law does not hold.
    """
    positive_number("v_read", v_read, "V")
    cells.check_inputs(v_read, 0.0)
    return cells.currents(np.full(cells.shape, float(v_read)), np.zeros(cells.shape))[0] / v_read


def linearised(cells: CellLaw, v_word: Any = DEFAULT_READ_VOLTAGE, v_bit: Any = 0.0) -> LinearCells:
    """The cells' small-signal conductances: how fast their currents grow with the word lines' voltages.

    Parameters
    ----------
    cells : CellLaw
        The cells.
    v_word, v_bit : float or array, broadcastable to (m, n)
        The operating point, volt.

    Raises
    ------
    InputError
        For voltages of another shape, or at which the cells' law does not hold.
    """
    cells.check_inputs(v_word, v_bit)
    ends = (("v_word", v_word), ("v_bit", v_bit))
    at = [_broadcast(name, finite_array(name, values, "V"), cells.shape) for name, values in ends]
    return LinearCells(conductances=cells.currents(*at)[1])


def _sinh(x: Array) -> tuple[Array, Array]:
    """``sinh(x)`` and its slope, along the tangent beyond ``LARGEST_ARGUMENT`` either way."""
    within = np.clip(x, -LARGEST_ARGUMENT, LARGEST_ARGUMENT)
    rise = np.cosh(within)
    return np.sinh(within) + rise * (x - within), rise


def _asinh(y: Array) -> tuple[Array, Array]:
    """The inverse of :func:`_sinh` and its slope."""
    within = np.clip(y, -_LARGEST_VALUE, _LARGEST_VALUE)
    rise = np.hypot(1.0, within)
    return np.arcsinh(within) + (y - within) / rise, 1.0 / rise


def _matrix(argument: str, values: Any) -> Array:
    """Conductances (m, n), siemens."""
    matrix = non_negative_array(argument, values, "S")
    if matrix.ndim != 2:
        raise InputError(argument, "an array (m, n)", f"shape {matrix.shape}")
    return matrix


def _broadcast(argument: str, values: Any, shape: tuple[int, ...]) -> Any:
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise InputError(argument, f"of a shape that broadcasts to {shape}", f"shape {values.shape}") from None


def _keep(cells: Any, field: str, values: NDArray[Any]) -> None:
    """Set a frozen dataclass's field to its checked values, which nobody can change."""
    kept = values.view()
    kept.flags.writeable = False
    object.__setattr__(cells, field, kept)


def _shape_of(conductances: Array) -> tuple[int, int]:
    rows, columns = conductances.shape
    return rows, columns


def _range_of(v_word_lines: Any, v_bit_lines: Any) -> tuple[float, float]:
    """Lowest and highest of all sources' voltages, volt."""
    both = [
        finite_array(name, values, "V")
        for name, values in (("v_word_lines", v_word_lines), ("v_bit_lines", v_bit_lines))
    ]
    return min(float(v.min()) for v in both), max(float(v.max()) for v in both)
