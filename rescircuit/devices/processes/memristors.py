"""The memristors of a process file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from rescircuit.devices.memristors import Memristor
from rescircuit.devices.processes.section import Count, Joule, Number, Second, Section, Siemens, Source
from rescircuit.quantities import parse_quantity

__all__ = ["MemristorSection"]


def _each(value: Any) -> Any:
    """A number, or several in an array."""
    if isinstance(value, list | tuple):
        return tuple(parse_quantity(each, argument="value") for each in value)
    return parse_quantity(value, argument="value")


NumberOrPair = Annotated[float | tuple[float, ...], BeforeValidator(_each)]


class MemristorSection(Section):
    """``[memristor]``, see :class:`~rescircuit.devices.memristors.Memristor`."""

    g_min: Siemens
    g_max: Siemens
    levels: Count | None = None
    programming_error: NumberOrPair | None = None
    programming_law: Literal["normal", "lognormal"] | None = None
    read_noise: NumberOrPair | None = None
    drift_exponent: Number | None = None
    drift_exponent_spread: Number | None = None
    drift_reference_time: Second | None = None
    stuck_at_g_min: Number | None = None
    stuck_at_g_max: Number | None = None
    endurance: Number | None = None
    endurance_spread: Number | None = None
    worn_at: Literal["state", "g_max"] | None = None
    wear: Number | None = None
    write_energy: Joule | None = None
    write_time: Second | None = None
    read_time: Second | None = None
    source: Source

    def build(self) -> Memristor:
        """The memristor itself."""
        return Memristor(**self.given())
