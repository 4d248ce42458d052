"""The arrays that a chip offers to a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, get_args

from rescircuit.bank import DEFAULT_READ_VOLTAGE, Bank
from rescircuit.calibration import ReadOut
from rescircuit.checks import non_negative_number, positive_number, whole_number
from rescircuit.devices import Faults, IdealSwitch, Memristor, Process, Resistor, Switch, load_process
from rescircuit.devices.coefficients import ROOM_TEMPERATURE
from rescircuit.errors import InputError
from rescircuit.network.arrays.conditions import EFFECTS, Conditions
from rescircuit.network.arrays.converters_spec import Converters
from rescircuit.network.arrays.writing import Writing
from rescircuit.network.compensation import Scaling, Scheme
from rescircuit.subsetsum import LARGEST_N

__all__ = ["CHOICES", "PROCESS", "ArraySpec"]

PROCESS = "polysilicon"  # what arrays are made in if nothing else is said

CellKind = Literal["banks", "ideal", "resistors", "memristors"]
Subtraction = Literal["analog", "digital"]
Bias = Literal["digital", "word_line"]
Pairs = Literal["in_turn", "joint"]
CHOICES: dict[str, tuple[str, ...]] = {
    "cells": get_args(CellKind),
    "scheme": get_args(Scheme),
    "subtraction": get_args(Subtraction),
    "scaling": get_args(Scaling),
    "bias": get_args(Bias),
    "pairs": get_args(Pairs),
}

_OF_OUTPUTS = ("adc_offset", "adc_noise")  # fields of Converters that need steps of output converters
_NOMINAL = 1e6  # ohm: so large that a line's currents are small against what its wires can carry
_LEAST_READ, _MOST_READ = 1e-6, 10.0  # volt: inputs beyond these are a slip of the pen
_LEAST_SWING = 1e-6  # below, rounding in floats shows even where cells are ideal


@cache
def _process() -> Process:
    return load_process(PROCESS)


@dataclass(frozen=True, kw_only=True)
class ArraySpec:
    """The arrays that a chip offers, and how weights become conductances on them.

    Parameters
    ----------
    rows, cols : int
        Word lines and bit lines of a tile. Outputs take a pair of bit lines each, or with ``scheme="offset"`` one each
        and one for all; so `cols` is at least 2.
    bank_size : int
        Resistors in the bank at each crossing. Ideal cells and single resistors have the range of a bank of so many
        nominal resistors, so that kinds of cells compare at the same currents.
    r_word_line, r_bit_line : float
        Wire segments between neighbouring cells, ohm.
    dac_bits, adc_bits : int or None
        Resolution of the converters; ``None`` for ideal ones.
    cells : "banks", "ideal", "resistors" or "memristors"
        What stands at each crossing: a programmable bank of its own; exactly the conductance asked for; one resistor
        that is made at the value asked for, with the process's variation; a memristor, written and verified.
    scheme : "middle", "one_side" or "offset"
        How a signed weight is a difference: of two cells near the middle of their range, where subset sums are densest;
        of two cells of which one is off; or of a cell and a reference, in one bit line for all outputs of a tile.
    subtraction : "analog" or "digital"
        Where the negative column is taken from the positive one: as currents, before one converter, or as numbers,
        behind two.
    scaling : "tensor" or "column"
        What fills the range: a layer's largest weight, or each output's own.
    bias : "digital" or "word_line"
        Biases are added behind the converter, or stand on a word line of their own, driven at full scale.
    pairs : "in_turn" or "joint"
        How the banks of a pair are programmed: one after the other, which makes up for the first one's error, or as one
        problem of twice the size (:meth:`rescircuit.DifferentialPair.program`). That leaves to chance what the two have
        in common: wires, which load both lines, then do more than compensation for them knows of.
    positions_per_copy : int or None
        How many positions of a convolution (or of a dense layer's earlier axes) one copy of its tiles serves; ``None``:
        all. Each copy has cells of its own.
    resistor : Resistor
        What banks are made of; single resistors too. By default 1 MΩ of the process ``"polysilicon"``.
    switch : Switch
        What stands behind each resistor of a bank; by default that process's.
    nominals : str or array
        A bank's nominal resistances, see :func:`rescircuit.bank.spread_nominals`.
    swing : float
        The share of a cell's range that weights use: around its middle, or from its lower end if the scheme is
        ``"one_side"``. At least what cells resolve: of a bank of n ``2**-n``, or ``4**-n`` for joint pairs; of
        memristors the tolerance that they are written to; and at least 1e-6.
    v_read : float
        The largest input voltage, 1e-6 to 10 V; conductances hold at it.
    memristor : Memristor or None
        With ``cells="memristors"``.
    writing : Writing
        How memristors are written.
    calibration : ReadOut or None
        Through what banks are measured before they are programmed; ``None``: their values are known exactly.
    converters : Converters
        Ranges and errors of converters and amplifiers.
    conditions : Conditions
        Temperature, age, noise and faults.

    Raises
    ------
    InputError
        For values outside these ranges, or that do not go together.
    """

    rows: int = 128
    cols: int = 128
    bank_size: int = 12
    r_word_line: float = 0.0
    r_bit_line: float = 0.0
    dac_bits: int | None = None
    adc_bits: int | None = None
    cells: CellKind = "banks"
    scheme: Scheme = "middle"
    subtraction: Subtraction = "analog"
    scaling: Scaling = "tensor"
    bias: Bias = "digital"
    pairs: Pairs = "in_turn"
    positions_per_copy: int | None = None
    resistor: Resistor = field(default_factory=lambda: _process().make_resistor(_NOMINAL))
    switch: Switch = field(default_factory=lambda: _process().make_switch())
    nominals: Any = "geometric"
    swing: float = 0.5
    v_read: float = DEFAULT_READ_VOLTAGE
    memristor: Memristor | None = None
    writing: Writing = field(default_factory=Writing)
    calibration: ReadOut | None = None
    converters: Converters = field(default_factory=Converters)
    conditions: Conditions = field(default_factory=Conditions)

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                quoted = [f'"{choice}"' for choice in choices]
                raise InputError(name, f"{', '.join(quoted[:-1])} or {quoted[-1]}", getattr(self, name))
        self._check_numbers()
        self._check_parts()
        self._check_together()

    def _check_numbers(self) -> None:
        whole_number("rows", self.rows, 1)
        whole_number("cols", self.cols, 2)
        whole_number("bank_size", self.bank_size, 1, LARGEST_N)
        non_negative_number("r_word_line", self.r_word_line, "ohm")
        non_negative_number("r_bit_line", self.r_bit_line, "ohm")
        for name, bits, fewest in (("dac_bits", self.dac_bits, 1), ("adc_bits", self.adc_bits, 2)):
            if bits is not None:
                whole_number(name, bits, fewest, 32, "Without it they are ideal.")
        if self.positions_per_copy is not None:
            whole_number("positions_per_copy", self.positions_per_copy, 1, hint="Without it one copy serves all.")
        if positive_number("swing", self.swing) > 1:
            raise InputError("swing", "above 0 and at most 1", self.swing)
        if not _LEAST_READ <= positive_number("v_read", self.v_read, "V") <= _MOST_READ:
            raise InputError("v_read", f"from {_LEAST_READ:g} to {_MOST_READ:g} V", self.v_read)

    def _check_parts(self) -> None:
        parts: Sequence[tuple[str, type, bool]] = (
            ("resistor", Resistor, False),
            ("memristor", Memristor, True),
            ("writing", Writing, False),
            ("calibration", ReadOut, True),
            ("converters", Converters, False),
            ("conditions", Conditions, False),
        )
        for name, kind, optional in parts:
            value = getattr(self, name)
            if not (isinstance(value, kind) or (optional and value is None)):
                article = "an" if kind.__name__[0] in "AEIOU" else "a"
                raise InputError(name, f"{article} {kind.__name__}{' or None' if optional else ''}", value)

    def _check_together(self) -> None:
        if self.bias == "word_line" and self.rows < 2:
            raise InputError("rows", "at least 2 with a bias on a word line", self.rows)
        if self.cells == "memristors" and self.memristor is None:
            raise InputError("memristor", 'a Memristor with cells="memristors"', None)
        if self.calibration is not None and self.cells != "banks":
            raise InputError("calibration", 'None with other cells than "banks"', self.cells)
        if self.cells == "memristors" and self.conditions.has_faults:
            hint = "A Memristor has stuck_at_g_min and stuck_at_g_max of its own."
            raise InputError("conditions", "without stuck_open and stuck_closed for memristors", self.conditions, hint)
        if self.conditions.known_faults and self.cells != "banks":
            raise InputError("known_faults", "left out but for banks, whose programming can work around", self.cells)
        self._check_ideal_converters()
        self._check_pairs()
        self._check_resolution()

    def _check_ideal_converters(self) -> None:
        """Ideal converters have no steps that noise and offsets could be counted in, and no bits to slice."""
        for bits, names in (("dac_bits", ("dac_offset", "dac_noise", "slice_bits")), ("adc_bits", _OF_OUTPUTS)):
            for name in names if getattr(self, bits) is None else ():
                value = getattr(self.converters, name)
                if value:
                    raise InputError(name, f"left out without {bits}", value)

    def _check_pairs(self) -> None:
        if self.pairs == "joint":
            if self.cells != "banks" or self.scheme == "offset":
                raise InputError("pairs", '"in_turn" where cells are no pairs of banks', self.pairs)
            if 2 * self.bank_size > LARGEST_N:
                raise InputError("bank_size", f"at most {LARGEST_N // 2} with joint pairs", self.bank_size)

    def _check_resolution(self) -> None:
        """Weights within less than cells resolve would all be the same."""
        resolved = _LEAST_SWING
        if self.cells == "banks":
            resolved = max(resolved, 2.0 ** -(self.bank_size * (2 if self.pairs == "joint" else 1)))
        elif self.cells == "memristors":
            resolved = max(resolved, self.writing.tolerance_share)
        if self.swing < resolved:
            raise InputError("swing", f"at least {resolved:.2g}, what these cells resolve", self.swing)

    @property
    def outputs_per_tile(self) -> int:
        """How many outputs a tile has bit lines for."""
        return self.cols - 1 if self.scheme == "offset" else self.cols // 2

    @property
    def effects(self) -> frozenset[str]:
        """The causes of error that these arrays and conditions bring, of `EFFECTS`."""
        converters, conditions = self.converters, self.conditions
        faulty = conditions.has_faults and not (conditions.known_faults and self.cells == "banks")
        brings = {
            "programming": self.cells != "ideal",
            "calibration": self.calibration is not None,
            "stuck": faulty or self._memristors_stick,
            "temperature": conditions.temperature != ROOM_TEMPERATURE and self.cells in ("banks", "resistors"),
            "drift": conditions.age > 0 and self._drifts,
            "switches": self._bends,
            "wires": self.r_word_line + self.r_bit_line > 0,
            "amplifier": converters.amplifier_offset > 0 or converters.input_resistance > 0,
            "read_noise": conditions.read_noise > 0 or self._reads_noisily,
            "thermal_noise": conditions.bandwidth is not None,
            "dac": self.dac_bits is not None,
            "adc": self.adc_bits is not None,
        }
        return frozenset(name for name in EFFECTS if brings[name])

    @property
    def _memristors_stick(self) -> bool:
        part = self.memristor if self.cells == "memristors" else None
        return part is not None and part.stuck_at_g_min + part.stuck_at_g_max > 0

    @property
    def _reads_noisily(self) -> bool:
        part = self.memristor if self.cells == "memristors" else None
        return part is not None and part.read_noise != (0.0, 0.0)

    @property
    def _drifts(self) -> bool:
        if self.cells == "memristors" and self.memristor is not None:
            return self.memristor.drift_exponent + self.memristor.drift_exponent_spread > 0
        return self.cells in ("banks", "resistors") and (self.resistor.drift != 0 or self.resistor.drift_spread > 0)

    @property
    def _bends(self) -> bool:
        voltage_dependent = self.resistor.vc1 != 0 or self.resistor.vc2 != 0
        if self.cells == "banks":
            return voltage_dependent or not isinstance(self.switch, IdealSwitch)
        return self.cells == "resistors" and voltage_dependent

    def sample(
        self, shape: tuple[int, ...], *, seed: int, chip: int = 0, start: int = 0, faults: Faults | None = None
    ) -> Bank:
        """Banks of a chip, an array of this shape, from number `start` on; with these faults."""
        return Bank.sample(
            self.resistor,
            n=self.bank_size,
            seed=seed,
            chip=chip,
            start=start,
            shape=shape,
            switch=self.switch,
            nominals=self.nominals,
            v_read=self.v_read,
            faults=faults,
        )
