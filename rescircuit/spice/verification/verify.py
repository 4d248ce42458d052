"""Decks of all that can be described, and the proof that ngspice agrees with our own solvers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from rescircuit.bank import (
    Bank,
    CapacitorBank,
    CapacitorSetting,
    DifferentialPair,
    PairSetting,
    Setting,
)
from rescircuit.bank.series import SeriesBank, SeriesSetting
from rescircuit.crossbar import Crossbar, NonlinearCrossbar
from rescircuit.errors import InputError
from rescircuit.spice.circuits.analyses import TemperatureSweep
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.decks.writing import Deck, write_deck
from rescircuit.spice.engines.ngspice import DEFAULT_TIMEOUT, checked_timeout, run_deck
from rescircuit.spice.engines.nodal.circuits import is_linear
from rescircuit.spice.engines.nodal.decks import solve_deck
from rescircuit.spice.engines.pyspice_process import run_pyspice
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.verification.cases.banks import bank_case, series_bank_case
from rescircuit.spice.verification.cases.capacitor_banks import capacitor_bank_case
from rescircuit.spice.verification.cases.case import Asked, Case
from rescircuit.spice.verification.cases.circuits import circuit_case
from rescircuit.spice.verification.cases.crossbars import crossbar_case
from rescircuit.spice.verification.cases.pairs import pair_case
from rescircuit.spice.verification.comparison import Verification

__all__ = ["ENGINES", "Verifiable", "deck", "verify"]

_MOST_CELLS_FOR_NGSPICE = 64 * 64  # with wires: 3 s there, but 40 s at 96 x 96 and minutes beyond


@runtime_checkable
class Verifiable(Protocol):
    """What :func:`deck` and :func:`verify` ask of things that they do not know by name, such as a network's tiles."""

    def spice_case(self, asked: Asked) -> Case:
        """Itself as a circuit, with our own solution."""
        ...


_CASES: dict[type, Callable[[Any, Asked], Case]] = {
    Bank: bank_case,
    SeriesBank: series_bank_case,
    CapacitorBank: capacitor_bank_case,
    DifferentialPair: pair_case,
    Crossbar: crossbar_case,
    NonlinearCrossbar: crossbar_case,
    Circuit: circuit_case,
}

_Thing = Bank | SeriesBank | CapacitorBank | DifferentialPair | Crossbar | NonlinearCrossbar | Circuit | Verifiable
_Setting = Setting | SeriesSetting | CapacitorSetting | PairSetting


def deck(
    thing: _Thing,
    *,
    mask: Any = None,
    setting: _Setting | None = None,
    voltages: Any = None,
    bit_line_voltages: Any = None,
    temperature: float | TemperatureSweep | None = None,
    comment: str = "",
) -> Deck:
    """Write a bank, an array, a network's tile or any circuit as a deck for ngspice.

    Parameters
    ----------
    thing : Bank, SeriesBank, CapacitorBank, DifferentialPair, Crossbar, NonlinearCrossbar, Circuit or ProgrammedTile
        What to write. An array of parallel banks is one circuit of all of them: a Monte Carlo deck of a chip.
    mask : bool array (n,), optional
        A bank's setting, or a pair's; by default all resistors count: a parallel bank's switches are closed, a series
        bank's open. Of an array of banks (..., n).
    setting : Setting, SeriesSetting, CapacitorSetting or PairSetting, optional
        The same, as the bank's ``program`` returns it.
    voltages : array, optional
        Volt; several samples become one sweep. A bank's input, () or (K,), by default its read voltage, or 0.1 V for
        other banks; a crossbar's word lines, (m,) or (K, m), by default 0.1 V on each.
    bit_line_voltages : float or array (n,) or (K, n), optional
        What the ends of a crossbar's bit lines are held at, volt; by default 0 V.
    temperature : float or TemperatureSweep, optional
        At which ngspice is to find a bank, °C, as it was made at 27 °C; by default the bank's own. A crossbar is at the
        temperature of its cells' banks.
    comment : str
        Free text for the deck's head.

    Raises
    ------
    InputError
        For arguments that do not belong to the thing, or do not fit it.

    Examples
    --------
    >>> import rescircuit as rc
    >>> bank = rc.Bank(resistances=[10e3, 20e3])
    >>> print(rc.deck(bank, mask=[True, False]))
    rescircuit circuit
    .subckt bank in out
    r_0 in out 10000.0
    r_1 in branch_1 20000.0
    .ends bank
    v_in in 0 dc 0.1
    * code 10, branch 0 first, closed switches 1: 100 uS at 0.1 V
    x_bank in out bank
    v_out out 0 dc 0.0
    .options reltol=1e-09 vntol=1e-12 abstol=1e-18 gmin=1e-18 tnom=27.0 temp=27.0
    .op
    .save v(in) v(out) v(x_bank.branch_1) i(v_in) i(v_out)
    .end
    <BLANKLINE>
    """
    asked = Asked(
        mask=mask,
        setting=setting,
        voltages=voltages,
        bit_line_voltages=bit_line_voltages,
        temperature=temperature,
        comment=comment,
    )
    return write_deck(_case_of(thing, asked).circuit)


