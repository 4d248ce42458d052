"""Decks of banks and crossbars, and the proof that ngspice agrees with our own solvers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import DEFAULT_READ_VOLTAGE, Bank, Setting
from rescircuit.bank.series import SeriesBank, SeriesSetting
from rescircuit.checks import Array
from rescircuit.crossbar import BankCells, Crossbar, LinearCells, NonlinearCrossbar
from rescircuit.devices import NMOS
from rescircuit.errors import InputError
from rescircuit.spice.agreement import LIMITS, Limit, relative_error
from rescircuit.spice.circuit import Circuit
from rescircuit.spice.decks import Deck, write_deck
from rescircuit.spice.from_bank import SENSE, bank_circuit
from rescircuit.spice.from_cells import cell_models
from rescircuit.spice.from_crossbar import crossbar_circuit, crossbar_inputs
from rescircuit.spice.from_series_bank import series_bank_circuit
from rescircuit.spice.ngspice import DEFAULT_TIMEOUT, SpiceResult, run_deck

__all__ = ["Verification", "deck", "verify"]

_BANK_READS = np.array([0.25, 0.5, 1.0, 2.0])  # times the read voltage: a switch is not linear
_CROSSBAR_SAMPLES, _CROSSBAR_SEED, _CROSSBAR_LARGEST = 4, 1, 0.2  # the last in volt
_CURRENTS, _INPUTS = "output_currents", "input_currents"
_WORD_LINES, _BIT_LINES = "word_line_voltages", "bit_line_voltages"

_Array = Crossbar | NonlinearCrossbar
_Thing = Bank | SeriesBank | _Array


@dataclass(frozen=True, kw_only=True)
class Verification:
    """How closely our own solver agrees with ngspice.

    Attributes
    ----------
    max_relative_error : float
        The largest error of all compared numbers, relative to ngspice's.
    limit : float
        What it may be for this kind of circuit, see :data:`rescircuit.spice.agreement.LIMITS`.
    quantity : str
        Where it is, such as ``output_currents[2, 5]`` for sample 2 and bit line 5.
    compared : int
        How many numbers were compared.
    ngspice_version : str
        The version that ran.
    seconds : float
        Wall-clock time of ngspice's run.
    deck : Deck
        What ngspice ran.
    """

    max_relative_error: float
    limit: float
    quantity: str
    compared: int
    ngspice_version: str
    seconds: float
    deck: Deck

    @property
    def passed(self) -> bool:
        """Whether the largest error is within the limit."""
        return self.max_relative_error <= self.limit

    def summary(self) -> str:
        """The verdict in one line."""
        verdict = "agrees" if self.passed else "DISAGREES"
        return (
            f"ngspice {self.ngspice_version} {verdict}: {self.compared:,} numbers, largest relative error "
            f"{self.max_relative_error:.1e} at {self.quantity} (limit {self.limit:.0e}), {self.seconds:.2f} s"
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the verdict without the deck."""
        return {
            "passed": self.passed,
            "max_relative_error": self.max_relative_error,
            "limit": self.limit,
            "quantity": self.quantity,
            "compared": self.compared,
            "ngspice_version": self.ngspice_version,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, kw_only=True)
class _Reference:
    """One quantity by ngspice.

    Attributes
    ----------
    values : array
        The samples on the first axis.
    floor : float or array
        Below it errors count relative to it.
    compared : bool or array, broadcastable to `values`
        Which of them there are: a floating line has no source whose current could be.
    """

    values: Array
    floor: Any
    compared: Any = True


