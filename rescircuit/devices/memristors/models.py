"""Laws by which a memristor's resistance follows the voltage across it.

Both models have one state, from 0 (`r_off`) to 1 (`r_on`), the same way round: a transient of one can be laid over a
transient of the other. The state is clamped to that range wherever a current is computed from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from rescircuit.checks import Array, finite_number, positive_number, whole_number
from rescircuit.errors import InputError

__all__ = ["VTEAM", "LinearDriftMemristor", "MemristorModel"]

_LARGEST_EXPONENT = 100  # of a window: 1 - x**200 is a box for all purposes


@runtime_checkable
class MemristorModel(Protocol):
    """A current law and a state's law of motion."""

    @property
    def r_on(self) -> float:
        """Least resistance, ohm, in state 1."""
        ...

    @property
    def r_off(self) -> float:
        """Largest resistance, ohm, in state 0."""
        ...

    @property
    def window(self) -> int | None:
        """The exponent p of Biolek's window, or ``None``: the state moves freely and stops at 0 and 1."""
        ...

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The voltages at which the law of motion is not smooth, volt."""
        ...

    def current(self, voltage: Any, state: Any) -> Array:
        """Ampere at `voltage` (volt) in `state`."""
        ...

    def direction(self, voltage: float) -> int:
        """Where `voltage` moves the state: 1 towards `r_on`, -1 towards `r_off`, 0 nowhere."""
        ...

    def rate(self, voltage: Any, state: Any) -> Array:
        """The state's speed, 1/s, as if nothing stopped it at 0 and 1."""
        ...


@dataclass(frozen=True, kw_only=True)
class LinearDriftMemristor:
    """HP's memristor with linear ion drift (Strukov et al., "The missing memristor found", Nature 453, 2008, eq. 5, 6).

    ``i = v / (r_on x + r_off (1 - x))`` and ``dx/dt = mobility r_on / thickness² · i · f(x, i)``, with Biolek's window
    ``f = 1 - (x - stp(-i))^(2p)``, where stp(z) is 1 for z >= 0 and else 0 (Biolek, Biolek and Biolkova, "SPICE model
    of memristor with nonlinear dopant drift", Radioengineering 18, 2009). A positive current moves the state towards 1.
    The defaults are those of Strukov et al., figure 2.

    Parameters
    ----------
    r_on, r_off : float
        Resistance with all of the film doped, and with none, ohm; `r_off` the larger.
    thickness : float
        Of the film, metre.
    mobility : float
        Of the dopants, m²/(V s); 1e-14 is Strukov's 1e-10 cm²/(V s).
    window : int or None
        Biolek's exponent p, 1 to 100: the larger, the closer to the ends the drift stays linear. ``None``: linear to
        the ends, and there the state stops.

    Raises
    ------
    InputError
        For a parameter outside its range.
    """

    r_on: float = 100.0
    r_off: float = 16e3
    thickness: float = 10e-9
    mobility: float = 1e-14
    window: int | None = 10

    def __post_init__(self) -> None:
        _check_resistances(self.r_on, self.r_off)
        positive_number("thickness", self.thickness, "m")
        positive_number("mobility", self.mobility, "m²/(V s)")
        _check_window(self.window)
        if self.thickness * self.thickness == 0 or not 0.0 < self.drift < math.inf:
            raise InputError("mobility", "of a size for which mobility * r_on / thickness² is a float", self.mobility)

    @property
    def drift(self) -> float:
        """``mobility r_on / thickness²``, 1/(A s)."""
        return self.mobility * self.r_on / (self.thickness * self.thickness)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """0 V, where the window changes sides."""
        return (0.0,)

    def current(self, voltage: Any, state: Any) -> Array:
        """Ampere at `voltage` (volt) in `state`."""
        return voltage / self.resistance(state)

    def resistance(self, state: Any) -> Array:
        """Ohm in `state`."""
        doped = np.clip(state, 0.0, 1.0)
        return self.r_on * doped + self.r_off * (1.0 - doped)

    def direction(self, voltage: float) -> int:
        """The sign of `voltage`."""
        return (voltage > 0) - (voltage < 0)

    def rate(self, voltage: Any, state: Any) -> Array:
        """The state's speed, 1/s, at `voltage` (volt) in `state`."""
        return self.drift * self.current(voltage, state) * _window(self.window, state, np.asarray(voltage) >= 0)


