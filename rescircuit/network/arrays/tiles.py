"""Tiles: parts of a layer's weights on one crossbar, whatever their cells are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array

__all__ = ["Tile", "TileCells"]


@runtime_checkable
class TileCells(Protocol):
    """The programmed cells of a tile, (i, lines) of them.

    What only one cause needs (the values at another temperature, say) is not kept: it is sampled again from the chip's
    seed when it is asked for, which takes about as long as programming did.
    """

    @property
    def kind(self) -> str:
        """``"banks"``, ``"ideal"``, ``"resistors"`` or ``"memristors"``."""
        ...

    @property
    def programmed(self) -> Array:
        """What they conduct at the read voltage and 27 °C, new and without unknown faults, siemens, (i, lines)."""
        ...

    @property
    def believed(self) -> Array:
        """What the calibration says that they conduct, siemens, (i, lines); without one `programmed` itself."""
        ...

    def conductances(self, effects: Iterable[str], *, asked: Array, targets: Array) -> Array:
        """What they conduct with these causes of error, siemens, (i, lines).

        Parameters
        ----------
        effects : iterable of str
            Of `CELL_EFFECTS`, whose order they act in, and ``"wires"``; others change nothing. A cause that is left
            out leaves its step out.
        asked : array (i, lines)
            What is wanted of an array without wires: where to start from, without ``"wires"``.
        targets : array (i, lines)
            What the cells were programmed to.

        Returns
        -------
        array (i, lines)
            At least 0.
        """
        ...

    def curvature(self) -> Array:
        """How each cell's current bends, (i, lines): ``g V (1 + a (V / v_read - 1))`` has the least squared error.

        0 of linear cells. From 0 V to the read voltage; of healthy cells at 27 °C.
        """
        ...

    def read_noise(self, conductances: Array) -> Any:
        """Standard deviation from read to read of the kind of cell's own, relative: (i, lines), or 0.0 of none."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Tile:
    """A part of a layer's weights on one crossbar.

    The two bit lines of a pair stand side by side, positive first, so that both see nearly the same wires. The
    reference line of the offset scheme stands in the middle of the tile.

    Attributes
    ----------
    inputs, outputs : slice
        Which rows and columns of its group's matrix (:attr:`WeightedLayer.matrices`) it has. With a bias on a word line
        the tiles of the first inputs have one more word line, the last: the bias's, driven at full scale.
    group, copy : int
        Which of the layer's groups of channels, and which of the copies that share its positions.
    plus, minus : int array (o,)
        The bit lines whose currents make each output, the first less the second.
    asked : array (i, lines)
        Conductances wanted of an array without wires, siemens.
    targets : array (i, lines)
        What the cells were programmed to: where targets were distorted beforehand against the wires, other ones; else
        the same array.
    cells : TileCells
    first_cell : int
        The number on the chip of its first cell; the others follow in C order.
    """

    inputs: slice
    outputs: slice
    group: int
    copy: int
    plus: NDArray[np.intp]
    minus: NDArray[np.intp]
    asked: Array
    targets: Array
    cells: TileCells
    first_cell: int

    def __repr__(self) -> str:
        (i, lines), copies = self.shape, f", copy {self.copy}" if self.copy else ""
        group = f"group {self.group}, " if self.group else ""
        places = ", ".join(
            f"{name} {part.start}:{part.stop}" for name, part in (("inputs", self.inputs), ("outputs", self.outputs))
        )
        return f"Tile({group}{places}{copies}, {i} x {lines} {self.cells.kind})"

    @property
    def shape(self) -> tuple[int, int]:
        """Word lines and bit lines in use."""
        return self.asked.shape[0], self.asked.shape[1]

    @property
    def has_bias(self) -> bool:
        """Whether its last word line is the bias's."""
        return self.asked.shape[0] > self.inputs.stop - self.inputs.start

    def difference(self, values: Array) -> Array:
        """What each output has of values of the bit lines, (..., lines) to (..., o)."""
        return values[..., self.plus] - values[..., self.minus]

    @property
    def error(self) -> Array:
        """The programmed difference less the wanted one, siemens, (i, o)."""
        return self.difference(self.cells.programmed) - self.difference(self.targets)

    def conductances(self, effects: Iterable[str]) -> Array:
        """See :meth:`TileCells.conductances`."""
        return self.cells.conductances(effects, asked=self.asked, targets=self.targets)
