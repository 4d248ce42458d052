"""A transistor as a switch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rescircuit.checks import Array, finite_array, finite_number, positive_number
from rescircuit.devices.switches.protocol import BranchCurrent, Flags, check_off
from rescircuit.errors import InputError, SolutionError

__all__ = ["NMOS"]

_SETTLED = 1e-14  # relative; last bits go to and fro below
_MOST_STEPS = 100  # some 5 do; halving alone takes as many


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
        check_off(self.r_off)

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
        return self.branch(resistance, voltage, np.zeros(()), closed=closed)[0]

    def branch(self, resistance: Array, v_in: Array, v_out: Array, *, closed: bool | Flags) -> BranchCurrent:
        """See :class:`Switch`.

        Drain and source are whichever end is higher and lower, as in SPICE. Below 0 V the formulas go on, for solvers
        that pass through there, up to 1e12 V either way; the bulk's diodes, which would conduct there, are left out.

        Raises
        ------
        SolutionError
            When the voltage between resistor and switch is not found; voltages that are not finite have none.
        """
        v = np.asarray(v_in - v_out)
        gate = np.where(closed, self.v_gate, 0.0)
        if (self._overdrive(gate, np.minimum(v_in, v_out))[0] <= 0).all():  # no channel anywhere: it is linear
            slope = 1.0 / np.broadcast_arrays(resistance + self.r_off, v, gate)[0]
            return v * slope, slope, -slope
        across = self._voltage_across(resistance, v, v_out, gate)
        current, d_middle, d_out = self._channel_current(across, v_out, gate)
        # From the channel's di = d_middle dv_middle + d_out dv_out and the resistor's dv_middle = dv_in - R di.
        divisor = 1.0 + resistance * d_middle
        # Backwards a channel that is almost shut magnifies its overdrive's last bits, and the resistor does not.
        current = np.where((v < 0) & (divisor > 2.0), (v - across) / resistance, current)
        return current, d_middle / divisor, d_out / divisor

    def _overdrive(self, gate: Array, source: Array) -> tuple[Array, Array]:
        """Gate voltage above threshold at the source, below 0 without a channel, and how fast it falls as that rises.

        The body effect ``gamma (sqrt(phi + source) - sqrt(phi))`` goes on along its tangent below 0 V until the root
        has come down to 0, as in SPICE.
        """
        root, reverse = math.sqrt(self.phi), np.maximum(source, 0.0)
        raised_root = np.sqrt(self.phi + reverse)
        forward = np.clip(source, -2.0 * self.phi, 0.0)
        body = self.gamma * (reverse / (raised_root + root) + forward / (2.0 * root))
        falls = 1.0 + np.where(source > -2.0 * self.phi, self.gamma / (2.0 * raised_root), 0.0)
        return gate - self.vto - source - body, falls

    def _channel_current(self, across: Array, v_out: Array, gate: Array) -> BranchCurrent:
        """Current from the middle node, `across` volt above the output, to the output, the leakage included.

        Its derivatives are those by the voltages of the middle node and of the output.
        """
        beta, leakage = self.kp * self.w_over_l, 1.0 / self.r_off
        overdrive, falls = self._overdrive(gate, v_out + np.minimum(across, 0.0))
        overdrive, v_ds = np.maximum(overdrive, 0.0), np.abs(across)
        v = np.minimum(v_ds, overdrive)  # the square law stops growing at pinch-off
        square, slope = v * (overdrive - 0.5 * v), overdrive - v
        modulation = 1.0 + self.lambda_ * v_ds
        current = np.copysign(beta * square * modulation, across) + leakage * across
        by_drain = beta * (slope * modulation + self.lambda_ * square) + leakage
        by_source = by_drain + beta * v * modulation * falls
        forwards = across >= 0
        return current, np.where(forwards, by_drain, by_source), -np.where(forwards, by_source, by_drain)

    def _voltage_across(self, resistance: Array, v: Array, v_out: Array, gate: Array) -> Array:
        """Voltage across the switch when `v` volt stand across the branch, by Newton's method on Kirchhoff's law.

        The root of ``across + resistance * channel(across) - v``, which rises everywhere, lies between 0 and `v`.
        Where a step leaves what is known to hold the root, that is halved instead.
        """
        across = self._voltage_without_modulation(resistance, v, v_out, gate)
        low, high = np.minimum(v, 0.0), np.maximum(v, 0.0)
        worst = math.inf
        for _ in range(_MOST_STEPS):
            current, d_middle, d_out = self._channel_current(across, v_out, gate)
            slope = 1.0 + resistance * d_middle
            excess = across - v + resistance * current
            step = excess / slope
            # A last bit of the currents moves a step by as much of this; backwards one of the overdrive does too.
            by_gate = np.maximum(d_middle + d_out, 0.0) * (self.v_gate + np.abs(v_out))
            scale = (resistance * (np.abs(current) + by_gate) + np.abs(v)) / slope
            change = np.abs(step) / np.maximum(scale, 1e-290)
            worst = float(np.max(change, initial=0.0))
            low, high = np.where(excess < 0, across, low), np.where(excess > 0, across, high)
            after = across - step
            kept = (change <= _SETTLED) | ((low < after) & (after < high))
            across = np.where(kept, np.clip(after, low, high), 0.5 * (low + high))
            if worst <= _SETTLED:
                return across
        raise SolutionError("NMOS operating point", worst, _SETTLED, "Check the model's parameters.")

    def _voltage_without_modulation(self, resistance: Array, v: Array, v_out: Array, gate: Array) -> Array:
        """The same in closed form but for modulation, leakage and the body effect's change: where Newton's steps start.

        With the overdrives `a` at the output and `b` at the middle node, 0 where there is no channel, the channel takes
        ``beta / 2 * (a² - b²)`` either way, and the law is a quadratic equation in `b`.
        """
        overdrive, _ = self._overdrive(gate, v_out)
        half = 0.5 * self.kp * self.w_over_l * resistance
        saturated = half * np.maximum(overdrive, 0.0) ** 2
        left = overdrive - v + saturated
        at_middle = 2.0 * left / (1.0 + np.sqrt(1.0 + 4.0 * half * np.maximum(left, 0.0)))
        across = np.where(left > 0, overdrive - at_middle, v - saturated)
        return np.clip(across, np.minimum(v, 0.0), np.maximum(v, 0.0))
