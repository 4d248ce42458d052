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

__all__ = ["INPUT", "OUTPUT", "SENSE", "bank_circuit"]

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
        elements += _branch(k, resistance, bank.switch, closed=bool(closed[k]))
    elements.append(VoltageSource(name=SENSE, plus=OUTPUT, minus=GROUND, voltage=0.0))
    # A switch that conducts nothing when open leaves its resistor's end open, and maybe the output alone.
    open_ends = frozenset({OUTPUT, *(f"branch_{k}" for k in np.flatnonzero(~closed))})
    return Circuit(elements=tuple(elements), models=_models(bank.switch), comment=comment, open_ends=open_ends)


def _branch(k: int, resistance: float, switch: Switch, *, closed: bool) -> Iterator[Element]:
    """Resistor k and its switch, which sits on the side of the virtual ground."""
    middle = f"branch_{k}"
    match switch:
        case NMOS():
            gate = f"gate_{k}"
            yield Resistor(name=f"r_{k}", plus=INPUT, minus=middle, resistance=resistance)
            yield Mosfet(
                name=f"m_{k}",
                drain=middle,
                gate=gate,
                source=OUTPUT,
                bulk=GROUND,
                model=_MODEL,
                width=switch.w_over_l * switch.length,
                length=switch.length,
            )
            v_gate = switch.v_gate if closed else 0.0
            yield VoltageSource(name=f"v_gate_{k}", plus=gate, minus=GROUND, voltage=v_gate)
            if math.isfinite(switch.r_off):
                yield Resistor(name=f"r_leak_{k}", plus=middle, minus=OUTPUT, resistance=switch.r_off)
        case IdealSwitch():
            r_switch = switch.r_on if closed else switch.r_off
            end = OUTPUT if r_switch == 0 else middle  # a switch without resistance joins two nodes into one
            yield Resistor(name=f"r_{k}", plus=INPUT, minus=end, resistance=resistance)
            if 0 < r_switch < math.inf:
                yield Resistor(name=f"r_switch_{k}", plus=middle, minus=OUTPUT, resistance=r_switch)
        case _:
            raise InputError("switch", "an NMOS or an IdealSwitch", switch)


def _models(switch: Switch) -> tuple[Level1Model, ...]:
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
