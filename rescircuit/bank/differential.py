"""Differential pairs: two banks whose currents are subtracted, programmed together.

A signed conductance is the difference of a positive and a negative bank's (da Cunha 2023, section 6.5). Programmed one
after the other, each bank misses by its own error. Programmed together they are one problem of equation (6.1) with
the items of both, the negative bank's with their signs turned: 2n items instead of n, so that the error falls with
the square.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.bank.base import fit_shapes
from rescircuit.bank.parallel import Bank
from rescircuit.bank.settings import Mask, PairSetting, checked_mask, programmed_sum
from rescircuit.checks import finite_array
from rescircuit.devices.coefficients import ROOM_TEMPERATURE
from rescircuit.errors import InputError
from rescircuit.subsetsum import LARGEST_N

__all__ = ["DifferentialPair"]


@dataclass(frozen=True, kw_only=True, eq=False)
class DifferentialPair:
    """Two banks, or arrays of banks that broadcast, whose currents are subtracted.

    A setting of the pair is one mask (..., n): the positive bank's switches first, the negative bank's after them.

    Parameters
    ----------
    positive, negative : Bank
        Of any sizes, read at the same voltage.

    Raises
    ------
    InputError
        For what is no bank, banks of shapes that do not broadcast, or read at different voltages.

    Examples
    --------
    >>> import rescircuit as rc
    >>> poly = rc.Resistor(nominal=1e6, mismatch=0.01)
    >>> positive, negative = (rc.Bank.sample(poly, n=12, seed=1, start=k) for k in (0, 1))
    >>> setting = rc.DifferentialPair(positive=positive, negative=negative).program(-2.5e-6)
    >>> float(abs(setting.error)) < 1e-11, setting.status
    (True, 'optimal')
    """

    positive: Bank
    negative: Bank

    def __post_init__(self) -> None:
        for name in ("positive", "negative"):
            if not isinstance(getattr(self, name), Bank):
                raise InputError(name, "a Bank", getattr(self, name))
        v_read = self.positive.v_read
        if v_read != self.negative.v_read:
            raise InputError("negative", f"read at the same voltage, {v_read:g} V", f"{self.negative.v_read:g} V")
        fit_shapes(self.positive.shape, [("negative", np.empty(self.negative.shape))])

    @property
    def n(self) -> int:
        """Resistors in both banks."""
        return self.positive.n + self.negative.n

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of pairs; ``()`` for one pair."""
        return np.broadcast_shapes(self.positive.shape, self.negative.shape)

    @property
    def v_read(self) -> float:
        """Read voltage of both banks, volt."""
        return self.positive.v_read

    @property
    def full_scale(self) -> Any:
        """The larger of what the two banks conduct with all switches closed, siemens, (...)."""
        return np.maximum(self.positive.full_scale, self.negative.full_scale)

    @property
    def area(self) -> Any:
        """Area of both banks, m²; None where it is not known."""
        positive, negative = self.positive.area, self.negative.area
        return None if positive is None or negative is None else positive + negative

    def at(self, *, temperature: float = ROOM_TEMPERATURE, age: float = 0.0) -> DifferentialPair:
        """The pair under other conditions, see :meth:`rescircuit.bank.base.SwitchedComponents.at`."""
        banks = {name: getattr(self, name).at(temperature=temperature, age=age) for name in ("positive", "negative")}
        return DifferentialPair(**banks)

    def split(self, mask: Any) -> tuple[Mask, Mask]:
        """The positive bank's setting and the negative's, of a `mask` (..., n) of the pair."""
        mask = checked_mask(mask, self.n)
        fit_shapes(self.shape, [("mask", mask[..., 0])])
        return mask[..., : self.positive.n], mask[..., self.positive.n :]

    def current(self, mask: Any, voltage: Any) -> Any:
        """The positive bank's output current less the negative's, ampere; see :meth:`Bank.current`."""
        first, second = self.split(mask)
        return self.positive.current(first, voltage) - self.negative.current(second, voltage)

    def conductance(self, mask: Any, v_read: float | None = None) -> Any:
        """Difference of the banks' conductances, siemens; see :meth:`Bank.conductance`."""
        first, second = self.split(mask)
        return self.positive.conductance(first, v_read) - self.negative.conductance(second, v_read)

    def slope(self, mask: Any, voltage: float = 0.0) -> Any:
        """The sum, not the difference, of what the banks' currents grow with the voltage, siemens: their noises add."""
        first, second = self.split(mask)
        return self.positive.slope(first, voltage) + self.negative.slope(second, voltage)

    def program(self, difference: Any, *, progress: Callable[[float], None] | None = None) -> PairSetting:
        """The setting whose difference of conductances comes as close to `difference` as any: solved exactly.

        What both banks have in common is left to chance: many settings have nearly the same difference.

        Parameters
        ----------
        difference : float or array (...)
            Siemens, of any sign; axes broadcast against the pairs'.
        progress : callable, optional
            Called with the number of pairs programmed since the last call.

        Raises
        ------
        InputError
            For more resistors than :func:`rescircuit.subset_sum` solves, differences that are not finite, shapes that
            do not broadcast, or a bank whose fuses are blown.
        """
        for name, bank in (("positive", self.positive), ("negative", self.negative)):
            if bank.one_time is not None:
                raise InputError(name, "a bank whose switches still move", "blown ones", "Take one as it was made.")
        if self.n > LARGEST_N:
            most = LARGEST_N - self.positive.n
            raise InputError("negative", f"of at most {most} resistors beside the positive", self.negative.n)
        target = finite_array("difference", difference, "S")
        fit_shapes(self.shape, [("difference", target)])
        found = programmed_sum(
            self._joined(lambda bank: bank.on_conductances, signed=True),
            self._joined(lambda bank: bank.off_conductances, signed=True),
            target,
            # The banks' sums before their difference, so that turning the pair turns the error's sign alone.
            offset=self.positive.off_conductances.sum(axis=-1) - self.negative.off_conductances.sum(axis=-1),
            chosen=self._joined(lambda bank: bank.stuck_closed),
            excluded=self._joined(lambda bank: bank.stuck_open),
            progress=progress,
        )
        conductances = [
            np.where(part, bank.on_conductances, bank.off_conductances).sum(axis=-1)[()]
            for part, bank in zip(self.split(found["mask"]), (self.positive, self.negative), strict=True)
        ]
        del found["value"]
        return PairSetting(
            positive_conductance=conductances[0],
            negative_conductance=conductances[1],
            difference=found.pop("total"),
            v_read=self.v_read,
            n_positive=self.positive.n,
            **found,
        )

    def _joined(self, part: Callable[[Bank], Any], *, signed: bool = False) -> Any:
        """Something of each resistor of both banks, (..., n), the negative's turned if `signed`; None of neither."""
        positive, negative = part(self.positive), part(self.negative)
        if positive is None and negative is None:
            return None
        nothing = np.zeros((), bool)
        parts = [
            np.broadcast_to(nothing if values is None else values, (*self.shape, bank.n))
            for values, bank in ((positive, self.positive), (negative, self.negative))
        ]
        return np.concatenate([parts[0], -parts[1] if signed else parts[1]], axis=-1)
