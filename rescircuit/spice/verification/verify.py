"""Decks of banks and crossbars, and the proof that ngspice agrees with our own solvers."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.bank import DEFAULT_READ_VOLTAGE, Bank, CapacitorBank, CapacitorSetting, Setting
from rescircuit.bank.series import SeriesBank, SeriesSetting
from rescircuit.checks import Array
from rescircuit.crossbar import BankCells, Crossbar, LinearCells, NonlinearCrossbar, SelectedCells
from rescircuit.devices import ThresholdSelector
from rescircuit.devices.switches.tabulated import TabulatedSwitch
from rescircuit.errors import InputError
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.decks.writing import Deck, write_deck
from rescircuit.spice.engines.ngspice import DEFAULT_TIMEOUT, run_deck
from rescircuit.spice.makers.bank import SENSE, bank_at, bank_circuit
from rescircuit.spice.makers.branches import gate_voltage
from rescircuit.spice.makers.capacitor_bank import capacitor_bank_circuit, read_charges
from rescircuit.spice.makers.crossbar import crossbar_circuit, crossbar_inputs
from rescircuit.spice.makers.series_bank import series_bank_circuit
from rescircuit.spice.verification.agreement import LIMITS
from rescircuit.spice.verification.comparison import Reference, Verification, compared
from rescircuit.spice.verification.crossbar_reference import QUANTITIES, read_crossbar

__all__ = ["deck", "verify"]

_BANK_READS = np.array([0.25, 0.5, 1.0, 2.0])  # times the read voltage: a switch is not linear
_CROSSBAR_SAMPLES, _CROSSBAR_SEED, _CROSSBAR_LARGEST = 4, 1, 0.2  # the last in volt
_CURRENTS, _CHARGES = "output_currents", "charges"

_Array = Crossbar | NonlinearCrossbar
_Banks = Bank | SeriesBank | CapacitorBank
_Thing = _Banks | _Array
_Setting = Setting | SeriesSetting | CapacitorSetting


def deck(
    thing: Bank | SeriesBank | CapacitorBank | Crossbar | NonlinearCrossbar,
    *,
    mask: Any = None,
    setting: Setting | SeriesSetting | CapacitorSetting | None = None,
    voltages: Any = None,
    bit_line_voltages: Any = None,
    temperature: float | None = None,
    comment: str = "",
) -> Deck:
    """Write a bank or a crossbar as a deck for ngspice.

    Parameters
    ----------
    thing : Bank, SeriesBank, CapacitorBank, Crossbar or NonlinearCrossbar
        What to write.
    mask : bool array (n,), optional
        A bank's setting; by default all resistors count: a parallel bank's switches are closed, a series bank's open.
    setting : Setting, SeriesSetting or CapacitorSetting, optional
        The same, as the bank's ``program`` returns it.
    voltages : array, optional
        Volt; several samples become one sweep. A bank's input, () or (K,), by default its read voltage, or 0.1 V for
        other banks; a crossbar's word lines, (m,) or (K, m), by default 0.1 V on each.
    bit_line_voltages : float or array (n,) or (K, n), optional
        What the ends of a crossbar's bit lines are held at, volt; by default 0 V.
    temperature : float, optional
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
    v_in in 0 dc 0.1
    r_0 in out 10000.0
    r_1 in branch_1 20000.0
    v_out out 0 dc 0.0
    .options reltol=1e-09 vntol=1e-12 abstol=1e-18 gmin=1e-18 tnom=27.0 temp=27.0
    .op
    .save v(in) v(out) v(branch_1) i(v_in) i(v_out)
    .end
    <BLANKLINE>
    """
    closed = _checked_mask(thing, mask, setting)
    return write_deck(_circuit(thing, closed, voltages, bit_line_voltages, temperature, comment))


def verify(
    thing: Bank | SeriesBank | CapacitorBank | Crossbar | NonlinearCrossbar,
    *,
    mask: Any = None,
    setting: Setting | SeriesSetting | CapacitorSetting | None = None,
    voltages: Any = None,
    bit_line_voltages: Any = None,
    temperature: float | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> Verification:
    """Solve a bank or a crossbar with our own solver and with ngspice, and compare.

    Of a bank the output currents are compared, or its charges; of a crossbar the currents of all its sources and the
    voltages at both ends of all its cells.

    Parameters
    ----------
    thing : Bank, SeriesBank, CapacitorBank, Crossbar or NonlinearCrossbar
        What to check. The time that ngspice takes grows steeply with the size of a crossbar with wires: about
        0.1 s for 32 x 32, 3 s for 64 x 64 and minutes beyond 100 x 100; more where cells are not linear.
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
    timeout : float
        Longest time for ngspice, second.

    Returns
    -------
    Verification
        Also when the two do not agree; then ``passed`` is ``False``.

    Raises
    ------
    InputError
        As for :func:`deck`, and for negative voltages at NMOS switches.
    SpiceError
        When ngspice does not bring a result that can be trusted.
    MissingToolError
        When there is no ngspice.
    """
    closed = _checked_mask(thing, mask, setting)
    inputs = _default_voltages(thing, bit_line_voltages) if voltages is None else voltages
    circuit = _circuit(thing, closed, inputs, bit_line_voltages, temperature, comment="")
    written = write_deck(circuit)
    limit = LIMITS[_kind(thing)]
    result = run_deck(written, timeout=timeout)
    if isinstance(thing, CapacitorBank):
        charges = read_charges(thing, inputs, result)
        moved = np.abs(inputs).max() * float(thing.full_scale)
        ours = {_CHARGES: np.atleast_1d(bank_at(thing, temperature).charge(closed, inputs))}
        theirs = {_CHARGES: Reference(values=charges, floor=limit.floor_of_charges(moved))}
    elif isinstance(thing, Bank | SeriesBank):
        ours = {_CURRENTS: np.atleast_1d(bank_at(thing, temperature).current(closed, inputs))}
        theirs = {_CURRENTS: Reference(values=result.source_currents[SENSE], floor=limit.floor_of_currents())}
    else:
        solution = thing.solve(*crossbar_inputs(thing, inputs, bit_line_voltages))
        ours = {name: getattr(solution, name) for name in QUANTITIES}
        theirs = read_crossbar(thing, circuit, result, limit)
    return compared(ours, theirs, limit=limit, result=result, deck=written)


def _circuit(
    thing: _Thing, mask: Any, voltages: Any, bit_line_voltages: Any, temperature: float | None, comment: str
) -> Circuit:
    if isinstance(thing, _Array):
        if temperature is not None:
            hint = "Take cells whose banks are at that temperature: bank.at(temperature=...)."
            raise InputError("temperature", f"left out for a {type(thing).__name__}", temperature, hint)
        return crossbar_circuit(thing, voltages=voltages, bit_line_voltages=bit_line_voltages, comment=comment)
    if bit_line_voltages is not None:
        required = f"left out for a {type(thing).__name__}, whose output is held at 0 V"
        raise InputError("bit_line_voltages", required, bit_line_voltages)
    options = {"mask": mask, "voltages": voltages, "temperature": temperature, "comment": comment}
    if isinstance(thing, CapacitorBank):
        return capacitor_bank_circuit(thing, **options)
    return bank_circuit(thing, **options) if isinstance(thing, Bank) else series_bank_circuit(thing, **options)


def _checked_mask(thing: _Thing, mask: Any, setting: Setting | SeriesSetting | CapacitorSetting | None) -> Any:
    """The one mask that is meant: for a bank by default all that count, for a crossbar ``None``."""
    if not isinstance(thing, _Thing):
        raise InputError("thing", "a Bank or a Crossbar, or of another kind of either", thing)
    if setting is not None and mask is not None:
        raise InputError("mask", "left out when a setting is given", mask)
    if isinstance(thing, _Array):
        if mask is not None or setting is not None:
            got = mask if setting is None else type(setting).__name__
            raise InputError("mask", f"left out for a {type(thing).__name__}, whose cells are given", got)
        return None
    if setting is None:
        return np.ones(thing.n, bool) if mask is None else mask
    own = {Bank: Setting, SeriesBank: SeriesSetting, CapacitorBank: CapacitorSetting}
    if not isinstance(setting, own[type(thing)]):
        required = f"one of a {type(thing).__name__}: switches mean other things in other kinds of bank"
        raise InputError("setting", required, type(setting).__name__)
    return setting.mask


def _kind(thing: _Thing) -> str:
    """Which of the limits holds."""
    if isinstance(thing, CapacitorBank):
        return "charge"
    bank = _bank_of(thing)
    if bank is not None and isinstance(bank.switch, TabulatedSwitch):
        return "tabulated"
    if _has_transistors(thing):
        return "mos"
    return "sinh" if _has_expressions(thing) else "linear"


def _bank_of(thing: _Thing) -> Bank | SeriesBank | None:
    """The bank, or the array of banks in the cells, if there is one."""
    if isinstance(thing, Bank | SeriesBank):
        return thing
    cells = thing.cells if isinstance(thing, NonlinearCrossbar) else None
    cells = cells.cells if isinstance(cells, SelectedCells) else cells
    return cells.bank if isinstance(cells, BankCells) else None


def _has_transistors(thing: _Thing) -> bool:
    bank = _bank_of(thing)
    return bank is not None and gate_voltage(bank.switch) is not None


def _has_expressions(thing: _Thing) -> bool:
    """Whether sources whose current is an expression are in the circuit."""
    if isinstance(thing, NonlinearCrossbar) and not isinstance(thing.cells, BankCells | LinearCells):
        return True
    bank = _bank_of(thing)
    if bank is None:
        return False
    held = isinstance(bank.switch, ThresholdSelector) and bank.switch.v_hold > 0
    return held or bank.coefficients.voltage_dependent


def _default_voltages(thing: _Thing, bit_line_voltages: Any) -> Array:
    if isinstance(thing, _Banks):
        return (thing.v_read if isinstance(thing, Bank) else DEFAULT_READ_VOLTAGE) * _BANK_READS
    _, bits = crossbar_inputs(thing, None, bit_line_voltages)
    count = _CROSSBAR_SAMPLES if len(bits) == 1 else len(bits)
    samples = np.random.default_rng(_CROSSBAR_SEED).uniform(-1.0, 1.0, (count, thing.shape[0]))
    return _CROSSBAR_LARGEST * (np.abs(samples) if _has_transistors(thing) else samples)
