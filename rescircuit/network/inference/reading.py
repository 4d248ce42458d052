"""A layer on tiles, compiled for some effects: from its inputs to its weighted sums.

Numbers of a read are codes: of the input converters before the maps, of the output converters behind them. So the
maps hold steps of the output converters for a step of the input converters, and what is multiplied by them are whole
numbers, exactly. Ideal converters have shares of the full scale for codes, or weighted sums.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.crossbar.kept import kept
from rescircuit.devices.streams import Stream
from rescircuit.network.inference.converters import (
    add_differences,
    add_signed,
    input_codes,
    largest_code,
    slices,
)
from rescircuit.network.inference.maps import TileMap, amplifier_offsets, closed_loop_gain
from rescircuit.network.inference.noise import Read, TileNoise, factor, relative_read_noise, thermal_covariance
from rescircuit.network.inference.ranges import calibrated_range, kept_currents

if TYPE_CHECKING:
    from rescircuit.network.inference.analog import AnalogLayer

__all__ = ["LayerReader", "Setting", "tile_currents"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """What a layer is compiled for.

    Attributes
    ----------
    layer : AnalogLayer
    index : int
        Its place among the layers with weights.
    effects : frozenset of str
    tile_maps : sequence of TileMap
        The layer's tiles, compiled.
    seed, chip : int
        Which chip.
    """

    layer: AnalogLayer
    index: int
    effects: frozenset[str]
    tile_maps: Sequence[TileMap]
    seed: int
    chip: int

    @property
    def dac_bits(self) -> int | None:
        """Of the input converters, ``None`` for ideal ones."""
        return self.layer.spec.dac_bits if "dac" in self.effects else None

    @property
    def adc_bits(self) -> int | None:
        """Of the output converters, ``None`` for ideal ones."""
        return self.layer.spec.adc_bits if "adc" in self.effects else None

    @property
    def slice_bits(self) -> int | None:
        """How many bits of an input are applied at once, ``None`` for all."""
        if self.dac_bits is None:
            return None
        return min(self.layer.spec.converters.slice_bits or self.dac_bits, self.dac_bits)

    @property
    def levels(self) -> float:
        """The code of the largest voltage."""
        return 1.0 if self.slice_bits is None else float(largest_code(self.slice_bits, signed=False))

    @property
    def input_levels(self) -> float:
        """The code of an input at the full scale, all slices together."""
        return 1.0 if self.dac_bits is None else float(largest_code(self.dac_bits, signed=False))

    @property
    def by_line(self) -> bool:
        """Whether each bit line has a converter of its own."""
        return self.layer.spec.subtraction == "digital" and self.adc_bits is not None

    @property
    def signed(self) -> bool:
        """Whether output converters have codes below 0."""
        return not self.by_line

    def normal(self, source: str, number: int, count: int) -> Array:
        """What the chip's parts deviate by, standard normal, (count,)."""
        return Stream(seed=self.seed, chip=self.chip, source=self.name(source, number)).normal(count)

    def name(self, source: str, number: int) -> str:
        """A source of chance in tile `number`."""
        return f"network.{source}.{self.index}.{number}"

    def bias_code(self, phase: int, part: int) -> float:
        """What drives a bias's word line: the full scale with positive inputs, 0 V with negative ones."""
        if phase:
            return 0.0
        return float(list(self.parts(np.asarray(self.input_levels)))[part][1])

    def parts(self, codes: Array) -> Iterator[tuple[float, Array]]:
        """Slices of codes of at least 0, each with what a step of it is worth in steps of whole inputs."""
        if self.dac_bits is None or self.slice_bits is None or self.slice_bits == self.dac_bits:
            yield 1.0, codes
        else:
            for weight, part in slices(codes, self.dac_bits, self.slice_bits):
                yield weight * self.levels / self.input_levels, part


