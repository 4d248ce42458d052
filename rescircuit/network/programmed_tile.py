"""One tile of a network on a chip as a circuit: its deck, and its verification."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.bank import Bank
from rescircuit.checks import Array, finite_array, whole_number
from rescircuit.crossbar import BankCells, Crossbar, NonlinearCrossbar
from rescircuit.errors import InputError
from rescircuit.network.arrays import Tile
from rescircuit.network.arrays.cells import ProgrammedBanks
from rescircuit.network.inference.maps import line_resistances, tile_crossbar
from rescircuit.network.layers import checked_inputs
from rescircuit.quantities import format_quantity

if TYPE_CHECKING:
    from rescircuit.network.inference import AnalogLayer, AnalogNetwork
    from rescircuit.spice.circuits.element import Element
    from rescircuit.spice.engines.results import SpiceResult
    from rescircuit.spice.verification.agreement import Limit
    from rescircuit.spice.verification.cases.case import Asked, Case
    from rescircuit.spice.verification.comparison import Reference

__all__ = ["CELLS", "ProgrammedTile"]

CELLS = ("banks", "conductances")
_SUMS = "weighted_sums"


@dataclass(frozen=True, kw_only=True, eq=False)
class ProgrammedTile:
    """A tile of an :class:`AnalogNetwork` for :func:`rescircuit.deck` and :func:`rescircuit.verify`.

    Its wires, faults, temperature and age, and its amplifiers' input resistance, are there as the network's effects
    say; other effects are no part of the circuit.

    Parameters
    ----------
    network : AnalogNetwork
    layer, index : int
        Which layer, of those with weights, and which of its tiles.
    cells : str, optional
        ``"banks"``: each cell is its bank, with its own resistors and switches, as on the chip; ``"conductances"``:
        each is one resistor of its conductance at the read voltage, as inference takes it. By default banks where the
        cells are banks.

    Raises
    ------
    InputError
        For a tile that is not there, or other cells.
    """

    network: AnalogNetwork = field(repr=False)
    layer: int
    index: int
    cells: str | None = None

    def __post_init__(self) -> None:
        layers = self.network.layers
        whole_number("layer", self.layer, 0, len(layers) - 1)
        whole_number("index", self.index, 0, len(layers[self.layer].tiles) - 1)
        kind = self.tile.cells.kind
        if self.cells is None:
            object.__setattr__(self, "cells", "banks" if kind == "banks" else "conductances")
        if self.cells not in CELLS:
            raise InputError("cells", f"one of {', '.join(CELLS)}", self.cells)
        if self.cells == "banks" and kind != "banks":
            raise InputError("cells", f'"conductances" for a tile of {kind}', self.cells)

    @property
    def tile(self) -> Tile:
        """Its numbers."""
        return self._layer.tiles[self.index]

    def __repr__(self) -> str:
        return f"ProgrammedTile(layer {self.layer} {self._layer.weighted.name!r}, {self.index}: {self.tile!r})"

    @property
    def bank(self) -> Bank:
        """The banks of its cells, (i, lines), sampled again from the chip's seed, with their faults.

        Raises
        ------
        InputError
            For a tile of other cells.
        """
        conditions = self.network.spec.conditions
        return self._banks.bank(faults=conditions.faults if "stuck" in self.network.effects else None)

    @property
    def array(self) -> Crossbar | NonlinearCrossbar:
        """The tile's array with its wires: word line i takes input i, a bias's the last one."""
        tile, spec, effects = self.tile, self.network.spec, self.network.effects
        if self.cells == "conductances":
            return tile_crossbar(tile, spec, effects)
        conditions, bank = spec.conditions, self.bank
        cells = BankCells(
            bank=bank.at(
                temperature=conditions.temperature if "temperature" in effects else bank.temperature,
                age=conditions.age if "drift" in effects else 0.0,
            ),
            mask=self._banks.mask,
        )
        word_line, bit_line, sense = line_resistances(spec, effects)
        return NonlinearCrossbar(cells, word_line, bit_line, r_sense=sense)

    def rows(self, x: Any) -> Array:
        """What the matrix of the tile's group multiplies for inputs of the network, by exact layers before it.

        Parameters
        ----------
        x : array (..., *input shape)
            Inputs of the network.

        Returns
        -------
        array (..., positions, inputs)
            Of a convolution a row for each of its positions, row after row of the image; of a dense layer behind one
            axis one row, the layer's inputs. Signed, where these are: ``np.maximum(rows, 0)`` is the first phase and
            ``np.maximum(-rows, 0)`` the second.

        Raises
        ------
        InputError
            For inputs of another shape, or that are not finite.
        """
        network, layer = self.network.network, self._layer
        inputs, batch = checked_inputs(x, network.input_shape)
        (source,) = network.sources[layer.number]
        taken = inputs if source < 0 else network.run(inputs)[source]
        rows = layer.weighted.rows(taken)[self.tile.group]
        return rows.reshape(*batch, *rows.shape[1:])

    def voltages(self, x: Any) -> Array:
        """What drives the word lines, volt.

        Parameters
        ----------
        x : array (..., inputs)
            What the matrix of the tile's group multiplies, as :meth:`rows` makes it of the network's inputs; of a dense
            layer, its inputs. At least 0: of signed inputs, the part of one phase.

        Returns
        -------
        array (..., i)
            Through the input converters, for the tile's own inputs; a bias's word line has the read voltage.

        Raises
        ------
        InputError
            For inputs of another shape, below 0, or beyond the layer's full scale.
        """
        layer, tile = self._layer, self.tile
        inputs = layer.weighted.matrices.shape[1]
        x = finite_array("x", x)
        if not x.ndim or x.shape[-1] != inputs:
            hint = "The tile's rows(x) makes it of the network's inputs."
            raise InputError("x", f"of shape (..., {inputs})", f"shape {x.shape}", hint)
        if float(x.min(initial=0.0)) < 0:
            hint = "Signed inputs take two phases: np.maximum(x, 0), then np.maximum(-x, 0)."
            raise InputError("x", "at least 0", float(x.min()), hint)
        full_scale = layer.input_full_scale
        if float(x.max(initial=0.0)) > full_scale * (1 + 1e-9):
            raise InputError("x", f"at most {full_scale:g}, the range of the voltages", float(x.max()))
        volts = layer.word_line_voltages(x[..., tile.inputs])
        if not tile.has_bias:
            return volts
        return np.concatenate([volts, np.full((*volts.shape[:-1], 1), layer.spec.v_read)], axis=-1)

    def spice_case(self, asked: Asked) -> Case:
        """The tile as a circuit, with our own solution; `asked` may hold voltages (i,) or (K, i).

        Mirrors of the currents of an output's two bit lines make the voltage of the node ``sum_j`` the tile's part
        of the layer's weighted sum of its output j, 1 V for 1, without a digital bias, as an analog subtraction would;
        a line of references is mirrored for every output. A digital subtraction has the currents alone.
        Our own sums of cells that are conductances are inference's, ``voltages @ array``, and not those of the
        solution that is compared beside them.
        """
        from rescircuit.spice.circuits.census import LazyElements
        from rescircuit.spice.verification.agreement import LIMITS
        from rescircuit.spice.verification.cases.case import Case
        from rescircuit.spice.verification.cases.crossbars import crossbar_case, inputs_asked, kind_of_crossbar

        asked.only(self, "voltages", bit_line_voltages="Its outputs are held at 0 V.")
        heads = self._about(), asked.comment
        array = self.array
        notes = dict(self._notes(array))
        case = crossbar_case(array, replace(asked, comment=" ".join(filter(None, heads))), notes=notes)
        if self.network.spec.subtraction == "digital":
            return case
        volts, _ = inputs_asked(array, asked)
        circuit, subtraction = case.circuit, tuple(self._subtraction())
        inside = circuit.elements
        lazy = isinstance(inside, LazyElements)
        elements = LazyElements(lambda: chain(inside, subtraction)) if lazy else (*inside, *subtraction)

        def ours(result: SpiceResult) -> dict[str, Array]:
            solution = dict(case.ours(result))
            currents = volts @ array if isinstance(array, Crossbar) else solution["output_currents"]
            solution[_SUMS] = self.tile.difference(currents) * self._ohm
            return solution

        def theirs(result: SpiceResult) -> dict[str, Reference]:
            return {**case.theirs(result), _SUMS: self._sums(result, LIMITS[kind_of_crossbar(array)])}

        return Case(circuit=replace(circuit, elements=elements), ours=ours, theirs=theirs)

    @property
    def _layer(self) -> AnalogLayer:
        return self.network.layers[self.layer]

    @property
    def _banks(self) -> ProgrammedBanks:
        cells = self.tile.cells
        if not isinstance(cells, ProgrammedBanks):
            raise InputError("tile", "one of banks", cells.kind)
        return cells

    @property
    def _columns(self) -> slice:
        """Which of all the layer's outputs the tile adds to."""
        return self._layer.outputs_of(self.tile)

    @property
    def _ohm(self) -> Array:
        """What makes a difference of currents the weighted sum, in volt, (o,)."""
        return 1.0 / self._layer.amperes_per_output[self._columns]

    def _subtraction(self) -> Iterator[Element]:
        from rescircuit.spice.circuits.charges import CurrentMirror
        from rescircuit.spice.circuits.elements import Resistor
        from rescircuit.spice.circuits.names import GROUND

        tile = self.tile
        for j, (plus, minus, ohm) in enumerate(zip(tile.plus, tile.minus, self._ohm, strict=True)):
            node = f"sum_{j}"
            yield CurrentMirror(name=f"f_positive_{j}", plus=GROUND, minus=node, source=f"v_sense_{plus}")
            yield CurrentMirror(name=f"f_negative_{j}", plus=node, minus=GROUND, source=f"v_sense_{minus}")
            yield Resistor(name=f"r_sum_{j}", plus=node, minus=GROUND, resistance=float(ohm))

    def _sums(self, result: SpiceResult, limit: Limit) -> Reference:
        """The voltages of the nodes ``sum_j``: differences of currents, known as well as these are."""
        from rescircuit.spice.verification.comparison import Reference

        tile = self.tile
        sums = np.stack([result.node_voltages[f"sum_{j}"] for j in range(tile.plus.size)], axis=-1)
        currents = np.stack([result.source_currents[f"v_sense_{j}"] for j in range(tile.shape[1])], axis=-1)
        terms = np.abs(currents[..., tile.plus]) + np.abs(currents[..., tile.minus])
        floor = np.maximum(limit.floor_of_currents(), terms) * self._ohm
        return Reference(
            values=sums,
            unit="V",
            axes=("output",),
            element=lambda place: f"r_sum_{place[-1]}",
            floor=floor,
            limit=limit,
        )

    def _about(self) -> str:
        tile, layer, analog = self.tile, self._layer, self.network
        columns = self._columns
        volts = format_quantity(layer.volts_per_input, "V")
        siemens = [format_quantity(float(each), "S") for each in layer.siemens_per_weight[columns]]
        scale = siemens[0] if len(set(siemens)) == 1 else f"{', '.join(siemens)}"
        digital = analog.spec.subtraction == "digital"
        sums = "" if digital else " The node sum_j is this tile's part of the weighted sum of its output j."
        group = f" of group {tile.group}" if layer.weighted.groups > 1 else ""
        bias = ", biases on the last" if tile.has_bias else ""
        on = (
            f"one bit line each, references on bit line {tile.minus[0]}"
            if analog.spec.scheme == "offset"
            else "pairs of bit lines, positive side first"
        )
        return (
            f"Tile {self.index} of layer {self.layer} of a network on chip {analog.chip} of seed {analog.seed}: inputs "
            f"{tile.inputs.start} to {tile.inputs.stop - 1}{group} on the word lines, {volts} for 1{bias}; outputs "
            f"{columns.start} to {columns.stop - 1} on {on}, {scale} for a weight of 1.{sums}"
        )

    def _notes(self, array: Crossbar | NonlinearCrossbar) -> Iterator[tuple[str, str]]:
        """Which weight each cell is; cells that conduct nothing are not there."""
        letter = "x" if self.cells == "banks" else "r"
        there = array.conductances > 0 if isinstance(array, Crossbar) else np.ones(array.shape, bool)
        for (i, line), text in self._sides():
            if there[i, line]:
                yield f"{letter}_cell_{i}_{line}", text

    def _sides(self) -> Iterator[tuple[tuple[int, int], str]]:
        """What each cell, by its word line and bit line, is of which weight."""
        tile, offset = self.tile, self.network.spec.scheme == "offset"
        for i in range(tile.shape[0]):
            for j, (plus, minus) in enumerate(zip(tile.plus.tolist(), tile.minus.tolist(), strict=True)):
                what = self._weight(i, j)
                yield (i, plus), what if offset else f"{what}, positive side"
                yield (i, minus), "reference" if offset else f"{what}, negative side"

    def _weight(self, i: int, j: int) -> str:
        """Which of the layer's weights word line i and output j have: its place as in the layer, and its value."""
        tile, weighted = self.tile, self._layer.weighted
        drain = self._columns.start + j
        if tile.has_bias and i == tile.shape[0] - 1:
            return f"bias [{drain}] = {weighted.bias[drain]:.6g}"
        place = (drain, *np.unravel_index(tile.inputs.start + i, weighted.weight.shape[1:]))
        return f"weight [{', '.join(str(int(k)) for k in place)}] = {weighted.weight[place]:.6g}"
