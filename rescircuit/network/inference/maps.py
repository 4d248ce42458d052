"""What a programmed tile does to voltages: its effective conductances, and what its amplifiers add."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import numpy as np

from rescircuit.checks import Array
from rescircuit.crossbar import Crossbar
from rescircuit.crossbar.kept import kept
from rescircuit.devices.streams import Stream
from rescircuit.network.arrays import CELL_EFFECTS, ArraySpec, Tile

if TYPE_CHECKING:
    from rescircuit.network.arrays import Converters

__all__ = [
    "MAP_EFFECTS",
    "TileMap",
    "TileMaps",
    "amplifier_offsets",
    "closed_loop_gain",
    "line_resistances",
    "tile_crossbar",
]

# The effects that a tile's linear map depends on.
MAP_EFFECTS = frozenset({*CELL_EFFECTS, "wires", "amplifier"})


@dataclass(eq=False)
class _Bend:
    """How the cells of a tile bend, whatever else is the matter with them."""

    tile: Tile

    @kept
    def curvature(self) -> Array | None:
        bend = self.tile.cells.curvature()
        return bend if bend.any() else None


@dataclass(eq=False)
class TileMap:
    """One tile, compiled for some effects.

    Attributes
    ----------
    tile : Tile
    spec : ArraySpec
    effects : frozenset of str
        Of `MAP_EFFECTS`.
    bend : object
        What it shares with the same tile compiled for other effects.
    """

    tile: Tile
    spec: ArraySpec
    effects: frozenset[str]
    bend: _Bend = field(repr=False)

    @kept
    def effective(self) -> Array:
        """Current of each bit line's amplifier for 1 V on each word line, siemens, (i, lines)."""
        if not self._has_resistance:
            return self.tile.conductances(self.effects)
        return self._crossbar.effective_conductances()

    @property
    def curvature(self) -> Array | None:
        """See :meth:`rescircuit.network.arrays.TileCells.curvature`; none where all cells are linear."""
        return self.bend.curvature

    @kept
    def admittance(self) -> Array:
        """Between the bit lines' virtual grounds, siemens, (lines, lines), with the word lines held at their voltages.

        Its product with voltages of the virtual grounds is the currents out of them, into the array.
        """
        if not self._has_resistance:
            return np.diag(self.effective.sum(axis=0))
        rows = self.tile.shape[0]
        return self._crossbar.terminal_admittance()[rows:, rows:]

    @property
    def _has_resistance(self) -> bool:
        """Whether anything lies between sources, cells and virtual grounds."""
        return any(line_resistances(self.spec, self.effects))

    @property
    def _crossbar(self) -> Crossbar:
        # Not kept: what its solution is made of takes many times the memory of the map.
        return tile_crossbar(self.tile, self.spec, self.effects, threads=1)


def tile_crossbar(tile: Tile, spec: ArraySpec, effects: frozenset[str], threads: int | None = None) -> Crossbar:
    """A tile as an array of resistances, with its wires and its amplifiers' input resistances, where effects say so."""
    word_line, bit_line, sense = line_resistances(spec, effects)
    return Crossbar(tile.conductances(effects), word_line, bit_line, r_sense=sense, threads=threads)


def line_resistances(spec: ArraySpec, effects: frozenset[str]) -> tuple[float, float, float]:
    """Of word lines' and bit lines' segments and of amplifiers' inputs, ohm; 0 where effects are off."""
    wires = (spec.r_word_line, spec.r_bit_line) if "wires" in effects else (0.0, 0.0)
    return *wires, spec.converters.input_resistance if "amplifier" in effects else 0.0


@dataclass(eq=False)
class TileMaps:
    """The compiled tiles of one programmed chip, shared by all that look at it with different effects.

    A map lives as long as one of those who have asked for it.
    """

    _known: WeakValueDictionary[tuple[int, int, frozenset[str]], TileMap] = field(default_factory=WeakValueDictionary)
    _bends: WeakValueDictionary[tuple[int, int], _Bend] = field(default_factory=WeakValueDictionary)

    def of(self, layer: int, index: int, tile: Tile, spec: ArraySpec, effects: frozenset[str]) -> TileMap:
        """Tile `index` of layer `layer` for these effects."""
        key = layer, index, effects & MAP_EFFECTS
        found = self._known.get(key)
        if found is None:
            bend = self._bends.get(key[:2]) or _Bend(tile=tile)
            self._bends[key[:2]] = bend
            found = self._known[key] = TileMap(tile=tile, spec=spec, effects=key[2], bend=bend)
        return found

    def rewired(self) -> TileMaps:
        """For the same chip with other wires, which change maps and not how cells bend."""
        return TileMaps(_bends=self._bends)

    def __reduce__(self) -> tuple[Callable[[], TileMaps], tuple[()]]:
        """For other processes: without maps, which are made again."""
        return TileMaps, ()


def closed_loop_gain(converters: Converters, effects: frozenset[str]) -> float:
    """Output of a transimpedance amplifier over that of an ideal one, ``A / (1 + A)``."""
    gain = converters.amplifier_gain if "amplifier" in effects else math.inf
    return 1.0 if math.isinf(gain) else gain / (1.0 + gain)


def amplifier_offsets(tile_map: TileMap, effects: frozenset[str], *, seed: int, chip: int, source: str) -> Array:
    """What the amplifiers' input offsets add to the currents that are read, ampere, (lines,), before their gain.

    An amplifier of open-loop gain A, feedback R_f and input offset V stands for a source ``V A / (1 + A)`` behind
    ``R_f / (1 + A)`` at the end of its bit line, and its output, over ``-R_f``, is ``A / (1 + A)`` of the current into
    it less ``V / R_f``. So an offset changes the currents of all lines by the admittance between their ends, and that
    of its own line by ``V / R_f`` more: together its noise gain.
    """
    converters = tile_map.spec.converters
    lines = tile_map.tile.shape[1]
    if "amplifier" not in effects or not converters.amplifier_offset:
        return np.zeros(lines)
    offsets = converters.amplifier_offset * Stream(seed=seed, chip=chip, source=source).normal(lines)
    held = offsets * closed_loop_gain(converters, effects)
    return -(tile_map.admittance @ held) - offsets / converters.feedback_resistance
