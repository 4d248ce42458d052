"""Capacitor banks: capacitors in parallel, each behind a switch, that give charge instead of current.

It is the bank of figure 6.1 (da Cunha 2023) with a capacitor in each branch: a step of ``V`` at the input moves
``V`` times the closed branches' capacitance into the virtual ground. An open switch is a small capacitance in series,
`c_off`. With ``a = C`` and ``b = C c_off / (C + c_off)`` a setting ``s`` gives ``sum(b) + sum(s * (a - b))`` farad:
equation (6.1). What a switch's resistance takes is time, not charge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from rescircuit.bank.base import SwitchedComponents, fit_shapes, read_only
from rescircuit.bank.settings import CapacitorSetting, programmed_sum
from rescircuit.checks import Array, finite_array, finite_number, non_negative_array, non_negative_number
from rescircuit.devices.switches import IdealSwitch
from rescircuit.errors import InputError

__all__ = ["CapacitorBank"]


@dataclass(frozen=True, kw_only=True, eq=False)
class CapacitorBank(SwitchedComponents):
    """One parallel bank of `n` capacitors with switches, or an array of such banks.

    Parameters
    ----------
    capacitances : array (..., n)
        The capacitors as they are at 0 V, farad; leading axes number banks.
    switch : IdealSwitch
        The switch in series with each; its on-resistance sets how fast charge settles.
    c_off : float
        Capacitance across an open switch, farad.
    coefficients, areas, temperature, age, seed, chip
        See :class:`rescircuit.bank.base.SwitchedComponents`.

    Raises
    ------
    InputError
        For capacitances that are not finite and above zero, a switch that is not linear, or one that leaks: charge
        would flow for ever.

    Examples
    --------
    >>> import rescircuit as rc
    >>> mim = rc.Capacitor(nominal=100e-15, common=0.1, mismatch=0.005)
    >>> bank = rc.CapacitorBank.sample(mim, n=12, seed=1)
    >>> setting = bank.program(0.5e-12)
    >>> bool(abs(setting.error) < 1e-16), setting.status
    (True, 'optimal')
    """

    values_name: ClassVar[str] = "capacitances"
    unit: ClassVar[str] = "F"
    falling: ClassVar[bool] = True

    capacitances: Array
    c_off: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.switch, IdealSwitch):
            raise InputError("switch", "an IdealSwitch in a capacitor bank", self.switch)
        if np.isfinite(self.switch.r_off).any():
            hint = "Its charge would never settle; give the open switch a c_off instead."
            raise InputError("switch", "one without leakage (r_off = inf) in a capacitor bank", self.switch, hint)
        non_negative_number("c_off", self.c_off, "F")

    @property
    def on_capacitances(self) -> Array:
        """What each branch adds with its switch closed, at small voltages, farad, (..., n)."""
        return self.capacitances

    @cached_property
    def off_capacitances(self) -> Array:
        """What each branch adds with its switch open, at small voltages, farad, (..., n)."""
        return read_only(self.c_off / (1.0 + self.c_off / self.capacitances))

    @property
    def full_scale(self) -> Array:
        """Capacitance with all switches closed, farad, (...)."""
        return self.on_capacitances.sum(axis=-1)

    def capacitance(self, mask: Any) -> Any:
        """Capacitance of a setting at small voltages, farad; leading axes of `mask` (..., n) broadcast."""
        return np.where(self.checked_setting(mask), self.on_capacitances, self.off_capacitances).sum(axis=-1)[()]

    def charge(self, mask: Any, voltage: Any) -> Any:
        """Charge into the virtual ground after a step from 0 V to `voltage`, coulomb.

        Parameters
        ----------
        mask : bool array (..., n)
            The setting; leading axes broadcast against the banks'.
        voltage : float or array (...)
            The step, volt, of any sign; axes broadcast against the banks'. Of an open switch `c_off` takes nearly all
            of it, so that the voltage coefficients act on closed branches.
        """
        step = finite_array("voltage", voltage, "V")
        mask = self.checked_setting(mask, voltage=step)
        factor, _ = self.coefficients.with_voltage(step[..., np.newaxis])
        capacitances = np.where(mask, self.on_capacitances * factor, self.off_capacitances)
        return (step * capacitances.sum(axis=-1))[()]

    def settling_time(self, tolerance: float = 1e-3) -> Any:
        """Time after which the slowest closed branch is within `tolerance` of its charge, second, (...)."""
        if not 0 < finite_number("tolerance", tolerance) < 1:
            raise InputError("tolerance", "above 0 and below 1", tolerance)
        slowest = (self.capacitances * self.switch.r_on).max(axis=-1)
        return (slowest * -np.log(tolerance))[()]

    def program(
        self, target: Any, *, best: int | None = None, progress: Callable[[float], None] | None = None
    ) -> CapacitorSetting:
        """The setting whose capacitance comes closest to `target`, exactly.

        Parameters
        ----------
        target : float or array (...)
            Farad, at least 0; axes broadcast against the banks'.
        best, progress
            See :meth:`rescircuit.Bank.program`.

        Raises
        ------
        InputError
            For targets that are not finite or negative, shapes that do not broadcast, or too many capacitors.
        """
        target = non_negative_array("target", target, "F")
        fit_shapes(self.shape, [("target", target)])
        found = programmed_sum(self.on_capacitances, self.off_capacitances, target, best=best, progress=progress)
        del found["total"]
        return CapacitorSetting(capacitance=found.pop("value"), **found)
