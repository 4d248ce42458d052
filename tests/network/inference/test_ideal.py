"""Ideal settings reproduce the digital network, whatever the layout."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.network.arrays import Converters
from rescircuit.network.layers import Add, Conv, Dense, Flatten, Network, Scale

RNG = np.random.default_rng(8)


@pytest.mark.parametrize("scheme", ["middle", "one_side", "offset"])
@pytest.mark.parametrize("subtraction", ["analog", "digital"])
@pytest.mark.parametrize("scaling", ["tensor", "column"])
@pytest.mark.parametrize("bias", ["digital", "word_line"])
def test_dense_layers(chip, small_network, scheme, subtraction, scaling, bias):
    network = small_network()
    x = RNG.uniform(-1, 1, (4, 3, 20))
    analog = chip(
        network, calibration=x.reshape(-1, 20), scheme=scheme, subtraction=subtraction, scaling=scaling, bias=bias
    )
    assert analog(x) == pytest.approx(network(x), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("rows", [3, 5, 40])
@pytest.mark.parametrize("cols", [2, 5, 40])
@pytest.mark.parametrize("copies", [None, 1, 7])
def test_convolutions_on_tiles_of_any_size(chip, convolutional, rows, cols, copies):
    x = RNG.normal(size=(3, 2, 8, 10))
    analog = chip(convolutional, calibration=x, rows=rows, cols=cols, positions_per_copy=copies, bias="word_line")
    assert analog(x) == pytest.approx(convolutional(x), rel=1e-12, abs=1e-12)


def test_residual_graphs_one_axis_and_positions_of_dense_layers(chip):
    network = Network(
        (
            Conv(weight=RNG.normal(size=(3, 3, 3)), padding=1, name="conv"),
            Add(),
            Scale(scale=RNG.normal(size=3), shift=RNG.normal(size=3)),
            Dense(weight=RNG.normal(size=(4, 6)), bias=RNG.normal(size=4), name="along"),
            Flatten(),
            Dense(weight=RNG.normal(size=(2, 12)), name="last"),
        ),
        input_shape=(3, 6),
        sources=((-1,), (0, -1), (1,), (2,), (3,), (4,)),
    )
    x = RNG.normal(size=(5, 3, 6))
    for copies in (None, 2):
        analog = chip(network, calibration=x, positions_per_copy=copies)
        assert analog(x) == pytest.approx(network(x), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("bias", ["digital", "word_line"])
@pytest.mark.parametrize("slice_bits", [None, 1, 3])
def test_slices_of_inputs_that_are_codes_add_up(chip, small_network, bias, slice_bits):
    """With and without a converter behind them that is fine enough."""
    network = small_network(hidden=3).layers[0]
    network = Network((network,))
    x = RNG.integers(-31, 32, (6, 20)) / 31
    settings = {"dac_bits": 5, "bias": bias, "converters": Converters(slice_bits=slice_bits)}
    assert chip(network, calibration=x, **settings)(x) == pytest.approx(network(x), rel=1e-12, abs=1e-12)
    fine = chip(network, calibration=x, full_scale=1.0, adc_bits=32, **settings)
    assert fine(x) == pytest.approx(network(x), abs=1e-6)
    assert np.abs(fine(x) - network(x)).max() > 0


def test_batches_shapes_and_single_layers(chip, convolutional):
    x = RNG.normal(size=(2, 3, 2, 8, 10))
    flat = x.reshape(-1, 2, 8, 10)
    analog = chip(convolutional, calibration=flat)
    digital = convolutional.run(flat)
    assert analog(x).shape == (2, 3, 3)
    assert analog(x[0, 0]).shape == (3,)
    for number, outputs in zip(convolutional.weighted, analog.layer_outputs(x), strict=True):
        assert outputs == pytest.approx(digital[number], rel=1e-12, abs=1e-12)
    fed = analog.layer_output(1, digital[2])
    assert fed == pytest.approx(digital[3], rel=1e-12, abs=1e-12)


def test_no_effects_is_the_digital_network(chip, small_network):
    network = small_network()
    x = RNG.uniform(0, 1, (5, 20))
    rough = chip(network, calibration=x, dac_bits=3, adc_bits=4, r_word_line=500.0, r_bit_line=300.0)
    assert np.abs(rough(x) - network(x)).max() > 0.1
    assert rough.with_effects()(x) == pytest.approx(network(x), rel=1e-12, abs=1e-12)


def test_inputs_beyond_the_range_are_refused(chip, small_network):
    network = small_network()
    analog = chip(network, calibration=np.full((1, 20), 0.5))
    with pytest.raises(rc.InputError, match=r"x must be at most 0.5 in magnitude, .*, got 0.6. Scale the inputs"):
        analog(np.full(20, -0.6))
    with pytest.raises(rc.InputError, match="x must be of shape"):
        analog(np.ones(19))
    with pytest.raises(rc.InputError, match="read must be a whole number of at least 0"):
        analog(np.zeros(20), read=-1)
    with pytest.raises(rc.InputError, match="index must be a whole number from 0 to 1"):
        analog.layer_output(2, np.zeros((1, 20)))
    flat = Network((Flatten(), Dense(weight=np.ones((1, 4)))), input_shape=(2, 2))
    with pytest.raises(rc.InputError, match="range of the voltages"):
        chip(flat)(np.full((2, 2), 1.1))


def test_layers_of_zeros_and_inputs_of_zeros(chip):
    network = Network((Dense(weight=np.zeros((2, 3)), bias=np.ones(2)),))
    analog = chip(network, calibration=np.zeros((1, 3)), full_scale=1.0, adc_bits=8, dac_bits=8)
    assert analog(np.zeros(3)) == pytest.approx([1.0, 1.0])
