"""Series banks: resistors in a string, each with a switch across it (figure 6.3 of da Cunha 2023).

A closed switch bypasses its resistor, an open one leaves it in the string: the item counts where its bypass is *open*.
With ``a = r || r_off`` and ``b = r || r_on`` the resistance of a setting ``s`` is ``sum(b) + sum(s * (a - b))``:
equation (6.1) in ohm instead of siemens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rescircuit.bank.nominals import spread_nominals
from rescircuit.bank.settings import Mask, checked_mask
from rescircuit.checks import Array, finite_array, non_negative_array, positive_array, whole_number
from rescircuit.devices import IdealSwitch
from rescircuit.devices.resistors import Resistor
from rescircuit.errors import InputError
from rescircuit.subsetsum import subset_sum

__all__ = ["SeriesBank", "SeriesSetting"]


@dataclass(frozen=True, kw_only=True)
class SeriesSetting:
    """A series bank's setting and what it gives; leading axes are the bank's and the targets', broadcast.

    Attributes
    ----------
    mask : bool array (..., n)
        ``True`` where the resistor counts: its bypass is open.
    resistance, conductance : float or array (...)
        Of the string with this setting, ohm and siemens.
    target_resistance, target_conductance : float or array (...)
        What was asked for, ohm and siemens; one is the other's reciprocal.
    resistance_error, conductance_error : float or array (...)
        What is there less what was asked for, ohm and siemens. Neither is converted from the other by a slope: both
        are differences of the exact values, correct to some 1e-15 of themselves.
    optimal_in : str
        ``"ohm"`` or ``"siemens"``: the unit of the error that was made smallest. As 1/x is curved, the other one need
        not be.
    bound : float or array (...)
        Proved: no setting has an error of smaller magnitude, in that unit.
    status : str or str array (...)
        ``"optimal"``: no setting comes closer. See :class:`rescircuit.subsetsum.Solution`.
    method : str
        The exact method that found the setting.
    """

    mask: Mask
    resistance: Any
    conductance: Any
    target_resistance: Any
    target_conductance: Any
    resistance_error: Any
    conductance_error: Any
    optimal_in: str
    bound: Any
    status: Any
    method: str

    def switch_states(self) -> Mask:
        """Which switches are closed, bool (..., n): those of the resistors that do not count."""
        return ~self.mask


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesBank:
    """One string of `n` resistors with bypass switches, or an array of such strings.

    Parameters
    ----------
    resistances : array (..., n)
        The resistors as they are, ohm; leading axes number banks.
    switch : IdealSwitch
        The switch across each resistor.
    seed, chip : int or None
        Where sampled resistances come from; ``None`` for given ones.

    Raises
    ------
    InputError
        For resistances that are not finite and above zero, or a switch that is not linear.
    """

    resistances: Array
    switch: IdealSwitch = IdealSwitch()
    seed: int | None = None
    chip: int | None = None

    def __post_init__(self) -> None:
        resistances = positive_array("resistances", self.resistances, "ohm")
        if resistances.ndim == 0:
            raise InputError("resistances", "an array (..., n)", float(resistances), "Write [r] for one resistor.")
        if not isinstance(self.switch, IdealSwitch):
            hint = (
                "The source of an NMOS bypass floats: its gate drive, and so its resistance, depends on its place in "
                "the string and on the other switches. Describe it as an IdealSwitch with the r_on of its worst case."
            )
            raise InputError("switch", "an IdealSwitch in a series bank", self.switch, hint)
        resistances.flags.writeable = False
        object.__setattr__(self, "resistances", resistances)

    @classmethod
    def sample(
        cls,
        resistor: Resistor,
        *,
        n: int,
        seed: int,
        switch: IdealSwitch = IdealSwitch(),
        nominals: str | Any = "geometric",
        ratio: float = 1.7,
        shape: tuple[int, ...] = (),
        chip: int = 0,
        start: int = 0,
    ) -> SeriesBank:
        """Sample one series bank of a chip, or `shape` of them.

        Parameters
        ----------
        resistor : Resistor
            The process's resistor; the string of all resistors has `n` times its nominal.
        n : int
            Resistors in a bank.
        seed, chip, start : int
            Which chip, and the global number of its first bank: the same banks come out in any chunking.
        switch : IdealSwitch
            The switch across each resistor.
        nominals : "geometric", "equal" or array (n,)
            Nominal resistances: falling by `ratio` from one to the next (the default), all equal, or given in ohm.
            See :func:`rescircuit.bank.spread_nominals`.
        ratio : float
            Above 1 and at most 2.
        shape : tuple of int
            Shape of the array of banks; ``()`` for one bank.
        """
        n = whole_number("n", n, 1)
        start = whole_number("start", start, 0)
        shape = tuple(whole_number("shape", length, 1) for length in shape)
        given = spread_nominals(resistor.nominal, n, nominals, ratio, in_series=True)
        resistances = resistor.sample((*shape, n), seed=seed, chip=chip, start=start * n, nominals=given)
        return cls(resistances=resistances, switch=switch, seed=seed, chip=chip)

    @property
    def n(self) -> int:
        """Resistors in a bank."""
        return self.resistances.shape[-1]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of banks; ``()`` for one bank."""
        return self.resistances.shape[:-1]

    @cached_property
    def counted_resistances(self) -> Array:
        """What each resistor has with its bypass open, ohm, (..., n)."""
        return self.resistances / (1.0 + self.resistances / self.switch.r_off)

    @cached_property
    def bypassed_resistances(self) -> Array:
        """What each resistor has with its bypass closed, ohm, (..., n)."""
        if self.switch.r_on == 0:
            return np.zeros_like(self.resistances)
        return self.resistances / (1.0 + self.resistances / self.switch.r_on)

    @property
    def full_scale(self) -> Array:
        """What the string has with all bypasses open, ohm, (...)."""
        return self.counted_resistances.sum(axis=-1)

    def resistance(self, mask: Any) -> Any:
        """Resistance of a setting, ohm; the leading axes of `mask` (..., n) broadcast against the banks'."""
        mask = checked_mask(mask, self.n)
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
        resistance = self.resistance(mask)
        if not np.all(resistance):
            raise InputError("mask", "a setting with a resistance", "all bypasses closed, of 0 ohm", "It is a short.")
        return finite_array("voltage", voltage, "V")[()] / resistance

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

    def _items(self) -> tuple[Array, Array]:
        """What each open bypass adds to the string, ohm, (..., n), and what is there without, (...)."""
        bypassed = self.bypassed_resistances
        return self.counted_resistances - bypassed, bypassed.sum(axis=-1)

    def _checked_target(self, target: Any, unit: str) -> Array:
        target = non_negative_array("target", target, unit)
        try:
            np.broadcast_shapes(target.shape, self.shape)
        except ValueError:
            required = f"of a shape that broadcasts against the banks' {self.shape}"
            raise InputError("target", required, f"shape {target.shape}") from None
        return target


def _reciprocal(values: Any) -> Any:
    with np.errstate(divide="ignore", over="ignore"):
        return np.divide(1.0, values)[()]
