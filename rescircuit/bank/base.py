"""What all banks share: components with a switch each, one bank or an array of them, and the conditions they are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from rescircuit.bank.nominals import spread_nominals
from rescircuit.bank.settings import Mask, checked_mask
from rescircuit.checks import Array, checked_shape, positive_array, whole_number
from rescircuit.devices.coefficients import (
    ROOM_TEMPERATURE,
    Coefficients,
    broadcast,
    checked_age,
    checked_temperature,
)
from rescircuit.devices.components import Component
from rescircuit.devices.faults import Faults
from rescircuit.devices.switches import IdealSwitch
from rescircuit.devices.variation import Placement
from rescircuit.errors import InputError

__all__ = ["MOST_COMPONENTS", "SwitchedComponents", "fit_shapes", "read_only"]

MOST_COMPONENTS = 4096  # in a bank: far more than can be programmed, and no memory to speak of


@dataclass(frozen=True, kw_only=True, eq=False)
class SwitchedComponents:
    """Components with a switch each: one bank of `n`, or an array of such banks.

    Parameters
    ----------
    switch : Switch
        The switch of each component.
    coefficients : Coefficients
        How the components move with temperature, voltage and age; arrays broadcast against (..., n).
    areas : array, optional
        Areas of the components, m², broadcasting against (..., n).
    temperature, age : float
        The conditions, °C and second, in which the values hold; see :meth:`at`.
    seed, chip : int or None
        Where sampled values come from; ``None`` for given ones.
    """

    values_name: ClassVar[str]  # the field that holds the components' values
    unit: ClassVar[str]
    falling: ClassVar[bool]  # whether geometric nominals fall from one component to the next, or rise

    switch: Any = IdealSwitch()
    coefficients: Coefficients = Coefficients()
    areas: Array | None = None
    temperature: float = ROOM_TEMPERATURE
    age: float = 0.0
    seed: int | None = None
    chip: int | None = None

    def __post_init__(self) -> None:
        name = self.values_name
        values = positive_array(name, getattr(self, name), self.unit)
        if values.ndim == 0:
            raise InputError(name, "an array (..., n)", float(values), "Write [x] for one component.")
        object.__setattr__(self, name, read_only(values))
        if not isinstance(self.coefficients, Coefficients):
            raise InputError("coefficients", "Coefficients", self.coefficients)
        object.__setattr__(self, "coefficients", self.coefficients.spread_to(values.shape))
        if _has(self.switch, "spread_to"):  # the banks themselves say what they take, and refuse the rest
            object.__setattr__(self, "switch", self.switch.spread_to(values.shape))
        if self.areas is not None:
            areas = positive_array("areas", self.areas, "m²")
            object.__setattr__(self, "areas", broadcast("areas", areas, values.shape))
        checked_temperature(self.temperature)
        checked_age(self.age)

    @classmethod
    def sample(
        cls,
        component: Component,
        *,
        n: int,
        seed: int,
        switch: Any = IdealSwitch(),
        nominals: str | Any = "geometric",
        ratio: float = 1.7,
        shape: int | tuple[int, ...] = (),
        chip: int = 0,
        start: int = 0,
        placement: Placement | None = None,
        faults: Faults | None = None,
        **fields: Any,
    ) -> Self:
        """Sample one bank of a chip, or `shape` of them.

        Parameters
        ----------
        component : Resistor or Capacitor
            What the process makes; its nominal sets the scale, see :func:`rescircuit.bank.spread_nominals`.
        n : int
            Components in a bank.
        seed, chip, start : int
            Which chip, and the global number of its first bank: the same banks come out in any chunking. Banks of
            another `n` are counted in banks of their own size, ``start * n`` being their first component.
        switch : Switch
            The switch of each component; one with a variation of its own is sampled too.
        nominals : "geometric", "equal" or array (n,)
            Nominal values: spread by `ratio` (the default: equal ones with little mismatch sum to few distinct
            values), all equal (the preset of the thesis), or given.
        ratio : float
            Above 1 and at most 2.
        shape : int or tuple of int
            Shape of the array of banks; ``()`` for one bank.
        placement : Placement, optional
            Where the components stand on the die, for gradients and correlated fields.
        faults : Faults, optional
            How likely switches of a parallel bank are stuck.
        **fields
            Further fields of the bank, such as `v_read`.

        Raises
        ------
        InputError
            For any of these outside its range.
        """
        n = whole_number("n", n, 1, MOST_COMPONENTS)
        start = whole_number("start", start, 0)
        shape = checked_shape(shape, least=1)
        if not isinstance(component, Component) or component.unit != cls.unit:
            kind = "a Capacitor" if cls.unit == "F" else "a Resistor"
            raise InputError("component", f"{kind} for a {cls.__name__}", component)
        if not _has(switch, "sample"):
            raise InputError("switch", "a switch, such as NMOS(w_over_l=10) or IdealSwitch()", switch)
        given = spread_nominals(component.nominal, n, nominals, ratio, falling=cls.falling)
        which = {"seed": seed, "chip": chip, "start": start * n}
        if faults is not None:
            if not hasattr(cls, "stuck_open"):
                raise InputError("faults", f"left out for a {cls.__name__}", faults)
            if not isinstance(faults, Faults):
                raise InputError("faults", "Faults, such as Faults(stuck_open=0.001)", faults)
            fields |= faults.sample((*shape, n), **which)
        values = component.sample((*shape, n), nominals=given, placement=placement, **which)
        return cls(
            **{cls.values_name: values},
            switch=switch.sample((*shape, n), **which),
            coefficients=component.sample_coefficients((*shape, n), **which),
            areas=component.area(given),
            seed=seed,
            chip=chip,
            **fields,
        )

    @property
    def values(self) -> Array:
        """The components' values, (..., n)."""
        return getattr(self, self.values_name)

    @property
    def n(self) -> int:
        """Components in a bank."""
        return self.values.shape[-1]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of banks; ``()`` for one bank."""
        return self.values.shape[:-1]

    @property
    def area(self) -> Any:
        """Area of components and switches, m², (...); None where the components' areas are not known."""
        if self.areas is None:
            return None
        return (self.areas.sum(axis=-1) + self.n * self.switch.area)[()]

    def part(self, index: Any) -> Self:
        """Some of the banks of an array, numbered as they are on the chip; see NumPy's indexing.

        Parameters
        ----------
        index : int, slice or tuple
            Of the array of banks, of :attr:`shape`.

        Raises
        ------
        InputError
            For an index that does not fit the array of banks.
        """
        at = index if isinstance(index, tuple) else (index,)
        at = (*at, slice(None)) if any(part is Ellipsis for part in at) else (*at, ..., slice(None))
        try:
            _ = self.values[at]
        except IndexError as error:
            raise InputError("index", f"of banks of shape {self.shape}", index, f"{error}.") from None
        return replace(self, **self._parts(at))

    def _parts(self, at: Any) -> dict[str, Any]:
        """The fields that belong to the components, of those `at` this place in (..., n)."""
        return {
            self.values_name: self.values[at],
            "switch": self.switch.part(at),
            "coefficients": self.coefficients.part(at),
            "areas": None if self.areas is None else self.areas[at],
        }

    def checked_setting(self, mask: Any, **others: Array) -> Mask:
        """`mask` as booleans (..., n), whose leading axes broadcast with the banks' and with those of `others`.

        Raises
        ------
        InputError
            For a mask of another length, or shapes that do not fit.
        """
        mask = checked_mask(mask, self.n)
        fit_shapes(self.shape, [("mask", mask[..., 0]), *others.items()])
        return mask

    def at(self, *, temperature: float = ROOM_TEMPERATURE, age: float = 0.0) -> Self:
        """The same banks at `temperature` °C, `age` seconds after they were made.

        Raises
        ------
        InputError
            For banks that are at other conditions than 27 °C and new already, and conditions that leave nothing of a
            component.
        """
        if self.temperature != ROOM_TEMPERATURE or self.age:
            already = f"at {self.temperature:g} °C after {self.age:g} s"
            raise InputError("bank", f"as it was made, at {ROOM_TEMPERATURE:g} °C and new", already)
        switch = self.switch.at(temperature)  # 27 °C are new to one that was made for another temperature
        if temperature == ROOM_TEMPERATURE and not age:
            return self if switch is self.switch else replace(self, switch=switch)
        return replace(
            self,
            **{self.values_name: self.values * self.coefficients.at(temperature, age)},
            switch=switch,
            coefficients=self.coefficients.only_voltage(),
            temperature=float(temperature),
            age=float(age),
        )


def _has(switch: Any, method: str) -> bool:
    """Whether `switch` has what a bank asks of switches; the class of a switch is not one yet."""
    return not isinstance(switch, type) and hasattr(switch, method)


def read_only(array: Array) -> Array:
    """An array that is kept and handed out."""
    array.flags.writeable = False
    return array


def fit_shapes(shape: tuple[int, ...], others: Sequence[tuple[str, Array | Mask]]) -> tuple[int, ...]:
    """What the banks' `shape` and those of other arrays broadcast to.

    Raises
    ------
    InputError
        For the first that does not fit.
    """
    for name, array in others:
        try:
            shape = np.broadcast_shapes(shape, array.shape)
        except ValueError:
            required = f"of a shape that broadcasts against the banks' {shape}"
            raise InputError(name, required, f"shape {array.shape}") from None
    return shape
