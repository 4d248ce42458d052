"""A network on a chip: layers of programmed tiles, and inference through them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.checks import Array, whole_number
from rescircuit.crossbar.kept import kept
from rescircuit.errors import InputError
from rescircuit.network.arrays import EFFECTS, ArraySpec, Tile, TilePlacement, placement_of
from rescircuit.network.inference.converters import quantise
from rescircuit.network.inference.effects import after_change, checked_effects
from rescircuit.network.inference.maps import TileMap, TileMaps
from rescircuit.network.inference.reading import LayerReader, Setting, tile_currents
from rescircuit.network.inference.threads import in_threads
from rescircuit.network.layers import Flatten, Network, WeightedLayer, checked_inputs

if TYPE_CHECKING:
    from rescircuit.network.programmed_tile import ProgrammedTile

__all__ = ["AnalogLayer", "AnalogNetwork"]


@dataclass(frozen=True, kw_only=True, eq=False)
class AnalogLayer:
    """A layer's weights on tiles, with the scales between its numbers and the circuit's volts and amperes.

    Attributes
    ----------
    number : int
        Of the layer in the network's `layers`.
    weighted : WeightedLayer
        The layer in digital arithmetic.
    tiles : tuple of Tile
    siemens_per_weight : array (out,)
        The conductance difference that stands for a weight of 1, for each output.
    input_full_scale : float
        The input that the largest voltage, ``spec.v_read``, stands for.
    cell_full_scale : float
        The smallest full-scale conductance of the layer's cells, siemens.
    calibration_inputs : array (groups, k, inputs) or None
        What the matrices multiply for sample inputs, see
        :func:`rescircuit.network.inference.ranges.calibration_rows`: what the output converters' ranges are set to;
        ``None``: to all inputs within the full scale.
    bias_correction : array (out,) or None
        What is added to the biases, behind the converters, for the errors of programmed cells: where cells were
        programmed column by column, to what these errors do to the outputs' means.
    spec : ArraySpec
    """

    number: int
    weighted: WeightedLayer
    tiles: tuple[Tile, ...] = field(repr=False)
    siemens_per_weight: Array = field(repr=False)
    input_full_scale: float
    cell_full_scale: float
    calibration_inputs: Array | None = field(default=None, repr=False)
    bias_correction: Array | None = field(default=None, repr=False)
    spec: ArraySpec = field(repr=False)

    def __repr__(self) -> str:
        count = len(self.tiles)
        return f"AnalogLayer({self.weighted.name!r}, {count} tile{'s' * (count != 1)} of {self.spec.cells})"

    @property
    def volts_per_input(self) -> float:
        """The voltage of a word line that stands for an input of 1."""
        return self.spec.v_read / self.input_full_scale

    @property
    def amperes_per_output(self) -> Array:
        """The differences of currents that stand for weighted sums of 1, (out,)."""
        return self.volts_per_input * self.siemens_per_weight

    def digital_bias(self, effects: frozenset[str]) -> Array:
        """What is added behind the converters, (out,): the biases, or 0 where they have a word line.

        A correction goes with the errors that it is for: without ``"programming"`` it is left out.
        """
        bias = self.weighted.bias
        if any(tile.has_bias for tile in self.tiles):
            return np.zeros_like(bias)
        return bias if self.bias_correction is None or "programming" not in effects else bias + self.bias_correction

    def outputs_of(self, tile: Tile) -> slice:
        """Which of the layer's outputs a tile adds to, those of all groups in a row."""
        first = tile.group * (self.weighted.outputs // self.weighted.groups)
        return slice(first + tile.outputs.start, first + tile.outputs.stop)

    def word_line_voltages(self, x: Array) -> Array:
        """What ideal input converters of these bits make of inputs of at least 0, volt, of the same shape."""
        return quantise(x, self.input_full_scale, self.spec.dac_bits, signed=False) * self.volts_per_input


@dataclass(frozen=True, kw_only=True, eq=False)
class AnalogNetwork:
    """A network programmed onto one chip; call it with inputs (..., *input shape) for outputs (..., *output shape).

    Layers without weights are digital. Each layer with weights drives the word lines of its tiles through its input
    converters, and adds what the output converters give, tile by tile in a fixed order.

    Attributes
    ----------
    network : Network
        The same network in digital arithmetic.
    layers : tuple of AnalogLayer
        Of the layers with weights, in their order.
    spec : ArraySpec
    seed, chip : int
        Which chip was sampled.
    effects : frozenset of str
        The causes of error that are switched on, of `rescircuit.network.arrays.EFFECTS`; by default all that there are.
    compensation : frozenset of str
        What the cells' targets were compensated for, see :func:`rescircuit.map_network`.
    maps : TileMaps
        Compiled tiles, shared with what :meth:`with_effects` gives.
    """

    network: Network = field(repr=False)
    layers: tuple[AnalogLayer, ...] = field(repr=False)
    spec: ArraySpec
    seed: int
    chip: int
    effects: frozenset[str] = None  # type: ignore[assignment] - never None once it is made
    compensation: frozenset[str] = frozenset()
    maps: TileMaps = field(default_factory=TileMaps, repr=False)

    def __post_init__(self) -> None:
        present = self.present_effects
        effects = present if self.effects is None else checked_effects(self.effects) & present
        object.__setattr__(self, "effects", effects)

    def __repr__(self) -> str:
        count, spec = len(self.tiles), self.spec
        tiles = f"{count} tile{'s' * (count != 1)} of {spec.cells}, at most {spec.rows} x {spec.cols}"
        effects = ", ".join(name for name in EFFECTS if name in self.effects) or "none"
        return f"AnalogNetwork({self.network!r}, {tiles}, chip {self.chip} of seed {self.seed}, effects: {effects})"

    def __call__(self, x: Any, *, read: int = 0) -> Array:
        """Outputs (..., *output shape) for inputs (..., *input shape).

        Parameters
        ----------
        x : array (..., *input shape)
            The first layer's are refused beyond its full scale. Those of later layers, which other inputs than the
            calibration's can make larger, are clipped by their input converters, and not by ideal ones.
        read : int
            Which read of the chip: noise depends on it, and on an input's place in the batch.

        Raises
        ------
        InputError
            For inputs of another shape, not finite, or beyond the range that voltages were set to.
        """
        inputs, batch = self.checked_inputs(x)
        out = np.empty((len(inputs), *self.network.output_shape))

        def keep(part: slice, outputs: list[Array]) -> None:
            out[part] = outputs[-1]

        self._in_parts(inputs, whole_number("read", read, 0), keep)
        return out.reshape(*batch, *self.network.output_shape)

    def layer_outputs(self, x: Any, *, read: int = 0) -> list[Array]:
        """What each layer with weights gives in a run, in the network's order, (k, *its output shape).

        Parameters and errors are those of a call; `k` is the size of the batch.
        """
        inputs, _ = self.checked_inputs(x)
        numbers = [layer.number for layer in self.layers]
        found = [np.empty((len(inputs), *self.network.shapes[number])) for number in numbers]

        def keep(part: slice, outputs: list[Array]) -> None:
            for kept_outputs, number in zip(found, numbers, strict=True):
                kept_outputs[part] = outputs[number]

        self._in_parts(inputs, whole_number("read", read, 0), keep)
        return found

    def layer_output(self, index: int, x: Any, *, read: int = 0) -> Array:
        """What one layer alone gives.

        Parameters
        ----------
        index : int
            Its place in `layers`.
        x : array (k, *input shape of the layer)
            Beyond the layer's full scale, input converters clip.
        read : int
            Which read of the chip.

        Raises
        ------
        InputError
            For another shape, or a layer that is not there.
        """
        number = self.layers[whole_number("index", index, 0, len(self.layers) - 1)].number
        inputs, batch = checked_inputs(x, self.network.source_shapes(number)[0])
        out = np.empty((len(inputs), *self.network.shapes[number]))
        reader, number_of_read = self.readers[index], whole_number("read", read, 0)

        def run(part: slice) -> None:
            out[part] = reader(inputs[part], number=number_of_read, first=part.start)

        self._side_by_side(run, len(inputs))
        return out.reshape(*batch, *out.shape[1:])

    @property
    def present_effects(self) -> frozenset[str]:
        """The causes of error that the spec brings; and ``"wires"``, where cells were compensated for them.

        What compensation for wires and amplifiers has made of the targets goes with the wires, even where there are
        none any more, or were none but amplifiers' input resistances.
        """
        return self.spec.effects | (self.compensation & {"wires"})

    def with_effects(self, *names: str | Iterable[str]) -> AnalogNetwork:
        """The same chip with these causes of error alone, as far as its spec brings them; without names with none."""
        return replace(self, effects=checked_effects(names))

    def without(self, *names: str | Iterable[str]) -> AnalogNetwork:
        """The same chip without these causes of error, of those that are switched on."""
        return replace(self, effects=self.effects - checked_effects(names))

    def rewired(self, r_word_line: float, r_bit_line: float) -> AnalogNetwork:
        """The same programmed chip with other wires: what they alone do to the result.

        The converters' ranges are set anew.
        """
        return self._respecified(
            replace(self.spec, r_word_line=r_word_line, r_bit_line=r_bit_line), self.maps.rewired()
        )

    def with_converters(self, dac_bits: int | None, adc_bits: int | None) -> AnalogNetwork:
        """The same programmed chip with other resolutions, ``None`` for ideal converters.

        Ranges are set anew: to what calibration inputs bring through these input converters. Ideal converters lose
        the offsets, noise and slices of those before them.
        """
        converters = self.spec.converters.without(inputs=dac_bits is None, outputs=adc_bits is None)
        spec = replace(self.spec, dac_bits=dac_bits, adc_bits=adc_bits, converters=converters)
        return self._respecified(spec, self.maps)

    def compile(self, progress: Callable[[int], None] | None = None) -> None:
        """Solve every tile now rather than at the first call; `progress` is called with 1 for each."""
        for _ in self._solved_tiles():
            if progress is not None:
                progress(1)
        _ = self.readers

    def _solved_tiles(self) -> Iterator[None]:
        """Each tile as it is solved, side by side; one that was solved before is there at once."""

        def solve(tile_map: TileMap) -> None:
            _ = tile_map.effective
            if "switches" in self.effects:
                _ = tile_map.curvature

        return in_threads(solve, [tile_map for maps in self.tile_maps for tile_map in maps])

    @kept
    def tile_maps(self) -> tuple[tuple[TileMap, ...], ...]:
        """The compiled tiles of each layer; each is solved when it is first asked for something."""
        return tuple(
            tuple(self.maps.of(k, n, tile, layer.spec, self.effects) for n, tile in enumerate(layer.tiles))
            for k, layer in enumerate(self.layers)
        )

    @kept
    def readers(self) -> tuple[LayerReader, ...]:
        """The compiled layers with weights."""
        for _ in self._solved_tiles():
            pass
        return tuple(LayerReader.of(self._setting(index)) for index in range(len(self.layers)))

    @property
    def tiles(self) -> Sequence[Tile]:
        """All tiles, layer by layer."""
        return [tile for layer in self.layers for tile in layer.tiles]

    def placement(self) -> tuple[TilePlacement, ...]:
        """Where each tile's weights are, layer by layer."""
        return placement_of(self.layers)

    def tile(self, layer: int = 0, index: int = 0, *, cells: str | None = None) -> ProgrammedTile:
        """One tile for :func:`rescircuit.deck` and :func:`rescircuit.verify`, see :class:`ProgrammedTile`.

        Parameters
        ----------
        layer : int
            Its place in `layers`: of the layers with weights, counted from 0.
        index : int
            Which of that layer's tiles, counted from 0; ``--tile`` of the command line.
        cells : str, optional
            See :class:`ProgrammedTile`.
        """
        from rescircuit.network.programmed_tile import ProgrammedTile

        return ProgrammedTile(network=self, layer=layer, index=index, cells=cells)

    @cached_property
    def programming_error(self) -> Array:
        """|programming error| of each weight's difference of cells, relative to its cells' full scale, (weights,)."""
        return np.concatenate(
            [np.abs(tile.error).ravel() / layer.cell_full_scale for layer in self.layers for tile in layer.tiles]
        )

    @cached_property
    def switch_nonlinearity(self) -> float:
        """How far a cell's conductance moves between no voltage and the read voltage; the worst, over full scale."""
        return max(
            float(np.abs(tile.cells.curvature() * tile.cells.programmed).max()) / layer.cell_full_scale
            for layer in self.layers
            for tile in layer.tiles
        )

    def nonlinearity_residual(self, x: Any, *, layer: int = 0, index: int = 0, rows: int = 64) -> float:
        """How far a tile's currents are from the exact solution of its non-linear circuit.

        Inference takes the bend of cells to first order, and the wires as if cells were linear: each cell follows its
        own word line's voltage, whatever wires take of it, and a switch does not see that its bit line's wires lift it.
        This is what that leaves, of the cells as programmed with their wires, and of all else ideal: without wires, how
        well the bend fits; with them, of the order of a switch's share of its cell times the wires' drop over the
        switch's overdrive.

        Parameters
        ----------
        x : array (..., *input shape)
            Inputs of the network; layers before the tile's are exact. Both phases of signed ones are looked at, and
            each position of a convolution; what is beyond the layer's full scale is taken at it.
        layer, index : int
            Which tile, see :meth:`tile`.
        rows : int
            So many of these inputs of the tile are solved, those that drive it most.

        Returns
        -------
        float
            The worst difference of a weighted sum, relative to the largest one.

        Raises
        ------
        InputError
            For inputs of another shape, or that bring no current; a tile that is not there.
        """
        # Cells as they are on the chip: the circuit knows of no others.
        chip = self if "wires" in self.effects else self.rewired(0.0, 0.0)
        view = chip.with_effects("programming", "calibration", "wires", self.effects & {"switches"})
        programmed = view.tile(layer, index)
        full_scale = self.layers[layer].input_full_scale
        given = programmed.rows(x).clip(-full_scale, full_scale)
        phases = np.concatenate([np.maximum(sign * given, 0.0).reshape(-1, given.shape[-1]) for sign in (1.0, -1.0)])
        strength = phases[:, programmed.tile.inputs].sum(axis=-1)
        strongest = np.argsort(-strength, kind="stable")[: whole_number("rows", rows, 1)]
        volts = programmed.voltages(phases[strongest])
        exact = self.layers[layer].tiles[index].difference(programmed.array.solve(volts).output_currents)
        ours = tile_currents(view._setting(layer), index, volts / self.spec.v_read)
        largest = float(np.abs(exact).max())
        if largest == 0.0:
            raise InputError("x", "inputs that bring a weighted sum", "none other than 0")
        return float(np.abs(ours - exact).max() / largest)

    def _setting(self, index: int) -> Setting:
        return Setting(
            layer=self.layers[index],
            index=index,
            effects=self.effects,
            tile_maps=self.tile_maps[index],
            seed=self.seed,
            chip=self.chip,
        )

    def _respecified(self, spec: ArraySpec, maps: TileMaps) -> AnalogNetwork:
        """The same chip under another spec; effects that were switched off stay off."""
        layers = tuple(replace(layer, spec=spec) for layer in self.layers)
        changed = replace(self, spec=spec, layers=layers, effects=None, maps=maps)
        return replace(changed, effects=after_change(self.effects, self.present_effects, changed.present_effects))

    def checked_inputs(self, x: Any) -> tuple[Array, tuple[int, ...]]:
        """Inputs (k, *input shape) within range, and the shape of their batch.

        Raises
        ------
        InputError
            For inputs of another shape, not finite, or beyond the range that voltages were set to.
        """
        inputs, batch = checked_inputs(x, self.network.input_shape)
        full_scale = min((layer.input_full_scale for layer in self._first_layers()), default=np.inf)
        largest = max(float(inputs.max(initial=0.0)), -float(inputs.min(initial=0.0)))
        if largest > full_scale * (1 + 1e-9):
            hint = "Scale the inputs, or give map_network calibration_inputs that reach as far."
            raise InputError("x", f"at most {full_scale:g} in magnitude, the range of the voltages", largest, hint)
        return inputs, batch

    def _first_layers(self) -> Iterator[AnalogLayer]:
        """The layers with weights that take the network's inputs as they come."""
        network, weighted = self.network, {layer.number: layer for layer in self.layers}
        same = {-1}
        for number, (layer, sources) in enumerate(zip(network.layers, network.sources, strict=True)):
            if sources[0] in same and isinstance(layer, Flatten):
                same.add(number)
            elif sources[0] in same and number in weighted:
                yield weighted[number]

    def _in_parts(self, inputs: Array, read: int, keep: Callable[[slice, list[Array]], None]) -> None:
        """Run parts of a batch; `keep` is told each part and what all layers gave."""
        readers = {layer.number: reader for layer, reader in zip(self.layers, self.readers, strict=True)}

        def run(part: slice) -> None:
            def apply(number: int, layer: Any, *taken: Array) -> Array:
                reader = readers.get(number)
                return layer(*taken) if reader is None else reader(*taken, number=read, first=part.start)

            keep(part, self.network.run(inputs[part], apply))

        self._side_by_side(run, len(inputs))

    def _side_by_side(self, run: Callable[[slice], None], count: int) -> None:
        """Parts of a batch, whose size the network alone decides: the result does not depend on threads."""
        step = self.network.inputs_at_once()
        for _ in in_threads(run, [slice(first, min(first + step, count)) for first in range(0, count, step)]):
            pass
