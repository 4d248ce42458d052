"""A branch of a bank as elements: a resistor as it depends on temperature and voltage, and its switch in series."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from rescircuit.bank import Bank
from rescircuit.devices import NMOS, IdealSwitch
from rescircuit.devices.coefficients import Coefficients, broadcast
from rescircuit.devices.switches import AntiFuse, Fuse, Switch, ThresholdSelector
from rescircuit.devices.switches.bsim4 import BSIM4Switch
from rescircuit.devices.switches.tabulated import TabulatedSwitch
from rescircuit.devices.switches.two_terminal import TwoTerminalSwitch
from rescircuit.errors import InputError
from rescircuit.spice.circuits.behavioural import HeldDevice, VoltageDependentResistor, WeakInversionCurrent
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Mosfet, Resistor
from rescircuit.spice.circuits.models import Bsim4Model, Level1Model, Model
from rescircuit.spice.circuits.names import GROUND

__all__ = ["MODEL", "BranchWriter", "branch_writer", "gate_voltage", "resistor_element"]

MODEL = "switch"
# Our switch leaks what it says and nothing else, so the junctions between drain and bulk, 1e-14 A each in SPICE, are
# left out. Not by zero: simulators take this number's logarithm.
_NO_JUNCTIONS = 1e-30  # ampere

_Resistive = IdealSwitch | Fuse | AntiFuse | ThresholdSelector
_Known = NMOS | BSIM4Switch | TabulatedSwitch | _Resistive


@dataclass(frozen=True, eq=False)
class BranchWriter:
    """Writes the branches of a bank, or of an array of banks, at its switches' temperature.

    Attributes
    ----------
    bank : Bank
        Whose branches.
    model : str
        The name of its transistors' model, and the beginning of their names where there are several.
    """

    bank: Bank
    model: str = MODEL

    def elements(
        self, at: tuple[int, ...], label: str, *, closed: bool, ends: tuple[str, str, str], gate: str
    ) -> Iterator[Element]:
        """The elements of one branch: its resistor, and its switch where that conducts at all.

        Parameters
        ----------
        at : tuple of int
            Its place among the bank's resistances, (..., n).
        label : str
            What follows the elements' letters in their names.
        closed : bool
            Whether its switch is closed; of a transistor the voltage of its gate says that.
        ends : tuple of str
            The nodes at the input, between resistor and switch, and at the output.
        gate : str
            The node of a transistor's gate.

        Raises
        ------
        InputError
            For an unknown kind of switch, and one that no deck can hold.
        """
        start, middle, end = ends
        ohms, coefficients = float(self.bank.resistances[at]), self.bank.coefficients.part(at)
        switch = self._switches.part(at)
        match switch:
            case BSIM4Switch() | TabulatedSwitch():
                yield resistor_element(label, start, middle, ohms, coefficients)
                card = switch.source if isinstance(switch, TabulatedSwitch) else switch
                yield _channel(label, middle, end, gate, model=self.model, width=card.width, length=card.length)
            case NMOS():
                before = switch.side == "driven"
                around, across = ((middle, end), (start, middle)) if before else ((start, middle), (middle, end))
                yield resistor_element(label, *around, ohms, coefficients)
                yield from self._transistor(label, *across, switch, gate=gate, closed=closed)
            case _:
                if closed and switch.r_on == 0 and not _holds(switch):  # a switch without resistance joins two nodes
                    middle = end
                yield resistor_element(label, start, middle, ohms, coefficients)
                if middle != end:
                    yield from _two_terminals(label, middle, end, switch, closed=closed)

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """The models that the elements name: one, or one for each kind of transistor that there is."""
        switch = self._switches
        if isinstance(switch, BSIM4Switch | TabulatedSwitch):
            card = switch.source.card if isinstance(switch, TabulatedSwitch) else switch.card
            return (Bsim4Model(name=self.model, card=card),)
        return tuple(self._models.values())

    @cached_property
    def _models(self) -> dict[tuple[float, float], Level1Model]:
        """By threshold and transconductance."""
        switch = self.bank.switch
        if not isinstance(switch, NMOS):
            return {}
        pairs = zip(*(values.ravel().tolist() for values in np.broadcast_arrays(switch.vto, switch.kp)), strict=True)
        distinct = list(dict.fromkeys(pairs))
        alone = len(distinct) == 1
        fixed = {"lambda_": switch.lambda_, "gamma": switch.gamma, "phi": switch.phi, "is_": _NO_JUNCTIONS}
        return {
            (vto, kp): Level1Model(name=self.model if alone else f"{self.model}_{k}", vto=vto, kp=kp, **fixed)
            for k, (vto, kp) in enumerate(distinct)
        }

    @cached_property
    def _switches(self) -> _Known:
        """The bank's, with arrays of parameters in the shape of its resistances."""
        switch, shape = self.bank.switch, self.bank.resistances.shape
        if not isinstance(switch, _Known):
            known = "an NMOS or an IdealSwitch, or another kind of rescircuit.devices"
            raise InputError("switch", known, switch)
        celsius = getattr(switch, "temperature", self.bank.temperature)
        if celsius != self.bank.temperature:
            hint = "A deck has one temperature: take bank.at(temperature=...)."
            raise InputError("temperature of the switch", f"the bank's, {self.bank.temperature:g} °C", celsius, hint)
        if not isinstance(switch, NMOS | TwoTerminalSwitch):
            return switch
        own = {field.name: getattr(switch, field.name) for field in fields(switch)}
        arrays = {name: broadcast(name, value, shape) for name, value in own.items() if isinstance(value, np.ndarray)}
        return replace(switch, **arrays) if arrays else switch

    def _transistor(
        self, label: str, plus: str, minus: str, switch: NMOS, *, gate: str, closed: bool
    ) -> Iterator[Element]:
        """A transistor, and beside it what leaks from drain to source when it is open."""
        name = self._models[float(switch.vto), float(switch.kp)].name
        width = switch.w_over_l * switch.length
        yield _channel(label, plus, minus, gate, model=name, width=width, length=switch.length)
        if math.isfinite(switch.r_off):
            yield Resistor(name=f"r_leak_{label}", plus=plus, minus=minus, resistance=switch.r_off)
        if switch.i_threshold and not closed:
            yield WeakInversionCurrent.beside(f"b_leak_{label}", plus, minus, switch)


