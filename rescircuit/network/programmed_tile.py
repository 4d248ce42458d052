"""One tile of a network on a chip as a circuit: its deck, and its verification."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.bank import Bank
from rescircuit.checks import Array, whole_number
from rescircuit.crossbar import BankCells, Crossbar, NonlinearCrossbar
from rescircuit.errors import InputError
from rescircuit.network.layers import checked_inputs
from rescircuit.quantities import format_quantity

if TYPE_CHECKING:
    from rescircuit.network.analog import AnalogLayer, AnalogNetwork, Tile
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

    Parameters
    ----------
    network : AnalogNetwork
    layer, index : int
        Which layer, and which of its tiles.
    cells : str
        ``"banks"``: each cell is its bank, with its own resistors and switches, as on the chip; ``"conductances"``:
        each is one resistor of its conductance at the read voltage, as inference takes it.

    Raises
    ------
    InputError
        For a tile that is not there, or other cells.
    """

    network: AnalogNetwork = field(repr=False)
    layer: int
    index: int
    cells: str = "banks"

    def __post_init__(self) -> None:
        layers = self.network.layers
        whole_number("layer", self.layer, 0, len(layers) - 1)
        whole_number("index", self.index, 0, len(layers[self.layer].tiles) - 1)
        if self.cells not in CELLS:
            raise InputError("cells", f"one of {', '.join(CELLS)}", self.cells)

    @property
    def tile(self) -> Tile:
        """Its numbers."""
        return self._layer.tiles[self.index]

    @property
    def bank(self) -> Bank:
        """The banks of its cells, of shape (inputs, outputs, 2), sampled again from the chip's seed."""
        tile, analog = self.tile, self.network
        shape = (*tile.target.shape, 2)
        return analog.spec.sample(shape, seed=analog.seed, chip=analog.chip, start=tile.first_bank)

    @property
    def array(self) -> Crossbar | NonlinearCrossbar:
        """The tile's array with its wires: word line i takes input i, bit lines come in pairs, positive side first."""
        if self.cells == "conductances":
            return self.tile.crossbar
        bank, spec = self.bank, self.network.spec
        shape = bank.shape[0], 2 * bank.shape[1]
        columns = np.arange(shape[1])
        flat = bank.part((np.arange(shape[0])[:, np.newaxis], columns // 2, columns % 2))
        cells = BankCells(bank=flat, mask=self.tile.mask.reshape(*shape, bank.n))
        return NonlinearCrossbar(cells, r_word_line=spec.r_word_line, r_bit_line=spec.r_bit_line)

    def voltages(self, x: Any) -> Array:
        """What drives the word lines for inputs of the *layer*, volt.

        Parameters
        ----------
        x : array (..., in)
            At least 0: of signed inputs, the part of one phase.

        Returns
        -------
        array (..., i)
            Through the input converters, for the tile's own inputs.

        Raises
        ------
        InputError
            For inputs of another shape, below 0, or beyond the layer's full scale.
        """
        layer = self._layer
        x = checked_inputs(x, layer.dense.weight.shape[1])
        if x.size and float(x.min()) < 0:
            hint = "Signed inputs take two phases: np.maximum(x, 0), then np.maximum(-x, 0)."
            raise InputError("x", "at least 0", float(x.min()), hint)
        full_scale = layer.input_full_scale
        if x.size and float(x.max()) > full_scale * (1 + 1e-9):
            raise InputError("x", f"at most {full_scale:g}, the range of the voltages", float(x.max()))
        return layer.word_line_voltages(x[..., self.tile.inputs])

    def spice_case(self, asked: Asked) -> Case:
        """The tile as a circuit, with our own solution; `asked` may hold voltages (i,) or (K, i).

        Behind each pair of bit lines, mirrors of both currents make the voltage of the node ``sum_j`` the tile's part
        of the layer's weighted sum of its output j, 1 V for 1, without the bias, as an analog subtraction would; a
        digital one has the two currents alone.
        Our own sums of cells that are conductances are inference's, ``voltages @ crossbar``, and not those of the
        solution that is compared beside them.
        """
        from rescircuit.spice.circuits.census import LazyElements
        from rescircuit.spice.verification.agreement import LIMITS
        from rescircuit.spice.verification.cases.case import Case
        from rescircuit.spice.verification.cases.crossbars import crossbar_case, inputs_asked, kind_of_crossbar

        asked.only(self, "voltages", bit_line_voltages="Its outputs are held at 0 V.")
        heads = self._about(), asked.comment
        array = self.array
        case = crossbar_case(array, replace(asked, comment=" ".join(filter(None, heads))), notes=dict(self._notes()))
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
            solution[_SUMS] = (currents[..., 0::2] - currents[..., 1::2]) * self._ohm
            return solution

        def theirs(result: SpiceResult) -> dict[str, Reference]:
            return {**case.theirs(result), _SUMS: self._sums(result, LIMITS[kind_of_crossbar(array)])}

        return Case(circuit=replace(circuit, elements=elements), ours=ours, theirs=theirs)

    @property
    def _layer(self) -> AnalogLayer:
        return self.network.layers[self.layer]

    @property
    def _ohm(self) -> float:
        """What makes a difference of currents the weighted sum, in volt."""
        return 1.0 / self._layer.amperes_per_output

    def _subtraction(self) -> Iterator[Element]:
        from rescircuit.spice.circuits.charges import CurrentMirror
        from rescircuit.spice.circuits.elements import Resistor
        from rescircuit.spice.circuits.names import GROUND

        for j in range(self.tile.target.shape[1]):
            node = f"sum_{j}"
            yield CurrentMirror(name=f"f_positive_{j}", plus=GROUND, minus=node, source=f"v_sense_{2 * j}")
            yield CurrentMirror(name=f"f_negative_{j}", plus=node, minus=GROUND, source=f"v_sense_{2 * j + 1}")
            yield Resistor(name=f"r_sum_{j}", plus=node, minus=GROUND, resistance=self._ohm)

    def _sums(self, result: SpiceResult, limit: Limit) -> Reference:
        """The voltages of the nodes ``sum_j``: differences of currents, known as well as these are."""
        from rescircuit.spice.verification.comparison import Reference

        outputs = range(self.tile.target.shape[1])
        sums = np.stack([result.node_voltages[f"sum_{j}"] for j in outputs], axis=-1)
        currents = np.stack([result.source_currents[f"v_sense_{j}"] for j in range(2 * len(outputs))], axis=-1)
        terms = np.abs(currents[..., 0::2]) + np.abs(currents[..., 1::2])
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
        inputs, outputs = (f"{part.start} to {part.stop - 1}" for part in (tile.inputs, tile.outputs))
        volts = format_quantity(layer.volts_per_input, "V")
        siemens = format_quantity(layer.siemens_per_weight, "S")
        digital = analog.spec.subtraction == "digital"
        sums = "" if digital else " The node sum_j is this tile's part of the weighted sum of its output j."
        return (
            f"Tile {self.index} of layer {self.layer} of a network on chip {analog.chip} of seed {analog.seed}: inputs "
            f"{inputs} on the word lines, {volts} for 1; outputs {outputs} on pairs of bit lines, positive side first, "
            f"{siemens} for a weight of 1.{sums}"
        )

    def _notes(self) -> Iterator[tuple[str, str]]:
        """Which weight each cell is."""
        tile, weight = self.tile, self._layer.dense.weight
        letter = "x" if self.cells == "banks" else "r"
        for i, j in np.ndindex(*tile.target.shape):
            source, drain = tile.inputs.start + i, tile.outputs.start + j
            for k, side in enumerate(("positive", "negative")):
                text = f"weight [{drain}, {source}] = {weight[drain, source]:.6g}, {side} side"
                yield f"{letter}_cell_{i}_{2 * j + k}", text
