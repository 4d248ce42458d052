"""Memristors as subcircuits: a current by a formula between two ports, and a capacitor whose voltage is the state.

The third port is that state, 0 V at `r_off` and 1 V at `r_on`, to be saved or left alone. It is clamped to this range
inside the current's law, because a step of the integrator may leave it. Where our own law stops the state at an end,
the subcircuit slows it down over the last hundred-thousandth of its range, so that the rate has no jump. A transient
has to start from initial conditions, the state's own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from rescircuit.checks import whole_number
from rescircuit.devices.memristors import VTEAM, LinearDriftMemristor
from rescircuit.errors import InputError
from rescircuit.spice.circuits.element import check_fields
from rescircuit.spice.circuits.elements import Capacitor
from rescircuit.spice.circuits.formulas import GivenCurrent
from rescircuit.spice.circuits.names import GROUND, LARGEST, SMALLEST, check_name
from rescircuit.spice.circuits.subcircuits import Subcircuit

__all__ = ["MEMRISTOR_PORTS", "memristor_subcircuit"]

MEMRISTOR_PORTS = ("plus", "minus", "state")

_EDGE = 1e-5  # of the state's range: where a state without a window is stopped


@dataclass(frozen=True, kw_only=True)
class _Law(ABC):
    """What both kinds share: the formulas of a memristor, over the nodes plus, minus and state.

    Parameters
    ----------
    name : str
        The subcircuit's name.
    initial_state : float
        From 0 to 1.
    capacitance : float
        Of the state's capacitor, farad, above 0. It scales the currents inside and nothing else; about the duration
        of a transient in seconds keeps them near 1 A.
    window : int or None
        As of the model.
    """

    name: str
    initial_state: float
    capacitance: float
    window: int | None

    def __post_init__(self) -> None:
        check_name("name", self.name)
        check_fields(self, "initial_state", "capacitance")
        if not 0.0 <= self.initial_state <= 1.0:
            raise InputError(f"initial_state of {self.name}", "from 0 to 1", self.initial_state)
        if self.window is not None:
            object.__setattr__(self, "window", whole_number(f"window of {self.name}", self.window, 1))
        if self.capacitance <= 0:
            raise InputError(f"capacitance of {self.name}", "above 0 (F)", self.capacitance)

    @property
    @abstractmethod
    def resistance_expression(self) -> str:
        """Ohm, over the state."""

    @property
    @abstractmethod
    def rate_expression(self) -> str:
        """What charges the state's capacitor, ampere, without the window."""

    @property
    @abstractmethod
    def towards_on(self) -> str:
        """The condition under which the state moves towards 1."""

    @property
    def window_expression(self) -> str:
        """The factor of the rate."""
        if self.window is None:
            ahead, behind = f"min((1.0 - v(state)) / {_EDGE!r}, 1.0)", f"min(v(state) / {_EDGE!r}, 1.0)"
        else:
            power = 2 * self.window  # even, and of 1 - x rather than x - 1: a derivative of ^ loses a base's sign
            ahead, behind = f"1.0 - v(state)^{power}", f"1.0 - (1.0 - v(state))^{power}"
        return f"({self.towards_on} ? {ahead} : {behind})"

    def subcircuit(self) -> Subcircuit:
        """The whole of it."""
        rate = f"{self.rate_expression} * {self.window_expression}"
        current = f"v(plus, minus) / ({self.resistance_expression})"
        state = {"capacitance": self.capacitance, "initial_voltage": self.initial_state}
        return Subcircuit(
            name=self.name,
            ports=MEMRISTOR_PORTS,
            elements=(
                GivenCurrent(name="b_current", plus="plus", minus="minus", formula=current),
                Capacitor(name="c_state", plus="state", minus=GROUND, **state),
                GivenCurrent(name="b_rate", plus=GROUND, minus="state", formula=rate),
            ),
            open_ends=frozenset({"state"}),
        )


_STATE = "min(max(v(state), 0.0), 1.0)"


