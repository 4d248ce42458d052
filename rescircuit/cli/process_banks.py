"""Banks of a process as commands sample them, behind switches whose currents are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rescircuit.cli.console import say
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Bank
    from rescircuit.devices import Process, Resistor

__all__ = ["sampled_banks", "usable_switch"]

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