def deck(
    thing: Bank | SeriesBank | Crossbar | NonlinearCrossbar,
    *,
    mask: Any = None,
    setting: Setting | SeriesSetting | None = None,
    voltages: Any = None,
    bit_line_voltages: Any = None,
    comment: str = "",
) -> Deck:
    """Write a bank or a crossbar as a deck for ngspice.

    Parameters
    ----------
    thing : Bank, SeriesBank, Crossbar or NonlinearCrossbar
        What to write.
    mask : bool array (n,), optional
        A bank's setting; by default all resistors count: a parallel bank's switches are closed, a series bank's open.
    setting : Setting or SeriesSetting, optional
        The same, as :meth:`rescircuit.Bank.program` or :meth:`rescircuit.SeriesBank.program` returns it.
    voltages : array, optional
        Volt; several samples become one sweep. A bank's input, () or (K,), by default its read voltage, or 0.1 V for
        a series bank; a crossbar's word lines, (m,) or (K, m), by default 0.1 V on each.
    bit_line_voltages : float or array (n,) or (K, n), optional
        What the ends of a crossbar's bit lines are held at, volt; by default 0 V.
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
    return write_deck(_circuit(thing, closed, voltages, bit_line_voltages, comment))


def verify(
    thing: Bank | SeriesBank | Crossbar | NonlinearCrossbar,
    *,
    mask: Any = None,
    setting: Setting | SeriesSetting | None = None,
    voltages: Any = None,
    bit_line_voltages: Any = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> Verification:
    """Solve a bank or a crossbar with our own solver and with ngspice, and compare.

    Of a bank the output currents are compared, of a crossbar the currents of all its sources and the voltages at both
    ends of all its cells.

    Parameters
    ----------
    thing : Bank, SeriesBank, Crossbar or NonlinearCrossbar
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
    circuit = _circuit(thing, closed, inputs, bit_line_voltages, comment="")
    written = write_deck(circuit)
    limit = LIMITS[_kind(thing)]
    if isinstance(thing, Bank | SeriesBank):
        ours = {_CURRENTS: np.atleast_1d(thing.current(closed, inputs))}
        result = run_deck(written, timeout=timeout)
        theirs = {_CURRENTS: _Reference(values=result.source_currents[SENSE], floor=limit.floor_of_currents())}
    else:
        solution = thing.solve(*crossbar_inputs(thing, inputs, bit_line_voltages))
        ours = {name: getattr(solution, name) for name in (_CURRENTS, _INPUTS, _WORD_LINES, _BIT_LINES)}
        result = run_deck(written, timeout=timeout)
        theirs = _read_crossbar(thing, circuit, result, limit)
    worst, quantity = _worst_error(ours, theirs)
    return Verification(
        max_relative_error=worst,
        limit=limit.relative,
        quantity=quantity,
        compared=sum(int(np.broadcast_to(each.compared, each.values.shape).sum()) for each in theirs.values()),
        ngspice_version=result.version,
        seconds=result.seconds,
        deck=written,
    )


def _circuit(thing: _Thing, mask: Any, voltages: Any, bit_line_voltages: Any, comment: str) -> Circuit:
    if isinstance(thing, _Array):
        return crossbar_circuit(thing, voltages=voltages, bit_line_voltages=bit_line_voltages, comment=comment)
    if bit_line_voltages is not None:
        required = f"left out for a {type(thing).__name__}, whose output is held at 0 V"
        raise InputError("bit_line_voltages", required, bit_line_voltages)
    if isinstance(thing, Bank):
        return bank_circuit(thing, mask=mask, voltages=voltages, comment=comment)
    return series_bank_circuit(thing, mask=mask, voltages=voltages, comment=comment)


def _checked_mask(thing: _Thing, mask: Any, setting: Setting | SeriesSetting | None) -> Any:
    """The one mask that is meant: for a bank by default all that count, for a crossbar ``None``."""
    if not isinstance(thing, _Thing):
        raise InputError("thing", "a Bank or a Crossbar", thing)
    if setting is not None and mask is not None:
        raise InputError("mask", "left out when a setting is given", mask)
    chosen = mask if setting is None else setting.mask
    if isinstance(thing, Bank | SeriesBank):
        if isinstance(setting, Setting if isinstance(thing, SeriesBank) else SeriesSetting):
            required = f"one of a {type(thing).__name__}, whose switches mean the opposite of the other kind's"
            raise InputError("setting", required, type(setting).__name__)
        return np.ones(thing.n, bool) if chosen is None else chosen
    if chosen is not None:
        raise InputError("mask", f"left out for a {type(thing).__name__}, whose cells are given", chosen)
    return None


def _kind(thing: _Thing) -> str:
    """Which of the limits holds."""
    if isinstance(thing, NonlinearCrossbar) and not isinstance(thing.cells, BankCells | LinearCells):
        return "mos" if cell_models(thing.cells) else "sinh"
    return "mos" if _has_transistors(thing) else "linear"


def _has_transistors(thing: _Thing) -> bool:
    if isinstance(thing, NonlinearCrossbar):
        return bool(cell_models(thing.cells))
    return isinstance(thing, Bank) and isinstance(thing.switch, NMOS)


def _default_voltages(thing: _Thing, bit_line_voltages: Any) -> Array:
    if isinstance(thing, Bank | SeriesBank):
        return (thing.v_read if isinstance(thing, Bank) else DEFAULT_READ_VOLTAGE) * _BANK_READS
    _, bits = crossbar_inputs(thing, None, bit_line_voltages)
    count = _CROSSBAR_SAMPLES if len(bits) == 1 else len(bits)
    samples = np.random.default_rng(_CROSSBAR_SEED).uniform(-1.0, 1.0, (count, thing.shape[0]))
    return _CROSSBAR_LARGEST * (np.abs(samples) if _has_transistors(thing) else samples)


