"""The switches of a process file, and those of them that a bank's file has too, by their kind."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from rescircuit.devices.processes.section import (
    Ampere,
    Celsius,
    Metre,
    Number,
    NumberTimesMetre,
    Ohm,
    Section,
    SquareMetre,
    Text,
    Volt,
    VoltTimesMetre,
    file_beside,
)
from rescircuit.devices.switches import (
    NMOS,
    AntiFuse,
    BSIM4Card,
    BSIM4Switch,
    Fuse,
    IdealSwitch,
    ThresholdSelector,
)
from rescircuit.errors import InputError

__all__ = ["SWITCH_KINDS", "NativeSwitch", "SwitchDescription", "first_fault"]

SWITCH_KINDS = ("nmos", "ideal", "fuse", "antifuse", "threshold")  # whose currents are known here


class NMOSSwitch(Section):
    """A switch of kind ``nmos``, see :class:`~rescircuit.devices.switches.NMOS`; no `r_off`: no leakage."""

    kind: Literal["nmos"]
    w_over_l: Number
    v_gate: Volt | None = None
    vto: Volt | None = None
    kp: Number | None = None
    lambda_: Number | None = Field(default=None, alias="lambda")
    gamma: Number | None = None
    phi: Volt | None = None
    length: Metre | None = None
    r_off: Ohm | None = None
    side: Literal["ground", "driven"] | None = None
    temperature: Celsius | None = None
    i_threshold: Ampere | None = None
    swing: Number | None = None
    vto_common: Volt | None = None
    kp_common: Number | None = None
    vto_matching: VoltTimesMetre | None = None
    kp_matching: NumberTimesMetre | None = None
    source: Text = ""

    def build(self) -> NMOS:
        """The switch itself."""
        return NMOS(**self.given())


class LinearSwitch(Section):
    """A switch of kind ``ideal``, see :class:`~rescircuit.devices.switches.IdealSwitch`; no `r_off`: no leakage."""

    kind: Literal["ideal"]
    r_on: Ohm | None = None
    r_off: Ohm | None = None
    area: SquareMetre | None = None
    source: Text = ""

    def build(self) -> IdealSwitch:
        """The switch itself."""
        return IdealSwitch(**self.given())


class _TwoTerminalSwitch(Section):
    """What the kinds ``fuse``, ``antifuse`` and ``threshold`` share."""

    r_on: Ohm | None = None
    r_off: Ohm | None = None
    r_on_spread: Number | None = None
    r_off_spread: Number | None = None
    area: SquareMetre | None = None
    source: Text = ""


class FuseSwitch(_TwoTerminalSwitch):
    """A switch of kind ``fuse``, see :class:`~rescircuit.devices.switches.Fuse`."""

    kind: Literal["fuse"]

    def build(self) -> Fuse:
        """The switch itself."""
        return Fuse(**self.given())


class AntiFuseSwitch(_TwoTerminalSwitch):
    """A switch of kind ``antifuse``, see :class:`~rescircuit.devices.switches.AntiFuse`."""

    kind: Literal["antifuse"]

    def build(self) -> AntiFuse:
        """The switch itself."""
        return AntiFuse(**self.given())


class ThresholdSwitch(_TwoTerminalSwitch):
    """A switch of kind ``threshold``, see :class:`~rescircuit.devices.switches.ThresholdSelector`."""

    kind: Literal["threshold"]
    v_threshold: Volt
    v_hold: Volt | None = None
    v_threshold_spread: Number | None = None

    def build(self) -> ThresholdSelector:
        """The switch itself."""
        return ThresholdSelector(**self.given())


class BSIM4Transistor(Section):
    """A switch of kind ``bsim4``, see :class:`~rescircuit.devices.switches.BSIM4Switch`."""

    kind: Literal["bsim4"]
    card: Annotated[Path, file_beside("model card", "nmos.mod")]
    width: Metre
    length: Metre
    v_gate: Volt | None = None
    source: Text = ""

    def build(self) -> BSIM4Switch:
        """The switch itself; reads the card."""
        try:
            card = BSIM4Card.parse(self.card)
        except InputError as error:
            if error.got == str(self.card):  # not read at all
                raise
            place = error.argument.removeprefix("card")
            name = f"card {self.card.name}{place if place != error.argument else f': {place}'}"
            raise InputError(name, error.required, error.got, error.hint) from None
        fields: dict[str, Any] = {**self.given(), "card": card}
        return BSIM4Switch(**fields)


NativeSwitch = NMOSSwitch | LinearSwitch | FuseSwitch | AntiFuseSwitch | ThresholdSwitch
SwitchDescription = Annotated[NativeSwitch | BSIM4Transistor, Field(discriminator="kind")]


def first_fault(error: ValidationError, kinds: tuple[str, ...] = SWITCH_KINDS) -> tuple[str, str]:
    """The first field that `error` finds fault with, empty for the file as a whole, and the reason, a sentence.

    Parameters
    ----------
    error : ValidationError
        Of a file with a switch.
    kinds : tuple of str
        Of switches, which stand in pydantic's paths and in no file.
    """
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"] if part not in kinds)
    return field, fault["msg"].removeprefix("Value error, ").rstrip(".") + "."
