"""Banks: their output currents at one or several inputs and temperatures, and what is inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rescircuit.bank import DEFAULT_READ_VOLTAGE, Bank, Mask, Setting
from rescircuit.bank.series import SeriesBank, SeriesSetting
from rescircuit.checks import Array
from rescircuit.devices import ThresholdSelector
from rescircuit.devices.switches.tabulated import TabulatedSwitch
from rescircuit.spice.circuits.analyses import TemperatureSweep
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.makers.bank import INSTANCE, SENSE, bank_circuit
from rescircuit.spice.makers.bank_inputs import bank_at, checked_setting, input_voltages
from rescircuit.spice.makers.branches import gate_voltage
from rescircuit.spice.makers.population import population_circuit, population_setting, sense_of
from rescircuit.spice.makers.series_bank import series_bank_circuit
from rescircuit.spice.verification.agreement import LIMITS
from rescircuit.spice.verification.cases.case import Asked, Case
from rescircuit.spice.verification.cases.inner_voltages import VOLTAGES, inner_nodes_of, inner_reference, inner_voltages
from rescircuit.spice.verification.comparison import Reference

__all__ = ["CURRENTS", "bank_case", "kind_of_bank", "read_voltages", "series_bank_case", "stacked_at"]

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
        case = _case(bank, closed, inputs, asked, bank_circuit(bank, mask=closed, **options), [SENSE])
        return _with_inside(case, bank, closed, inputs, asked.temperature)
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
    case = _case(bank, opened, inputs, asked, circuit, [SENSE])
    return _with_inside(case, bank, opened, inputs, asked.temperature)


def read_voltages(bank: Any, asked: Asked) -> Array:
    """The inputs asked for, volt, (K,): where none are, the bank's read voltage, or several around it."""
    if asked.voltages is not None or not asked.verifying:
        return input_voltages(bank, asked.voltages)
    return getattr(bank, "v_read", DEFAULT_READ_VOLTAGE) * _READS


def stacked_at(bank: Any, temperature: float | TemperatureSweep | None, law: Callable[[Any], Array]) -> Array:
    """`law` of the bank at the temperature asked for; of several at each, on an axis before the others."""
    if isinstance(temperature, TemperatureSweep):
        return np.stack([law(bank_at(bank, celsius)) for celsius in temperature.values])
    return law(bank_at(bank, temperature))


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
        currents = stacked_at(bank, asked.temperature, lambda moved: moved.current(mask, volts))
        return {CURRENTS: currents.reshape(*currents.shape[: currents.ndim - axes], -1)}

    def theirs(result: Any) -> dict[str, Reference]:
        values = np.stack([result.source_currents[sense] for sense in senses], axis=-1)
        reference = Reference(
            values=values,
            unit="A",
            axes=("bank",),
            element=lambda place: senses[place[-1]],
            floor=limit.floor_of_currents(),
            limit=limit,
        )
        return {CURRENTS: reference}

    return Case(circuit=circuit, ours=ours, theirs=theirs)


def _with_inside(case: Case, bank: Bank | SeriesBank, mask: Mask, inputs: Array, temperature: Any) -> Case:
    """With the voltages inside a single bank, where there are any."""
    nodes = inner_nodes_of(bank, INSTANCE, case.circuit)
    if not nodes:
        return case
    limit = LIMITS[kind_of_bank(bank)]

    def ours(result: SpiceResult) -> dict[str, Array]:
        voltages = stacked_at(bank, temperature, lambda moved: inner_voltages(moved, mask, inputs, nodes))
        return {**case.ours(result), VOLTAGES: voltages}

    def theirs(result: SpiceResult) -> dict[str, Reference]:
        return {**case.theirs(result), VOLTAGES: inner_reference([*nodes], inputs, result, limit)}

    return Case(circuit=case.circuit, ours=ours, theirs=theirs)