def _read_crossbar(crossbar: _Array, circuit: Circuit, result: SpiceResult, limit: Limit) -> dict[str, _Reference]:
    """The solution of ngspice in the shapes of our own, with the floors of its quantities.

    What ngspice rounds is a node's voltage times its largest conductance, a wire's. That is one of the terms of the
    current at the line's own ends. In a line that has lost its source it flows on through the cells, and so is a term
    of every current, and of a voltage when divided by the cells' conductance.
    """
    topology = crossbar.topology
    into = {source.plus: result.source_currents[source.name] for source in circuit.sources}
    nothing = np.zeros_like(next(iter(into.values())))  # the current of a floating line, and the voltage of its end

    def read(found: Mapping[str, Array], nodes: NDArray[np.intp]) -> Array:
        columns = [found.get(topology.node_name(node), nothing) for node in nodes.ravel().tolist()]
        return np.stack(columns, axis=-1).reshape(-1, *nodes.shape)

    at = result.node_voltages
    words, bits = read(at, topology.word_nodes), read(at, topology.bit_nodes)
    drivers, senses = read(at, topology.drivers), read(at, topology.senses)
    through, drops = np.abs(_cell_currents(crossbar, words, bits)), np.abs(words - bits)
    conducted = np.divide(through, drops, out=np.full_like(drops, np.inf), where=(drops > 0) & (through > 0))
    word_lines = _Lines(topology.word_segments, topology.driven, drivers, words, conducted.min(axis=2))
    bit_lines = _Lines(topology.bit_segments.T, topology.sensed, senses, np.swapaxes(bits, 1, 2), conducted.min(axis=1))
    largest = max(np.abs(drivers).max(), np.abs(senses).max())
    stray = np.maximum(word_lines.stray, bit_lines.stray)[:, np.newaxis]
    return {
        _CURRENTS: _Reference(
            values=read(into, topology.senses),
            floor=limit.floor_of_currents(through.sum(axis=1) + bit_lines.rounded + stray),
            compared=topology.sensed,
        ),
        _INPUTS: _Reference(
            values=-read(into, topology.drivers),
            floor=limit.floor_of_currents(through.sum(axis=2) + word_lines.rounded + stray),
            compared=topology.driven,
        ),
        _WORD_LINES: _Reference(
            values=words,
            floor=limit.floor_of_voltages(np.maximum(largest, word_lines.stray_voltages))[:, :, np.newaxis],
        ),
        _BIT_LINES: _Reference(
            values=bits,
            floor=limit.floor_of_voltages(np.maximum(largest, bit_lines.stray_voltages))[:, np.newaxis, :],
        ),
    }


def _cell_currents(crossbar: _Array, words: Array, bits: Array) -> Array:
    """What the cells take at the voltages of their lines, ampere, (k, m, n); 0 in a shorted one."""
    if isinstance(crossbar, NonlinearCrossbar):
        return crossbar.cells.currents(words, bits)[0]
    cells = crossbar.conductances
    return np.where(np.isinf(cells), 0.0, cells) * (words - bits)


@dataclass(frozen=True, eq=False)
class _Lines:
    """The word lines of an array, or its bit lines, as far as their wires limit what ngspice knows of them.

    Attributes
    ----------
    segments : array (m, n + 1)
        The wires, ohm.
    held : bool array (m,)
        Which lines have a source.
    ends : array (k, m)
        The sources' voltages, volt.
    nodes : array (k, m, n)
        Voltages along the lines, volt.
    conducted : array (k, m)
        The least conductance of a line's cells, siemens.
    """

    segments: Array
    held: NDArray[np.bool_]
    ends: Array
    nodes: Array
    conducted: Array

    @cached_property
    def rounded(self) -> Array:
        """The largest product of a line's voltage and a wire's conductance, ampere, (k, m)."""
        ends = self.ends[..., np.newaxis]
        along = np.abs(np.concatenate([ends, self.nodes, ends], axis=-1))
        wires = np.divide(1.0, self.segments, out=np.zeros_like(self.segments), where=self.segments > 0)
        return (np.maximum(along[..., :-1], along[..., 1:]) * wires).max(axis=-1)

    @cached_property
    def loose(self) -> NDArray[np.bool_]:
        """Which lines have parts without a source of their own, (m,)."""
        return ~self.held | np.isinf(self.segments[:, 1:-1]).any(axis=-1)

    @property
    def stray(self) -> Array:
        """The largest such product of all loose lines, ampere, (k,)."""
        return np.where(self.loose, self.rounded, 0.0).max(axis=-1)

    @property
    def stray_voltages(self) -> Array:
        """What such a current makes of a loose line's voltage, (k, m)."""
        return np.where(self.loose, self.rounded / self.conducted, 0.0)


def _worst_error(ours: dict[str, Array], theirs: dict[str, _Reference]) -> tuple[float, str]:
    """The largest relative error, and where it is; what is no number is infinitely wrong."""
    errors = {}
    for name, reference in theirs.items():
        error = relative_error(ours[name], reference.values, reference.floor)
        errors[name] = np.where(reference.compared, np.where(np.isnan(error), np.inf, error), 0.0)
    name = max(errors, key=lambda key: errors[key].max())
    place = np.unravel_index(errors[name].argmax(), errors[name].shape)
    return float(errors[name].max()), f"{name}[{', '.join(str(int(k)) for k in place)}]"
