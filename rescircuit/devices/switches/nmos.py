"""A transistor as a switch."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from rescircuit.checks import Array, finite_array, finite_number, non_negative_number, positive_number
from rescircuit.devices.coefficients import checked_temperature
from rescircuit.devices.streams import Stream
from rescircuit.devices.switches.nmos_temperature import Level1, level_1_at
from rescircuit.devices.switches.operating_point import voltage_across
from rescircuit.devices.switches.parameters import Parameters, checked_place, parameter, spread_below
from rescircuit.devices.switches.protocol import BranchCurrent, Flags, check_off
from rescircuit.devices.switches.subthreshold import WeakInversion
from rescircuit.errors import InputError

__all__ = ["NMOS"]

_LARGEST_SPREAD = 0.1  # relative, so that no transconductance comes near zero


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NMOS(Parameters):
    """A level-1 (Shichman-Hodges) NMOS switch with its bulk and its gate-off voltage at 0 V.

    All parameters are those at 27 °C, whatever the `temperature`: :meth:`level_1` says what becomes of them.

    Parameters
    ----------
    w_over_l : float
        Width over length.
    v_gate : float
        Gate voltage when closed, volt.
    vto, kp : float or array
        Threshold (V) and transconductance (A/V²), as in SPICE's level 1; arrays, one value a switch, broadcast with
        the resistances.
    lambda_, gamma, phi : float
        Channel-length modulation (1/V), body effect (√V) and surface potential (V), likewise.
    length : float
        Channel length, metre: for decks and for the gate's area, of which mismatch depends; of all that a current
        depends on, only the ratio does.
    r_off : float
        Leakage resistance from drain to source, ohm, at any gate voltage; ``math.inf`` for none.
    side : {"ground", "driven"}
        Where the switch sits: behind the resistor, at the virtual ground, or before it, at the input, where its
        source floats on the resistor and the gate drive falls with the input.
    temperature : float
        Of the transistor, °C.
    i_threshold : float
        Drain current at the threshold of a transistor as wide as long, at 27 °C, ampere: by it an *open* switch leaks
        in weak inversion, see :mod:`~rescircuit.devices.switches.subthreshold`. Some 1e-7 A, at which many foundries
        define the threshold; 0, as in level 1 itself, for no such leakage. From a leakage ``i_off`` at ``v_gs = 0``
        and 27 °C it is ``i_off / w_over_l * exp(vto / (swing * 25.9 mV))``. Beside the channel of a closed switch
        it would be nothing and is left out.
    swing : float
        Slope factor of the weak inversion, at least 1; about 1.5, or 89 mV a decade.
    vto_common, kp_common : float
        Standard deviations from die to die: of the threshold, volt, and of the transconductance, relative, below 0.1.
    vto_matching, kp_matching : float
        Pelgrom's coefficients of a pair's difference, V·m and relative·m (5 mV·µm is ``5e-9``): one switch's standard
        deviation is ``coefficient / sqrt(2 * area)`` (Pelgrom, Duinmaijer and Welbers, "Matching properties of MOS
        transistors", IEEE Journal of Solid-State Circuits 24, 1989).

    Raises
    ------
    InputError
        For parameters outside their range, a gate voltage that does not open the channel, or a temperature at which
        an open switch would conduct.
    """

    w_over_l: float
    v_gate: float = 1.8
    vto: Any = 0.4
    kp: Any = 200e-6
    lambda_: float = 0.02
    gamma: float = 0.4
    phi: float = 0.7
    length: float = 180e-9
    r_off: float = math.inf
    side: str = "ground"
    temperature: float = 27.0
    i_threshold: float = 0.0
    swing: float = 1.5
    vto_common: float = 0.0
    kp_common: float = 0.0
    vto_matching: float = 0.0
    kp_matching: float = 0.0

    def __post_init__(self) -> None:
        for name, unit in (("w_over_l", ""), ("phi", "V"), ("length", "m")):
            positive_number(name, getattr(self, name), unit)
        for name, unit in (("lambda_", "1/V"), ("gamma", "√V"), ("v_gate", "V"), ("i_threshold", "A")):
            non_negative_number(name, getattr(self, name), unit)
        vto = parameter("vto", self.vto, "a finite number of at least 0 (V)", above=0.0, or_equal=True)
        object.__setattr__(self, "vto", vto)
        object.__setattr__(self, "kp", parameter("kp", self.kp, "a finite number above 0 (A/V²)", above=0.0))
        check_off(self.r_off)
        if self.side not in ("ground", "driven"):
            raise InputError("side", '"ground" or "driven"', self.side)
        if finite_number("swing", self.swing, "a slope factor of at least 1") < 1:
            raise InputError("swing", "a slope factor of at least 1", self.swing)
        self._check_variation()
        checked_temperature(self.temperature)
        self._check_thresholds()

    def _check_variation(self) -> None:
        for name, unit in (("vto_common", "V"), ("vto_matching", "V·m"), ("kp_matching", "m")):
            non_negative_number(name, getattr(self, name), unit)
        spread_below("kp_common", self.kp_common, _LARGEST_SPREAD)
        most = _LARGEST_SPREAD * math.sqrt(2.0 * self.area)
        if self.kp_matching and self.kp_matching >= most:
            required = f"below {most:g} m at a gate of {self.area:g} m²"
            raise InputError("kp_matching", required, self.kp_matching)

    def _check_thresholds(self) -> None:
        highest, lowest = float(np.max(self.level_1.vto)), float(np.min(self.level_1.vto))
        if self.v_gate <= highest:
            at = f" at {self.temperature:g} °C" if self.level_1.vto is not self.vto else ""
            raise InputError("v_gate", f"above the threshold vto ({highest:g} V{at})", self.v_gate)
        if lowest < 0:
            required = f"one at which the threshold is at least 0 V; it would be {lowest:.3g} V"
            raise InputError("temperature", required, self.temperature)

    @property
    def area(self) -> float:
        """Of the gate, m²."""
        return self.w_over_l * self.length * self.length  # a power would raise where this is infinite

    @cached_property
    def level_1(self) -> Level1:
        """The parameters that move with temperature, as they are at `temperature`."""
        return level_1_at(self.temperature, vto=self.vto, kp=self.kp, phi=self.phi, gamma=self.gamma)

    def at(self, temperature: float) -> Self:
        """See :class:`Switch`; the parameters stay those at 27 °C."""
        number = checked_temperature(temperature)
        return self if number == self.temperature else replace(self, temperature=number)

    def sample(self, shape: int | tuple[int, ...] = (), *, seed: int, chip: int = 0, start: int = 0) -> Self:
        """See :class:`Switch`.

        Raises
        ------
        InputError
            For a threshold that comes out below 0 V, or above the gate's voltage; with its place.
        """
        shape = checked_place(shape, seed=seed, chip=chip, start=start)

        def normal(of: str) -> Any:
            """The die's deviation, or each switch's, in standard deviations."""
            stream = Stream(seed=seed, chip=chip, source=f"switch.{of}")
            if of.endswith("common"):
                return float(stream.normal(1)[0])
            return stream.normal(math.prod(shape), start).reshape(shape)

        vto, kp, pair = self.vto, self.kp, math.sqrt(2.0 * self.area)
        if self.vto_common:
            vto = vto + self.vto_common * normal("vto.common")
        if self.vto_matching:
            vto = vto + self.vto_matching / pair * normal("vto.matching")
        if self.kp_common:
            kp = kp * (1.0 + self.kp_common * normal("kp.common"))
        if self.kp_matching:
            kp = kp * (1.0 + self.kp_matching / pair * normal("kp.matching"))
        if vto is self.vto and kp is self.kp:
            return self
        return replace(self, vto=vto, kp=kp, vto_common=0.0, kp_common=0.0, vto_matching=0.0, kp_matching=0.0)

    def check_voltages(self, lowest: float, highest: float) -> None:
        """See :class:`Switch`; voltages below 0 V are refused, however high the others are."""
        if min(lowest, highest) < 0:
            raise InputError(
                "voltage",
                "at least 0 V at an NMOS switch",
                min(lowest, highest),
                "Below 0 V an open NMOS conducts; apply signed vectors in two phases, or use an IdealSwitch.",
            )

    def branch_current(self, resistance: Array, voltage: Array, *, closed: bool) -> Array:
        """See :class:`Switch`.

        Raises
        ------
        InputError
            For a negative voltage: the open switch would conduct (8 to 20 % of the closed current at -0.4 V).
        """
        voltage = finite_array("voltage", voltage, "V")
        self.check_voltages(float(voltage.min()), float(voltage.max()))
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
        if self.side == "ground":
            return self._from_resistor(resistance, v_in, v_out, closed=closed)
        # A transistor does not say which end is its drain: the same branch, read from its other end.
        current, d_in, d_out = self._from_resistor(resistance, v_out, v_in, closed=closed)
        return -current, -d_out, -d_in

    def _from_resistor(self, resistance: Array, v_in: Array, v_out: Array, *, closed: bool | Flags) -> BranchCurrent:
        """The branch whose resistor hangs on the input and whose switch leads to the output."""
        v = np.asarray(v_in - v_out)
        gate = np.where(closed, self.v_gate, 0.0)
        without_channel = (self._overdrive(gate, np.minimum(v_in, v_out))[0] <= 0).all()
        if without_channel and not self.i_threshold:  # anywhere: it is linear
            slope = 1.0 / np.broadcast_arrays(resistance + self.r_off, v, gate, self.vto, self.kp)[0]
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
        vto, _, phi = self.level_1
        root, reverse = math.sqrt(phi), np.maximum(source, 0.0)
        raised_root = np.sqrt(phi + reverse)
        forward = np.clip(source, -2.0 * phi, 0.0)
        body = self.gamma * (reverse / (raised_root + root) + forward / (2.0 * root))
        falls = 1.0 + np.where(source > -2.0 * phi, self.gamma / (2.0 * raised_root), 0.0)
        return gate - vto - source - body, falls

    def _channel_current(self, across: Array, v_out: Array, gate: Array) -> BranchCurrent:
        """Current from the middle node, `across` volt above the output, to the output, all leakage included.

        Its derivatives are those by the voltages of the middle node and of the output.
        """
        beta, leakage = self.level_1.kp * self.w_over_l, 1.0 / self.r_off
        above, falls = self._overdrive(gate, v_out + np.minimum(across, 0.0))
        overdrive, v_ds = np.maximum(above, 0.0), np.abs(across)
        v = np.minimum(v_ds, overdrive)  # the square law stops growing at pinch-off
        square, slope = v * (overdrive - 0.5 * v), overdrive - v
        modulation = 1.0 + self.lambda_ * v_ds
        forwards = beta * square * modulation
        by_drain = beta * (slope * modulation + self.lambda_ * square) + leakage
        by_source = by_drain + beta * v * modulation * falls
        if self.i_threshold:
            weak = self._weak_inversion.current(above, falls, v_ds)
            opened = gate == 0.0  # a closed switch's gate is above its threshold, which is at least 0 V
            added = (
                whole + np.where(opened, part, 0.0)
                for whole, part in zip((forwards, by_drain, by_source), weak, strict=True)
            )
            forwards, by_drain, by_source = added
        current = np.copysign(forwards, across) + leakage * across
        from_middle = across >= 0
        return current, np.where(from_middle, by_drain, by_source), -np.where(from_middle, by_source, by_drain)

    @cached_property
    def _weak_inversion(self) -> WeakInversion:
        return WeakInversion(
            i_threshold=self.i_threshold, swing=self.swing, w_over_l=self.w_over_l, temperature=self.temperature
        )

    def _voltage_across(self, resistance: Array, v: Array, v_out: Array, gate: Array) -> Array:
        """Voltage across the switch when `v` volt stand across the branch."""
        return voltage_across(
            lambda across: self._channel_current(across, v_out, gate),
            resistance,
            v,
            start=self._voltage_without_modulation(resistance, v, v_out, gate),
            of_gate=self.v_gate + np.abs(v_out),
        )

    def _voltage_without_modulation(self, resistance: Array, v: Array, v_out: Array, gate: Array) -> Array:
        """Where the steps start: in closed form but for modulation, leakage and the body effect's change.

        With the overdrives `a` at the output and `b` at the middle node, 0 where there is no channel, the channel takes
        ``beta / 2 * (a² - b²)`` either way, and the law is a quadratic equation in `b`.
        """
        overdrive, _ = self._overdrive(gate, v_out)
        half = 0.5 * self.level_1.kp * self.w_over_l * resistance
        saturated = half * np.maximum(overdrive, 0.0) ** 2
        left = overdrive - v + saturated
        at_middle = 2.0 * left / (1.0 + np.sqrt(1.0 + 4.0 * half * np.maximum(left, 0.0)))
        across = np.where(left > 0, overdrive - at_middle, v - saturated)
        return np.clip(across, np.minimum(v, 0.0), np.maximum(v, 0.0))
