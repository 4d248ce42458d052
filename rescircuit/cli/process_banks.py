"""Banks of a process as commands sample them, behind switches whose currents are known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rescircuit.cli.console import say
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Bank, CapacitorBank, DifferentialPair, SeriesBank
    from rescircuit.devices import Capacitor, IdealSwitch, Process, Resistor

__all__ = ["left_out", "sampled_banks", "sampled_linear_bank", "sampled_pair", "usable_switch"]

_LEAST_RANGE = 0.6  # volt; `describe` goes to 0.5 V
_MOST_READ = 10.0  # volt
_READS = 2.0  # `verify` goes to twice the read voltage


def sampled_banks(
    process: Process,
    resistor: Resistor,
    *,
    n: int,
    seed: int,
    pitch: float,
    v_read: float,
    chip: int = 0,
    shape: tuple[int, ...] = (),
    across: int | None = None,
) -> Bank:
    """Banks with all that a process says of them: its switch, its nominals, its faults, and their places on the die.

    Parameters
    ----------
    process, resistor
        The second is one of the first's.
    n, seed, chip, shape, v_read
        See :meth:`rescircuit.Bank.sample`.
    pitch : float
        From resistor to resistor, metre.
    across : int, optional
        Banks in a row of the die; by default those of the last axis.
    """
    from rescircuit.bank import Bank
    from rescircuit.devices import Placement

    if across is None:
        across = shape[-1] if shape else 1
    return Bank.sample(
        resistor,
        n=n,
        seed=seed,
        chip=chip,
        shape=shape,
        switch=usable_switch(process, v_read),
        nominals=process.nominals,
        faults=process.faults,
        placement=Placement(columns=across * n, pitch_x=pitch, pitch_y=pitch),
        v_read=v_read,
    )


def sampled_pair(process: Process, resistor: Resistor, **options: Any) -> DifferentialPair:
    """Two banks as :func:`sampled_banks` makes one, the negative one's resistors beside those of the positive one."""
    from rescircuit.bank import DifferentialPair

    both = sampled_banks(process, resistor, shape=(2,), across=1, **options)
    return DifferentialPair(positive=both.part(0), negative=both.part(1))


def sampled_linear_bank(
    process: Process,
    component: Resistor | Capacitor,
    *,
    n: int,
    seed: int,
    pitch: float,
    chip: int = 0,
    r_on: float | None = None,
) -> SeriesBank | CapacitorBank:
    """A series bank of resistors, or a bank of capacitors, with a linear switch each; see also :func:`left_out`.

    Parameters
    ----------
    process, component
        The second is one of the first's, and says which form of bank it is.
    n, seed, chip
        See :meth:`rescircuit.bank.base.SwitchedComponents.sample`.
    pitch : float
        From component to component, metre.
    r_on : float, optional
        Of closed switches, ohm; by default the process's where its switch is ideal, and 0 where it is not.

    Raises
    ------
    InputError
        For what is out of range, and for capacitors behind switches that leak.
    """
    from rescircuit.bank import CapacitorBank, SeriesBank
    from rescircuit.devices import Capacitor, Placement

    kind = CapacitorBank if isinstance(component, Capacitor) else SeriesBank
    switch = _linear_switch(process, r_on)
    if kind is CapacitorBank and switch.r_off != math.inf:
        hint = "A charge behind a switch that leaks never settles."
        raise InputError("process", "one whose switches do not leak (r_off), for capacitors", process.name, hint)
    return kind.sample(
        component,
        n=n,
        seed=seed,
        chip=chip,
        switch=switch,
        nominals=process.nominals,
        placement=Placement(columns=n, pitch_x=pitch, pitch_y=pitch),
    )


def left_out(process: Process, r_on: float | None = None) -> list[str]:
    """What :func:`sampled_linear_bank` leaves out of a process, in sentences: other switches, and stuck ones."""
    from rescircuit.devices import IdealSwitch

    name, remarks = process.name, []
    if r_on is None and not isinstance(process.make_switch(), IdealSwitch):
        remarks.append(
            f"The switches of {name} are not linear: ideal ones of 0 Ω take their place, others with --r-on."
        )
    if process.stuck is not None:
        remarks.append(f"The faults of {name} are those of switches in parallel banks, and are left out.")
    return remarks


def _linear_switch(process: Process, r_on: float | None) -> IdealSwitch:
    """The switch of a process, or an ideal one in the place of another kind; with another on-resistance if given."""
    from rescircuit.devices import IdealSwitch

    switch = process.make_switch()
    if isinstance(switch, IdealSwitch):
        return switch if r_on is None else replace(switch, r_on=r_on)
    return IdealSwitch(r_on=0.0 if r_on is None else r_on)


def usable_switch(process: Process, v_read: float) -> Any:
    """The switch of a process; a foundry's card is swept in ngspice first, and a remark says how exact its table is.

    Parameters
    ----------
    process : Process
    v_read : float
        Voltage at which banks are read, volt: a table goes to at least twice of it.

    Raises
    ------
    InputError
        For a read voltage beyond a table's range, and as :func:`rescircuit.spice.characterise`, as for what follows.
    SolutionError
        When the table is not exact enough.
    SpiceError
        When ngspice does not bring a result that can be trusted.
    MissingToolError
        When there is no ngspice to sweep a card.
    """
    from rescircuit.devices import BSIM4Switch
    from rescircuit.spice import characterise

    switch = process.make_switch()
    if not isinstance(switch, BSIM4Switch):
        return switch
    if v_read > _MOST_READ:
        raise InputError("v_read", f"at most {_MOST_READ:g} V behind transistors of a BSIM4 card", v_read)
    table = characterise(switch, v_max=max(_LEAST_RANGE, _READS * v_read))
    found = table.characterisation
    remarks = "".join(f" It remarks: {remark}" for remark in found.remarks)
    say(
        f"The card of {process.name}, swept up to {table.v_max:.3g} V by ngspice {found.ngspice_version}: the table's "
        f"currents are within {found.on_error:.1e} (closed) and {found.off_error:.1e} (open) of it.{remarks}"
    )
    return table
