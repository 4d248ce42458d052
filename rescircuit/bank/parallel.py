"""Banks: resistors in parallel, each behind a switch (figure 6.1 of da Cunha 2023), as one programmable conductance.

A bank's value is not the sum of its resistors' conductances but of its *branches*', resistor and switch in series,
at a stated read voltage. An open branch may leak. With on- and off-conductances ``a`` and ``b`` a setting ``s``
gives ``sum(b) + sum(s * (a - b))``: equation (6.1) with items ``a - b`` and the target less ``sum(b)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from rescircuit.bank.base import SwitchedComponents, fit_shapes, read_only
from rescircuit.bank.branches import branch, branch_current
from rescircuit.bank.settings import Mask, Setting, checked_mask, programmed_sum
from rescircuit.checks import Array, finite_array, non_negative_array, positive_number
from rescircuit.devices.coefficients import broadcast
from rescircuit.devices.switches import AntiFuse, BranchCurrent, Fuse, OneTimeSwitches
from rescircuit.errors import InputError

__all__ = ["DEFAULT_READ_VOLTAGE", "Bank"]

DEFAULT_READ_VOLTAGE = 0.1  # volt: small enough to keep a switch linear, large enough to measure


@dataclass(frozen=True, kw_only=True, eq=False)
class Bank(SwitchedComponents):
    """One parallel bank of `n` resistors with switches, or an array of such banks.

    Parameters
    ----------
    resistances : array (..., n)
        The resistors as they are, ohm; leading axes number banks.
    switch : Switch
        The switch in series with each resistor.
    v_read : float
        Read voltage, volt: conductance is current over this voltage.
    stuck_closed, stuck_open : bool array, optional
        Faults of the chip, broadcasting to (..., n): these switches stay as they are whatever the setting says. A
        resistor that is broken is one whose switch is stuck open.
    one_time : OneTimeSwitches, optional
        The state of fuses or anti-fuses that were blown, see :meth:`blow`; then no setting changes anything.
    coefficients, areas, temperature, age, seed, chip
        See :class:`rescircuit.bank.base.SwitchedComponents`.

    Raises
    ------
    InputError
        For resistances that are not finite and above zero, a read voltage that is not above zero, or a switch that is
        stuck both ways.
    """

    values_name: ClassVar[str] = "resistances"
    unit: ClassVar[str] = "ohm"
    falling: ClassVar[bool] = False

    resistances: Array
    v_read: float = DEFAULT_READ_VOLTAGE
    stuck_closed: Mask | None = None
    stuck_open: Mask | None = None
    one_time: OneTimeSwitches | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        positive_number("v_read", self.v_read, "V")
        if isinstance(self.switch, type) or not hasattr(self.switch, "branch_current"):
            raise InputError("switch", "a switch, such as NMOS(w_over_l=10) or IdealSwitch()", self.switch)
        for name in ("stuck_closed", "stuck_open"):
            self._keep_faults(name)
        if (
            self.stuck_closed is not None
            and self.stuck_open is not None
            and (self.stuck_closed & self.stuck_open).any()
        ):
            raise InputError("stuck_open", "of other switches than stuck_closed", "one that is stuck both ways")
        if self.one_time is not None and self.one_time.closed.shape != self.resistances.shape:
            raise InputError("one_time", f"of shape {self.resistances.shape}", f"shape {self.one_time.closed.shape}")

    @cached_property
    def on_conductances(self) -> Array:
        """What each branch conducts at `v_read` with its switch closed, siemens, (..., n); of healthy switches."""
        return self._branch_conductances(closed=True)

    @cached_property
    def off_conductances(self) -> Array:
        """What each branch conducts at `v_read` with its switch open, siemens, (..., n); of healthy switches."""
        return self._branch_conductances(closed=False)

    @property
    def full_scale(self) -> Array:
        """What the bank conducts at `v_read` with all switches closed that close, siemens, (...)."""
        if self.stuck_open is None and self.one_time is None:
            return self.on_conductances.sum(axis=-1)
        closed = self.actual_mask(np.ones(self.n, bool))
        return np.where(closed, self.on_conductances, self.off_conductances).sum(axis=-1)

    def actual_mask(self, mask: Any) -> Mask:
        """The setting that comes about when `mask` (..., n) is asked for: faults stay as they are."""
        return self._despite_faults(self.checked_setting(mask), ...)

    def branch(self, v_in: Array, v_out: Array, *, closed: Any, item: int) -> BranchCurrent:
        """Current of branch `item` of every bank from `v_in` to `v_out`, and its derivatives by both.

        Parameters
        ----------
        v_in, v_out, closed : array (...)
            Volt, and whether its switch is asked to be closed; broadcast against the banks.
        item : int
            Which resistor of each bank, 0 to n - 1.
        """
        at = (..., item)
        closed = self._despite_faults(closed, at)
        switch, coefficients = self.switch.part(at), self.coefficients.part(at)
        return branch(self.resistances[at], coefficients, switch, v_in, v_out, closed=closed)

    def current(self, mask: Any, voltage: Any) -> Any:
        """Output current into the virtual ground, ampere.

        Parameters
        ----------
        mask : bool array (..., n)
            The setting; leading axes broadcast against the banks'.
        voltage : float or array (...)
            Input voltage, volt; leading axes broadcast against the banks'.

        Raises
        ------
        InputError
            For a mask of another length, or a negative voltage at NMOS switches.
        """
        across = finite_array("voltage", voltage, "V")
        mask = self.checked_setting(mask, voltage=across)
        through = [self._branch_currents(across[..., np.newaxis], closed=closed) for closed in (True, False)]
        return np.where(self.actual_mask(mask), *through).sum(axis=-1)[()]

    def conductance(self, mask: Any, v_read: float | None = None) -> Any:
        """Current over voltage, siemens, of a setting at `v_read` volt (by default the bank's own)."""
        voltage = self.v_read if v_read is None else positive_number("v_read", v_read, "V")
        return self.current(mask, voltage) / voltage

    def slope(self, mask: Any, voltage: float = 0.0) -> Any:
        """Growth of the current with the voltage, dI/dV, at `voltage` volt, siemens."""
        v_in, v_out = finite_array("voltage", voltage, "V"), np.zeros(())
        mask = self.checked_setting(mask, voltage=v_in)
        parts = [self.branch(v_in, v_out, closed=mask[..., k], item=k)[1] for k in range(self.n)]
        return np.sum(parts, axis=0)[()]

    def program(
        self,
        target: Any,
        *,
        method: str = "auto",
        closed: int | tuple[int, int] | None = None,
        stuck_closed: Any = None,
        stuck_open: Any = None,
        best: int | None = None,
        tolerance: float | None = None,
        cost: Any = None,
        time_limit: float | None = None,
        memory_limit: int = 2 << 30,
        progress: Callable[[float], None] | None = None,
    ) -> Setting:
        """The setting whose conductance at `v_read` comes closest to `target`: equation (6.1), solved exactly.

        Parameters
        ----------
        target : float or array (...)
            Siemens, at least 0; axes broadcast against the banks'.
        closed : int or (int, int), optional
            Close exactly so many switches, or from so many to so many.
        stuck_closed, stuck_open : bool array (n,) or (..., n), optional
            Switches that do not move; by default the bank's own.
        best : int, optional
            Give so many of the best settings, the closest first, on an axis of their own before the last.
        tolerance : float, optional
            Any error up to this, siemens, will do; then the fewest switches are closed, or the least cost.
        cost : array (n,), optional
            What each closed switch costs: a power, an area, a temperature coefficient; with a tolerance.
        method, time_limit, memory_limit, progress
            See :func:`rescircuit.subset_sum`.

        Raises
        ------
        InputError
            For targets that are not finite or negative, shapes that do not broadcast, too many resistors, or demands
            that contradict each other.
        """
        if self.one_time is not None:
            raise InputError(
                "bank",
                "one whose switches still move",
                "one with blown switches",
                "It keeps its setting for good; take one as it was made.",
            )
        target = non_negative_array("target", target, "S")
        fit_shapes(self.shape, [("target", target)])
        found = programmed_sum(
            self.on_conductances,
            self.off_conductances,
            target,
            method=method,
            count=closed,
            chosen=self.stuck_closed if stuck_closed is None else stuck_closed,
            excluded=self.stuck_open if stuck_open is None else stuck_open,
            best=best,
            tolerance=tolerance,
            cost=cost,
            time_limit=time_limit,
            memory_limit=memory_limit,
            progress=progress,
        )
        del found["total"]
        return Setting(conductance=found.pop("value"), v_read=self.v_read, **found)

    def blow(self, mask: Any) -> Bank:
        """The bank once its fuses or anti-fuses are blown to a setting; they keep it for good.

        Parameters
        ----------
        mask : bool array (..., n)
            The setting, such as :meth:`program` finds it.

        Raises
        ------
        InputError
            For switches of another kind, banks that are blown already, and what faults do not allow.
        """
        if not isinstance(self.switch, Fuse | AntiFuse):
            raise InputError("switch", "a Fuse or an AntiFuse", self.switch, "Others are set again at any time.")
        wanted = np.broadcast_to(checked_mask(mask, self.n), self.resistances.shape)
        if (self._despite_faults(wanted, ...) != wanted).any() and self.one_time is None:
            raise InputError("mask", "a setting that leaves stuck switches as they are", "one that moves them")
        state = self.one_time or OneTimeSwitches.as_made(self.switch, self.resistances.shape)
        return replace(self, one_time=state.blow(wanted))

    def _despite_faults(self, closed: Any, at: Any) -> Any:
        """What becomes of switches asked to be `closed`, those `at` this place in (..., n)."""
        if self.one_time is not None:
            state = self.one_time.closed[at]
            closed = np.broadcast_to(state, np.broadcast_shapes(np.shape(closed), state.shape))
        if self.stuck_closed is not None:
            closed = closed | self.stuck_closed[at]
        return closed if self.stuck_open is None else closed & ~self.stuck_open[at]

    def _parts(self, at: Any) -> dict[str, Any]:
        faults = {name: getattr(self, name) for name in ("stuck_closed", "stuck_open")}
        state = None if self.one_time is None else replace(self.one_time, closed=self.one_time.closed[at])
        own = {name: None if flags is None else flags[at] for name, flags in faults.items()}
        return super()._parts(at) | own | {"one_time": state}

    def _branch_conductances(self, *, closed: bool) -> Array:
        return read_only(self._branch_currents(np.asarray(self.v_read), closed=closed) / self.v_read)

    def _branch_currents(self, voltage: Array, *, closed: bool) -> Array:
        return branch_current(self.resistances, self.coefficients, self.switch, voltage, closed=closed)

    def _keep_faults(self, name: str) -> None:
        """The flags as an array of all switches, or None where there is no fault."""
        flags = getattr(self, name)
        if flags is None:
            return
        given = np.asarray(flags)
        if given.dtype != np.bool_:
            raise InputError(name, f"booleans (..., {self.n})", f"shape {given.shape} of {given.dtype.name}")
        kept = broadcast(name, given, self.resistances.shape)
        object.__setattr__(self, name, kept if kept.any() else None)
