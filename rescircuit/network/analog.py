"""A network on a chip: tiles of programmed banks, and inference through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.crossbar import Crossbar
from rescircuit.errors import InputError
from rescircuit.network.converters import quantise_signed, quantise_unsigned
from rescircuit.network.layers import ACTIVATIONS, Dense, Network, checked_inputs
from rescircuit.network.programmed_tile import ProgrammedTile

if TYPE_CHECKING:
    from rescircuit.network.mapping import ArraySpec

__all__ = ["AnalogLayer", "AnalogNetwork", "Tile"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tile:
    """A part of a layer's weights on one crossbar.

    The bit lines come in pairs, positive and negative side by side, so that both see nearly the same wires.

    Attributes
    ----------
    crossbar : Crossbar
        The tile's lines in use, (i, 2 o): the programmed conductances at the read voltage, and the wires.
    target : array (i, o)
        The difference asked of each pair, siemens.
    error : array (i, o)
        Programming error: the programmed difference less the target, siemens.
    mask : bool array (i, o, 2, n)
        The switch settings of the positive and the negative bank of each pair.
    nonlinearity : float
        How far a bank's conductance moves between almost no voltage and the read voltage, for its switches are not
        linear; the worst, relative to a bank's full scale.
    inputs, outputs : slice
        Which of the layer's inputs drive it, and to which of its outputs it adds.
    first_bank : int
        The number of its first bank on the chip.
    """

    crossbar: Crossbar
    target: Array
    error: Array
    mask: Any
    nonlinearity: float
    inputs: slice
    outputs: slice
    first_bank: int

    @property
    def effective_difference(self) -> Array:
        """What each pair delivers through the wires, positive less negative, siemens, (i, o)."""
        effective = self.crossbar.effective_conductances()
        return effective[:, 0::2] - effective[:, 1::2]


@dataclass(frozen=True, kw_only=True, eq=False)
class AnalogLayer:
    """A layer's weights on tiles, with the scales between its numbers and the circuit's volts and amperes.

    Attributes
    ----------
    dense : Dense
        The layer in digital arithmetic. Its bias and activation stay digital, behind the converter.
    tiles : tuple of Tile
    siemens_per_weight : float
        The conductance difference that stands for a weight of 1.
    bank_full_scale : float
        The smallest full-scale conductance of the layer's banks, siemens.
    input_full_scale : float
        The input that the largest voltage, ``spec.v_read``, stands for.
    calibration_inputs : array (k, in) or None
        Inputs that the output converters' range is set to; ``None``: to all inputs within the full scale.
    spec : ArraySpec
    """

    dense: Dense
    tiles: tuple[Tile, ...]
    siemens_per_weight: float
    bank_full_scale: float
    input_full_scale: float
    calibration_inputs: Array | None
    spec: ArraySpec

    @property
    def volts_per_input(self) -> float:
        """The voltage of a word line that stands for an input of 1."""
        return self.spec.v_read / self.input_full_scale

    @property
    def amperes_per_output(self) -> float:
        """The difference of currents that stands for a weighted sum of 1."""
        return self.volts_per_input * self.siemens_per_weight

    def word_line_voltages(self, x: Array) -> Array:
        """What the input converters make of inputs of at least zero, volt, of the same shape."""
        return quantise_unsigned(x, self.input_full_scale, self.spec.dac_bits) * self.volts_per_input

    @cached_property
    def output_full_scale(self) -> float:
        """The largest current that a converter reads, ampere: for the calibration inputs, or for all inputs."""
        spec, largest = self.spec, 0.0
        for tile in self.tiles:
            effective = tile.crossbar.effective_conductances()
            columns = tile.effective_difference if spec.subtraction == "analog" else effective
            if self.calibration_inputs is None:
                reach = [spec.v_read * np.maximum(sign * columns, 0.0).sum(axis=0) for sign in (1, -1)]
            else:
                x = self.calibration_inputs[..., tile.inputs]
                reach = [np.abs(np.maximum(sign * x, 0.0) * self.volts_per_input @ columns) for sign in (1, -1)]
            largest = max(largest, *(float(currents.max()) for currents in reach))
        return largest or 1.0

    def __call__(self, x: Array) -> Array:
        """Outputs (..., out) for inputs (..., in), through converters and wires."""
        total = self._half(np.maximum(x, 0.0))
        if (x < 0).any():
            # Cells behind NMOS switches take no negative voltage: the negative part is a phase of its own.
            total -= self._half(np.maximum(-x, 0.0))
        return ACTIVATIONS[self.dense.activation](total + self.dense.bias)

    def _half(self, x: Array) -> Array:
        """The weighted sums (..., out) for inputs of at least zero."""
        volts = self.word_line_voltages(x)
        total = np.zeros((*x.shape[:-1], self.dense.weight.shape[0]))
        for tile in self.tiles:
            currents = volts[..., tile.inputs] @ tile.crossbar
            total[..., tile.outputs] += self._read_out(currents[..., 0::2], currents[..., 1::2])
        return total / self.amperes_per_output

    def _read_out(self, positive: Array, negative: Array) -> Array:
        """The difference of two columns' currents, ampere, as the converter gives it."""
        bits = self.spec.adc_bits
        if bits is None:
            return positive - negative
        full_scale = self.output_full_scale
        if self.spec.subtraction == "analog":
            return quantise_signed(positive - negative, full_scale, bits)
        return quantise_unsigned(positive, full_scale, bits) - quantise_unsigned(negative, full_scale, bits)


