"""What sections of files, such as processes, have in common: their fields' types, and that nothing else is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from rescircuit.checks import whole_number
from rescircuit.errors import InputError
from rescircuit.quantities import parse_per_length, parse_quantity

__all__ = [
    "TAGS",
    "Ampere",
    "Celsius",
    "Count",
    "FaradPerSquareMetre",
    "Joule",
    "Metre",
    "Number",
    "NumberTimesMetre",
    "Ohm",
    "PerMetre",
    "PerSquareMetre",
    "Second",
    "Section",
    "Siemens",
    "Source",
    "SquareMetre",
    "Text",
    "Volt",
    "VoltTimesMetre",
    "file_beside",
]


def _quantity(unit: str = "") -> BeforeValidator:
    return BeforeValidator(lambda value: parse_quantity(value, unit, argument="value"))


def _per_length(power: int, unit: str = "") -> BeforeValidator:
    return BeforeValidator(lambda value: parse_per_length(value, unit, power, argument="value"))


Number = Annotated[float, _quantity()]
Ohm = Annotated[float, _quantity("ohm")]
Siemens = Annotated[float, _quantity("S")]
Volt = Annotated[float, _quantity("V")]
Ampere = Annotated[float, _quantity("A")]
Second = Annotated[float, _quantity("s")]
Joule = Annotated[float, _quantity("J")]
Metre = Annotated[float, _quantity("m")]
NumberTimesMetre = Annotated[float, _per_length(1)]
VoltTimesMetre = Annotated[float, _per_length(1, "V")]
PerMetre = Annotated[float, _per_length(-1)]
PerSquareMetre = Annotated[float, _per_length(-2)]
SquareMetre = Annotated[float, _per_length(2)]
FaradPerSquareMetre = Annotated[float, _per_length(-2, "F")]
Celsius = Annotated[float, _quantity("degC")]
Count = Annotated[int, BeforeValidator(lambda value: whole_number("value", value, 1))]
Text = Annotated[str, Field(max_length=2000)]
Source = Annotated[str, Field(min_length=1, max_length=2000)]  # where figures come from: not left empty


def file_beside(kind: str, such: str) -> BeforeValidator:
    """A file's name as a path in the folder of the process file, and never out of it.

    Parameters
    ----------
    kind, such : str
        What the file is, and an example of its name.
    """
    required = f"the name of a {kind} in the folder of the process file or below, such as {such}"

    def checked(value: Any, info: ValidationInfo) -> Path:
        if not isinstance(value, str) or not value or not value.isprintable() or "\\" in value:
            raise InputError("value", required, value)
        name = Path(value)
        folder = (info.context or {}).get("folder")
        if name.is_absolute() or ".." in name.parts or folder is None:
            raise InputError("value", required, value)
        path = Path(folder) / name
        try:
            inside = path.resolve().is_relative_to(Path(folder).resolve())  # a link may lead out of it
        except (OSError, RuntimeError):  # or in a circle
            inside = False
        if not inside:
            raise InputError("value", required, value)
        return path

    return BeforeValidator(checked)


TAGS = ("kind", "law")


class Section(BaseModel):
    """A table of a file. Fields left out are as the class that it describes has them by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def tags(cls) -> tuple[str, ...]:
        """Its `kind` or `law`, or several, by which a file tells it from others in its place; none if alone there."""
        fields = [cls.model_fields[name] for name in TAGS if name in cls.model_fields]
        return get_args(fields[0].annotation) if fields else ()

    def build(self) -> object:
        """What the section describes, by which its values are checked."""
        return self

    def given(self) -> dict[str, Any]:
        """The fields that the file gives, as arguments of the device's class; sections among them are built."""
        values = {name: getattr(self, name) for name in self.model_fields_set - {"source", *TAGS}}
        present = {name: value for name, value in values.items() if value is not None}
        return {name: value.build() if isinstance(value, Section) else value for name, value in present.items()}
