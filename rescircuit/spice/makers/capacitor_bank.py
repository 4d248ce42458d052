"""A capacitor bank as a circuit over time: steps at its input, and the charge that they move."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.bank import CapacitorBank, Mask
from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.quantities import format_quantity
from rescircuit.spice.circuits.analyses import TemperatureSweep, Transient
from rescircuit.spice.circuits.charges import CurrentMirror, VoltageDependentCapacitor
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Capacitor, Instance, Resistor
from rescircuit.spice.circuits.models import Model
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import PiecewiseLinearSource, VoltageSource
from rescircuit.spice.circuits.subcircuits import Subcircuit
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.makers.bank import BANK, INPUT, INSTANCE, OUTPUT, SENSE
from rescircuit.spice.makers.bank_inputs import checked_setting, input_voltages, noted_at, simulated_at
from rescircuit.spice.makers.bank_subcircuits import code_of

__all__ = ["capacitor_bank_circuit", "read_charges"]

_CHARGE = "charge"
_SHORTEST = 1e-9  # second, of a ramp and of the rest behind it
_TIME_CONSTANTS = 100.0  # in a rest: what has not settled is e^-100
_STEPS = 30  # in a ramp and in a rest, by Gear; a mirrored charge is exact with any once all has settled


def capacitor_bank_circuit(
    bank: CapacitorBank, *, mask: Any = None, voltages: Any = None, temperature: float | None = None, comment: str = ""
) -> Circuit:
    """The circuit of one capacitor bank in one setting, over time.

    The bank is the subcircuit ``bank``: from its port ``in`` each capacitor ``c_k`` leads to a node ``branch_k`` and
    its switch, ``r_switch_k``, from there to its port ``out``; across an open switch is the capacitor ``c_off_k``. The
    source ``v_out`` holds the node ``out`` at 0 V. The input rises from 0 V on ramps to one voltage after the other and
    rests on each until all has settled. The current into the virtual ground is mirrored into ``c_charge``, whose
    voltage is the charge over the bank's full scale.

    Parameters
    ----------
    bank : CapacitorBank
        A single one, of shape ``()``. Voltage coefficients act on closed branches: of an open switch `c_off` takes
        nearly all of the voltage.
    mask : bool array (n,), optional
        The setting; by default all switches are closed.
    voltages : float or array (K,), optional
        Where the input rests, volt, one after the other; by default 0.1 V.
    temperature : float, optional
        See :func:`rescircuit.spice.bank_circuit`.
    comment : str
        Free text for the head of a deck.

    Raises
    ------
    InputError
        For an array of banks, a mask or voltages of another shape, or temperatures that the bank cannot be at.
    """
    closed = checked_setting(bank, mask)
    inputs = input_voltages(bank, voltages)
    if isinstance(temperature, TemperatureSweep):
        raise InputError("temperature", "one number for a CapacitorBank", temperature, "Its circuit is one over time.")
    rest = max(_SHORTEST, _TIME_CONSTANTS * float((bank.capacitances * bank.switch.r_on).max()))
    times = rest * np.arange(2 * len(inputs) + 1)
    course = np.concatenate([[0.0], np.repeat(inputs, 2)])
    elements: list[Element] = [
        PiecewiseLinearSource(
            name="v_in", plus=INPUT, minus=GROUND, times=tuple(times.tolist()), voltages=tuple(course.tolist())
        )
    ]
    inside = tuple(element for k in range(bank.n) for element in _branch(bank, k, closed=bool(closed[k])))
    models: tuple[Model, ...] = ()
    if inside:
        models = (Subcircuit(name=BANK, ports=(INPUT, OUTPUT), elements=inside),)
        elements.append(Instance(name=INSTANCE, ports=(INPUT, OUTPUT), model=BANK))
    elements += [
        VoltageSource(name=SENSE, plus=OUTPUT, minus=GROUND, voltage=0.0),
        CurrentMirror(name="f_charge", plus=GROUND, minus=_CHARGE, source=SENSE),
        Capacitor(name="c_charge", plus=_CHARGE, minus=GROUND, capacitance=float(bank.full_scale), initial_voltage=0.0),
    ]
    return Circuit(
        elements=tuple(elements),
        models=models,
        **simulated_at(bank, temperature),
        transient=Transient(stop=float(times[-1]), max_step=rest / _STEPS, method="gear"),
        comment=comment,
        notes={INSTANCE: _note(*noted_at(bank, temperature), closed)} if inside else {},
        open_ends=frozenset({INPUT, OUTPUT}),  # where nothing conducts
    )


def read_charges(bank: CapacitorBank, voltages: Any, result: SpiceResult) -> Array:
    """The charge at the end of each rest, coulomb, (K,), of a run of that circuit."""
    count = len(input_voltages(bank, voltages))
    if result.times is None:
        raise InputError("result", "one of a transient", "an operating point")
    ends = result.times[-1] * np.arange(1, count + 1) / count
    return float(bank.full_scale) * np.interp(ends, result.times, result.node_voltages[_CHARGE])


def _note(bank: CapacitorBank, words: str, closed: Mask) -> str:
    capacitance = format_quantity(float(bank.charge(closed, 1.0)), "F")
    return f"code {code_of(closed)}, capacitor 0 first, closed switches 1: {capacitance} at 1 V{words}"


def _branch(bank: CapacitorBank, k: int, *, closed: bool) -> list[Element]:
    """A capacitor and its switch; nothing for an open switch without a capacitance."""
    r_on, own = float(bank.switch.r_on), bank.coefficients.part(k)
    if not closed and bank.c_off == 0:
        return []
    middle = OUTPUT if closed and r_on == 0 else f"branch_{k}"
    farad = float(bank.capacitances[k])
    moved = {"tc1": float(own.tc1), "tc2": float(own.tc2)}
    first: Element
    if closed and own.voltage_dependent:
        moved |= {"vc1": float(own.vc1), "vc2": float(own.vc2)}
        first = VoltageDependentCapacitor(name=f"c_{k}", plus=INPUT, minus=middle, capacitance=farad, **moved)
    else:
        first = Capacitor(name=f"c_{k}", plus=INPUT, minus=middle, capacitance=farad, **moved)
    if not closed:
        return [first, Capacitor(name=f"c_off_{k}", plus=middle, minus=OUTPUT, capacitance=bank.c_off)]
    if r_on == 0:
        return [first]
    return [first, Resistor(name=f"r_switch_{k}", plus=middle, minus=OUTPUT, resistance=r_on)]