# The branches of an array of cells are asked for one by one.
branch_writer = lru_cache(maxsize=4)(BranchWriter)


def resistor_element(label: str, plus: str, minus: str, ohms: float, coefficients: Coefficients) -> Element:
    """A resistor ``r_label``, or a source ``b_r_label`` where it depends on the voltage across it.

    Parameters
    ----------
    label, plus, minus : str
        See :class:`Resistor`.
    ohms : float
        At 27 °C and 0 V.
    coefficients : Coefficients
        Numbers, its own.
    """
    moved = {"tc1": float(coefficients.tc1), "tc2": float(coefficients.tc2)}
    if not coefficients.voltage_dependent:
        return Resistor(name=f"r_{label}", plus=plus, minus=minus, resistance=ohms, **moved)
    moved |= {"vc1": float(coefficients.vc1), "vc2": float(coefficients.vc2)}
    return VoltageDependentResistor(name=f"b_r_{label}", plus=plus, minus=minus, resistance=ohms, **moved)


def gate_voltage(switch: Any) -> float | None:
    """What the gate of a closed transistor is held at, volt; ``None`` for a switch without a gate."""
    return switch.v_gate if isinstance(switch, NMOS | BSIM4Switch | TabulatedSwitch) else None


def _channel(label: str, plus: str, minus: str, gate: str, **channel: Any) -> Mosfet:
    return Mosfet(name=f"m_{label}", drain=plus, gate=gate, source=minus, bulk=GROUND, **channel)


def _two_terminals(label: str, plus: str, minus: str, switch: _Resistive, *, closed: bool) -> Iterator[Element]:
    """A switch that is a resistance in either state; nothing where it is endless."""
    r_on, r_off = float(switch.r_on), float(switch.r_off)
    if closed and _holds(switch):
        if r_on == 0:
            hint = "A device that takes a holding voltage and has no resistance is no function of its voltage."
            raise InputError("r_on of the switch", "above 0 ohm in a deck where v_hold is", r_on, hint)
        yield HeldDevice(
            name=f"b_switch_{label}", plus=plus, minus=minus, r_on=r_on, r_off=r_off, v_hold=float(_hold(switch))
        )
    elif math.isfinite(r_on if closed else r_off):
        yield Resistor(name=f"r_switch_{label}", plus=plus, minus=minus, resistance=r_on if closed else r_off)


def _hold(switch: Switch | _Resistive) -> float:
    return switch.v_hold if isinstance(switch, ThresholdSelector) else 0.0


def _holds(switch: Any) -> bool:
    return _hold(switch) > 0
