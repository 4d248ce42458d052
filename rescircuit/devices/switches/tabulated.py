"""A switch known by measured currents: a smooth table, with a certificate of where it comes from and how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from rescircuit.checks import Array, checked_shape, finite_array, positive_array
from rescircuit.devices.coefficients import checked_temperature
from rescircuit.devices.switches.bsim4 import BSIM4Switch
from rescircuit.devices.switches.operating_point import voltage_across
from rescircuit.devices.switches.protocol import BranchCurrent, Flags
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from scipy.interpolate import NdBSpline

__all__ = ["Characterisation", "TabulatedSwitch"]

_DEGREE = 5  # of the splines
_FEWEST = _DEGREE + 1  # voltages that one goes through
_CHECKED = 4  # times as dense as the table: where its currents have to rise
_CLOSE = 1e-9  # volt; the ends of the range belong to it, whatever the last bits


@dataclass(frozen=True, kw_only=True)
class Characterisation:
    """What a table is worth.

    Attributes
    ----------
    card_digest : str
        Of the BSIM4 card, see :attr:`BSIM4Card.digest`.
    ngspice_version : str
        What computed the currents.
    temperature : float
        At which, °C.
    on_error, off_error : float
        The largest relative errors of the table's currents between its voltages, closed and open, by ngspice.
    bulk_current : float
        The largest current that went into the bulk or came out of the gate, ampere: the difference between what
        enters at the drain and what reaches the output.
    remarks : tuple of str
        What ngspice said of the card, which it took as it is.
    """

    card_digest: str
    ngspice_version: str
    temperature: float
    on_error: float
    off_error: float
    bulk_current: float
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class TabulatedSwitch:
    """A transistor on the virtual-ground side whose currents are interpolated.

    The table holds conductances ``I / v_ds``, which neither vanish nor change sign, and splines of the fifth degree go
    through their logarithms, one forwards and one backwards: BSIM4 exchanges drain and source at 0 V, where its
    currents' second derivative jumps. So currents are 0 at 0 V, rise with the voltage, and are as accurate relative to
    themselves when open as when closed.

    Parameters
    ----------
    source : BSIM4Switch
        What was tabulated, at its temperature; decks are written with its card.
    v_ds : array (p,)
        Voltages across the switch, volt, rising, none of them 0, and at least six either way.
    v_out : array (q,)
        Voltages of its output, volt, rising.
    on, off : array (p, q)
        Its current at the output over `v_ds`, siemens, closed and open, above 0.
    characterisation : Characterisation
        The certificate.

    Raises
    ------
    InputError
        For voltages that do not rise, conductances of another shape or not above 0, currents that would not rise with
        the voltage, and a certificate of another card or temperature.
    """

    source: BSIM4Switch
    v_ds: Array
    v_out: Array
    on: Array
    off: Array
    characterisation: Characterisation

    def __post_init__(self) -> None:
        if not isinstance(self.source, BSIM4Switch):
            raise InputError("source", "a BSIM4Switch", self.source)
        self._check_certificate()
        for name in ("v_ds", "v_out"):
            values = finite_array(name, getattr(self, name), "V")
            if values.ndim != 1 or len(values) < _FEWEST or not (np.diff(values) > 0).all():
                raise InputError(name, f"at least {_FEWEST} voltages that rise", f"shape {values.shape}")
            self._keep(name, values)
        if (self.v_ds == 0).any() or not _FEWEST <= (self.v_ds > 0).sum() <= len(self.v_ds) - _FEWEST:
            required = f"at least {_FEWEST} voltages on each side of 0 V, and not 0 V itself"
            raise InputError("v_ds", required, self.v_ds[[0, -1]].tolist())
        shape = len(self.v_ds), len(self.v_out)
        for name in ("on", "off"):
            values = positive_array(name, getattr(self, name), "S")
            if values.shape != shape:
                raise InputError(name, f"of shape {shape}", f"shape {values.shape}")
            self._keep(name, values)
        self._check_rising()

    @property
    def temperature(self) -> float:
        """Of the transistor, °C."""
        return self.source.temperature

    @property
    def v_gate(self) -> float:
        """Gate voltage when closed, volt."""
        return self.source.v_gate

    @property
    def area(self) -> float:
        """Of the gate, m²."""
        return self.source.area

    @property
    def v_max(self) -> float:
        """The largest voltage across the switch for which the table holds, volt."""
        return float(self.v_ds[-1])

    @property
    def said_range(self) -> str:
        """Where the table holds, in words."""
        (low, high), (bottom, top) = self.v_ds[[0, -1]], self.v_out[[0, -1]]
        return f"{low:g} to {high:g} V across the switch and {bottom:g} to {top:g} V at its output"

    def currents(self, across: Array, v_out: Array, *, closed: bool | Flags) -> BranchCurrent:
        """Current at the output, and its derivatives by the voltages of both the switch's ends.

        Parameters
        ----------
        across : array
            Volt, from the output up. Beyond the table's range the conductance stays as it is at its end.
        v_out : array
            Voltage of the output, volt.
        closed : bool or bool array
            Whether the switch is closed.
        """
        across, v_out, closed = np.broadcast_arrays(across, v_out, closed)
        at = np.stack([np.clip(across, *self.v_ds[[0, -1]]), np.clip(v_out, *self.v_out[[0, -1]])], axis=-1)
        log, by_across, by_out = np.zeros(across.shape), np.zeros(across.shape), np.zeros(across.shape)
        for (is_closed, is_forward), spline in self._splines.items():
            where = (closed == is_closed) & ((across >= 0) == is_forward)
            if where.any():
                log[where] = spline(at[where])
                by_across[where], by_out[where] = spline(at[where], nu=(1, 0)), spline(at[where], nu=(0, 1))
        by_across = np.where(at[..., 0] == across, by_across, 0.0)
        conductance = np.exp(log)
        current = conductance * across
        d_middle = conductance * (1.0 + across * by_across)
        return current, d_middle, current * by_out - d_middle

    def branch_current(self, resistance: Array, voltage: Array, *, closed: bool) -> Array:
        """See :class:`Switch`.

        Raises
        ------
        InputError
            For a negative voltage, and for one that leaves the table's range.
        """
        voltage = finite_array("voltage", voltage, "V")
        self.source.check_voltages(float(voltage.min()), float(voltage.max()))
        return self.branch(resistance, voltage, np.zeros(()), closed=closed)[0]

    def branch(self, resistance: Array, v_in: Array, v_out: Array, *, closed: bool | Flags) -> BranchCurrent:
        """See :class:`Switch`.

        Raises
        ------
        InputError
            Where a voltage leaves the table's range.
        SolutionError
            When the voltage between resistor and switch is not found.
        """
        resistance, v, v_out, closed = np.broadcast_arrays(resistance, np.asarray(v_in - v_out), v_out, closed)
        if v_out.size and not self.v_out[0] - _CLOSE <= v_out.min() <= v_out.max() <= self.v_out[-1] + _CLOSE:
            self._refuse(float(v_out[np.abs(v_out).argmax()] if v_out.ndim else v_out), "at the output")
        smallest = self.currents(np.zeros(v.shape), v_out, closed=closed)[1]
        across = voltage_across(
            lambda across: self.currents(across, v_out, closed=closed),
            resistance,
            v,
            start=v / (1.0 + resistance * smallest),
            of_gate=np.full(v.shape, self.v_gate),
        )
        if across.size and not self.v_ds[0] - _CLOSE <= across.min() <= across.max() <= self.v_ds[-1] + _CLOSE:
            self._refuse(float(across.max() if across.max() > self.v_ds[-1] else across.min()), "across the switch")
        current, d_middle, d_out = self.currents(across, v_out, closed=closed)
        divisor = 1.0 + resistance * d_middle
        return current, d_middle / divisor, d_out / divisor

    def check_voltages(self, lowest: float, highest: float) -> None:
        """See :class:`Switch`."""
        self.source.check_voltages(lowest, highest)
        if max(lowest, highest) > self.v_max + _CLOSE:
            self._refuse(max(lowest, highest), "across an open switch")

    def at(self, temperature: float) -> Self:
        """See :class:`Switch`; a table holds at one temperature.

        Raises
        ------
        InputError
            For another temperature than the table's.
        """
        if checked_temperature(temperature) != self.temperature:
            hint = f"Characterise its BSIM4Switch with temperature={temperature:g}."
            raise InputError("temperature", f"{self.temperature:g} °C for this tabulated switch", temperature, hint)
        return self

    def sample(self, shape: int | tuple[int, ...] = (), *, seed: int, chip: int = 0, start: int = 0) -> Self:  # noqa: ARG002
        """See :class:`Switch`; without variation it is the same."""
        checked_shape(shape)
        return self

    def part(self, index: Any) -> Self:  # noqa: ARG002
        """See :class:`Switch`; all are the same."""
        return self

    def spread_to(self, shape: tuple[int, ...]) -> Self:  # noqa: ARG002
        """See :class:`Switch`; no parameter is an array."""
        return self

    @cached_property
    def _splines(self) -> dict[tuple[bool, bool], NdBSpline]:
        """Of the logarithms of the conductances, by whether closed and whether forwards."""
        forward = self.v_ds > 0
        return {
            (closed, ahead): _spline(self.v_ds[forward == ahead], self.v_out, np.log(values[forward == ahead]))
            for closed, values in ((True, self.on), (False, self.off))
            for ahead in (True, False)
        }

    def _check_certificate(self) -> None:
        certificate = self.characterisation
        if not isinstance(certificate, Characterisation):
            raise InputError("characterisation", "a Characterisation", certificate)
        if certificate.card_digest != self.source.card.digest:
            raise InputError("card_digest", f"that of the card, {self.source.card.digest}", certificate.card_digest)
        if certificate.temperature != self.temperature:
            required = f"that of the transistor in its characterisation, {self.temperature:g} °C"
            raise InputError("temperature", required, certificate.temperature)

    def _check_rising(self) -> None:
        fine = np.interp(
            np.arange(_CHECKED * len(self.v_ds) - _CHECKED + 1) / _CHECKED, np.arange(len(self.v_ds)), self.v_ds
        )
        for closed in (True, False):
            growth = self.currents(fine[:, np.newaxis], self.v_out, closed=closed)[1]
            if (growth <= 0).any():
                at = float(fine[np.argwhere(growth <= 0)[0, 0]])
                required = "conductances of a current that rises with the voltage across the switch"
                raise InputError("on" if closed else "off", required, f"a falling one at {at:g} V")

    def _keep(self, name: str, values: Array) -> None:
        values.flags.writeable = False
        object.__setattr__(self, name, values)

    def _refuse(self, voltage: float, where: str) -> NoReturn:
        hint = "Characterise it with a larger v_max, or v_ground, or apply less."
        raise InputError(f"voltage {where}", f"within the table's range, {self.said_range}", voltage, hint)


def _spline(x: Array, y: Array, values: Array) -> NdBSpline:
    """Through `values` on a grid; it goes on beyond the first and the last of them, as it must towards 0 V."""
    from scipy.interpolate import NdBSpline, make_interp_spline

    along_x = make_interp_spline(x, values, k=_DEGREE, axis=0)
    along_y = make_interp_spline(y, along_x.c, k=_DEGREE, axis=1)
    return NdBSpline((along_x.t, along_y.t), np.moveaxis(along_y.c, 0, 1), k=_DEGREE, extrapolate=True)
