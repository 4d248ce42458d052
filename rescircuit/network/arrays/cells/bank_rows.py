"""Sampled banks of some rows of a tile, as the problems that programming solves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import Bank, Mask
from rescircuit.calibration import ReadOut, calibrate
from rescircuit.calibration.programming import problem_of
from rescircuit.checks import Array
from rescircuit.network.arrays.schemes import Lines
from rescircuit.network.arrays.spec import ArraySpec
from rescircuit.subsetsum import subset_sum

__all__ = ["BankRows", "ProgrammedRows", "largest_reading"]

_Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class ProgrammedRows:
    """Programmed banks (r, lines): settings, and what they conduct by the calibration and in truth, siemens."""

    mask: Mask
    believed: Array
    programmed: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class BankRows:
    """Banks (r, lines) of a tile as they are made, and as they are known to those who program them.

    Attributes
    ----------
    spec : ArraySpec
    bank : Bank
        With those of its faults that are known.
    on, off : array (r, lines, n)
        What branches truly conduct, siemens.
    problem : dict
        `items`, `offset`, `chosen` and `excluded` of :func:`subset_sum`, each (r, lines, ...) or None: by the
        calibration, or in truth without one.
    measured : bool
        Whether there is one.
    unit : float
        What one siemens is in the problem. With a reference, values are relative to it. So are the currents that the
        array's own converters read, which have the same one: what all resistors of the die share leaves both.
    """

    spec: ArraySpec
    bank: Bank
    on: Array
    off: Array
    problem: dict[str, Any]
    measured: bool
    unit: float = 1.0

    @classmethod
    def known(cls, spec: ArraySpec, bank: Bank, start: int, read_out: ReadOut | None) -> BankRows:
        """Banks from number `start` of their chip on, measured through a read-out or known exactly."""
        on, off = bank.on_conductances, bank.off_conductances
        if read_out is None:
            problem = {
                "items": on - off,
                "offset": off.sum(axis=-1),
                "chosen": bank.stuck_closed,
                "excluded": bank.stuck_open,
            }
            return cls(spec=spec, bank=bank, on=on, off=off, problem=problem, measured=False)
        seed, chip = bank.seed or 0, bank.chip or 0
        common = spec.resistor.common_factor(seed=seed, chip=chip)
        sampled = read_out.sample(seed, chip)
        problem = problem_of(calibrate(bank, sampled, seed=seed, start=start, common=common, clipping="flag"))
        unit = 1.0 if read_out.reference is None else common
        return cls(spec=spec, bank=bank, on=on, off=off, problem=problem, measured=True, unit=unit)

    @property
    def full_scale(self) -> Array:
        """What each bank conducts with all switches closed, as far as is known, siemens, (r, lines).

        Infinite where a switch is known not to close: a few such banks should not make all weights smaller.
        """
        known = (self.problem["items"].sum(axis=-1) + self.problem["offset"]) / self.unit
        excluded = self.problem["excluded"]
        return known if excluded is None else np.where(excluded.any(axis=-1), np.inf, known)

    def programmed(self, targets: Array, lines: Lines, progress: _Progress) -> ProgrammedRows:
        """Banks programmed to targets (r, lines), siemens; pairs as the spec says.

        In turn, the first one of a pair goes to its own target, and the second to where the difference is as wanted,
        by what is known of the first. Of a pair of which one is off, that one is the first: it cannot make up for
        anything. `progress` is called now and then; what it raises ends the work.
        """
        program = self._in_pairs if self.spec.pairs == "joint" else self._in_turn
        mask, believed = program(targets, lines, progress)
        faultless = self.bank.stuck_open is None and self.bank.stuck_closed is None
        actual = mask if faultless else self.bank.actual_mask(mask)
        programmed = np.where(actual, self.on, self.off).sum(axis=-1)
        return ProgrammedRows(mask=mask, believed=believed if self.measured else programmed, programmed=programmed)

    def _in_turn(self, targets: Array, lines: Lines, progress: _Progress) -> tuple[Mask, Array]:
        rows = np.arange(len(targets))[:, np.newaxis]
        difference = targets[:, lines.plus] - targets[:, lines.minus]
        first, second, sign = self._order(difference, lines)
        mask, believed = np.empty(self.on.shape, bool), np.empty(targets.shape)
        starts = first[:, :1] if self.spec.scheme == "offset" else first  # one bank of references serves all outputs
        at = rows, starts
        mask[at], believed[at] = self._solved(at, targets[at], progress)
        wanted = np.maximum(believed[rows, first] + sign * difference, 0.0)
        at = rows, second
        mask[at], believed[at] = self._solved(at, wanted, progress)
        return mask, believed

    def _order(self, difference: Array, lines: Lines) -> tuple[NDArray[Any], NDArray[Any], Any]:
        """Lines (r, o) of those that come first and second, and the sign of the difference in the second's target."""
        plus, minus = (np.broadcast_to(each, difference.shape) for each in (lines.plus, lines.minus))
        if self.spec.scheme == "middle":
            return plus, minus, -1.0
        if self.spec.scheme == "offset":
            return minus, plus, 1.0
        positive = difference >= 0
        return np.where(positive, minus, plus), np.where(positive, plus, minus), np.where(positive, 1.0, -1.0)

    def _in_pairs(self, targets: Array, lines: Lines, progress: _Progress) -> tuple[Mask, Array]:
        """Both banks of each pair as one problem, see :class:`rescircuit.DifferentialPair`."""
        problem, n = self.problem, self.on.shape[-1]
        sides = {name: _of_both(each, lines) for name, each in problem.items() if name not in ("items", "offset")}
        items, offset = problem["items"], problem["offset"]
        found = _solution(
            items=np.concatenate([items[:, lines.plus], -items[:, lines.minus]], axis=-1),
            targets=(targets[:, lines.plus] - targets[:, lines.minus]) * self.unit,
            offset=offset[:, lines.plus] - offset[:, lines.minus],
            progress=progress,
            **sides,
        )
        mask = np.empty(self.on.shape, bool)
        mask[:, lines.plus], mask[:, lines.minus] = found.mask[..., :n], found.mask[..., n:]
        return mask, (offset + np.where(mask, items, 0.0).sum(axis=-1)) / self.unit

    def _solved(self, at: tuple[Any, Any], targets: Array, progress: _Progress) -> tuple[Mask, Array]:
        part = {name: None if each is None else each[at] for name, each in self.problem.items()}
        found = _solution(targets=targets * self.unit, progress=progress, **part)
        return found.mask, found.total / self.unit


def _of_both(flags: Any, lines: Lines) -> Any:
    """Flags (r, lines, n) of each pair's switches together, (r, o, 2 n); None of none."""
    return None if flags is None else np.concatenate([flags[:, lines.plus], flags[:, lines.minus]], axis=-1)


def largest_reading(bank: Bank, read_out: ReadOut) -> float:
    """The largest conductance that calibrating these banks will read, siemens."""
    on, off = bank.on_conductances, bank.off_conductances
    closed = on.sum(axis=-1) if read_out.reads_closed else on.max(axis=-1) + off.sum(axis=-1)
    return float(closed.max())


def _solution(**problem: Any) -> Any:
    """The exact solution of a programming problem."""
    found = subset_sum(**problem)
    if not (np.asarray(found.status) == "optimal").all():
        raise KeyboardInterrupt  # which the search took for the end of its time
    return found
