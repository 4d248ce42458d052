"""Series banks: resistors in a string, each with a switch across it (figure 6.3 of da Cunha 2023).

A closed switch bypasses its resistor, an open one leaves it in the string: the item counts where its bypass is *open*.
With ``a = r || r_off`` and ``b = r || r_on`` the resistance of a setting ``s`` is ``sum(b) + sum(s * (a - b))``:
equation (6.1) in ohm instead of siemens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from rescircuit.bank.base import SwitchedComponents, fit_shapes, read_only
from rescircuit.bank.settings import Mask, SeriesSetting
from rescircuit.checks import Array, finite_array, non_negative_array
from rescircuit.devices.switches import IdealSwitch
from rescircuit.errors import InputError, SolutionError
from rescircuit.subsetsum import subset_sum

__all__ = ["SeriesBank"]

_SETTLED = 1e-15  # relative; the last bits of a factor need not come to rest
_MOST_STEPS = 100


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesBank(SwitchedComponents):
    """One string of `n` resistors with bypass switches, or an array of such strings.

    Parameters
    ----------
    resistances : array (..., n)
        The resistors as they are, ohm; leading axes number banks.
    switch : IdealSwitch
        The switch across each resistor.
    coefficients, areas, temperature, age, seed, chip
        See :class:`rescircuit.bank.base.SwitchedComponents`.

    Raises
    ------
    InputError
        For resistances that are not finite and above zero, or a switch that is not linear.
    """

    values_name: ClassVar[str] = "resistances"
    unit: ClassVar[str] = "ohm"
    falling: ClassVar[bool] = True

    resistances: Array

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.switch, IdealSwitch):
            hint = (
                "The source of an NMOS bypass floats: its gate drive, and so its resistance, depends on its place in "
                "the string and on the other switches. Describe it as an IdealSwitch with the r_on of its worst case."
            )
            raise InputError("switch", "an IdealSwitch in a series bank", self.switch, hint)

    @cached_property
    def counted_resistances(self) -> Array:
        """What each resistor has with its bypass open, at small voltages, ohm, (..., n)."""
        return read_only(_bypassed(self.resistances, np.asarray(self.switch.r_off)))

    @cached_property
    def bypassed_resistances(self) -> Array:
        """What each resistor has with its bypass closed, at small voltages, ohm, (..., n)."""
        return read_only(_bypassed(self.resistances, np.asarray(self.switch.r_on)))

    @property
    def full_scale(self) -> Array:
        """What the string has with all bypasses open, at small voltages, ohm, (...)."""
        return self.counted_resistances.sum(axis=-1)

    def resistance(self, mask: Any) -> Any:
        """Resistance of a setting, ohm; the leading axes of `mask` (..., n) broadcast against the banks'."""
        mask = self.checked_setting(mask)
        return np.where(mask, self.counted_resistances, self.bypassed_resistances).sum(axis=-1)[()]

    def conductance(self, mask: Any) -> Any:
        """Conductance of a setting, siemens; infinite where all resistors are bypassed by switches of 0 ohm."""
        return _reciprocal(self.resistance(mask))

    def current(self, mask: Any, voltage: Any) -> Any:
        """Current through the string, ampere.

        Parameters
        ----------
        mask : bool array (..., n)
            The setting; leading axes broadcast against the banks'.
        voltage : float or array (...)
            Voltage over the string, volt, of any sign; axes broadcast against the banks'.

        Raises
        ------
        InputError
            For a mask of another length, or a setting without resistance.
        """
        across = finite_array("voltage", voltage, "V")
        mask = self.checked_setting(mask, voltage=across)
        if not np.all(self.resistance(mask)):
            raise InputError("mask", "a setting with a resistance", "all bypasses closed, of 0 ohm", "It is a short.")
        if not self.coefficients.voltage_dependent:
            return across[()] / self.resistance(mask)
        return self._at_its_voltages(mask, across)[()]

    def slope(self, mask: Any, voltage: float = 0.0) -> Any:
        """Growth of the current with the voltage, dI/dV, at 0 V, siemens, where voltage coefficients do not act."""
        if voltage:
            raise InputError("voltage", "0 V in a series bank", voltage)
        return self.conductance(mask)

    def program_resistance(self, target: Any, *, progress: Callable[[float], None] | None = None) -> SeriesSetting:
        """The setting whose resistance comes closest to `target` in ohm, exactly.

        Parameters
        ----------
        target : float or array (...)
            Ohm, at least 0; axes broadcast against the banks'.
        progress : callable, optional
            Called with the number of settings found since the last call.

        Raises
        ------
        InputError
            For targets that are not finite or negative, shapes that do not broadcast, or too many resistors.
        """
        target = self._checked_target(target, "ohm")
        items, offset = self._items()
        solution = subset_sum(items, target, offset=offset, progress=progress)
        resistance, error = np.asarray(solution.total), np.asarray(solution.residual)
        target = np.broadcast_to(target, resistance.shape)
        # 1/x - 1/t = (t - x) / (t x); where a resistance is 0 the difference is infinite, or none.
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            converted = np.where(error == 0, 0.0, -error / target / resistance)
        return SeriesSetting(
            mask=solution.mask,
            resistance=resistance[()],
            conductance=_reciprocal(resistance),
            target_resistance=target[()],
            target_conductance=_reciprocal(target),
            resistance_error=error[()],
            conductance_error=converted[()],
            optimal_in="ohm",
            bound=solution.bound,
            status=solution.status,
            method=solution.method,
        )

    def program(self, target: Any, *, progress: Callable[[float], None] | None = None) -> SeriesSetting:
        """The setting whose conductance comes closest to `target` in siemens, exactly.

        The closest resistance in ohm need not be it; see :mod:`rescircuit.subsetsum.reciprocal`.

        Parameters
        ----------
        target : float or array (...)
            Siemens, at least 0; axes broadcast against the banks'. At 0 all resistors are put into the string.
        progress : callable, optional
            Called with the number of settings found since the last call.

        Raises
        ------
        InputError
            As :meth:`program_resistance`.
        """
        target = self._checked_target(target, "S")
        # numba is imported with the first problem, not with the package.
        from rescircuit.subsetsum.reciprocal import closest_reciprocals

        items, offset = self._items()
        found = closest_reciprocals(items, target, offset, progress=progress)
        target = np.broadcast_to(target, found.total.shape)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            # x - 1/g = (1/x - g) times -x/g
            converted = np.where(found.error == 0, 0.0, -found.error * found.total / target)
        return SeriesSetting(
            mask=found.mask,
            resistance=found.total[()],
            conductance=_reciprocal(found.total),
            target_resistance=_reciprocal(target),
            target_conductance=target[()],
            resistance_error=converted[()],
            conductance_error=found.error[()],
            optimal_in="siemens",
            bound=np.abs(found.error)[()],
            status=np.full(target.shape, "optimal") if target.shape else "optimal",
            method="one-sided walks",
        )

    def _at_its_voltages(self, mask: Mask, across: Array) -> Array:
        """Current of a string whose resistors have voltage coefficients, ampere, by going round.

        Each resistor is taken as it is at its share of the voltage, and the shares follow from the resistances.
        """
        bypass = np.where(mask, self.switch.r_off, self.switch.r_on)
        factor = np.ones(())
        change = np.inf
        for _ in range(_MOST_STEPS):
            parts = _bypassed(self.resistances * factor, bypass)
            current = across / parts.sum(axis=-1)
            before = factor
            factor, _ = self.coefficients.with_voltage(current[..., np.newaxis] * parts)
            change = float(np.max(np.abs(factor - before) / np.maximum(factor, 1.0)))
            if change <= _SETTLED:
                return current
        raise SolutionError("string's voltages", change, _SETTLED, "Lower the voltage coefficients vc1 and vc2.")

    def _items(self) -> tuple[Array, Array]:
        """What each open bypass adds to the string, ohm, (..., n), and what is there without, (...)."""
        bypassed = self.bypassed_resistances
        return self.counted_resistances - bypassed, bypassed.sum(axis=-1)

    def _checked_target(self, target: Any, unit: str) -> Array:
        target = non_negative_array("target", target, unit)
        fit_shapes(self.shape, [("target", target)])
        return target


def _bypassed(resistances: Array, bypass: Array) -> Array:
    """Resistors with a resistance across each: none of it where that is 0, all where it is infinite."""
    with np.errstate(divide="ignore"):
        return resistances / (1.0 + resistances / bypass)


def _reciprocal(values: Any) -> Any:
    with np.errstate(divide="ignore", over="ignore"):
        return np.divide(1.0, values)[()]
