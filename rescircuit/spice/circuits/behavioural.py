"""Behavioural elements: a current given by an expression over node voltages and, as ``temper``, the temperature."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from rescircuit.checks import positive_number
from rescircuit.crossbar.cells import LARGEST_ARGUMENT
from rescircuit.devices import NMOS
from rescircuit.devices.coefficients import ABSOLUTE_ZERO
from rescircuit.devices.switches.nmos_temperature import NOMINAL, thermal_voltage
from rescircuit.errors import InputError
from rescircuit.spice.circuits.coefficients import VoltageDependent
from rescircuit.spice.circuits.element import TwoEnded, check_fields

__all__ = ["Behavioural", "HeldDevice", "SinhConductor", "VoltageDependentResistor", "WeakInversionCurrent"]


@dataclass(frozen=True, kw_only=True)
class Behavioural(TwoEnded):
    """A current source from `plus` to `minus` whose current is an expression: SPICE's element B.

    A kind of its own says its `expression`, and lists in `reads` the nodes besides its own whose voltages the
    expression holds. Like all words of a deck an expression is made of checked names and ``repr`` of checked floats.
    A kind that conducts no direct current by itself, such as the rate of a state into its capacitor, says so with
    ``direct_paths``.
    """

    letter: ClassVar[str] = "b"

    @property
    @abstractmethod
    def expression(self) -> str:
        """Ampere from `plus` to `minus`, in ngspice's notation."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Other nodes whose voltages the expression holds."""
        return ()

    @property
    def nodes(self) -> tuple[str, ...]:
        """Its two nodes and those that it reads."""
        return *self.terminals, *self.reads

    @property
    def words(self) -> tuple[str, ...]:
        """Its expression."""
        return "i", "=", *self.expression.split()

    @property
    def across(self) -> str:
        """The voltage from `plus` to `minus`, as a part of an expression."""
        return f"v({self.plus}, {self.minus})"


@dataclass(frozen=True, kw_only=True)
class SinhConductor(Behavioural):
    """A conductor of current ``conductance * v_scale * sinh(v / v_scale)`` at `v` volt from `plus` to `minus`.

    `conductance`, that of the smallest voltages, in siemens and `v_scale` in volt, both above zero.
    """

    conductance: float
    v_scale: float

    def __post_init__(self) -> None:
        super().__post_init__()
        positive_number(f"conductance of {self.name}", self.conductance, "S")
        positive_number(f"v_scale of {self.name}", self.v_scale, "V")
        check_fields(self, "conductance", "v_scale")

    @property
    def expression(self) -> str:
        """Its law.

        Newton's steps on the way to a solution leave the range that ngspice's sinh and cosh take; so the expression
        goes on along the tangent where our own law does, beyond ``LARGEST_ARGUMENT``.
        """
        scale = repr(self.v_scale)
        argument = f"(v({self.plus}) - v({self.minus})) / {scale}"
        within = f"min(max({argument}, {-LARGEST_ARGUMENT!r}), {LARGEST_ARGUMENT!r})"
        value = f"sinh({within}) + cosh({within}) * ({argument} - {within})"
        return f"{self.conductance!r} * {scale} * ({value})"


@dataclass(frozen=True, kw_only=True)
class VoltageDependentResistor(VoltageDependent, Behavioural):
    """A resistor of `resistance` ohm, above 0, that follows its voltage and temperature as all that is so."""

    value_name: ClassVar[str] = "resistance"
    unit: ClassVar[str] = "ohm"

    resistance: float

    @property
    def expression(self) -> str:
        """Its law, with the parts whose coefficients are not 0."""
        return f"{self.across} / ({' * '.join([repr(self.resistance), *self.factors(self.across)])})"


