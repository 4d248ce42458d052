"""A tabulated switch in files of banks and chips: its card, its table and its certificate, complete in themselves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rescircuit.devices.processes import first_fault
from rescircuit.devices.switches import BSIM4Card, BSIM4Switch, Characterisation, TabulatedSwitch
from rescircuit.errors import InputError

__all__ = ["TABULATED", "TabulatedDescription", "describe_table", "read_table"]

TABULATED = "tabulated"
_MOST_ENTRIES = 50_000  # of a table: 3 MB of text for both states, enough for 20 V

_AboveZero = Annotated[float, Field(gt=0)]
_AtLeastZero = Annotated[float, Field(ge=0)]
_Voltages = Annotated[list[float], Field(max_length=_MOST_ENTRIES)]
_Conductances = Annotated[
    list[Annotated[list[_AboveZero], Field(max_length=_MOST_ENTRIES)]], Field(max_length=_MOST_ENTRIES)
]
_Remark = Annotated[str, Field(max_length=1000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


class _Card(_Strict):
    version: str
    parameters: dict[str, float]


class _Certificate(_Strict):
    card_digest: str
    ngspice_version: str
    temperature: float
    on_error: _AtLeastZero
    off_error: _AtLeastZero
    bulk_current: _AtLeastZero
    remarks: Annotated[list[_Remark], Field(max_length=1000)] = []


class TabulatedDescription(_Strict):
    """A :class:`~rescircuit.devices.switches.TabulatedSwitch`, as a file has it."""

    kind: Literal["tabulated"]
    card: _Card
    width: float
    length: float
    v_gate: float
    temperature: float
    v_ds: _Voltages
    v_out: _Voltages
    on: _Conductances
    off: _Conductances
    characterisation: _Certificate

    def build(self) -> TabulatedSwitch:
        """The switch itself.

        Raises
        ------
        InputError
            For a card with unknown parameters, and a table or a certificate that does not fit the rest.
        """
        _check_size(len(self.v_ds), len(self.v_out))
        card = BSIM4Card(parameters=tuple(self.card.parameters.items()), version=self.card.version)
        source = {name: getattr(self, name) for name in ("width", "length", "v_gate", "temperature")}
        table: dict[str, Any] = {name: getattr(self, name) for name in ("v_ds", "v_out", "on", "off")}
        certificate = self.characterisation.model_dump()
        certificate["remarks"] = tuple(certificate["remarks"])
        return TabulatedSwitch(
            source=BSIM4Switch(card=card, **source), **table, characterisation=Characterisation(**certificate)
        )


def describe_table(switch: TabulatedSwitch) -> dict[str, Any]:
    """What :class:`TabulatedDescription` and :func:`read_table` read, of JSON's own types.

    Raises
    ------
    InputError
        For a larger table than files have room for.
    """
    _check_size(len(switch.v_ds), len(switch.v_out))
    source = switch.source
    return {
        "kind": TABULATED,
        "card": {"version": source.card.version, "parameters": dict(source.card.parameters)},
        **{name: float(getattr(source, name)) for name in ("width", "length", "v_gate", "temperature")},
        **{name: getattr(switch, name).tolist() for name in ("v_ds", "v_out", "on", "off")},
        "characterisation": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(switch.characterisation).items()
        },
    }


def read_table(content: Any) -> TabulatedSwitch:
    """The switch that :func:`describe_table` described.

    Raises
    ------
    InputError
        For unknown or ill-valued fields, and as :meth:`TabulatedDescription.build`.
    """
    try:
        description = TabulatedDescription.model_validate(content)
    except ValidationError as error:
        field, reason = first_fault(error, ())
        raise InputError("tabulated switch", "valid", field or "the whole", reason) from None
    return description.build()


def _check_size(voltages: int, outputs: int) -> None:
    if voltages * outputs > _MOST_ENTRIES:
        hint = "Characterise it with a smaller v_max or a larger goal."
        raise InputError("table of the switch", f"of at most {_MOST_ENTRIES} conductances", voltages * outputs, hint)
