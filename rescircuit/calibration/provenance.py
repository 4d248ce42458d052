"""Where a chip's values come from: what process, which chip, when and how they were sampled or measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal, get_args

from rescircuit.checks import positive_number, whole_number
from rescircuit.devices.coefficients import checked_temperature
from rescircuit.errors import InputError

__all__ = ["Provenance"]

Kind = Literal["calibration", "chip"]
Source = Literal["simulated", "bench"]
_LONGEST = {"process": 200, "date": 40, "software": 100, "note": 2000}  # characters
_LARGEST_SEED = 2**128 - 1


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where values come from.

    Parameters
    ----------
    kind : "calibration" or "chip"
        Measured values, or those of the devices themselves.
    process : str
        Name of the process.
    seed, chip : int or None
        Of the sampled chip; the number of one on a bench may stand in `chip`.
    read_out_seed : int or None
        Of the sampled read-out and its noise.
    date : str
        When, in ISO 8601, such as ``"2025-03-01T12:00:00+00:00"``.
    temperature : float
        °C.
    v_read : float
        Volt.
    software : str
        What wrote it, with its version.
    source : "simulated" or "bench"
        Whether nature had a part in it.
    note : str
        Anything else, at most 2000 characters.

    Raises
    ------
    InputError
        For a field outside its range.
    """

    kind: Kind
    process: str
    date: str
    software: str
    seed: int | None = None
    chip: int | None = None
    read_out_seed: int | None = None
    temperature: float = 27.0
    v_read: float = 0.1
    source: Source = "simulated"
    note: str = ""

    def __post_init__(self) -> None:
        for name, choices in (("kind", get_args(Kind)), ("source", get_args(Source))):
            if getattr(self, name) not in choices:
                raise InputError(name, " or ".join(f'"{choice}"' for choice in choices), getattr(self, name))
        for name, longest in _LONGEST.items():
            text = getattr(self, name)
            if not isinstance(text, str) or len(text) > longest or not text.isprintable():
                raise InputError(name, f"printable text of at most {longest} characters", text)
        for name in ("seed", "chip", "read_out_seed"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, whole_number(name, getattr(self, name), 0, _LARGEST_SEED))
        object.__setattr__(self, "temperature", checked_temperature(self.temperature))
        object.__setattr__(self, "v_read", positive_number("v_read", self.v_read, "V"))
        try:
            datetime.fromisoformat(self.date)
        except ValueError:
            raise InputError("date", "in ISO 8601, such as 2025-03-01T12:00:00+00:00", self.date) from None

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as JSON has them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Any) -> Provenance:
        """What :meth:`to_dict` gave.

        Raises
        ------
        InputError
            For a field that is missing, unknown or ill-valued.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(content, Mapping) or set(content) != names:
            got = ", ".join(map(str, content)) if isinstance(content, Mapping) else content
            raise InputError("provenance", f"a dict of {', '.join(sorted(names))}", got)
        return cls(**content)
