"""A parallel bank as a circuit (figure 6.1 of da Cunha 2023)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import Bank
from rescircuit.checks import finite_array
from rescircuit.devices import NMOS, IdealSwitch
from rescircuit.devices.switches import Switch
from rescircuit.errors import InputError
from rescircuit.spice.circuit import Circuit, Element, Level1Model, Mosfet, Resistor, VoltageSource, driven
from rescircuit.spice.names import GROUND

__all__ = ["INPUT", "OUTPUT", "SENSE", "bank_circuit", "branch_elements", "switch_models"]

INPUT, OUTPUT, SENSE = "in", "out", "v_out"
_MODEL = "switch"
# Our switch leaks what its r_off says and nothing else, so the junctions between drain and bulk, 1e-14 A each
# in SPICE, are left out. Not by zero: simulators take this number's logarithm.
_NO_JUNCTIONS = 1e-30  # ampere


def bank_circuit(bank: Bank, *, mask: Any = None, voltages: Any = None, comment: str = "") -> Circuit:
    """The circuit of one bank in one setting.

    From the node ``in`` each resistor ``r_k`` leads to a node ``branch_k`` and its switch from there to the
    node ``out``, where the source ``v_out`` holds 0 V: its current is that into the virtual ground.

    Parameters
    ----------
    bank : Bank
        A single one, of shape ``()``.
    mask : bool array (n,), optional
        The setting; by default all switches are closed.
    voltages : float or array (K,), optional
        Input voltages, volt, one a sample; by default the bank's read voltage.
    comment : str
        Free text for the head of a deck.

    Raises
    ------
    InputError
        For an array of banks, a mask or voltages of another shape, or an unknown kind of switch.
    """
    if bank.shape:
        hint = "Make a Bank of one row of its resistances."
        raise InputError("bank", "a single bank, of shape ()", f"shape {bank.shape}", hint)
    closed = _checked_mask(mask, bank.n)
    inputs = finite_array("voltages", bank.v_read if voltages is None else voltages, "V")
    if inputs.ndim > 1:
        raise InputError("voltages", "a number or an array (K,)", f"shape {inputs.shape}")
    elements: list[Element] = [driven(INPUT, inputs.reshape(-1))]
    for k, resistance in enumerate(bank.resistances):
        middle, gate = f"branch_{k}", f"gate_{k}"
        ends = (INPUT, middle, OUTPUT)
        elements += branch_elements(str(k), resistance, bank.switch, closed=bool(closed[k]), ends=ends, gate=gate)
        if isinstance(bank.switch, NMOS):
            v_gate = bank.switch.v_gate if closed[k] else 0.0
            elements.append(VoltageSource(name=f"v_gate_{k}", plus=gate, minus=GROUND, voltage=v_gate))
    elements.append(VoltageSource(name=SENSE, plus=OUTPUT, minus=GROUND, voltage=0.0))
    # A switch that conducts nothing when open leaves its resistor's end open, and maybe the output alone.
    open_ends = frozenset({OUTPUT, *(f"branch_{k}" for k in np.flatnonzero(~closed))})
    return Circuit(elements=tuple(elements), models=switch_models(bank.switch), comment=comment, open_ends=open_ends)


def branch_elements(
    label: str, resistance: float, switch: Switch, *, closed: bool, ends: tuple[str, str, str], gate: str
) -> Iterator[Element]:
    """A resistor and its switch, which sits on the side of the virtual ground.

    Parameters
    ----------
    label : str
        What follows the elements' letters in their names.
    resistance : float
        Ohm.
    switch : Switch
        An NMOS or an IdealSwitch.
    closed : bool
        Whether it is closed; of an NMOS the voltage of its gate says that.
    ends : tuple of str
        The nodes before the resistor, between the two, and behind the switch.
    gate : str
        The node of an NMOS's gate.

    Raises
    ------
    InputError
        For an unknown kind of switch.
    """
    start, middle, end = ends
    match switch:
        case NMOS():
            yield Resistor(name=f"r_{label}", plus=start, minus=middle, resistance=resistance)
            yield Mosfet(
                name=f"m_{label}",
                drain=middle,
                gate=gate,
                source=end,
                bulk=GROUND,
                model=_MODEL,
                width=switch.w_over_l * switch.length,
                length=switch.length,
            )
            if math.isfinite(switch.r_off):
                yield Resistor(name=f"r_leak_{label}", plus=middle, minus=end, resistance=switch.r_off)
        case IdealSwitch():
            r_switch = switch.r_on if closed else switch.r_off
            if r_switch == 0:  # a switch without resistance joins two nodes into one
                middle = end
            yield Resistor(name=f"r_{label}", plus=start, minus=middle, resistance=resistance)
            if 0 < r_switch < math.inf:
                yield Resistor(name=f"r_switch_{label}", plus=middle, minus=end, resistance=r_switch)
        case _:
            raise InputError("switch", "an NMOS or an IdealSwitch", switch)


def switch_models(switch: Switch) -> tuple[Level1Model, ...]:
    """The models that the elements of such a switch name."""
    if not isinstance(switch, NMOS):
        return ()
    model = Level1Model(
        name=_MODEL,
        vto=switch.vto,
        kp=switch.kp,
        lambda_=switch.lambda_,
        gamma=switch.gamma,
        phi=switch.phi,
        is_=_NO_JUNCTIONS,
    )
    return (model,)


def _checked_mask(mask: Any, n: int) -> NDArray[np.bool_]:
    """The setting as a bool array (n,)."""
    closed = np.ones(n, bool) if mask is None else np.asarray(mask)
    if closed.dtype != np.bool_ or closed.shape != (n,):
        raise InputError("mask", f"{n} booleans", f"shape {closed.shape} of {closed.dtype.name}")
    return closed
