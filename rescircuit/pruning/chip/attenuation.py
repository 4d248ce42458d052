"""What wires leave of a change of a cell: the first-order sensitivity of its own effective conductance.

With the other cells as they are, the effective conductance E of a cell grows with the cell G as ``dE/dG = p q``: p is
the voltage across the cell for 1 V at its word line's source, q that for 1 V at its bit line's end, each with all other
ends at 0 V (the theorem of Tellegen, by which a change of a branch is felt between two ports in proportion to the
branch's voltages for a source at either of them). Of cells that conduct far less than the wires from them to the ends,
p is the voltage of the cell's place on a ladder, its word line loaded by all its cells, whose other ends are at 0 V but
for the far smaller drops of their bit lines; and q likewise on the bit line. Both are defined for cells that conduct
nothing, too.
"""

from __future__ import annotations

import numpy as np

from rescircuit.checks import Array
from rescircuit.crossbar import Crossbar
from rescircuit.network.arrays import ArraySpec

__all__ = ["attenuations", "effective_of", "slopes_of"]


def attenuations(cells: Array, r_word_line: float, r_bit_line: float, r_sense: float = 0.0) -> Array:
    """``dE/dG`` of each cell's own effective conductance, by ladders, (i, lines), from 0 to 1.

    Parameters
    ----------
    cells : array (i, lines)
        Siemens.
    r_word_line, r_bit_line : float
        Wire segments between neighbouring cells, ohm; word lines are driven before their first cell, bit lines sensed
        below their last one, each behind one segment more.
    r_sense : float
        Between a bit line's end and its virtual ground, ohm.
    """
    words = _ladder(cells, r_word_line, r_word_line)
    bits = _ladder(cells.T[:, ::-1], r_bit_line + r_sense, r_bit_line)[:, ::-1].T
    return words * bits


def slopes_of(cells: Array, spec: ArraySpec) -> Array:
    """:func:`attenuations` of a tile with the wires and amplifiers of `spec`."""
    return attenuations(cells, spec.r_word_line, spec.r_bit_line, spec.converters.input_resistance)


def effective_of(cells: Array, spec: ArraySpec) -> Array:
    """The exact effective conductances of a tile with the wires and amplifiers of `spec`, siemens, (i, lines)."""
    sense = spec.converters.input_resistance
    if not spec.r_word_line + spec.r_bit_line + sense > 0:
        return cells
    return Crossbar(cells, spec.r_word_line, spec.r_bit_line, r_sense=sense, threads=1).effective_conductances()


def _ladder(loads: Array, first: float, between: float) -> Array:
    """Voltages along ladders (k, n) for 1 V before the first rung, behind `first` ohm; rungs `loads` lead to 0 V."""
    behind = np.empty_like(loads)  # what each node and all behind it conduct to 0 V
    behind[:, -1] = loads[:, -1]
    for k in range(loads.shape[1] - 2, -1, -1):
        behind[:, k] = loads[:, k] + behind[:, k + 1] / (1.0 + between * behind[:, k + 1])
    steps: Array = 1.0 / (1.0 + between * behind)
    steps[:, 0] = 1.0 / (1.0 + first * behind[:, 0])
    shares: Array = np.multiply.accumulate(steps, axis=1)
    return shares