@dataclass(frozen=True, kw_only=True)
class _LinearDriftLaw(_Law):
    """A :class:`~rescircuit.devices.memristors.LinearDriftMemristor`; `drift` in 1/(A s)."""

    r_on: float
    r_off: float
    drift: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fields(self, "r_on", "r_off", "drift")

    @property
    def resistance_expression(self) -> str:
        """``r_on x + r_off (1 - x)``."""
        return f"{self.r_on!r} * {_STATE} + {self.r_off!r} * (1.0 - {_STATE})"

    @property
    def rate_expression(self) -> str:
        """``drift i``."""
        return f"{self.capacitance * self.drift!r} * v(plus, minus) / ({self.resistance_expression})"

    @property
    def towards_on(self) -> str:
        """A voltage of at least 0."""
        return "v(plus, minus) >= 0.0"


@dataclass(frozen=True, kw_only=True)
class _VTEAMLaw(_Law):
    """A :class:`~rescircuit.devices.memristors.VTEAM`; the speeds in 1/s, `exponential` its law of resistance."""

    r_on: float
    r_off: float
    speed_on: float
    speed_off: float
    v_on: float
    v_off: float
    alpha_on: float
    alpha_off: float
    exponential: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        numbers = ("r_on", "r_off", "speed_on", "speed_off", "v_on", "v_off", "alpha_on", "alpha_off")
        check_fields(self, *numbers)

    @property
    def resistance_expression(self) -> str:
        """``r_on + (r_off - r_on)(1 - x)``, or ``r_on (r_off / r_on)^(1 - x)`` as an exponential."""
        if self.exponential:
            return f"{self.r_on!r} * exp({math.log(self.r_off / self.r_on)!r} * (1.0 - {_STATE}))"
        return f"{self.r_on!r} + {self.r_off - self.r_on!r} * (1.0 - {_STATE})"

    @property
    def rate_expression(self) -> str:
        """``speed_on (v / v_on - 1)^alpha_on`` below `v_on` less its like above `v_off`."""
        sides = (
            f"{self.capacitance * speed!r} * pwr(max(v(plus, minus) / {threshold!r} - 1.0, 0.0), {alpha!r})"
            for speed, threshold, alpha in (
                (self.speed_on, self.v_on, self.alpha_on),
                (self.speed_off, self.v_off, self.alpha_off),
            )
        )
        return f"({' - '.join(sides)})"

    @property
    def towards_on(self) -> str:
        """A voltage below 0."""
        return "v(plus, minus) < 0.0"


def memristor_subcircuit(
    model: LinearDriftMemristor | VTEAM, *, name: str = "memristor", initial_state: float, capacitance: float
) -> Subcircuit:
    """The subcircuit of a memristor's model.

    Raises
    ------
    InputError
        For another model, or numbers that a deck cannot hold.
    """
    if not isinstance(model, LinearDriftMemristor | VTEAM):
        raise InputError("model", "a LinearDriftMemristor or a VTEAM", model)
    start = {"name": name, "initial_state": initial_state, "capacitance": capacitance}
    alike = {"window": model.window, "r_on": model.r_on, "r_off": model.r_off}
    if isinstance(model, LinearDriftMemristor):
        _check_products(capacitance * model.drift)
        return _LinearDriftLaw(**start, **alike, drift=model.drift).subcircuit()
    _check_products(capacitance * model.speed_on, capacitance * model.speed_off)
    return _VTEAMLaw(
        **start,
        **alike,
        speed_on=model.speed_on,
        speed_off=model.speed_off,
        v_on=model.v_on,
        v_off=model.v_off,
        alpha_on=model.alpha_on,
        alpha_off=model.alpha_off,
        exponential=model.law == "exponential",
    ).subcircuit()


def _check_products(*products: float) -> None:
    """The expressions hold products of fields, which must be numbers that a deck can hold too."""
    for product in products:
        if not SMALLEST <= product <= LARGEST:
            required = f"of a size for which the state's speed times the duration is {SMALLEST:g} to {LARGEST:g}"
            raise InputError("model", required, product)
