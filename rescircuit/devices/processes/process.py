"""A process: what a foundry's resistors, capacitors, memristors and switches are like."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rescircuit.devices.capacitors import Capacitor
from rescircuit.devices.faults import Faults
from rescircuit.devices.memristors import Memristor
from rescircuit.devices.processes.components import CapacitorSection, ResistorSection
from rescircuit.devices.processes.memristors import MemristorSection
from rescircuit.devices.processes.section import Number, Section, Source, Text
from rescircuit.devices.processes.switches import SwitchDescription
from rescircuit.devices.resistors import Resistor
from rescircuit.devices.switches import NMOS, AntiFuse, BSIM4Switch, Fuse, IdealSwitch, ThresholdSelector
from rescircuit.errors import InputError

__all__ = ["Process"]


class FaultsSection(Section):
    """``[faults]``, see :class:`~rescircuit.devices.faults.Faults`."""

    stuck_open: Number | None = None
    stuck_closed: Number | None = None
    source: Source

    def build(self) -> Faults:
        """The faults themselves."""
        return Faults(**self.given())


class Process(Section):
    """A process: its resistors, capacitors or memristors, its switch, and how a bank's nominals are spread on it.

    Parameters
    ----------
    name, summary : str
        What it is called, and in a few words what it is.
    nominals : {"geometric", "equal"}
        How the nominal values of a bank's resistors are spread.
    resistor, capacitor, memristor
        What the process makes, at least one of them.
    switch
        The switch in series.
    stuck
        The section ``[faults]``.

    Raises
    ------
    InputError
        Through :func:`load_process`, naming the file, the line and the field.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
    summary: Text
    nominals: Literal["geometric", "equal"] = "geometric"
    resistor: ResistorSection | None = None
    capacitor: CapacitorSection | None = None
    memristor: MemristorSection | None = None
    switch: SwitchDescription
    stuck: FaultsSection | None = Field(default=None, alias="faults")

    def build(self) -> Process:
        """The process itself, if it makes anything."""
        if self.resistor is None and self.capacitor is None and self.memristor is None:
            raise InputError("resistor", "there, or a section [capacitor] or [memristor]", None)
        if not self.switch.source.strip():
            raise InputError("switch.source", "given: where the figures of [switch] come from", None)
        return self

    def make_resistor(self, nominal: float) -> Resistor:
        """The resistor of `nominal` ohm that the process makes.

        Raises
        ------
        InputError
            If it makes none, or none of that size.
        """
        if self.resistor is None:
            raise self._makes_no("resistor")
        return self.resistor.build(nominal)

    def make_capacitor(self, nominal: float) -> Capacitor:
        """The capacitor of `nominal` farad that the process makes.

        Raises
        ------
        InputError
            If it makes none, or none of that size.
        """
        if self.capacitor is None:
            raise self._makes_no("capacitor")
        return self.capacitor.build(nominal)

    def make_memristor(self) -> Memristor:
        """The memristor that the process makes.

        Raises
        ------
        InputError
            If it makes none.
        """
        if self.memristor is None:
            raise self._makes_no("memristor")
        return self.memristor.build()

    def make_switch(self) -> NMOS | IdealSwitch | Fuse | AntiFuse | ThresholdSelector | BSIM4Switch:
        """The switch that the process makes; a BSIM4Switch is to be characterised before a bank is programmed."""
        return self.switch.build()

    @property
    def faults(self) -> Faults:
        """How likely a switch is stuck; none is where the file does not say."""
        return Faults() if self.stuck is None else self.stuck.build()

    def _makes_no(self, device: str) -> InputError:
        made = [name for name in ("resistor", "capacitor", "memristor") if getattr(self, name) is not None]
        return InputError("process", f"one with {device}s", self.name, f"It has {' and '.join(made)}s.")
