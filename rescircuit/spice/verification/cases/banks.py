"""Banks: their output currents at one or several inputs, and temperatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.bank import DEFAULT_READ_VOLTAGE, Bank, Setting
from rescircuit.bank.series import SeriesBank, SeriesSetting
from rescircuit.checks import Array
from rescircuit.devices import ThresholdSelector
from rescircuit.devices.switches.tabulated import TabulatedSwitch
from rescircuit.spice.circuits.analyses import TemperatureSweep
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.makers.bank import SENSE, bank_circuit
from rescircuit.spice.makers.bank_inputs import bank_at, checked_setting, input_voltages
from rescircuit.spice.makers.branches import gate_voltage
from rescircuit.spice.makers.population import population_circuit, population_setting, sense_of
from rescircuit.spice.makers.series_bank import series_bank_circuit
from rescircuit.spice.verification.agreement import LIMITS
from rescircuit.spice.verification.cases.case import Asked, Case
from rescircuit.spice.verification.comparison import Reference

__all__ = ["CURRENTS", "at_temperatures", "bank_case", "kind_of_bank", "read_voltages", "series_bank_case"]

CURRENTS = "output_currents"
_READS = np.array([0.25, 0.5, 1.0, 2.0])  # times the read voltage: a switch is not linear
_WHY_NO_BIT_LINES = "Its output is held at 0 V."


def bank_case(bank: Bank, asked: Asked) -> Case:
    """A parallel bank, or an array of them as one population."""
    asked.only(bank, "mask", "setting", "voltages", "temperature", bit_line_voltages=_WHY_NO_BIT_LINES)
    mask = asked.mask_or_setting(bank, Setting)
    inputs = read_voltages(bank, asked)
    options: dict[str, Any] = {"voltages": inputs, "temperature": asked.temperature, "comment": asked.comment}
    if not bank.shape:
        closed = checked_setting(bank, mask)
        return _case(bank, closed, inputs, asked, bank_circuit(bank, mask=closed, **options), [SENSE])
    closed = population_setting(bank, mask)
    circuit = population_circuit(bank, mask=closed, **options)
    return _case(bank, closed, inputs, asked, circuit, [sense_of(k) for k in range(int(np.prod(bank.shape)))])


def series_bank_case(bank: SeriesBank, asked: Asked) -> Case:
    """A series bank."""
    asked.only(bank, "mask", "setting", "voltages", "temperature", bit_line_voltages=_WHY_NO_BIT_LINES)
    opened = checked_setting(bank, asked.mask_or_setting(bank, SeriesSetting))
    inputs = read_voltages(bank, asked)
    circuit = series_bank_circuit(
        bank, mask=opened, voltages=inputs, temperature=asked.temperature, comment=asked.comment
    )
    return _case(bank, opened, inputs, asked, circuit, [SENSE])


def read_voltages(bank: Any, asked: Asked) -> Array:
    """The inputs asked for, volt, (K,): where none are, the bank's read voltage, or several around it."""
    if asked.voltages is not None or not asked.several:
        return input_voltages(bank, asked.voltages)
    return getattr(bank, "v_read", DEFAULT_READ_VOLTAGE) * _READS


def at_temperatures(bank: Any, temperature: float | TemperatureSweep | None) -> list[Any]:
    """The bank at each temperature asked for."""
    celsius = temperature.values if isinstance(temperature, TemperatureSweep) else (temperature,)
    return [bank_at(bank, each) for each in celsius]


def kind_of_bank(bank: Bank | SeriesBank) -> str:
    """Which of the limits holds."""
    switch = bank.switch
    if isinstance(switch, TabulatedSwitch):
        return "tabulated"
    if gate_voltage(switch) is not None:
        return "mos"
    held = isinstance(switch, ThresholdSelector) and switch.v_hold > 0
    return "sinh" if held or bank.coefficients.voltage_dependent else "linear"


def _case(bank: Bank | SeriesBank, mask: Any, inputs: Array, asked: Asked, circuit: Circuit, senses: list[str]) -> Case:
    """Currents (temperatures, samples, banks), the first two axes only where there are several."""
    limit = LIMITS[kind_of_bank(bank)]
    axes = len(bank.shape)

    def ours(_: Any) -> dict[str, Array]:
        volts = inputs.reshape(-1, *[1] * axes)
        currents = np.stack([moved.current(mask, volts) for moved in at_temperatures(bank, asked.temperature)])
        currents = currents.reshape(len(currents), len(inputs), -1)
        return {CURRENTS: currents if isinstance(asked.temperature, TemperatureSweep) else currents[0]}

    def theirs(result: Any) -> dict[str, Reference]:
        values = np.stack([result.source_currents[sense] for sense in senses], axis=-1)
        reference = Reference(
            values=values,
            unit="A",
            element=lambda place: senses[place[-1]],
            floor=limit.floor_of_currents(),
            limit=limit,
        )
        return {CURRENTS: reference}

    return Case(circuit=circuit, ours=ours, theirs=theirs)
