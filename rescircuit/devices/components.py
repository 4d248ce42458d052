"""What resistors and capacitors share: a nominal value, its variation, and how it moves in use."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from rescircuit.checks import Array, checked_shape, finite_number, non_negative_number, positive_array, positive_number
from rescircuit.devices.coefficients import Coefficients
from rescircuit.devices.laws import Uniform
from rescircuit.devices.streams import Stream
from rescircuit.devices.variation import Placement, Variation
from rescircuit.errors import InputError

__all__ = ["Component"]


@dataclass(frozen=True, kw_only=True)
class Component:
    """A component of a process.

    A sample is its nominal times ``(1 + common * u) * (1 + tolerance * v) * (1 + mismatch * z)`` with `u` and `v`
    uniform on (-1, 1), one `u` for the whole chip and a `v` for each component, and `z` standard normal for each; or
    times what `variation` says, which knows all else that a process does.

    Parameters
    ----------
    nominal : float
        Nominal value: ohm, farad.
    tolerance : float
        Half-width of the independent uniform variation, relative. ``0.20`` alone is the preset of the thesis (da
        Cunha 2023, section 6.1, after Talebbeydokhti et al. 2006), which takes all variation as independent.
    common : float
        Half-width of the uniform variation that all components of a chip share, relative. The 20 % of integrated
        resistors is mostly of this kind.
    mismatch : float
        Standard deviation of the local variation between neighbours, relative; 0.001 to 0.03 as foundries make
        them. Below 0.1, so that no value comes near zero.
    variation : Variation, optional
        In place of these three numbers: lots, wafers, any laws, mismatch from the area, gradients, fields.
    tc1, tc2 : float
        Temperature coefficients from 27 °C, 1/K and 1/K².
    tc1_mismatch, tc2_mismatch : float
        Standard deviations by which each component's own differ.
    vc1, vc2 : float
        Voltage coefficients, 1/V and 1/V², see :class:`~rescircuit.devices.coefficients.Coefficients`.
    drift : float
        Relative change after 1000 hours.
    drift_spread : float
        Standard deviation by which each component's own differs.
    drift_exponent : float
        The change grows with this power of time.

    Raises
    ------
    InputError
        For a nominal or a variation outside its range, or both `variation` and one of the numbers that it replaces.
    """

    source: ClassVar[str]  # what its streams of random numbers are called
    unit: ClassVar[str]
    range: ClassVar[tuple[float, float]]

    nominal: float
    tolerance: float = 0.0
    common: float = 0.0
    mismatch: float = 0.0
    variation: Variation | None = None
    tc1: float = 0.0
    tc2: float = 0.0
    tc1_mismatch: float = 0.0
    tc2_mismatch: float = 0.0
    vc1: float = 0.0
    vc2: float = 0.0
    drift: float = 0.0
    drift_spread: float = 0.0
    drift_exponent: float = 0.5

    def __post_init__(self) -> None:
        low, high = self.range
        if not low <= positive_number("nominal", self.nominal, self.unit) <= high:
            raise InputError("nominal", f"a value from {low:g} to {high:g} ({self.unit})", self.nominal)
        for name, below in (("tolerance", 1.0), ("common", 1.0), ("mismatch", 0.1)):
            value = getattr(self, name)
            required = f"a relative variation of at least 0 and below {below:g}, such as {below / 10:g}"
            if not 0 <= finite_number(name, value, required) < below:
                hint = "For more independent variation, use tolerance." if name == "mismatch" else ""
                raise InputError(name, required, value, hint)
            if value and self.variation is not None:
                raise InputError(name, "left out where variation says it all", value)
        if not isinstance(self.variation, Variation | None):
            raise InputError("variation", "a Variation", self.variation)
        for name in ("tc1_mismatch", "tc2_mismatch", "drift_spread"):
            non_negative_number(name, getattr(self, name))
        for name, most, such in (("tc1", 0.05, "-150e-6 (-150ppm)"), ("tc2", 1e-3, "1e-6 (1ppm)")):
            required = f"a coefficient of at most {most:g} in size, such as {such}"
            if abs(finite_number(name, getattr(self, name), required)) > most:
                raise InputError(name, required, getattr(self, name))
        for name in ("vc1", "vc2", "drift"):
            finite_number(name, getattr(self, name))
        _ = self._coefficients()

    def area(self, nominals: Array) -> Array | None:
        """Area of components of these nominal values, m²; None where the process does not say."""
        raise NotImplementedError

    def sample(
        self,
        shape: int | tuple[int, ...] = (),
        *,
        seed: int,
        chip: int = 0,
        start: int = 0,
        nominals: Array | float | None = None,
        placement: Placement | None = None,
    ) -> Array:
        """Values, ohm or farad, of one chip's components at 27 °C.

        Parameters
        ----------
        shape : int or tuple of int
            Shape of the result; elements are numbered in C order.
        seed, chip : int
            Which chip, see :class:`~rescircuit.devices.streams.Stream`.
        start : int
            Global number of the first component on the chip.
        nominals : array, broadcastable to `shape`, optional
            Nominal values in place of ``self.nominal``.
        placement : Placement, optional
            Where they stand on the die, for gradients and correlated fields.

        Returns
        -------
        array, `shape`
        """
        shape = checked_shape(shape)
        nominal = np.asarray(self.nominal) if nominals is None else positive_array("nominals", nominals, self.unit)
        try:
            nominal = np.broadcast_to(nominal, shape)
        except ValueError:
            raise InputError("nominals", f"of a shape that broadcasts to {shape}", f"shape {nominal.shape}") from None
        areas = self.area(nominal)
        factors = self.whole_variation().factors(
            math.prod(shape),
            seed=seed,
            chip=chip,
            start=start,
            source=self.source,
            areas=None if areas is None else np.broadcast_to(areas, shape).reshape(-1),
            placement=placement,
        )
        return nominal * factors.reshape(shape)

    def common_factor(self, *, seed: int, chip: int = 0) -> float:
        """What all components of a chip have in common, lot, wafer and die, as a factor on their nominals.

        A component of the same material and size next to them has it too: the reference of a ratiometric read-out.
        """
        alone = replace(self.whole_variation(), local=None, mismatch=0.0, matching=0.0, gradient=None, field=None)
        return float(alone.factors(1, seed=seed, chip=chip, source=self.source)[0])

    def sample_coefficients(
        self, shape: int | tuple[int, ...] = (), *, seed: int, chip: int = 0, start: int = 0
    ) -> Coefficients:
        """Coefficients of the same components; arrays of `shape` where they differ, else numbers."""
        shape = checked_shape(shape)

        def own(name: str, spread: float) -> Any:
            value = getattr(self, name)
            if not spread:
                return value
            stream = Stream(seed=seed, chip=chip, source=f"{self.source}.{name}")
            return value + spread * stream.normal(math.prod(shape), start).reshape(shape)

        return self._coefficients(
            tc1=own("tc1", self.tc1_mismatch),
            tc2=own("tc2", self.tc2_mismatch),
            drift=own("drift", self.drift_spread),
        )

    def whole_variation(self) -> Variation:
        """All of the variation, whichever way it was given."""
        if self.variation is not None:
            return self.variation
        return Variation(
            die=Uniform(half_width=self.common) if self.common else None,
            local=Uniform(half_width=self.tolerance) if self.tolerance else None,
            mismatch=self.mismatch,
        )

    def _coefficients(self, **own: Any) -> Coefficients:
        shared = {name: getattr(self, name) for name in ("tc1", "tc2", "vc1", "vc2", "drift", "drift_exponent")}
        return Coefficients(**(shared | own))