def verify(
    thing: _Thing,
    *,
    mask: Any = None,
    setting: _Setting | None = None,
    voltages: Any = None,
    bit_line_voltages: Any = None,
    temperature: float | TemperatureSweep | None = None,
    engine: str = "auto",
    timeout: float = DEFAULT_TIMEOUT,
) -> Verification:
    """Solve a bank, an array, a network's tile or a linear circuit ourselves and with ngspice, and compare.

    Of a bank the output currents are compared, or its charges, and of a single one the voltages inside it, where
    resistors do not depend on theirs; of a crossbar the currents of all its sources and the
    voltages at both ends of all its cells; of a circuit all nodes and sources.

    Parameters
    ----------
    thing
        What to check, as for :func:`deck`. The time that ngspice takes grows steeply with the size of a crossbar with
        wires: about 0.1 s for 32 x 32, 3 s for 64 x 64 and minutes beyond 100 x 100; more where cells are not linear.
    mask, setting
        As for :func:`deck`.
    voltages : array, optional
        Volt, of the shapes that :func:`deck` takes. By default a quarter, half, once and twice what :func:`deck` takes
        for a bank; at a crossbar's word lines four random vectors (always the same; as many as there are of
        `bit_line_voltages`) from -0.2 to 0.2 V, or from 0 V behind NMOS switches.
    bit_line_voltages
        As for :func:`deck`.
    temperature
        As for :func:`deck`: ngspice moves the resistors and transistors that are given at 27 °C, and we take
        ``bank.at(temperature=...)``.
    engine : str
        ``"ngspice"``; ``"pyspice"``, ngspice as a library behind PySpice; ``"nodal"``, for linear circuits: the nodal
        matrix is assembled from the deck's text alone and solved by SuperLU. ``"auto"`` is ngspice, but for linear
        crossbars beyond 64 x 64, which take it minutes, ``"nodal"``.
    timeout : float
        Longest time for ngspice, second.

    Returns
    -------
    Verification
        Also when the two do not agree; then ``passed`` is ``False``.

    Raises
    ------
    InputError
        As for :func:`deck`, for negative voltages at NMOS switches, and for another engine.
    SpiceError
        When ngspice does not bring a result that can be trusted.
    MissingToolError
        When there is no ngspice.
    """
    asked = Asked(
        mask=mask,
        setting=setting,
        voltages=voltages,
        bit_line_voltages=bit_line_voltages,
        temperature=temperature,
        verifying=True,
    )
    if not isinstance(engine, str) or engine not in ("auto", *ENGINES):
        raise InputError("engine", f"one of auto, {', '.join(ENGINES)}", engine)
    solve = ENGINES[_usual_engine(thing) if engine == "auto" else engine]
    return _case_of(thing, asked).verified(lambda written: solve(written, timeout))


def _nodal(written: Deck, timeout: float) -> SpiceResult:
    checked_timeout(timeout)  # and no more: SuperLU cannot be interrupted
    if not is_linear(written.circuit):
        raise InputError("engine", "ngspice or pyspice, for a circuit that is not linear and at rest", "nodal")
    solution = solve_deck(written.lines())
    return SpiceResult(
        node_voltages=solution.node_voltages,
        source_currents=solution.source_currents,
        version="",
        seconds=solution.seconds,
        engine="SuperLU",
    )


ENGINES: dict[str, Callable[[Deck, float], SpiceResult]] = {
    "ngspice": lambda written, timeout: run_deck(written, timeout=timeout),
    "pyspice": lambda written, timeout: run_pyspice(written, timeout=timeout),
    "nodal": _nodal,
}


def _usual_engine(thing: _Thing) -> str:
    large = isinstance(thing, Crossbar) and thing.conductances.size > _MOST_CELLS_FOR_NGSPICE
    return "nodal" if large else "ngspice"


def _case_of(thing: _Thing, asked: Asked) -> Case:
    make = _CASES.get(type(thing))
    if make is not None:
        return make(thing, asked)
    if isinstance(thing, Verifiable):
        return thing.spice_case(asked)
    raise InputError("thing", "a bank, a pair of banks, a crossbar, a network's tile or a circuit", thing)
