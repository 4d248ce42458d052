"""A layer's reads against a loop over phases, slices, tiles and lines that solves each circuit with its wires."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices.streams import Stream
from rescircuit.network.arrays import Converters
from rescircuit.network.layers import Conv, Dense, Network

RNG = np.random.default_rng(9)
WIRES = {"r_word_line": 900.0, "r_bit_line": 700.0}


def chance(source, tile, count):
    """What a chip's parts deviate by, in the first layer of chip 0 of seed 1."""
    return Stream(seed=1, source=f"network.{source}.0.{tile}").normal(count)


def read_by_hand(analog, x, full_scales, *, drive_offsets=lambda block, count: np.zeros(count)):
    """Weighted sums (out,) of one input (in,) of a dense layer, without noise."""
    layer, spec = analog.layers[0], analog.spec
    sums = np.zeros(layer.weighted.outputs)
    if not any(tile.has_bias for tile in layer.tiles):
        sums += layer.weighted.bias
    last = 2**spec.dac_bits - 1
    codes = [math.copysign(round(min(abs(v) * (last / layer.input_full_scale), last)), v) for v in x]
    slice_bits = spec.converters.slice_bits or spec.dac_bits
    for sign in (1, -1) if min(codes) < 0 else (1,):
        magnitudes = [int(max(sign * code, 0)) for code in codes]
        for first in range(0, spec.dac_bits, slice_bits):
            steps = [(code >> first) % 2**slice_bits for code in magnitudes]
            full = (last >> first) % 2**slice_bits if sign > 0 else 0
            for number, tile in enumerate(layer.tiles):
                block = next(k for k, other in enumerate(layer.tiles) if other.inputs == tile.inputs)
                count = tile.inputs.stop - tile.inputs.start
                driven = np.array(steps[tile.inputs], float) + drive_offsets(block, count)
                driven = np.append(driven, full) if tile.has_bias else driven
                volts = driven / (2**slice_bits - 1) * spec.v_read
                lines = rc.Crossbar(tile.asked, spec.r_word_line, spec.r_bit_line).solve(volts).output_currents
                codes_out = converted(spec, tile, lines, full_scales[number], number)
                sums[tile.outputs] += sign * 2**first * (2**slice_bits - 1) / last * codes_out / scale_of(layer, tile)
    return sums


def scale_of(layer, tile):
    return layer.spec.v_read / layer.input_full_scale * layer.siemens_per_weight[tile.outputs]


def converted(spec, tile, lines, full_scale, number):
    """Currents of outputs as the converters give them."""
    offset = spec.converters.adc_offset
    if spec.subtraction == "analog":
        last = 2 ** (spec.adc_bits - 1) - 1
        step, deviations = full_scale / last, offset * chance("adc_offset", number, len(tile.plus))
        values = (lines[tile.plus] - lines[tile.minus]) / step + deviations
        return step * np.array([round(min(max(value, -last), last)) for value in values])
    last = 2**spec.adc_bits - 1
    step, deviations = full_scale / last, offset * chance("adc_offset", number, len(lines))
    codes = np.array([round(min(max(value, 0), last)) for value in lines / step + deviations])
    return step * (codes[tile.plus] - codes[tile.minus])


@pytest.mark.parametrize("subtraction", ["analog", "digital"])
@pytest.mark.parametrize("scheme", ["middle", "offset"])
@pytest.mark.parametrize("slice_bits", [None, 3])
@pytest.mark.parametrize("bias", ["digital", "word_line"])
def test_reads_are_those_of_a_loop(chip, subtraction, scheme, slice_bits, bias):
    network = Network((Dense(weight=RNG.normal(size=(5, 11)), bias=RNG.normal(size=5)),))
    x = RNG.uniform(-1, 1, (6, 11))
    x[0] = np.abs(x[0])  # no second phase, with its offsets
    converters = Converters(
        adc_range="percentile", percentile=95, shared_range=False, slice_bits=slice_bits, adc_offset=0.7, dac_offset=0.3
    )
    settings = {"subtraction": subtraction, "scheme": scheme, "bias": bias, "converters": converters, **WIRES}
    analog = chip(network, calibration=x, scaling="column", dac_bits=7, adc_bits=6, **settings)

    def drive_offsets(block, count):
        return 0.3 * chance("dac_offset", block, count)

    full_scales = analog.readers[0].full_scales
    expected = [read_by_hand(analog, row, full_scales, drive_offsets=drive_offsets) for row in x]
    assert analog(x) == pytest.approx(np.array(expected), rel=1e-9, abs=1e-9)
    assert len(set(full_scales)) == len(full_scales)


