"""What saved chips say in text: the arrays that they are made of, part by part, and the scales of their layers.

The text is JSON and untrusted: only these fields, each within its range. Resistors and switches are described as in
process files and in files of banks; other parts by their classes' own fields, of which infinite ones are left out.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from operator import methodcaller
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from rescircuit.bank.base import MOST_COMPONENTS
from rescircuit.bank.file_switches import KINDS, SwitchDescription, SwitchNumbers, build_switch, describe_switch
from rescircuit.calibration import ReadOut, Reference
from rescircuit.devices import (
    CorrelatedField,
    Empirical,
    Geometry,
    Gradient,
    LogNormal,
    Memristor,
    Normal,
    Resistor,
    Truncated,
    Uniform,
    Variation,
)
from rescircuit.devices.processes import Section, first_fault
from rescircuit.devices.processes.components import ResistorSection
from rescircuit.errors import InputError
from rescircuit.network.arrays import ArraySpec, Conditions, Converters, Writing

__all__ = ["FORMAT", "ChipText", "LayerScales", "chip_text", "described_spec", "read_chip_text"]

FORMAT = "rescircuit analog network 1"

_LAWS = {Uniform: "uniform", Normal: "normal", LogNormal: "lognormal", Truncated: "truncated", Empirical: "empirical"}
_PLAIN = (Writing, Converters, Conditions, Memristor, ReadOut, Reference, Geometry, Gradient, CorrelatedField)
_HINT = "Of devices, files know those of rescircuit alone."
_LONGEST = 1 << 24  # characters of a text: room for a tabulated switch and for laws of measured factors
_SOURCE = "the chip's"


class _Strict(Section):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _SavedResistor(_Strict):
    """A resistor: its nominal value, and the rest as a process file has it."""

    nominal: float
    process: ResistorSection

    def build(self) -> Resistor:
        """The resistor itself."""
        return self.process.build(self.nominal)


class _SavedSpec(_Strict):
    """An :class:`~rescircuit.network.ArraySpec`, all of its fields given."""

    rows: int
    cols: int
    bank_size: Annotated[int, Field(le=MOST_COMPONENTS)]
    r_word_line: float
    r_bit_line: float
    dac_bits: int | None
    adc_bits: int | None
    cells: str
    scheme: str
    subtraction: str
    scaling: str
    bias: str
    pairs: str
    positions_per_copy: int | None
    resistor: _SavedResistor
    switch: SwitchDescription
    switch_arrays: dict[str, SwitchNumbers]
    nominals: Literal["geometric", "equal"] | Annotated[list[float], Field(max_length=MOST_COMPONENTS)]
    swing: float
    v_read: float
    memristor: Memristor | None
    writing: Writing
    calibration: ReadOut | None
    converters: Converters
    conditions: Conditions

    def build(self) -> ArraySpec:
        """The spec itself."""
        made = {"resistor", "switch", "switch_arrays", "nominals"}
        given: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields.keys() - made}
        return ArraySpec(
            **given,
            resistor=self.resistor.build(),
            switch=build_switch(self.switch, self.switch_arrays),
            nominals=self.nominals if isinstance(self.nominals, str) else np.array(self.nominals),
        )


def _checked_scale(value: float) -> float:
    if not 1e-100 <= value <= 1e100:  # so that products and quotients stay finite
        raise InputError("value", "from 1e-100 to 1e100", value)
    return value


_Scale = Annotated[float, AfterValidator(_checked_scale)]


class LayerScales(_Strict):
    """A layer on tiles: what its numbers are in the circuit."""

    name: str
    input_full_scale: _Scale
    cell_full_scale: _Scale


class ChipText(_Strict):
    """The text of a saved chip."""

    format: Literal["rescircuit analog network 1"]
    seed: Annotated[int, Field(ge=0, lt=2**128)]
    chip: Annotated[int, Field(ge=0, lt=2**32)]
    effects: Annotated[list[str], Field(max_length=100)]
    compensation: list[Literal["wires", "columns"]]
    layers: list[LayerScales]
    spec: _SavedSpec


def chip_text(spec: ArraySpec, **others: Any) -> str:
    """The text of a chip: its spec, and the other fields of :class:`ChipText` but the format.

    Raises
    ------
    InputError
        For parts of the spec that cannot be described.
    """
    described = described_spec(spec)
    content = {"format": FORMAT, **others, "spec": described}
    again = read_chip_text("analog", _json(content)).spec.build()
    if described_spec(again) != described:
        raise InputError("spec", "one that a file gives back as it is", spec, _HINT)
    # Of the spec as it will be read, where a whole number may have become a float: the same chip makes the same text.
    return _json(content | {"spec": described_spec(again)})


def read_chip_text(name: str, text: str) -> ChipText:
    """What the text of the file `name` says, each field within its range.

    Raises
    ------
    InputError
        For unknown, missing and ill-valued fields.
    """
    required = "as save_analog writes it"
    if len(text) > _LONGEST:
        raise InputError(f"chip in {name}", f"a text of at most {_LONGEST} characters", len(text))
    try:
        content = ChipText.model_validate_json(text)
        content.spec.build()
    except ValidationError as error:
        field, reason = first_fault(error, (*KINDS, *_LAWS.values()))
        raise InputError(f"chip in {name}", required, field or "the text", reason) from None
    except InputError as error:
        raise InputError(f"chip in {name}: {error.argument}", error.required, error.got, error.hint) from None
    return content


def described_spec(spec: ArraySpec) -> dict[str, Any]:
    """A spec as text has it, of JSON's own types.

    Raises
    ------
    InputError
        For parts of somebody's own.
    """
    described = {field.name: getattr(spec, field.name) for field in fields(spec)}
    try:
        switch, arrays = describe_switch(spec.switch)
    except InputError as error:
        raise InputError(error.argument.replace("bank.", "spec."), error.required, error.got, error.hint) from None
    described |= {
        "resistor": _resistor("spec.resistor", spec.resistor),
        "switch": switch,
        "switch_arrays": arrays,
        "nominals": spec.nominals if isinstance(spec.nominals, str) else np.asarray(spec.nominals).tolist(),
    }
    for name in ("memristor", "writing", "calibration", "converters", "conditions"):
        described[name] = _described(f"spec.{name}", described[name])
    return json.loads(_json(described))


def _resistor(place: str, resistor: Any) -> dict[str, Any]:
    own = _fields(place, resistor, (Resistor,))
    own["variation"] = _variation(f"{place}.variation", own["variation"])
    own["geometry"] = _described(f"{place}.geometry", own["geometry"])
    return {"nominal": own.pop("nominal"), "process": {**own, "source": _SOURCE}}


def _variation(place: str, variation: Any) -> dict[str, Any] | None:
    if variation is None:
        return None
    own = _fields(place, variation, (Variation,))
    for name in ("lot", "wafer", "die", "local"):
        own[name] = _law(f"{place}.{name}", own[name])
    for name in ("gradient", "field"):
        own[name] = _described(f"{place}.{name}", own[name])
    return own


def _law(place: str, law: Any) -> dict[str, Any] | None:
    if law is None:
        return None
    own = _fields(place, law, tuple(_LAWS))
    if isinstance(law, Truncated):
        own["of"] = _law(f"{place}.law", own.pop("law"))
    if isinstance(law, Empirical):
        own["factors"] = own.pop("measured")
    return {"law": _LAWS[type(law)], **own}


def _described(place: str, part: Any) -> dict[str, Any] | None:
    """A part by its fields; parts in it likewise."""
    if part is None:
        return None
    own = _fields(place, part, _PLAIN)
    return {name: _described(f"{place}.{name}", value) if is_dataclass(value) else value for name, value in own.items()}


def _fields(place: str, part: Any, kinds: tuple[type, ...]) -> dict[str, Any]:
    """The fields of a part, which is of one of these kinds and no kind of its own; without infinite ones."""
    if type(part) not in kinds:
        names = ", ".join(kind.__name__ for kind in kinds)
        raise InputError(place, f"one of {names}" if len(kinds) > 1 else f"a {names}", type(part).__name__, _HINT)
    own = {field.name: getattr(part, field.name) for field in fields(part)}
    return {name: value for name, value in own.items() if not (isinstance(value, float) and math.isinf(value))}


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, default=methodcaller("tolist"))  # of NumPy's numbers and arrays
