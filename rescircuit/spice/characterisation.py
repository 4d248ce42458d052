"""A foundry's transistor, swept in ngspice until a smooth table of its currents is good enough to program with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rescircuit.checks import Array, positive_number
from rescircuit.devices.switches.bsim4 import BSIM4Switch
from rescircuit.devices.switches.tabulated import Characterisation, TabulatedSwitch
from rescircuit.errors import InputError, SolutionError
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Mosfet
from rescircuit.spice.circuits.models import Bsim4Model
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import SelectedSource, VoltageSource
from rescircuit.spice.decks.writing import write_deck
from rescircuit.spice.engines.ngspice import DEFAULT_TIMEOUT, run_deck
from rescircuit.spice.verification.agreement import relative_error

__all__ = ["characterise"]

_MODEL = "switch"
_FIRST_STEP = 0.005  # volt; a fifth of the 26 mV over which an open transistor's current saturates
_OUTPUTS = 12  # voltages of the output
_MOST_REFINEMENTS = 3
_LEAST_CONDUCTANCE = 1e-18  # siemens; ngspice's gmin, below which a current is lost in its rounding
_LEAST_CURRENT = 1e-12  # ampere; errors of smaller currents count relative to it
_LARGEST_STRAY = 1e-12  # ampere, at the output without a voltage across: from a gate, which no table of this kind has
_LARGEST_V_MAX = 20.0  # volt


@dataclass(frozen=True)
class _Sweep:
    """What a run brought.

    Attributes
    ----------
    on, off : array (p, q)
        Currents at the output over the voltage across, siemens.
    bulk_current : float
        The largest current that was lost on the way, ampere.
    stray : float
        The larger current at the lowest output when no voltage is across, ampere.
    version : str
        Of ngspice.
    remarks : tuple of str
        Of ngspice, on the card.
    """

    on: Array
    off: Array
    bulk_current: float
    stray: float
    version: str
    remarks: tuple[str, ...]


def characterise(
    switch: BSIM4Switch,
    *,
    v_max: float,
    v_ground: float = 0.05,
    temperature: float | None = None,
    goal: float = 1e-7,
    timeout: float = DEFAULT_TIMEOUT,
) -> TabulatedSwitch:
    """Have ngspice sweep a transistor, and return a switch that the package can compute with.

    The voltage across it goes from ``-v_ground`` to `v_max`, that of its output from 0 to `v_ground`, its gate is on
    and off, its bulk at 0 V. The table is made denser until, half-way between its voltages, it agrees with ngspice.

    Parameters
    ----------
    switch : BSIM4Switch
        What to sweep.
    v_max : float
        The largest voltage across it, volt: an open switch bears all of the input's.
    v_ground : float
        How far its output may rise, volt: 0 V in a bank, more where wires of a crossbar lift its bit lines.
    temperature : float, optional
        °C; by default the switch's own.
    goal : float
        The largest error of its currents, relative to them or to 1 pA, whichever is more. With 5 mV between the
        table's voltages a card of 180 nm came to 4e-12 closed and 1e-8 open.
    timeout : float
        Longest time for each of some ten runs of ngspice, second.

    Returns
    -------
    TabulatedSwitch
        With its certificate, among others the errors that were found.

    Raises
    ------
    InputError
        For voltages outside their range, and a transistor whose currents do not rise, or whose gate leaks more than
        1 pA into its output.
    SolutionError
        When the goal is not reached.
    SpiceError
        When ngspice does not bring a result that can be trusted, such as for parameters that its version of the model
        does not know.
    MissingToolError
        When there is no ngspice.
    """
    if not isinstance(switch, BSIM4Switch):
        raise InputError("switch", "a BSIM4Switch", switch)
    if positive_number("v_max", v_max, "V") > _LARGEST_V_MAX:
        raise InputError("v_max", f"at most {_LARGEST_V_MAX:g} V", v_max)
    if positive_number("v_ground", v_ground, "V") > v_max:
        raise InputError("v_ground", f"at most v_max ({v_max:g} V)", v_ground)
    positive_number("goal", goal)
    chosen = switch if temperature is None else switch.at(temperature)
    worst = np.inf
    for turn in range(_MOST_REFINEMENTS):
        step = _FIRST_STEP / 2**turn
        backwards = max(np.ceil(v_ground / step) + 2, 6)
        v_ds = step * (np.arange(-backwards, max(np.ceil(v_max / step) + 3, 6)) + 0.5)
        v_out = np.linspace(0.0, v_ground, _OUTPUTS + 4 * turn)
        table = _tabulated(chosen, v_ds, v_out, timeout)
        worst = max(table.characterisation.on_error, table.characterisation.off_error)
        if worst <= goal:
            return table
    hint = "Allow more with goal=, or a narrower range."
    raise SolutionError("Table of a transistor's currents", worst, goal, hint)


def _tabulated(switch: BSIM4Switch, v_ds: Array, v_out: Array, timeout: float) -> TabulatedSwitch:
    """A table, with its errors half-way between its voltages."""
    nodes = _swept(switch, v_ds, v_out, timeout)
    if nodes.stray > _LARGEST_STRAY:
        required = f"one with at most {_LARGEST_STRAY:g} A at its output when no voltage is across it"
        hint = "Its gate leaks: igcmod=0 and igbmod=0 in the card leave that out."
        raise InputError("switch", required, f"{nodes.stray:.2g} A", hint)
    unchecked = Characterisation(
        card_digest=switch.card.digest,
        ngspice_version=nodes.version,
        temperature=switch.temperature,
        on_error=np.inf,
        off_error=np.inf,
        bulk_current=nodes.bulk_current,
        remarks=nodes.remarks,
    )
    table = TabulatedSwitch(
        source=switch, v_ds=v_ds, v_out=v_out, on=nodes.on, off=nodes.off, characterisation=unchecked
    )
    between_ds, between_out = (0.5 * (axis[1:] + axis[:-1]) for axis in (v_ds, v_out))
    between_ds = between_ds[np.abs(between_ds) > 1e-9]  # there is no current at 0 V
    there = _swept(switch, between_ds, between_out, timeout)
    errors = {}
    for name, closed, values in (("on_error", True, there.on), ("off_error", False, there.off)):
        ours = table.currents(between_ds[:, np.newaxis], between_out, closed=closed)[0]
        errors[name] = float(relative_error(ours, values * between_ds[:, np.newaxis], _LEAST_CURRENT).max())
    return replace(table, characterisation=replace(unchecked, **errors))


def _swept(switch: BSIM4Switch, v_ds: Array, v_out: Array, timeout: float) -> _Sweep:
    """One run over `v_ds`, with two transistors for each of `v_out`, one closed and one open."""
    elements = _transistors(switch, np.append(v_ds, 0.0), v_out)
    gate = VoltageSource(name="v_gate", plus="gate", minus=GROUND, voltage=switch.v_gate)
    circuit = Circuit(
        elements=(gate, *elements),
        models=(Bsim4Model(name=_MODEL, card=switch.card),),
        temperature_celsius=switch.temperature,
    )
    result = run_deck(write_deck(circuit), timeout=timeout)
    places = range(len(v_out))
    on, off, drain = (
        np.stack([result.source_currents[f"{name}_{k}"] for k in places], axis=-1) for name in ("v_on", "v_off", "b")
    )
    bulk = float(np.abs(drain + on + off).max())
    stray = float(np.abs([on[-1, 0], off[-1, 0]]).max())
    conductances = {}
    for state, currents in (("closed", on), ("open", off)):
        # What flows without a voltage across comes from the bulk.
        values = (currents[:-1] - currents[-1]) / v_ds[:, np.newaxis] + _LEAST_CONDUCTANCE
        if (values <= 0).any():
            k, j = np.argwhere(values <= 0)[0]
            required = f"one whose current, when {state}, has the sign of the voltage across it"
            raise InputError("switch", required, f"another sign at {v_ds[k]:g} V, output at {v_out[j]:g} V")
        conductances[state] = values
    return _Sweep(
        on=conductances["closed"],
        off=conductances["open"],
        bulk_current=bulk,
        stray=stray,
        version=result.version,
        remarks=result.remarks,
    )


def _transistors(switch: BSIM4Switch, v_ds: Array, v_out: Array) -> Iterator[Element]:
    for k, output in enumerate(v_out.tolist()):
        drain = f"drain_{k}"
        yield SelectedSource(name=f"b_{k}", plus=drain, minus=GROUND, voltages=tuple((v_ds + output).tolist()))
        for state, gate in (("on", "gate"), ("off", GROUND)):
            source = f"{state}_{k}"
            yield Mosfet(
                name=f"m_{source}",
                drain=drain,
                gate=gate,
                source=source,
                bulk=GROUND,
                model=_MODEL,
                width=switch.width,
                length=switch.length,
            )
            yield VoltageSource(name=f"v_{source}", plus=source, minus=GROUND, voltage=output)
