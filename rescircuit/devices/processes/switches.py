"""The switches of a process file and of a bank's file, by their kind."""

from __future__ import annotations

from typing import Annotated, Literal

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
)
from rescircuit.devices.switches import NMOS, AntiFuse, Fuse, IdealSwitch, ThresholdSelector

__all__ = ["SWITCH_KINDS", "SwitchDescription", "first_fault"]

SWITCH_KINDS = ("nmos", "ideal", "fuse", "antifuse", "threshold")


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


SwitchDescription = Annotated[
    NMOSSwitch | LinearSwitch | FuseSwitch | AntiFuseSwitch | ThresholdSwitch, Field(discriminator="kind")
]


def first_fault(error: ValidationError) -> tuple[str, str]:
    """The first field that `error` finds fault with, empty for the file as a whole, and the reason, a sentence."""
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"] if part not in SWITCH_KINDS)
    return field, fault["msg"].removeprefix("Value error, ").rstrip(".") + "."
