"""How the devices of a process vary: what a lot, a wafer and a die share, and what each device has of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from rescircuit.checks import Array, finite_number, positive_array, whole_number
from rescircuit.devices.fields import CorrelatedField, Gradient
from rescircuit.devices.laws import Law, is_law
from rescircuit.devices.placement import Placement, checked_placement
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["CorrelatedField", "Gradient", "Placement", "Variation"]

_LAWS = ("lot", "wafer", "die", "local")
_REMEDIES = {"gradient": "Lower its coefficients or their spreads, or put its centre among the elements."}
_WIDEST = 0.1  # standard deviation of a normal variable: no factor comes near zero
_HIGHEST = 1e12  # far above any factor of a device, so that products of factors stay finite


@dataclass(frozen=True, kw_only=True)
class Variation:
    """The relative variation of a device's parameter: a product of factors, one for each part that is there.

    A device's factor is ``lot * wafer * die * local * (1 + sigma z) * (1 + gradient) * (1 + field)``. Chips are
    numbered through wafers and lots: chip `c` is on wafer ``c // dies_per_wafer`` of all, and
    ``dies_per_wafer * wafers_per_lot`` chips in a row share a lot.

    Parameters
    ----------
    lot, wafer, die : Law, optional
        What the devices of a lot, of a wafer and of a die have in common.
    local : Law, optional
        What each device has of its own.
    mismatch : float
        Standard deviation of each device's own normal variation, relative, below 0.1.
    matching : float
        Pelgrom's coefficient A of a pair, relative times metre (2 %·µm is 2e-8): the difference of two devices of an
        area S has the standard deviation ``A / sqrt(S)``, each of them ``A / sqrt(2 S)`` (Pelgrom, Duinmaijer and
        Welbers 1989, equation 5, of which it is the first part). Adds to `mismatch` in quadrature.
    gradient : Gradient, optional
        A slope and a bow across the die.
    field : CorrelatedField, optional
        Variation that near devices share.
    dies_per_wafer, wafers_per_lot : int
        How chips are numbered.

    Raises
    ------
    InputError
        For a part that is not what it must be.
    """

    lot: Law | None = None
    wafer: Law | None = None
    die: Law | None = None
    local: Law | None = None
    mismatch: float = 0.0
    matching: float = 0.0
    gradient: Gradient | None = None
    field: CorrelatedField | None = None
    dies_per_wafer: int = 100
    wafers_per_lot: int = 25

    def __post_init__(self) -> None:
        for name in _LAWS:
            law = getattr(self, name)
            if law is not None and not is_law(law):
                raise InputError(name, "a law such as Uniform(half_width=0.2), or None", law)
        for name, kind in (("gradient", Gradient), ("field", CorrelatedField)):
            part = getattr(self, name)
            if part is not None and not isinstance(part, kind):
                raise InputError(name, f"a {kind.__name__}, or None", part)
        required = f"a relative variation of at least 0 and below {_WIDEST:g}, such as 0.01"
        if not 0 <= finite_number("mismatch", self.mismatch, required) < _WIDEST:
            raise InputError("mismatch", required, self.mismatch, "For more independent variation, use local.")
        required = "Pelgrom's coefficient (relative times metre) of at least 0 and below 1e-6, such as 2e-8 for 2 %·µm"
        if not 0 <= finite_number("matching", self.matching, required) < 1e-6:
            raise InputError("matching", required, self.matching)
        for name in ("dies_per_wafer", "wafers_per_lot"):
            whole_number(name, getattr(self, name), 1)

    def factors(
        self,
        count: int,
        *,
        seed: int,
        chip: int = 0,
        start: int = 0,
        source: str = "resistor",
        areas: Array | float | None = None,
        placement: Placement | None = None,
    ) -> Array:
        """The factors of the elements `start` to `start + count - 1` of one chip, the same in any chunking.

        Parameters
        ----------
        count : int
            How many.
        seed, chip : int
            Which chip, see :class:`~rescircuit.devices.streams.Stream`.
        start : int
            Global number of the first element on the chip.
        source : str
            What varies; different names vary independently.
        areas : array, broadcastable to (count,), optional
            The devices' areas, m²; required for `matching`.
        placement : Placement, optional
            Where the elements stand; required for `gradient` and `field`.

        Returns
        -------
        array (count,)
            Relative, above 0.

        Raises
        ------
        InputError
            For an argument outside its range, one that the variation needs and that is missing, or factors that are
            not above 0.
        """
        draw = _Draw(
            count=whole_number("count", count, 0),
            start=whole_number("start", start, 0),
            seed=seed,
            chip=whole_number("chip", chip, 0, 2**32 - 1),
            source=source,
        )
        factor = np.ones(draw.count)
        for part, by in chain(self._shared(draw), self._own(draw, areas), self._placed(draw, placement)):
            factor *= _checked(part, by)
        return factor

    def _shared(self, draw: _Draw) -> _Parts:
        """What the lot, the wafer and the die have, (1,) each."""
        wafer = draw.chip // self.dies_per_wafer
        lot = wafer // self.wafers_per_lot
        for part, source, number in (("lot", "lot", lot), ("wafer", "wafer", wafer), ("die", "common", draw.chip)):
            law = getattr(self, part)
            if law is not None:
                yield part, law.factors(draw.stream(source, number).uniform(1))

    def _own(self, draw: _Draw, areas: Array | float | None) -> _Parts:
        """What each element has of its own, (count,) each."""
        sigma = self._sigma(draw.count, areas)
        if self.local is not None:
            yield "local", self.local.factors(draw.stream("tolerance").uniform(draw.count, draw.start))
        if sigma is not None:
            yield "mismatch", 1.0 + sigma * draw.stream("mismatch").normal(draw.count, draw.start)

    def _placed(self, draw: _Draw, placement: Placement | None) -> _Parts:
        """What each element has from its place, (count,) each."""
        for name, part in (("gradient", self.gradient), ("field", self.field)):
            if part is not None:
                layout = checked_placement(placement)
                source = f"{draw.source}.{name}"
                values = part.deviations(layout, draw.count, draw.start, seed=draw.seed, chip=draw.chip, source=source)
                yield name, 1.0 + values

    def _sigma(self, count: int, areas: Array | float | None) -> Array | float | None:
        """The standard deviation of the devices' own normal variation; None where there is none."""
        if not self.matching:
            return self.mismatch or None
        if areas is None:
            raise InputError("areas", "the devices' areas (m²), as the variation has a matching by area", areas)
        if not count:
            return np.empty(0)
        areas = positive_array("areas", areas, "m²")
        try:
            np.broadcast_to(areas, count)
        except ValueError:
            raise InputError("areas", f"of a shape that broadcasts to ({count},)", f"shape {areas.shape}") from None
        with np.errstate(over="ignore"):  # an area of next to nothing is refused below
            sigma = np.sqrt(self.mismatch * self.mismatch + self.matching * self.matching / (2.0 * areas))
        if sigma.max() >= _WIDEST:
            least = self.matching**2 / (2.0 * (_WIDEST**2 - self.mismatch**2))
            required = f"above {least:.3g} m², so that the mismatch stays below {_WIDEST:g}"
            raise InputError("areas", required, float(areas.min()), "Make the devices larger or lower matching.")
        return sigma


def _checked(part: str, factors: Array) -> Array:
    """The factors of one part, which users can make such that no device has them."""
    if factors.size:
        low, high = float(factors.min()), float(factors.max())
        if not (low > 0 and high < _HIGHEST):
            got = high if low > 0 else low
            required = f"such that every factor is above 0 and below {_HIGHEST:g}"
            raise InputError(part, required, got, _REMEDIES.get(part, "Lower its spread."))
    return factors


@dataclass(frozen=True, kw_only=True)
class _Draw:
    """Which elements of which chip."""

    count: int
    start: int
    seed: int
    chip: int
    source: str

    def stream(self, part: str, number: int | None = None) -> Stream:
        """One source of their variation; `number` that of the wafer or the lot in place of the chip's."""
        return Stream(seed=self.seed, chip=self.chip if number is None else number, source=f"{self.source}.{part}")


_Parts = Iterator[tuple[str, Array]]