@dataclass(frozen=True, kw_only=True, eq=False)
class _Amperes:
    """What a tile's converters see, (o,) of them, ampere.

    Attributes
    ----------
    linear : array (i, o)
        For the largest voltage on each word line.
    square : array (i, o) or None
        The same in proportion to the square of the voltage.
    offsets : array (o,)
    """

    linear: Array
    square: Array | None
    offsets: Array

    @classmethod
    def of(cls, setting: Setting, number: int) -> _Amperes:
        tile_map = setting.tile_maps[number]
        spec, tile, effects = setting.layer.spec, setting.layer.tiles[number], setting.effects
        gain = closed_loop_gain(spec.converters, effects)
        seen = _all_lines if setting.by_line else tile.difference
        source = setting.name("amplifier_offset", number)
        offsets = gain * amplifier_offsets(tile_map, effects, seed=setting.seed, chip=setting.chip, source=source)
        full = tile_map.effective * (gain * spec.v_read)
        bend = tile_map.curvature if "switches" in effects else None
        if bend is None:
            return cls(linear=seen(full), square=None, offsets=seen(offsets))
        return cls(linear=seen(full * (1.0 - bend)), square=seen(full * bend), offsets=seen(offsets))

    def __call__(self, shares: Array) -> Array:
        """Currents (..., o) for word lines' voltages (..., i) in shares of the largest."""
        currents = shares @ self.linear + self.offsets
        return currents if self.square is None else currents + (shares * shares) @ self.square

    @property
    def reach(self) -> float:
        """The largest magnitude that voltages up to the largest one can bring, but for offsets."""
        full = self.linear if self.square is None else self.linear + self.square
        return max(float(np.maximum(sign * full, 0.0).sum(axis=0).max()) for sign in (1, -1))