def test_ranges_are_the_peaks_of_currents(chip):
    """Of all tiles, phases and calibration inputs, as the circuits' solutions have them."""
    network = Network((Dense(weight=RNG.normal(size=(5, 11))),))
    x = RNG.uniform(-1, 1, (6, 11))
    for subtraction in ("analog", "digital"):
        analog = chip(network, calibration=x, subtraction=subtraction, adc_bits=8, **WIRES)
        layer, peaks = analog.layers[0], []
        for tile in layer.tiles:
            currents = []
            for sign in (1, -1):
                volts = np.maximum(sign * x[:, tile.inputs], 0) * layer.volts_per_input
                lines = rc.Crossbar(tile.asked, *WIRES.values()).solve(volts).output_currents
                currents.append(lines if subtraction == "digital" else tile.difference(lines))
            peaks.append(np.abs(currents).max())
        assert analog.readers[0].full_scales == pytest.approx(np.full(len(peaks), max(peaks)))


def test_a_biass_line_is_sliced_as_the_inputs_are(chip):
    """Its last slice, of fewer bits, is no full voltage: a percentile of all reads' currents sees that."""
    network = Network((Dense(weight=RNG.normal(size=(3, 5)), bias=50 * RNG.normal(size=3)),))
    x = RNG.integers(0, 32, (6, 5)) / 31
    x[0, 0] = 1.0
    converters = Converters(adc_range="percentile", percentile=30, slice_bits=3)
    analog = chip(network, calibration=x, bias="word_line", dac_bits=5, adc_bits=8, converters=converters)
    tile, currents = analog.tiles[0], []
    for shift, size in ((0, 8), (3, 4)):  # 5 bits: three, then two
        steps = np.round(x * 31).astype(int) // 2**shift % size
        driven = np.column_stack([steps, np.full(6, size - 1)]) / 7 * analog.spec.v_read
        currents.append(tile.difference(driven @ tile.asked))
    expected = np.percentile(np.abs(currents), 30)
    assert analog.readers[0].full_scales == pytest.approx(np.full(len(analog.tiles), expected))


def test_inputs_that_samples_leave_at_rest_are_read_all_the_same(chip):
    """Their tile has no peak to go by, but a range for all inputs."""
    network = Network((Dense(weight=RNG.normal(size=(3, 16))),))
    x = RNG.uniform(0, 1, (6, 16))
    half = np.where(np.arange(16) < 8, x, 0.0)
    analog = chip(network, calibration=half, full_scale=1.0, adc_bits=12, converters=Converters(shared_range=False))
    assert analog(x) == pytest.approx(network(x), abs=0.02)


def test_without_calibration_no_input_clips(chip):
    network = Network((Dense(weight=RNG.normal(size=(5, 11))),))
    corners = np.sign(network.layers[0].weight)  # the inputs that bring the largest sums
    for subtraction in ("analog", "digital"):
        analog = chip(network, adc_bits=14, subtraction=subtraction)
        assert analog(corners) == pytest.approx(network(corners), rel=2e-3, abs=2e-2)


def test_a_convolution_is_a_dense_layer_at_each_position(chip):
    """Each copy has its own tiles; a pixel's code is the same wherever it goes."""
    conv = Conv(weight=RNG.normal(size=(3, 2, 2, 2)), bias=RNG.normal(size=3), name="conv")
    dense = Dense(weight=conv.weight.reshape(3, 8), bias=conv.bias, name="dense")
    settings = {"dac_bits": 4, "adc_bits": 5, "full_scale": 2.0, **WIRES}
    x = RNG.uniform(-1, 1, (2, 2, 4, 3))
    analog = chip(Network((conv,), input_shape=(2, 4, 3)), **settings)
    alone = chip(Network((dense,)), **settings)
    rows = conv.rows(x)[0].reshape(-1, 8)
    expected = alone(rows).reshape(2, 3, 2, 3).transpose(0, 3, 1, 2)
    assert analog(x) == pytest.approx(expected, rel=1e-12)


def test_what_becomes_of_an_input_does_not_depend_on_others(chip, small_network):
    """Nor on the size of the parts in which they are computed, nor on threads."""
    network = small_network()
    converters = Converters(adc_offset=1.0, dac_offset=0.5)
    x = np.concatenate([RNG.uniform(0, 1, (300, 20)), RNG.uniform(-1, 1, (300, 20))])
    analog = chip(network, calibration=x, dac_bits=6, adc_bits=6, converters=converters)
    together = analog(x)
    assert np.array_equal(together, np.array([analog(row) for row in x]))
