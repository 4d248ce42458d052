"""A measured chip: what each switch adds, with error bars, and how these errors hang together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank.settings import checked_mask
from rescircuit.calibration.error_model import SIGNIFICANT, ErrorSources, error_sources, variances
from rescircuit.calibration.kept_arrays import checked_flags, kept_array
from rescircuit.calibration.patterns import Patterns, as_patterns
from rescircuit.calibration.programming import CalibratedSetting, program_calibrated
from rescircuit.calibration.read_out import ReadOut
from rescircuit.calibration.switch_removal import resistances_behind
from rescircuit.checks import Array, finite_array, finite_number, non_negative_array, positive_array, positive_number
from rescircuit.devices.switches import Switch
from rescircuit.errors import InputError

__all__ = ["Calibration"]

_FLAGS = ("dead", "stuck_open", "stuck_closed")


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """What a read-out found out of one bank of `n` switches, or of an array of them.

    Parameters
    ----------
    values : array (..., n)
        What closing a switch adds to a bank's conductance at `v_read`, siemens.
    offset : array (...)
        What the bank conducts with all switches open, siemens.
    standard_errors : array (..., n)
        Of the values, siemens: random and systematic errors together.
    offset_standard_error : array (...)
        Of the offset, siemens.
    v_read : float
        Volt.
    read_out : ReadOut or None
        The datasheet of what it was measured with, its full scale fitted. None for values from elsewhere, of which only
        the standard errors are known: they are then taken as independent of each other.
    patterns : Patterns or None
        The settings at which it was read; None where there is no read-out.
    temperature : float
        At which it was measured, °C.
    wire_resistance : array (...)
        In series with the banks, ohm; taken out of all values.
    scale : array (...)
        By which readings were multiplied to make the reference its nominal value; 1 where there is no reference.
    dead : bool array (..., n)
        Switches that add nothing within four standard errors: an open resistor, a switch that does not move, or a
        value too small for this read-out. Not used in programming.
    clipped : bool array (...)
        Banks with a reading at the end of the converter's range: their values are wrong by an unknown amount.
    stuck_open, stuck_closed : bool array (..., n)
        Switches that were found not to move after the measurement, see :meth:`with_faults`.
    provenance : object or None
        Where it comes from.

    Raises
    ------
    InputError
        For shapes that do not fit, numbers that are not finite, or errors below zero.
    """

    values: Array
    offset: Array
    standard_errors: Array
    offset_standard_error: Array
    v_read: float
    read_out: ReadOut | None = None
    patterns: Patterns | None = None
    temperature: float = 27.0
    wire_resistance: Any = 0.0
    scale: Any = 1.0
    dead: Any = None
    clipped: Any = None
    stuck_open: Any = None
    stuck_closed: Any = None
    provenance: Any = None

    def __post_init__(self) -> None:
        values = finite_array("values", self.values, "S")
        if values.ndim == 0:
            raise InputError("values", "an array (..., n)", float(values))
        positive_number("v_read", self.v_read, "V")
        finite_number("temperature", self.temperature)
        if not isinstance(self.read_out, ReadOut | None):
            raise InputError("read_out", "a ReadOut or None", self.read_out)
        if (self.patterns is None) != (self.read_out is None):
            raise InputError("patterns", "given with a read-out and only then", self.patterns)
        if self.patterns is not None:
            as_patterns(self.patterns, values.shape[-1])
        arrays: dict[str, NDArray[Any]] = {
            "values": values,
            "offset": finite_array("offset", self.offset, "S"),
            "standard_errors": non_negative_array("standard_errors", self.standard_errors, "S"),
            "offset_standard_error": non_negative_array("offset_standard_error", self.offset_standard_error, "S"),
            "wire_resistance": non_negative_array("wire_resistance", self.wire_resistance, "ohm"),
            "scale": positive_array("scale", self.scale),
        }
        for name in (*_FLAGS, "clipped"):
            arrays[name] = checked_flags(name, getattr(self, name))
        for name, array in arrays.items():
            shape = values.shape if name in {"values", "standard_errors", *_FLAGS} else values.shape[:-1]
            if name not in {"wire_resistance", "scale", *_FLAGS, "clipped"} and array.shape != shape:
                raise InputError(name, f"of shape {shape}", f"shape {array.shape}")
            object.__setattr__(self, name, kept_array(name, array, shape))

    @property
    def n(self) -> int:
        """Switches in a bank."""
        return self.values.shape[-1]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of banks; ``()`` for one bank."""
        return self.values.shape[:-1]

    @property
    def stands_out(self) -> NDArray[np.bool_]:
        """Banks in which a dead switch meets an offset beyond four standard errors: likely one stuck closed, (...)."""
        return self.dead.any(axis=-1) & (self.offset > SIGNIFICANT * self.offset_standard_error)

    def bank(self, index: int | tuple[int, ...]) -> Calibration:
        """The calibration of one bank (or of a part of an array, by its leading axes)."""
        try:
            parts = {name: getattr(self, name)[index] for name in _ARRAYS}
        except IndexError:
            raise InputError("index", f"within the banks' shape {self.shape}", index) from None
        return replace(self, **parts)

    def flat(self, place: Any) -> Calibration:
        """The banks numbered `place` in C order, (b,) of them."""
        parts = {name: getattr(self, name) for name in _ARRAYS}
        try:
            kept = {name: array.reshape(-1, *array.shape[len(self.shape) :])[place] for name, array in parts.items()}
        except IndexError:
            raise InputError("place", f"numbers of the {self.offset.size} banks", place) from None
        return replace(self, **kept)

    def with_axis(self) -> Calibration:
        """The same with a last axis of length 1 among the banks', against which several settings a bank broadcast."""
        axis = len(self.shape)
        return replace(self, **{name: np.expand_dims(getattr(self, name), axis) for name in _ARRAYS})

    def estimate(self, mask: Any) -> Any:
        """What settings conduct at `v_read` by this calibration, siemens; bool (..., n) to (...)."""
        mask = checked_mask(mask, self.n)
        self._common_shape(mask)
        return (self.offset + np.where(mask, self.values, 0.0).sum(axis=-1))[()]

    def error_of(self, mask: Any) -> Any:
        """Standard error of what settings conduct, siemens, with all correlations: ``sqrt(s' C s)``.

        Parameters
        ----------
        mask : bool array (..., n)
            Leading axes broadcast against the banks'.

        Returns
        -------
        float or array (...)
        """
        mask = checked_mask(mask, self.n)
        weights = self.weights(mask)
        shape = self._common_shape(mask)
        result = np.empty(shape)
        flat = np.broadcast_to(weights, (*shape, weights.shape[-1])).reshape(-1, weights.shape[-1])
        place = np.broadcast_to(np.arange(max(1, self.offset.size)).reshape(self.shape), shape).reshape(-1)
        output = result.reshape(-1)
        for first in range(0, len(flat), _BLOCK):
            rows = slice(first, first + _BLOCK)
            output[rows] = np.sqrt(variances(self.sources(place[rows]), flat[rows].T))
        return result[()] if shape else float(output[0])

    def _common_shape(self, mask: NDArray[np.bool_]) -> tuple[int, ...]:
        try:
            return np.broadcast_shapes(self.shape, mask.shape[:-1])
        except ValueError:
            required = f"of a shape that broadcasts against the banks' {self.shape}"
            raise InputError("mask", required, f"shape {mask.shape[:-1]}") from None

    def covariance(self, index: int | tuple[int, ...] = ()) -> Array:
        """Covariance of one bank's values, (n, n) siemens squared; :meth:`full_covariance` has the offset's too.

        Random errors, quantisation included, go through the least squares; a gain error is fully correlated; the
        integral non-linearity is correlated as its modes are.
        """
        return self.full_covariance(index)[:-1, :-1]

    def full_covariance(self, index: int | tuple[int, ...] = ()) -> Array:
        """The same of the values and the offset, (n + 1, n + 1)."""
        one = self.bank(index)
        if one.shape:
            raise InputError("index", f"the place of one bank in shape {self.shape}", index)
        sources = one.sources(np.zeros(1, np.intp))
        solution = self._solution
        shared = sources.shared[:, :, 0] @ solution.T
        return (solution * sources.own[:, 0]) @ solution.T + shared.T @ shared

    @property
    def _solution(self) -> Array:
        """What gives values and offset from the readings, (n + 1, p)."""
        return np.eye(self.n + 1) if self.patterns is None else self.patterns.solution

    def weights(self, mask: NDArray[np.bool_]) -> Array:
        """What gives the conductance of settings from the readings: bool (..., n) to (..., p)."""
        chosen = np.concatenate([mask, np.ones((*mask.shape[:-1], 1), np.bool_)], axis=-1)
        return chosen @ self._solution

    def sources(self, place: Any) -> ErrorSources:
        """What disturbs the readings of the patterns, for the banks numbered `place` (b,) in C order."""
        if self.read_out is None or self.patterns is None:
            errors = [
                self.standard_errors.reshape(-1, self.n)[place].T,
                self.offset_standard_error.reshape(1, -1)[:, place],
            ]
            own = np.concatenate(errors) ** 2
            return ErrorSources(own=own, shared=np.zeros((0, *own.shape)), systematic=0)
        joined = np.concatenate([self.values.reshape(-1, self.n)[place].T, self.offset.reshape(1, -1)[:, place]])
        conductances = np.maximum(self.patterns.design @ joined, 0.0)
        return error_sources(
            self.read_out,
            conductances,
            opened=joined[-1],
            closed=joined.sum(axis=0),
            v_read=self.v_read,
            wire_resistance=self.wire_resistance.reshape(-1)[place],
            scale=self.scale.reshape(-1)[place],
        )

    def with_faults(self, *, stuck_open: Any = None, stuck_closed: Any = None) -> Calibration:
        """The same chip after switches were found not to move any more: programming works around them.

        Parameters
        ----------
        stuck_open, stuck_closed : bool array (n,) or (..., n), optional
            Added to what was known before.

        Raises
        ------
        InputError
            For flags of another shape, or a switch in both.
        """
        faults = {}
        for name, found in (("stuck_open", stuck_open), ("stuck_closed", stuck_closed)):
            flags = kept_array(name, checked_flags(name, found), self.values.shape)
            faults[name] = flags | getattr(self, name)
        if (faults["stuck_open"] & faults["stuck_closed"]).any():
            raise InputError("stuck_closed", "without switches that are stuck open", "a switch in both")
        return replace(self, **faults)

    def program(
        self,
        target: Any,
        *,
        best: int | None = None,
        method: str = "auto",
        time_limit: float | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> CalibratedSetting:
        """The settings that by this calibration come closest to `target`, with the error to expect.

        Parameters
        ----------
        target : float or array (...)
            Siemens, at least 0; relative to the reference where there is one. Axes broadcast against the banks'.
        best, method, time_limit, progress
            See :func:`rescircuit.subset_sum`.

        Returns
        -------
        CalibratedSetting
            Dead switches and those stuck open stay open, those stuck closed count in every setting.

        Raises
        ------
        InputError
            For targets that are negative or not finite, or do not broadcast.
        """
        return program_calibrated(self, target, best=best, method=method, time_limit=time_limit, progress=progress)

    def resistances(self, switch: Switch) -> Array:
        """The resistors alone, ohm, (..., n): the switch's part taken out; infinite where the switch adds nothing.

        Raises
        ------
        InputError
            Where a value is more than the switch alone conducts.
        SolutionError
            Where the equation is not solved to 1e-12.
        """
        return resistances_behind(switch, self.values, self.v_read, alive=(self.values > 0) & ~self.dead)


_BLOCK = 1 << 14  # settings whose errors are computed at once
_ARRAYS = (
    "values",
    "offset",
    "standard_errors",
    "offset_standard_error",
    "wire_resistance",
    "scale",
    *_FLAGS,
    "clipped",
)
