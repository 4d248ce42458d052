"""Cells that are programmed banks, each with resistors and switches of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import Bank, Mask
from rescircuit.checks import Array
from rescircuit.devices import Faults
from rescircuit.devices.coefficients import ROOM_TEMPERATURE
from rescircuit.network.arrays.cells.causes import with_causes
from rescircuit.network.arrays.cells.curvature import curvature
from rescircuit.network.arrays.spec import ArraySpec

__all__ = ["ProgrammedBanks", "known_faults", "rows_at_once"]

_BANKS_AT_ONCE = 1 << 14  # 1.5 MiB for each array over banks of 12: what a thread programs at a time


@dataclass(frozen=True, kw_only=True, eq=False)
class ProgrammedBanks:
    """Banks (i, lines), sampled from the chip's seed; see :class:`~rescircuit.network.arrays.TileCells`.

    Attributes
    ----------
    spec, seed, chip, first_cell
        Which banks they are.
    packed : uint8 array (i, lines, bytes)
        The settings, a bit for each switch, see :attr:`mask`.
    programmed, believed : array (i, lines)
        Siemens.
    """

    spec: ArraySpec
    seed: int
    chip: int
    first_cell: int
    packed: NDArray[np.uint8]
    programmed: Array
    believed: Array

    @property
    def kind(self) -> str:
        """``"banks"``."""
        return "banks"

    @property
    def mask(self) -> Mask:
        """The settings, bool (i, lines, n)."""
        return _unpacked(self.packed, self.spec.bank_size)

    def bank(self, rows: slice = slice(None), faults: Faults | None = None) -> Bank:
        """Those of some word lines, (r, lines), with what is known of their faults, or with `faults`."""
        first, stop, _ = rows.indices(len(self.programmed))
        lines = self.programmed.shape[1]
        return self.spec.sample(
            (stop - first, lines),
            seed=self.seed,
            chip=self.chip,
            start=self.first_cell + first * lines,
            faults=known_faults(self.spec) if faults is None else faults,
        )

    def conductances(self, effects: Iterable[str], *, asked: Array, targets: Array) -> Array:
        """See :class:`~rescircuit.network.arrays.TileCells`."""
        chosen = frozenset(effects)
        faults = self.spec.conditions.faults if "stuck" in chosen else None
        return with_causes(
            chosen,
            asked=asked,
            targets=targets,
            believed=self.believed,
            programmed=self.programmed,
            stuck=lambda: self._each(lambda bank, mask: bank.conductance(mask), faults),
            factors=lambda name: self._factors(name, faults),
        )

    def curvature(self) -> Array:
        """Of the switches and of the resistors' voltage coefficients."""
        v_read = self.spec.v_read
        return curvature(
            lambda share: _ratio(self._each(lambda bank, mask: bank.conductance(mask, share * v_read)), self.programmed)
        )

    def read_noise(self, conductances: Array) -> float:  # noqa: ARG002 - the same for all
        """None of their own."""
        return 0.0

    def _factors(self, name: str, faults: Faults | None) -> Array:
        conditions = self.spec.conditions
        temperature, age = (
            (conditions.temperature, 0.0) if name == "temperature" else (ROOM_TEMPERATURE, conditions.age)
        )

        def changed(bank: Bank, mask: Mask) -> Array:
            after = bank.at(temperature=temperature, age=age).conductance(mask)
            return _ratio(after, bank.conductance(mask))

        return self._each(changed, faults)

    def _each(self, value: Callable[[Bank, Mask], Array], faults: Faults | None = None) -> Array:
        """Something of each bank in its setting, (i, lines), a part of the rows at a time."""
        found = np.empty_like(self.programmed)
        for rows in rows_at_once((found.shape[0], found.shape[1])):
            found[rows] = value(self.bank(rows, faults), _unpacked(self.packed[rows], self.spec.bank_size))
        return found


def rows_at_once(shape: tuple[int, int]) -> Iterator[slice]:
    """The rows of a tile in parts of about so many banks; results do not depend on it."""
    count = max(1, _BANKS_AT_ONCE // shape[1])
    for first in range(0, shape[0], count):
        yield slice(first, min(first + count, shape[0]))


def known_faults(spec: ArraySpec) -> Faults | None:
    """The faults that programming knows of."""
    return spec.conditions.faults if spec.conditions.known_faults else None


def _unpacked(packed: NDArray[np.uint8], n: int) -> Mask:
    return np.unpackbits(packed, axis=-1, count=n).view(bool)


def _ratio(after: Array, before: Array) -> Array:
    """Their ratio; 1 for banks that conduct nothing."""
    return np.divide(after, before, out=np.ones(before.shape), where=before > 0)
