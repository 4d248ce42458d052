"""Processes: what a foundry's resistors and switches are like, read from a TOML file with its sources.

The files that come with rescircuit stand in ``calibration/``; people write their own. They are untrusted: only
the fields below are accepted, each within its range, and text is read by :mod:`rescircuit.quantities`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rescircuit.devices.resistors import Resistor
from rescircuit.devices.switches import NMOS, IdealSwitch
from rescircuit.errors import InputError, RescircuitError
from rescircuit.files import file_size
from rescircuit.quantities import parse_quantity

__all__ = ["Process", "list_processes", "load_process"]

_LARGEST_FILE = 1 << 20  # bytes; a process is a page of text


def _quantity(unit: str = "") -> BeforeValidator:
    return BeforeValidator(lambda value: parse_quantity(value, unit, argument="value"))


Number = Annotated[float, _quantity()]
Ohm = Annotated[float, _quantity("ohm")]
Volt = Annotated[float, _quantity("V")]
Text = Annotated[str, Field(max_length=2000)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ResistorVariation(_Section):
    """``[resistor]``: relative variations, see :class:`~rescircuit.devices.resistors.Resistor`."""

    tolerance: Number = 0.0
    common: Number = 0.0
    mismatch: Number = 0.0
    source: Text


class NMOSSwitch(_Section):
    """A switch of kind ``nmos``, see :class:`~rescircuit.devices.switches.NMOS`; no `r_off`: no leakage."""

    kind: Literal["nmos"]
    w_over_l: Number
    v_gate: Volt = 1.8
    vto: Volt = 0.4
    kp: Number = 200e-6
    lambda_: Number = Field(default=0.02, alias="lambda")
    gamma: Number = 0.4
    phi: Volt = 0.7
    length: Number = 180e-9
    r_off: Ohm | None = None
    source: Text = ""

    def build(self) -> NMOS:
        """The switch itself."""
        return NMOS(**self.model_dump(exclude={"kind", "source"}, exclude_none=True))


class LinearSwitch(_Section):
    """A switch of kind ``ideal``, see :class:`~rescircuit.devices.switches.IdealSwitch`; no `r_off`: no leakage."""

    kind: Literal["ideal"]
    r_on: Ohm = 0.0
    r_off: Ohm | None = None
    source: Text = ""

    def build(self) -> IdealSwitch:
        """The switch itself."""
        return IdealSwitch(**self.model_dump(exclude={"kind", "source"}, exclude_none=True))


SwitchDescription = Annotated[NMOSSwitch | LinearSwitch, Field(discriminator="kind")]


class Process(_Section):
    """A process: the variation of its resistors, its switch, and how a bank's nominals are spread on it.

    Raises
    ------
    InputError
        Through :func:`load_process`, naming the file and the field.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
    summary: Text
    nominals: Literal["geometric", "equal"] = "geometric"
    resistor: ResistorVariation
    switch: SwitchDescription

    def make_resistor(self, nominal: float) -> Resistor:
        """The resistor of `nominal` ohm that the process makes."""
        part = self.resistor
        return Resistor(nominal=nominal, tolerance=part.tolerance, common=part.common, mismatch=part.mismatch)

    def make_switch(self) -> NMOS | IdealSwitch:
        """The switch that the process makes."""
        return self.switch.build()


def load_process(name_or_path: str | Path) -> Process:
    """Read a process that comes with rescircuit, by name, or one's own, by the path of its TOML file.

    Raises
    ------
    InputError
        For an unknown name, an unreadable file, text that is no TOML, and unknown or ill-valued fields.
    """
    known = list_processes()
    if not isinstance(name_or_path, str | Path):
        raise InputError("process", f"one of {', '.join(known)}, or the path of a TOML file", name_or_path)
    path = known.get(str(name_or_path), Path(name_or_path))
    try:
        if file_size(path) > _LARGEST_FILE:
            raise InputError("process", f"a file of at most {_LARGEST_FILE} bytes", str(path))
        process = Process.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        process.make_resistor(1.0)  # the devices' own checks, before anyone relies on them
        process.make_switch()
    except OSError:
        required = f"one of {', '.join(known)}, or the path of a readable TOML file"
        raise InputError("process", required, str(name_or_path)) from None
    except ValidationError as error:
        raise InputError(f"process {path.name}", "a valid description", *first_fault(error)) from None
    except RescircuitError as error:
        raise InputError(f"process {path.name}", "a valid description", str(path), str(error)) from None
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, a number too long, brackets too deep
        raise InputError("process", "a TOML file", str(path), str(error)) from None
    return process


def first_fault(error: ValidationError) -> tuple[str, str]:
    """The first field that `error` finds fault with, empty for the file as a whole, and the reason, a sentence."""
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"] if part not in ("nmos", "ideal"))
    return field, fault["msg"].removeprefix("Value error, ").rstrip(".") + "."


def list_processes() -> dict[str, Path]:
    """Name and file of each process that comes with rescircuit."""
    package = Path(__file__).resolve().parents[1]
    installed, checkout = package / "processes", package.parent / "calibration"
    folder = installed if installed.is_dir() else checkout
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}