@dataclass(frozen=True, kw_only=True, eq=False)
class AnalogNetwork:
    """A network programmed onto one chip; call it with inputs (..., in) for outputs (..., out).

    Attributes
    ----------
    network : Network
        The same network in digital arithmetic.
    layers : tuple of AnalogLayer
    spec : ArraySpec
    seed, chip : int
        Which chip was sampled.
    """

    network: Network = field(repr=False)
    layers: tuple[AnalogLayer, ...] = field(repr=False)
    spec: ArraySpec
    seed: int
    chip: int

    def __call__(self, x: Any) -> Array:
        """Outputs (..., out) for inputs (..., in).

        Raises
        ------
        InputError
            For inputs beyond the range that voltages were set to.
        """
        x = checked_inputs(x, self.network.inputs)
        largest, full_scale = float(np.abs(x).max()), self.layers[0].input_full_scale
        if largest > full_scale * (1 + 1e-9):
            hint = "Scale the inputs, or give map_network calibration_inputs that reach as far."
            raise InputError("x", f"at most {full_scale:g} in magnitude, the range of the voltages", largest, hint)
        for layer in self.layers:
            x = layer(x)
        return x

    @property
    def switch_nonlinearity(self) -> float:
        """The worst of the tiles' non-linearities, which inference leaves out, relative to a bank's full scale."""
        return max(tile.nonlinearity for tile in self.tiles)

    @property
    def tiles(self) -> Sequence[Tile]:
        """All tiles, layer by layer."""
        return [tile for layer in self.layers for tile in layer.tiles]

    def tile(self, layer: int = 0, index: int = 0, *, cells: str = "banks") -> ProgrammedTile:
        """One tile for :func:`rescircuit.deck` and :func:`rescircuit.verify`, see :class:`ProgrammedTile`."""
        return ProgrammedTile(network=self, layer=layer, index=index, cells=cells)

    @cached_property
    def programming_error(self) -> Array:
        """|programming error| of each weight's pair of banks, relative to its banks' full scale, (weights,)."""
        return np.concatenate(
            [np.abs(tile.error).ravel() / layer.bank_full_scale for layer in self.layers for tile in layer.tiles]
        )

    def rewired(self, r_word_line: float, r_bit_line: float) -> AnalogNetwork:
        """The same programmed chip with other wires: what they alone do to the result.

        The converters' ranges are set anew.
        """
        spec = replace(self.spec, r_word_line=r_word_line, r_bit_line=r_bit_line)
        layers = tuple(
            replace(
                layer,
                spec=spec,
                tiles=tuple(
                    replace(tile, crossbar=Crossbar(tile.crossbar.conductances, r_word_line, r_bit_line))
                    for tile in layer.tiles
                ),
            )
            for layer in self.layers
        )
        return replace(self, spec=spec, layers=layers)

    def with_converters(self, dac_bits: int | None, adc_bits: int | None) -> AnalogNetwork:
        """The same programmed chip with other resolutions, ``None`` for ideal ones, on the same ranges."""
        spec = replace(self.spec, dac_bits=dac_bits, adc_bits=adc_bits)
        return replace(self, spec=spec, layers=tuple(replace(layer, spec=spec) for layer in self.layers))

    def compile(self, progress: Callable[[int], None] | None = None) -> None:
        """Solve every tile now rather than at the first call; `progress` is called with 1 for each."""
        for tile in self.tiles:
            tile.crossbar.effective_conductances()
            if progress is not None:
                progress(1)