def tile_currents(setting: Setting, number: int, shares: Array) -> Array:
    """What a tile's converters see without noise, ampere, for voltages (..., i) in shares of the largest."""
    return _Amperes.of(setting, number)(shares)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Block:
    """Tiles side by side, which take the same inputs.

    Attributes
    ----------
    group, copy : int
    inputs : slice
        Rows of the group's matrix.
    has_bias : bool
        Whether there is one more word line, at full scale.
    output : int
        The first of the group's outputs.
    linear, square : array (i, c)
        See `_Amperes`, in steps of the `c` converters for a code of 1, and for its square.
    offsets : array (c,)
        Steps of the converters.
    weights : array (o,)
        The weighted sum that an output converter's code of 1 stands for.
    plus, minus : int array (o,) or None
        The lines whose codes are subtracted, where each has its converter.
    noise : sequence of (slice, TileNoise)
        Of each tile, with its converters.
    drive : str
        The source of chance of its input converters.
    drive_offsets : array (i,) or None
        Of the input converters, steps; none without noise or offset in them.
    """

    group: int
    copy: int
    inputs: slice
    has_bias: bool
    output: int
    linear: Array
    square: Array | None
    offsets: Array
    weights: Array
    plus: NDArray[np.intp] | None
    minus: NDArray[np.intp] | None
    noise: Sequence[tuple[slice, TileNoise]]
    drive: str
    drive_offsets: Array | None


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerReader:
    """A layer compiled for some effects: inputs of the layer in, its outputs out.

    Inputs go in in two phases, where one of them is below 0: the positive part, then the magnitude of the negative
    one, whose codes are subtracted from the first ones'. An input of the batch of which no code is below 0 has no
    second phase, and none of the errors that it would bring; so what becomes of an input does not depend on the others.
    A word line at a voltage v drives its cells as ``(1 - a) v + a v² / v_read`` would linear ones, with their bend a
    (:meth:`rescircuit.network.arrays.TileCells.curvature`), through the wires as they are for linear cells. That is of
    first order, see :meth:`AnalogNetwork.nonlinearity_residual`.

    Where no step of a read bends, rounds or errs, one product of signed codes is the same as all phases and slices.

    Attributes
    ----------
    setting : Setting
    blocks : sequence of _Block
    full_scales : array (tiles,)
        Range of each tile's output converters, ampere; infinite for ideal ones.
    """

    setting: Setting
    blocks: Sequence[_Block]
    full_scales: Array

    @classmethod
    def of(cls, setting: Setting) -> LayerReader:
        """Compile a layer."""
        layer = setting.layer
        count = len(layer.tiles)
        amperes = [_Amperes.of(setting, number) for number in range(count)]
        full_scales = _full_scales(setting, amperes)
        blocks = [_block(setting, numbers, amperes, full_scales) for numbers in _side_by_side(layer)]
        return cls(setting=setting, blocks=blocks, full_scales=full_scales)

    def __call__(self, x: Array, *, number: int = 0, first: int = 0) -> Array:
        """Outputs (k, ...) of the layer for its inputs (k, ...).

        Parameters
        ----------
        x : array (k, ...)
        number : int
            Of the read, for noise.
        first : int
            The place of the first input in the batch.
        """
        setting = self.setting
        weighted = setting.layer.weighted
        codes, has_negative = input_codes(x, setting.layer.input_full_scale, setting.dac_bits)
        read = partial(Read, seed=setting.seed, chip=setting.chip, number=number, first=first, count=len(x))
        positions = weighted.positions(x.shape[1:])
        total = np.empty((weighted.groups, weighted.outputs // weighted.groups, len(x), positions))
        total[...] = setting.layer.digital_bias(setting.effects).reshape(weighted.groups, -1, 1, 1)
        if self._is_linear:
            self._add(total, codes, setting.levels / setting.input_levels, read())
        else:
            self._add_parts(total, np.maximum(codes, 0.0) if has_negative else codes, 1.0, partial(read, phase=0))
            if has_negative:
                chosen = np.flatnonzero((codes < 0.0).reshape(len(codes), -1).any(axis=1))
                some = total.take(chosen, axis=2)
                self._add_parts(some, np.maximum(-codes[chosen], 0.0), -1.0, partial(read, phase=1, chosen=chosen))
                total[:, :, chosen] = some
        return weighted.assembled(total.transpose(0, 2, 3, 1), x.shape[1:])

    @kept
    def _is_linear(self) -> bool:
        """Whether a read is a product, of any sign."""
        if self.setting.adc_bits is not None:
            return False
        return not any(
            block.square is not None or block.noise or block.offsets.any() or block.drive_offsets is not None
            for block in self.blocks
        )

    def _add_parts(self, total: Array, codes: Array, sign: float, read: partial[Read]) -> None:
        """All slices of a phase."""
        for part, (weight, sliced) in enumerate(self.setting.parts(codes)):
            self._add(total, sliced, sign * weight, read(part=part))

    def _add(self, total: Array, codes: Array, weight: float, read: Read) -> None:
        """One slice of one phase, through all tiles."""
        layer = self.setting.layer
        rows = layer.weighted.rows(codes)
        run = layer.spec.positions_per_copy or rows.shape[2]
        for block in self.blocks:
            places = slice(block.copy * run, min((block.copy + 1) * run, rows.shape[2]))
            if places.start < places.stop:
                driven = self._driven(block, rows[block.group, :, places], read)
                currents = self._currents(block, driven, read, (rows.shape[1], places.stop - places.start))
                self._convert(block, total[block.group], places.start, currents, weight)

    def _driven(self, block: _Block, rows: Array, read: Read) -> Array:
        """What drives a block's word lines, (i, k positions), steps of the input converters."""
        k, positions, _ = rows.shape
        driven = rows.reshape(k * positions, -1).T[block.inputs]
        if block.drive_offsets is not None:
            driven = driven + block.drive_offsets[:, np.newaxis]
            rms = self.setting.layer.spec.converters.dac_noise
            if rms:
                lines = len(driven)
                driven += rms * read.normal(block.drive, positions * lines).reshape(-1, lines).T
        if not block.has_bias:
            return driven
        bias = self.setting.input_levels if self._is_linear else self.setting.bias_code(read.phase, read.part)
        return np.concatenate([driven, np.full((1, driven.shape[1]), bias)])

    def _currents(self, block: _Block, driven: Array, read: Read, shape: tuple[int, int]) -> Array:
        """What a block's converters see, in their steps, (c, k, positions)."""
        currents = block.linear.T @ driven
        noisy = any(noise.cells is not None for _, noise in block.noise)
        squares = driven * driven if noisy or block.square is not None else None
        if block.square is not None and squares is not None:
            currents += block.square.T @ squares
        currents = currents.reshape(-1, *shape)
        for channels, noise in block.noise:
            noise.add_to(currents[channels], squares, read)
        return currents

    def _convert(self, block: _Block, total: Array, position: int, currents: Array, weight: float) -> None:
        """Read out a block's currents and add what they stand for."""
        setting, place = self.setting, (block.output, position)
        if setting.adc_bits is None:
            outputs = slice(block.output, block.output + len(block.weights))
            if block.offsets.any():
                currents += block.offsets[:, np.newaxis, np.newaxis]
            if weight != 1.0:
                currents *= weight
            total[outputs, :, position : position + currents.shape[2]] += currents
            return
        largest = float(largest_code(setting.adc_bits, signed=setting.signed))
        weights = block.weights * weight
        if currents.shape[2] == total.shape[2]:  # in one row, for dense layers have one position
            currents, total = currents.reshape(len(currents), 1, -1), total.reshape(len(total), 1, -1)
        if block.plus is None or block.minus is None:
            add_signed(total, *place, currents, block.offsets, weights, largest)
        else:
            add_differences(total, *place, currents, block.offsets, weights, largest, block.plus, block.minus)


def _all_lines(values: Array) -> Array:
    return values


def _side_by_side(layer: AnalogLayer) -> list[list[int]]:
    """The numbers of the tiles of each block: those of the same inputs whose outputs follow each other."""
    blocks: dict[tuple[int, ...], list[list[int]]] = {}
    for number, tile in enumerate(layer.tiles):
        key = tile.group, tile.copy, tile.inputs.start, tile.inputs.stop, tile.has_bias
        known = blocks.setdefault(key, [])
        if known and layer.tiles[known[-1][-1]].outputs.stop == tile.outputs.start:
            known[-1].append(number)
        else:
            known.append([number])
    return sorted(numbers for known in blocks.values() for numbers in known)


def _full_scales(setting: Setting, amperes: Sequence[_Amperes]) -> Array:
    """The range of each tile's converters, ampere."""
    layer, bits = setting.layer, setting.adc_bits
    converters = layer.spec.converters
    if bits is None:
        return np.full(len(amperes), math.inf)
    samples: list[list[Array]] = [[] for _ in amperes]
    if layer.calibration_inputs is not None and converters.adc_range in ("peak", "percentile", "least_error"):
        for shares, bias in _calibration_shares(setting, layer.calibration_inputs):
            for found, tile, currents in zip(samples, layer.tiles, amperes, strict=True):
                driven = shares[tile.group][:, tile.inputs]
                if tile.has_bias:
                    driven = np.concatenate([driven, np.full((len(driven), 1), bias)], axis=1)
                found.append(kept_currents(converters, currents(driven), len(amperes)))
    ranges = partial(calibrated_range, converters, bits=bits, signed=setting.signed)
    if converters.shared_range:
        together = [part for found in samples for part in found]
        reach = max(tile.reach for tile in amperes)
        return np.full(len(amperes), ranges(currents=together, reach=reach))
    return np.array([ranges(currents=found, reach=tile.reach) for found, tile in zip(samples, amperes, strict=True)])


def _calibration_shares(setting: Setting, rows: Array) -> Iterator[tuple[Array, float]]:
    """Each read of the calibration inputs: shares of the largest voltage, (groups, k, inputs), and a bias's line's."""
    codes, has_negative = input_codes(rows, setting.layer.input_full_scale, setting.dac_bits)
    phases = [(0, np.maximum(codes, 0.0))]
    if has_negative:
        chosen = (codes < 0.0).any(axis=(0, 2))
        phases.append((1, np.maximum(-codes[:, chosen], 0.0)))
    for phase, magnitudes in phases:
        for number, (_, part) in enumerate(setting.parts(magnitudes)):
            yield part / setting.levels, setting.bias_code(phase, number) / setting.levels


def _block(setting: Setting, numbers: Sequence[int], amperes: Sequence[_Amperes], full_scales: Array) -> _Block:
    """Tiles side by side, in steps of converters."""
    layer, first = setting.layer, setting.layer.tiles[numbers[0]]
    scales = [_per_ampere(setting, number, full_scales[number]) for number in numbers]
    factors = np.concatenate(scales)

    def together(arrays: Sequence[Array]) -> Array:
        return np.concatenate(arrays, axis=-1)

    tiles = [amperes[number] for number in numbers]
    squares = [
        np.zeros_like(tile.linear) if tile.square is None else tile.square
        for tile in tiles
        if any(tile.square is not None for tile in tiles)
    ]
    offsets = together([tile.offsets for tile in tiles]) * factors
    if setting.adc_bits is not None and layer.spec.converters.adc_offset:
        spread = [setting.normal("adc_offset", n, len(scale)) for n, scale in zip(numbers, scales, strict=True)]
        offsets = offsets + layer.spec.converters.adc_offset * together(spread)
    starts = np.cumsum([0, *(len(scale) for scale in scales)])
    noise = [
        (slice(starts[k], starts[k + 1]), found)
        for k, number in enumerate(numbers)
        if (found := _tile_noise(setting, number, scales[k])) is not None
    ]
    plus, minus = None, None
    if setting.by_line:
        here = list(zip((layer.tiles[number] for number in numbers), starts, strict=False))
        plus = np.concatenate([tile.plus + start for tile, start in here])
        minus = np.concatenate([tile.minus + start for tile, start in here])
    return _Block(
        group=first.group,
        copy=first.copy,
        inputs=first.inputs,
        has_bias=first.has_bias,
        output=first.outputs.start,
        linear=together([tile.linear for tile in tiles]) * (factors / setting.levels),
        square=together(squares) * (factors / setting.levels**2) if squares else None,
        offsets=offsets,
        weights=together([_weights(setting, n, full_scales[n]) for n in numbers]),
        plus=plus,
        minus=minus,
        noise=noise,
        drive=f"dac.{setting.index}.{numbers[0]}",
        drive_offsets=_drive_offsets(setting, first.inputs, numbers[0]),
    )


def _step(setting: Setting, full_scale: float) -> float:
    """The current of an output converter's code of 1."""
    bits = setting.adc_bits
    return 1.0 if bits is None else full_scale / largest_code(bits, signed=setting.signed)


def _outputs_per_ampere(setting: Setting, number: int) -> Array:
    """The weighted sum that a difference of 1 A of a tile's lines stands for, (o,)."""
    layer, tile = setting.layer, setting.layer.tiles[number]
    return 1.0 / layer.amperes_per_output[layer.outputs_of(tile)]


def _per_ampere(setting: Setting, number: int, full_scale: float) -> Array:
    """Steps of a tile's converters for 1 A, (c,); weighted sums of ideal ones."""
    if setting.adc_bits is None:
        return _outputs_per_ampere(setting, number)
    tile = setting.layer.tiles[number]
    return np.full(tile.shape[1] if setting.by_line else len(tile.plus), 1.0 / _step(setting, full_scale))


def _weights(setting: Setting, number: int, full_scale: float) -> Array:
    """The weighted sum that a converter's code of 1 stands for, (o,)."""
    if setting.adc_bits is None:
        return np.ones(len(setting.layer.tiles[number].plus))
    return _outputs_per_ampere(setting, number) * _step(setting, full_scale)


def _drive_offsets(setting: Setting, inputs: slice, number: int) -> Array | None:
    """Offsets of the converters that drive a block's word lines, steps; none where these are exact."""
    converters = setting.layer.spec.converters
    if setting.dac_bits is None or not (converters.dac_offset or converters.dac_noise):
        return None
    return converters.dac_offset * setting.normal("dac_offset", number, inputs.stop - inputs.start)


def _tile_noise(setting: Setting, number: int, scale: Array) -> TileNoise | None:
    """The noise of a tile's reads, none where there is none."""
    tile_map, tile, effects = setting.tile_maps[number], setting.layer.tiles[number], setting.effects
    converters, v_read = setting.layer.spec.converters, setting.layer.spec.v_read
    seen = _all_lines if setting.by_line else tile.difference
    shared = not setting.by_line and np.unique([tile.plus, tile.minus]).size < 2 * len(tile.plus)
    cells: Array | None = None
    relative = relative_read_noise(tile_map, effects)
    if np.any(relative):
        volts = closed_loop_gain(converters, effects) * v_read / setting.levels
        variances = np.square(relative * tile_map.effective * volts)
        if not (setting.by_line or shared):
            variances = variances[:, tile.plus] + variances[:, tile.minus]
        cells = variances if shared else variances * scale**2
    covariance = thermal_covariance(tile_map, effects)
    thermal = None
    if covariance is not None:
        thermal = factor(seen(seen(covariance).T) * np.outer(scale, scale))
    rms = 0.0 if setting.adc_bits is None else converters.adc_noise
    if cells is None and thermal is None and not rms:
        return None
    return TileNoise(
        name=f"{setting.index}.{number}",
        cells=cells,
        shared=(tile.plus, tile.minus, scale) if shared else None,
        thermal=thermal,
        converter=rms,
    )