@dataclass(frozen=True, kw_only=True)
class HeldDevice(Behavioural):
    """A threshold device that is on: ``(|v| - v_hold) / r_on`` at `v` volt, or ``|v| / r_off`` where that is more.

    Parameters
    ----------
    r_on, r_off : float
        Ohm, above 0; `r_off` may be endless.
    v_hold : float
        Volt, above 0.
    """

    r_on: float
    r_off: float
    v_hold: float

    def __post_init__(self) -> None:
        super().__post_init__()
        for field, unit in (("r_on", "ohm"), ("v_hold", "V")):
            positive_number(f"{field} of {self.name}", getattr(self, field), unit)
        check_fields(self, "r_on", "v_hold")
        if not (isinstance(self.r_off, float) and self.r_off == math.inf):
            positive_number(f"r_off of {self.name}", self.r_off, "ohm")
            check_fields(self, "r_off")

    @property
    def expression(self) -> str:
        """Its law."""
        v = self.across
        leaks = "0.0" if self.r_off == math.inf else f"abs({v}) / {self.r_off!r}"
        return f"sgn({v}) * max((abs({v}) - {self.v_hold!r}) / {self.r_on!r}, {leaks})"


@dataclass(frozen=True, kw_only=True)
class WeakInversionCurrent(Behavioural):
    """What leaks from drain to source of an open transistor, which level 1 does not have.

    Its law is that of :mod:`rescircuit.devices.switches.subthreshold`, with bulk and gate at 0 V. The parameters are
    those at the one temperature at which the element may be used.

    Parameters
    ----------
    at_threshold : float
        Drain current at the threshold, ampere, above 0.
    vto, gamma, phi : float
        Threshold (V), body effect (√V) and surface potential (V).
    slope, thermal : float
        ``n V_T`` and ``V_T``, volt, above 0.
    celsius : float
        Of all these, °C.
    """

    at_threshold: float
    vto: float
    gamma: float
    phi: float
    slope: float
    thermal: float
    celsius: float

    def __post_init__(self) -> None:
        super().__post_init__()
        for field, unit in (("at_threshold", "A"), ("phi", "V"), ("slope", "V"), ("thermal", "V")):
            positive_number(f"{field} of {self.name}", getattr(self, field), unit)
        check_fields(self, "at_threshold", "vto", "gamma", "phi", "slope", "thermal", "celsius")

    @classmethod
    def beside(cls, name: str, plus: str, minus: str, switch: NMOS) -> WeakInversionCurrent:
        """That of this switch, at its temperature."""
        level_1, thermal = switch.level_1, thermal_voltage(switch.temperature)
        warmer = math.sqrt((switch.temperature - ABSOLUTE_ZERO) / NOMINAL)
        return cls(
            name=name,
            plus=plus,
            minus=minus,
            at_threshold=switch.i_threshold * switch.w_over_l * warmer,
            vto=float(level_1.vto),
            gamma=switch.gamma,
            phi=level_1.phi,
            slope=switch.swing * thermal,
            thermal=thermal,
            celsius=switch.temperature,
        )

    @property
    def expression(self) -> str:
        """Its law. The source is whichever end is lower; below 0 V the body effect goes on along its tangent."""
        source = f"min(v({self.plus}), v({self.minus}))"
        reverse, forward = f"max({source}, 0.0)", f"min(max({source}, {-2.0 * self.phi!r}), 0.0)"
        root = math.sqrt(self.phi)
        body = f"{reverse} / (sqrt({self.phi!r} + {reverse}) + {root!r}) + {forward} / {2.0 * root!r}"
        overdrive = f"min({-self.vto!r} - {source} - {self.gamma!r} * ({body}), 0.0)"
        saturated = f"{self.at_threshold!r} * exp({overdrive} / {self.slope!r})"
        return f"{saturated} * sgn({self.across}) * (1.0 - exp(-abs({self.across}) / {self.thermal!r}))"

    def check_temperatures(self, lowest: float, highest: float, nominal_celsius: float) -> None:  # noqa: ARG002 - it has its own
        """Refuse other temperatures than its parameters'."""
        for celsius in (lowest, highest):
            if celsius != self.celsius:
                raise InputError("temperature_celsius", f"{self.celsius:g} °C, for which {self.name} was made", celsius)