@dataclass(frozen=True, kw_only=True)
class VTEAM:
    """A voltage-controlled threshold memristor (Kvatinsky et al., "VTEAM", IEEE TCAS-II 62, 2015).

    The paper's state w runs from `w_on` to `w_off`; it rests between the thresholds and moves beyond them by
    ``dw/dt = k_off (v / v_off - 1)^alpha_off · f`` for v above `v_off` and ``k_on (v / v_on - 1)^alpha_on · f`` for v
    below `v_on`. Our state is ``x = (w_off - w) / (w_off - w_on)``: 1 at `r_on`. A positive voltage moves it towards 0.
    The defaults are those of MemTorch (Lammie et al., Neurocomputing, 2022): at 1 V this device switches off within a
    microsecond, and on within 0.1 ns.

    Parameters
    ----------
    r_on, r_off : float
        Resistance at `w_on` and at `w_off`, ohm; `r_off` the larger.
    w_on, w_off : float
        The ends of the state's range, metre; `w_off` the larger.
    k_on, k_off : float
        Speeds, m/s: `k_on` below 0, `k_off` above 0.
    alpha_on, alpha_off : float
        Exponents, at least 1.
    v_on, v_off : float
        Thresholds, volt: `v_on` below 0, `v_off` above 0.
    window : int or None
        ``None``: f = 1 within the range, where the state stops at the ends (the paper's ideal window). A whole number
        p from 1 to 100: Biolek's window, here by the direction of motion, ``1 - x^(2p)`` towards `r_on` and
        ``1 - (1 - x)^(2p)`` towards `r_off`.
    law : "linear" or "exponential"
        How the resistance follows the state: ``r_on + (r_off - r_on)(1 - x)``, or ``r_on (r_off / r_on)^(1 - x)``.

    Raises
    ------
    InputError
        For a parameter outside its range.
    """

    r_on: float = 50.0
    r_off: float = 1e3
    w_on: float = 0.0
    w_off: float = 3e-9
    k_on: float = -10.0
    k_off: float = 5e-4
    alpha_on: float = 3.0
    alpha_off: float = 1.0
    v_on: float = -0.2
    v_off: float = 0.02
    window: int | None = None
    law: Literal["linear", "exponential"] = "linear"

    def __post_init__(self) -> None:
        _check_resistances(self.r_on, self.r_off)
        if finite_number("w_off", self.w_off) <= finite_number("w_on", self.w_on):
            raise InputError("w_off", f"above w_on, {self.w_on:g} m", self.w_off)
        for name in ("k_off", "v_off"):
            positive_number(name, getattr(self, name), "m/s" if name == "k_off" else "V")
        for name in ("k_on", "v_on"):
            if finite_number(name, getattr(self, name)) >= 0:
                raise InputError(name, "below 0", getattr(self, name), "The state's way back needs the other sign.")
        for name in ("alpha_on", "alpha_off"):
            if finite_number(name, getattr(self, name)) < 1:
                raise InputError(name, "at least 1", getattr(self, name))
        _check_window(self.window)
        if self.law not in ("linear", "exponential"):
            raise InputError("law", "'linear' or 'exponential'", self.law)

    @property
    def speed_on(self) -> float:
        """How fast the state moves towards 1 at twice the threshold `v_on`, 1/s."""
        return -self.k_on / (self.w_off - self.w_on)

    @property
    def speed_off(self) -> float:
        """How fast the state moves towards 0 at twice the threshold `v_off`, 1/s."""
        return self.k_off / (self.w_off - self.w_on)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """`v_on` and `v_off`."""
        return (self.v_on, self.v_off)

    def current(self, voltage: Any, state: Any) -> Array:
        """Ampere at `voltage` (volt) in `state`."""
        return voltage / self.resistance(state)

    def resistance(self, state: Any) -> Array:
        """Ohm in `state`."""
        off = 1.0 - np.clip(state, 0.0, 1.0)
        if self.law == "linear":
            return self.r_on + (self.r_off - self.r_on) * off
        return self.r_on * (self.r_off / self.r_on) ** off

    def direction(self, voltage: float) -> int:
        """1 below `v_on`, -1 above `v_off`, 0 between them."""
        return (voltage < self.v_on) - (voltage > self.v_off)

    def rate(self, voltage: Any, state: Any) -> Array:
        """The state's speed, 1/s, at `voltage` (volt) in `state`."""
        voltage = np.asarray(voltage)
        on = self.speed_on * np.maximum(voltage / self.v_on - 1.0, 0.0) ** self.alpha_on
        off = self.speed_off * np.maximum(voltage / self.v_off - 1.0, 0.0) ** self.alpha_off
        return (on - off) * _window(self.window, state, voltage < 0)


def _window(exponent: int | None, state: Any, towards_on: Any) -> Any:
    """``1 - x^(2p)`` towards 1 and ``1 - (1 - x)^(2p)`` towards 0; just outside of 0 and 1 it points back inside."""
    if exponent is None:
        return 1.0
    return 1.0 - np.where(towards_on, state, 1.0 - state) ** (2 * exponent)


def _check_resistances(r_on: float, r_off: float) -> None:
    positive_number("r_on", r_on, "ohm")
    if positive_number("r_off", r_off, "ohm") <= r_on:
        raise InputError("r_off", f"above r_on, {r_on:g} ohm", r_off)


def _check_window(exponent: int | None) -> None:
    if exponent is not None:
        hint = "None lets the state move freely up to its ends."
        whole_number("window", exponent, 1, _LARGEST_EXPONENT, hint)
