"""Sources: voltages that are constant, one a sample, or over time, and constant currents.

The current of a voltage source counts, as in SPICE, from `plus` through the source to `minus`: a source of 0 V from an
output to ground senses the current into that virtual ground, with its sign.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rescircuit.checks import positive_number
from rescircuit.errors import InputError
from rescircuit.spice.circuits.element import TwoEnded, check_fields
from rescircuit.spice.circuits.names import GROUND, SELECTOR_NODE, deck_number

__all__ = [
    "CurrentSource",
    "PiecewiseLinearSource",
    "SelectedSource",
    "SineSource",
    "Source",
    "VoltageSource",
    "driven",
]


@dataclass(frozen=True, kw_only=True)
class Source(TwoEnded):
    """What voltage sources share: a run gives their currents, and a loop of them has none that are definite."""


@dataclass(frozen=True, kw_only=True)
class VoltageSource(Source):
    """A source that holds `plus` at `voltage` volt above `minus`."""

    letter: ClassVar[str] = "v"

    voltage: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fields(self, "voltage")

    @property
    def words(self) -> tuple[str, ...]:
        """Its voltage."""
        return "dc", repr(self.voltage)


@dataclass(frozen=True, kw_only=True)
class SelectedSource(Source):
    """A source with a voltage for each sample: ``voltages[k]`` volt from `plus` to `minus` in sample k.

    All selected sources of a circuit change together, so that many input vectors are one run of ngspice; they
    have the same number of voltages, two or more (a :class:`VoltageSource` has one).
    """

    letter: ClassVar[str] = "b"

    voltages: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        hint = "For one voltage, use a VoltageSource."
        object.__setattr__(self, "voltages", _numbers(self, "voltages", "V", hint))

    @property
    def expression(self) -> str:
        """Its voltage as a ``pwl`` expression over the selector, which counts the samples.

        Each sample k is a plateau from k - 1/4 to k + 1/4. On a slope ngspice computes ``slope * k + rest``, and
        many samples cost digits; on a plateau the value is exact.
        """
        plateaus = [f"{k - 0.25!r}, {v!r}, {k + 0.25!r}, {v!r}" for k, v in enumerate(self.voltages)]
        return f"pwl(v({SELECTOR_NODE}), {', '.join(plateaus)})"

    @property
    def words(self) -> tuple[str, ...]:
        """Its expression."""
        return "v", "=", *self.expression.split()


@dataclass(frozen=True, kw_only=True)
class SineSource(Source):
    """A source of ``offset + amplitude sin(2 pi (frequency t + phase / 360))`` volt at t seconds.

    Parameters
    ----------
    amplitude, offset : float
        Volt.
    frequency : float
        Hertz, above 0.
    phase : float
        Degrees.
    """

    letter: ClassVar[str] = "v"

    amplitude: float
    frequency: float
    offset: float = 0.0
    phase: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive_number(f"frequency of {self.name}", self.frequency, "Hz")
        check_fields(self, "amplitude", "frequency", "offset", "phase")

    @property
    def words(self) -> tuple[str, ...]:
        """Offset, amplitude, frequency, delay, damping and phase, in ngspice's order."""
        values = (self.offset, self.amplitude, self.frequency, 0.0, 0.0, self.phase)
        return tuple(f"sin({' '.join(map(repr, values))})".split())


@dataclass(frozen=True, kw_only=True)
class PiecewiseLinearSource(Source):
    """A source of ``voltages[k]`` volt at ``times[k]`` seconds, on straight lines between, and constant after the last.

    The times begin at 0 and rise; there are two or more.
    """

    letter: ClassVar[str] = "v"

    times: tuple[float, ...]
    voltages: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        for field, unit in (("times", "s"), ("voltages", "V")):
            object.__setattr__(self, field, _numbers(self, field, unit))
        if len(self.voltages) != len(self.times):
            required = f"{len(self.times)} numbers, as many as times"
            raise InputError(f"voltages of {self.name}", required, f"{len(self.voltages)} numbers")
        if self.times[0] != 0 or any(
            after <= before for before, after in zip(self.times, self.times[1:], strict=False)
        ):
            raise InputError(f"times of {self.name}", "0 first, and then each above the one before", self.times)

    @property
    def words(self) -> tuple[str, ...]:
        """Times and voltages in turns."""
        pairs = (f"{time!r} {voltage!r}" for time, voltage in zip(self.times, self.voltages, strict=True))
        return tuple(f"pwl({' '.join(pairs)})".split())


@dataclass(frozen=True, kw_only=True)
class CurrentSource(TwoEnded):
    """A current of `current` ampere from `plus` through the source to `minus`, out of which it flows."""

    letter: ClassVar[str] = "i"

    current: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fields(self, "current")

    @property
    def words(self) -> tuple[str, ...]:
        """Its current."""
        return "dc", repr(self.current)

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """None: its current is not its voltage's."""
        return ()


def driven(node: str, voltages: Iterable[float]) -> VoltageSource | SelectedSource:
    """A source from `node` to ground, with the voltage (volt) of one sample or those of several."""
    values = tuple(voltages)
    if len(values) == 1:
        return VoltageSource(name=f"v_{node}", plus=node, minus=GROUND, voltage=values[0])
    return SelectedSource(name=f"b_{node}", plus=node, minus=GROUND, voltages=values)


def _numbers(source: TwoEnded, field: str, unit: str, hint: str = "") -> tuple[float, ...]:
    """A field that is a tuple of two numbers or more."""
    argument, values = f"{field} of {source.name}", getattr(source, field)
    if not isinstance(values, tuple) or len(values) < 2:
        raise InputError(argument, f"a tuple of at least two numbers ({unit})", values, hint)
    return tuple(deck_number(f"{argument} at index {k}", v) for k, v in enumerate(values))
