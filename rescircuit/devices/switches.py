"""Switches in series with a resistor: what a branch conducts, closed and open.

A switch sits on the virtual-ground side: the resistor hangs on the input, the switch between it and the output,
which is held at 0 V. There its gate drive does not depend on the input: measured with ngspice 39, the conductance of
a 10 kΩ branch moves by 163 ppm from 0.1 V to 0.5 V, against 2.1 % with the switch on the driven side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rescircuit.checks import Array, finite_array, finite_number, positive_number
from rescircuit.errors import InputError, SolutionError

__all__ = ["NMOS", "IdealSwitch", "Switch"]


class Switch(Protocol):
    """What a bank asks of its switches."""

    def branch_current(self, resistance: Array, voltage: Array, *, closed: bool) -> Array:
        """Current, ampere, into the virtual ground through `resistance` (ohm) and the switch in series.

        `voltage` (volt) stands across both; the arguments broadcast.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class IdealSwitch:
    """A linear switch: `r_on` ohm when closed, `r_off` ohm when open (``math.inf``: no leakage)."""

    r_on: float = 0.0
    r_off: float = math.inf

    def __post_init__(self) -> None:
        if finite_number("r_on", self.r_on, "a finite resistance of at least 0 (ohm)") < 0:
            raise InputError("r_on", "a finite resistance of at least 0 (ohm)", self.r_on)
        _check_off(self.r_off)
        if self.r_off <= self.r_on:
            raise InputError("r_off", f"above r_on ({self.r_on:g} ohm)", self.r_off)

    def branch_current(self, resistance: Array, voltage: Array, *, closed: bool) -> Array:
        """See :class:`Switch`; any sign of `voltage` will do."""
        return voltage / (resistance + (self.r_on if closed else self.r_off))


@dataclass(frozen=True, kw_only=True)
class NMOS:
    """A level-1 (Shichman-Hodges) NMOS switch with its bulk and its gate-off voltage at 0 V.

    Parameters
    ----------
    w_over_l : float
        Width over length.
    v_gate : float
        Gate voltage when closed, volt.
    vto, kp, lambda_, gamma, phi : float
        Threshold (V), transconductance (A/V²), channel-length modulation (1/V), body effect (√V) and surface
        potential (V), as in SPICE's level 1.
    length : float
        Channel length for decks, metre; only the ratio changes a current.
    r_off : float
        Leakage resistance from drain to source, ohm. Level 1 has no subthreshold current, so an open switch
        leaks only what is stated here; ``math.inf`` for none.

    Raises
    ------
    InputError
        For parameters outside their range, or a gate voltage that does not open the channel.
    """

    w_over_l: float
    v_gate: float = 1.8
    vto: float = 0.4
    kp: float = 200e-6
    lambda_: float = 0.02
    gamma: float = 0.4
    phi: float = 0.7
    length: float = 180e-9
    r_off: float = math.inf

    def __post_init__(self) -> None:
        for name, unit in (("w_over_l", ""), ("kp", "A/V²"), ("phi", "V"), ("length", "m")):
            positive_number(name, getattr(self, name), unit)
        for name, unit in (("vto", "V"), ("lambda_", "1/V"), ("gamma", "√V"), ("v_gate", "V")):
            required = f"a finite number of at least 0 ({unit})"
            if finite_number(name, getattr(self, name), required) < 0:
                raise InputError(name, required, getattr(self, name))
        if self.v_gate <= self.vto:
            raise InputError("v_gate", f"above the threshold vto ({self.vto:g} V)", self.v_gate)
        _check_off(self.r_off)

    def branch_current(self, resistance: Array, voltage: Array, *, closed: bool) -> Array:
        """See :class:`Switch`.

        Raises
        ------
        InputError
            For a negative voltage: the open switch would conduct (8 to 20 % of the closed current at -0.4 V).
        """
        voltage = finite_array("voltage", voltage, "V")
        if (voltage < 0).any():
            raise InputError(
                "voltage",
                "at least 0 V at an NMOS switch",
                float(voltage.min()),
                "Below 0 V an open NMOS conducts; apply signed vectors in two phases, or use an IdealSwitch.",
            )
        if not closed:
            return voltage / (resistance + self.r_off)
        across = self._voltage_across(resistance, voltage)
        return self._channel_current(across)[0]

    def _channel_current(self, v_ds: Array) -> tuple[Array, Array]:
        """Current from drain to source and its derivative, the source and the bulk at 0 V."""
        beta = self.kp * self.w_over_l
        overdrive = self.v_gate - self.vto  # no body effect: source and bulk are both at 0 V
        v = np.minimum(v_ds, overdrive)  # the square law stops growing at pinch-off
        square, slope = v * (overdrive - 0.5 * v), overdrive - v
        modulation = 1.0 + self.lambda_ * v_ds
        current = beta * square * modulation + v_ds / self.r_off
        derivative = beta * (slope * modulation + self.lambda_ * square) + 1.0 / self.r_off
        return current, derivative

    def _voltage_across(self, resistance: Array, voltage: Array) -> Array:
        """Voltage across the closed switch, by Newton's method on Kirchhoff's current law.

        From the left of the root Newton's steps on ``channel(v) - (voltage - v) / resistance`` may only overshoot
        to the right, where they return monotonically, or stay within [0, voltage], where we keep them.
        """
        resistance, voltage = np.broadcast_arrays(resistance, voltage)
        v = np.zeros(voltage.shape)
        change = math.inf
        for _ in range(100):
            current, derivative = self._channel_current(v)
            step = (current - (voltage - v) / resistance) / (derivative + 1.0 / resistance)
            after = np.clip(v - step, 0.0, voltage)
            # A last bit of the currents moves a step by as much of this; it is at least the voltage itself.
            scale = (current + voltage / resistance) / (derivative + 1.0 / resistance)
            change = float(np.max(np.abs(after - v) / np.maximum(scale, 1e-300), initial=0.0))
            v = after
            if change <= 4e-16:
                return v
        # A last bit may go to and fro for ever; anything larger is a failure.
        if change <= 1e-14:
            return v
        raise SolutionError("NMOS operating point", change, 1e-14, "Check the model's parameters.")


def _check_off(r_off: float) -> None:
    required = "a resistance above 0 (ohm); math.inf for none"
    endless = isinstance(r_off, float | np.floating) and r_off == math.inf
    if not endless and finite_number("r_off", r_off, required) <= 0:
        raise InputError("r_off", required, r_off)
