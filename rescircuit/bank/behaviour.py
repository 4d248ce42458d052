"""What a bank in one setting does: its value, how that moves with voltage, temperature and age, noise, power, area."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rescircuit.bank.capacitors import CapacitorBank
from rescircuit.bank.differential import DifferentialPair
from rescircuit.bank.parallel import Bank
from rescircuit.bank.series import SeriesBank
from rescircuit.bank.settings import checked_mask
from rescircuit.checks import Array, finite_array, positive_number
from rescircuit.devices.coefficients import ABSOLUTE_ZERO, ROOM_TEMPERATURE, THOUSAND_HOURS
from rescircuit.devices.switches import TabulatedSwitch
from rescircuit.errors import InputError

__all__ = ["Behaviour", "describe"]

_BOLTZMANN = 1.380649e-23  # J/K, exact in the SI
_VOLTAGES = 26  # from 0.02 V to 0.5 V
_TEMPERATURES = (-40.0, -20.0, 0.0, 27.0, 55.0, 85.0, 125.0)  # °C, the industrial and automotive range
_YEAR = 8.766 * THOUSAND_HOURS
_AGES = (0.0, THOUSAND_HOURS, _YEAR, 2 * _YEAR, 5 * _YEAR, 10 * _YEAR)

_Bank = Bank | SeriesBank | CapacitorBank | DifferentialPair


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """One bank in one setting.

    Attributes
    ----------
    value : float
        Conductance at small voltages or at the read voltage, siemens; of a capacitor bank capacitance, farad.
    unit : str
        ``"S"`` or ``"F"``.
    voltages, values_over_voltage : array (K,)
        Volt, and the value there: current, or charge, over voltage.
    nonlinearity : float
        The largest change of the value over these voltages, relative to `value`.
    inl : float
        Integral non-linearity: the largest distance of current (or charge) from the straight line between both ends of
        the range, relative to that at its upper end.
    temperatures, values_over_temperature : array
        °C, and the value there.
    temperature_coefficient : float or None
        Mean relative change per kelvin between the lowest and the highest of these temperatures; None of only one.
    ages, values_over_age : array
        Seconds since it was made, and the value then.
    noise : float
        Thermal noise at 0 V: of the current, A/√Hz; of a capacitor bank's charge, coulomb (rms, one sample).
    power : float
        Dissipated at `v_read`, watt; energy of one charge and discharge at it, joule, of a capacitor bank.
    v_read : float
        The voltage of `value` and `power`.
    area : float or None
        Of components and switches, m²; None where the process does not give it.
    """

    value: float
    unit: str
    voltages: Array
    values_over_voltage: Array
    nonlinearity: float
    inl: float
    temperatures: Array
    values_over_temperature: Array
    temperature_coefficient: float | None
    ages: Array
    values_over_age: Array
    noise: float
    power: float
    v_read: float
    area: float | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def describe(
    bank: Bank | SeriesBank | CapacitorBank | DifferentialPair,
    mask: Any,
    *,
    v_max: float = 0.5,
    temperatures: Any = None,
    ages: Any = _AGES,
) -> Behaviour:
    """What one bank does in one setting.

    Parameters
    ----------
    bank : Bank, SeriesBank, CapacitorBank or DifferentialPair
        A single one, of shape ``()``, as it was made: at 27 °C and new.
    mask : bool array (n,)
        The setting.
    v_max : float
        Upper end of the range of voltages, volt, that starts at 0 V.
    temperatures : array, optional
        °C; by default from -40 to 125 °C, and with a tabulated switch, which knows no other, 27 °C alone.
    ages : array
        Seconds since the bank was made.

    Raises
    ------
    InputError
        For an array of banks, one that is not as it was made, a mask of another length, and conditions out of range.

    Examples
    --------
    >>> import rescircuit as rc
    >>> poly = rc.Resistor(nominal=10e3, mismatch=0.01, tc1=-250e-6)
    >>> bank = rc.Bank.sample(poly, n=12, seed=1, switch=rc.NMOS(w_over_l=10))
    >>> found = rc.describe(bank, bank.program(0.5e-3).mask)
    >>> f"{found.nonlinearity:.1e} {found.temperature_coefficient:.1e}"
    '7.2e-04 -1.5e-05'
    """
    if not isinstance(bank, Bank | SeriesBank | CapacitorBank | DifferentialPair):
        raise InputError("bank", "a Bank, a SeriesBank, a CapacitorBank or a DifferentialPair", bank)
    if bank.shape:
        raise InputError("bank", "a single bank, of shape ()", f"shape {bank.shape}")
    bank = bank.at()
    mask = checked_mask(mask, bank.n)
    if mask.ndim > 1:
        raise InputError("mask", f"{bank.n} booleans", f"shape {mask.shape}")
    v_max = positive_number("v_max", v_max, "V")
    warm = _one_row("temperatures", _default_temperatures(bank) if temperatures is None else temperatures, "°C")
    old = _one_row("ages", ages, "s")
    v_read = bank.v_read if isinstance(bank, Bank | DifferentialPair) else v_max / 5
    value = _value(bank, mask, v_read)

    voltages = np.linspace(v_max / (_VOLTAGES - 1), v_max, _VOLTAGES - 1)
    moved = _moved(bank, mask, voltages)
    over_temperature = np.array([_value(bank.at(temperature=float(t)), mask, v_read) for t in warm])
    return Behaviour(
        value=value,
        unit="F" if isinstance(bank, CapacitorBank) else "S",
        voltages=voltages,
        values_over_voltage=moved / voltages,
        nonlinearity=_largest(moved / voltages - value, value),
        inl=_largest(moved - voltages * (moved[-1] / v_max), moved[-1]),
        temperatures=warm,
        values_over_temperature=over_temperature,
        temperature_coefficient=_slope(warm, over_temperature, value),
        ages=old,
        values_over_age=np.array([_value(bank.at(age=float(t)), mask, v_read) for t in old]),
        noise=_thermal_noise(bank, mask, value),
        power=_power(bank, mask, v_read),
        v_read=v_read,
        area=None if bank.area is None else float(bank.area),
    )


def _default_temperatures(bank: _Bank) -> tuple[float, ...]:
    parts = (bank.positive, bank.negative) if isinstance(bank, DifferentialPair) else (bank,)
    tabulated = any(isinstance(part.switch, TabulatedSwitch) for part in parts)
    return (ROOM_TEMPERATURE,) if tabulated else _TEMPERATURES


def _moved(bank: _Bank, mask: Any, voltages: Array) -> Array:
    """Current, or charge, at each of the voltages."""
    of = bank.charge if isinstance(bank, CapacitorBank) else bank.current
    return np.array([of(mask, float(v)) for v in voltages])


def _value(bank: _Bank, mask: Any, v_read: float) -> float:
    return float(_moved(bank, mask, np.array([v_read]))[0] / v_read)


def _thermal_noise(bank: _Bank, mask: Any, value: float) -> float:
    """Nyquist's ``4 k T G`` of the small-signal conductance at rest, and ``k T C`` of a capacitor's charge."""
    temperature = ROOM_TEMPERATURE - ABSOLUTE_ZERO
    if isinstance(bank, CapacitorBank):
        return math.sqrt(_BOLTZMANN * temperature * value)
    return math.sqrt(4.0 * _BOLTZMANN * temperature * float(bank.slope(mask)))


def _power(bank: _Bank, mask: Any, v_read: float) -> float:
    """Voltage times current, both banks' of a pair; of capacitors what a charge and a discharge dissipate together."""
    if isinstance(bank, DifferentialPair):
        first, second = bank.split(mask)
        return _power(bank.positive, first, v_read) + _power(bank.negative, second, v_read)
    return v_read * float(_moved(bank, mask, np.array([v_read]))[0])


def _largest(errors: Array, scale: float) -> float:
    """The largest error relative to `scale`; nothing of nothing is none, something of it, in a pair, infinite."""
    worst = float(np.max(np.abs(errors)))
    if not worst:
        return 0.0
    return worst / abs(scale) if scale else math.inf


def _slope(temperatures: Array, values: Array, value: float) -> float | None:
    low, high = int(temperatures.argmin()), int(temperatures.argmax())
    if temperatures[low] == temperatures[high]:
        return None
    if not value:
        return 0.0
    return float((values[high] - values[low]) / (temperatures[high] - temperatures[low]) / value)


def _one_row(name: str, values: Any, unit: str) -> Array:
    row = finite_array(name, values, unit)
    if row.ndim != 1:
        raise InputError(name, f"a list of numbers ({unit})", f"shape {row.shape}")
    return row
