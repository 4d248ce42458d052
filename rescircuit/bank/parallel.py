"""Banks: resistors in parallel, each behind a switch (figure 6.1 of da Cunha 2023), as one programmable conductance.

A bank's value is not the sum of its resistors' conductances but of its *branches*', resistor and switch in series,
at a stated read voltage. An open branch may leak. With on- and off-conductances ``a`` and ``b`` a setting ``s``
gives ``sum(b) + sum(s * (a - b))``: equation (6.1) with items ``a - b`` and the target less ``sum(b)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rescircuit.bank.nominals import spread_nominals
from rescircuit.bank.settings import Setting, checked_mask
from rescircuit.checks import (
    Array,
    finite_array,
    non_negative_array,
    positive_array,
    positive_number,
    whole_number,
)
from rescircuit.devices.resistors import Resistor
from rescircuit.devices.switches import IdealSwitch, Switch
from rescircuit.errors import InputError
from rescircuit.subsetsum import subset_sum

__all__ = ["DEFAULT_READ_VOLTAGE", "Bank"]

MOST_RESISTORS = 4096  # in a bank: far more than can be programmed, and no memory to speak of
DEFAULT_READ_VOLTAGE = 0.1  # volt: small enough to keep a switch linear, large enough to measure


@dataclass(frozen=True, kw_only=True, eq=False)
class Bank:
    """One parallel bank of `n` resistors with switches, or an array of such banks.

    Parameters
    ----------
    resistances : array (..., n)
        The resistors as they are, ohm; leading axes number banks.
    switch : Switch
        The switch behind each resistor, on the virtual-ground side.
    v_read : float
        Read voltage, volt: conductance is current over this voltage.
    seed, chip : int or None
        Where sampled resistances come from; ``None`` for given ones.

    Raises
    ------
    InputError
        For resistances that are not finite and above zero, or a read voltage that is not above zero.
    """

    resistances: Array
    switch: Switch = IdealSwitch()
    v_read: float = DEFAULT_READ_VOLTAGE
    seed: int | None = None
    chip: int | None = None

    def __post_init__(self) -> None:
        resistances = positive_array("resistances", self.resistances, "ohm")
        if resistances.ndim == 0:
            raise InputError("resistances", "an array (..., n)", float(resistances), "Write [r] for one resistor.")
        resistances.flags.writeable = False
        object.__setattr__(self, "resistances", resistances)
        positive_number("v_read", self.v_read, "V")
        if not hasattr(self.switch, "branch_current"):
            raise InputError("switch", "a switch, such as NMOS(w_over_l=10) or IdealSwitch()", self.switch)

    @classmethod
    def sample(
        cls,
        resistor: Resistor,
        *,
        n: int,
        seed: int,
        switch: Switch = IdealSwitch(),
        nominals: str | Any = "geometric",
        ratio: float = 1.7,
        shape: tuple[int, ...] = (),
        chip: int = 0,
        start: int = 0,
        v_read: float = DEFAULT_READ_VOLTAGE,
    ) -> Bank:
        """Sample one bank of a chip, or `shape` of them.

        Parameters
        ----------
        resistor : Resistor
            The process's resistor; its nominal sets the scale, see :func:`spread_nominals`.
        n : int
            Resistors in a bank.
        seed, chip, start : int
            Which chip, and the global number of its first bank: the same banks come out in any chunking.
        switch : Switch
            The switch behind each resistor.
        nominals : "geometric", "equal" or array (n,)
            Nominal resistances: spread by `ratio` (the default: equal ones with little mismatch sum to few
            distinct values), all equal (the preset of the thesis), or given in ohm.
        shape : tuple of int
            Shape of the array of banks; ``()`` for one bank.
        v_read : float
            Read voltage, volt.
        """
        n = whole_number("n", n, 1, MOST_RESISTORS)
        start = whole_number("start", start, 0)
        shape = tuple(whole_number("shape", length, 1) for length in shape)
        given = spread_nominals(resistor.nominal, n, nominals, ratio)
        resistances = resistor.sample((*shape, n), seed=seed, chip=chip, start=start * n, nominals=given)
        return cls(resistances=resistances, switch=switch, v_read=v_read, seed=seed, chip=chip)

    @property
    def n(self) -> int:
        """Resistors in a bank."""
        return self.resistances.shape[-1]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of banks; ``()`` for one bank."""
        return self.resistances.shape[:-1]

    @cached_property
    def on_conductances(self) -> Array:
        """What each branch conducts at `v_read` with its switch closed, siemens, (..., n)."""
        return self._branch_conductances(closed=True)

    @cached_property
    def off_conductances(self) -> Array:
        """What each branch conducts at `v_read` with its switch open, siemens, (..., n)."""
        return self._branch_conductances(closed=False)

    @property
    def full_scale(self) -> Array:
        """What the bank conducts at `v_read` with all switches closed, siemens, (...)."""
        return self.on_conductances.sum(axis=-1)

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
        mask = checked_mask(mask, self.n)
        across = finite_array("voltage", voltage, "V")[..., np.newaxis]
        for name, array in (("mask", mask), ("voltage", across)):
            try:
                np.broadcast_shapes(self.shape, mask.shape[:-1], array.shape[:-1])
            except ValueError:
                required = f"of a shape that broadcasts against the banks' {self.shape}"
                raise InputError(name, required, f"shape {array.shape[:-1]}") from None
        closed = self.switch.branch_current(self.resistances, across, closed=True)
        opened = self.switch.branch_current(self.resistances, across, closed=False)
        return np.where(mask, closed, opened).sum(axis=-1)[()]

    def conductance(self, mask: Any, v_read: float | None = None) -> Any:
        """Current over voltage, siemens, of a setting at `v_read` volt (by default the bank's own)."""
        voltage = self.v_read if v_read is None else positive_number("v_read", v_read, "V")
        return self.current(mask, voltage) / voltage

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
            Switches that do not move.
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
        target = non_negative_array("target", target, "S")
        try:
            np.broadcast_shapes(target.shape, self.shape)
        except ValueError:
            required = f"of a shape that broadcasts against the banks' {self.shape}"
            raise InputError("target", required, f"shape {target.shape}") from None
        on, off = self.on_conductances, self.off_conductances
        solution = subset_sum(
            on - off,
            target,
            offset=off.sum(axis=-1),
            method=method,
            count=closed,
            chosen=stuck_closed,
            excluded=stuck_open,
            best=best,
            tolerance=tolerance,
            cost=cost,
            time_limit=time_limit,
            memory_limit=memory_limit,
            progress=progress,
        )
        if best is not None:
            on, off, target = on[..., np.newaxis, :], off[..., np.newaxis, :], target[..., np.newaxis]
        return Setting(
            mask=solution.mask,
            conductance=np.where(solution.mask, on, off).sum(axis=-1)[()],
            target=np.broadcast_to(target, np.shape(solution.total))[()],
            error=solution.residual,
            bound=solution.bound,
            status=solution.status,
            v_read=self.v_read,
            method=solution.method,
        )

    def _branch_conductances(self, *, closed: bool) -> Array:
        voltage = np.asarray(self.v_read)
        conductances = self.switch.branch_current(self.resistances, voltage, closed=closed) / self.v_read
        conductances.flags.writeable = False  # kept, and handed out
        return conductances
