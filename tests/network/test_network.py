"""Networks on chips as a whole: mapped, programmed and asked, against digital arithmetic."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, MaxPool, Network

RNG = np.random.default_rng(11)
SMALL_SPEC = {"rows": 8, "cols": 6, "bank_size": 16}


def network(*sizes, activation="relu"):
    """Random dense layers of these widths."""
    layers = []
    for k, (count, out) in enumerate(pairwise(sizes)):
        weight = RNG.normal(size=(out, count)) / np.sqrt(count)
        layers += [
            Dense(weight=weight, bias=0.1 * RNG.normal(size=out), name=f"fc{k + 1}"),
            Activation(kind=activation),
        ]
    return Network(layers[:-1])


def pictures():
    """A convolution, pooled, and a dense layer."""
    return Network(
        [
            Conv(weight=RNG.normal(size=(4, 2, 3, 3)) / 4, bias=0.1 * RNG.normal(size=4), stride=2, padding=1),
            Activation(kind="relu"),
            MaxPool(kernel=2, stride=2),
            Flatten(),
            Dense(weight=RNG.normal(size=(3, 16)) / 4, bias=0.1 * RNG.normal(size=3)),
        ],
        input_shape=(2, 8, 8),
    )


@pytest.mark.parametrize("scheme", ["middle", "one_side", "offset"])
@pytest.mark.parametrize("bias", ["digital", "word_line"])
@pytest.mark.parametrize("subtraction", ["analog", "digital"])
def test_an_array_with_fine_banks_and_no_wires_computes_the_network(scheme, bias, subtraction):
    """Dense layers and convolutions, of inputs of both signs."""
    for net in (network(1, 1), network(20, 7), network(5, 9, 9, 2), pictures()):
        x = RNG.uniform(-1, 1, (4, *net.input_shape))
        spec = rc.ArraySpec(**SMALL_SPEC, scheme=scheme, bias=bias, subtraction=subtraction)
        analog = rc.map_network(net, spec, seed=3, calibration_inputs=x)
        assert analog(x) == pytest.approx(net(x), abs=3e-3)
        assert analog.programming_error.max() < 1e-3


def test_the_result_is_that_of_the_weights_as_programmed():
    """The analog result may differ by what the stated programming errors add up to, and by no more."""
    net = network(20, 11, 3)
    analog = rc.map_network(net, rc.ArraySpec(**SMALL_SPEC, switch=rc.IdealSwitch()), seed=3)
    layers = list(net.layers)
    for layer in analog.layers:
        weight = np.zeros_like(layer.weighted.weight)
        for tile in layer.tiles:
            achieved = tile.difference(tile.asked) + tile.error
            weight.T[tile.inputs, tile.outputs] = achieved / layer.siemens_per_weight[tile.outputs]
        layers[layer.number] = Dense(weight=weight, bias=layer.weighted.bias)
    x = RNG.uniform(0, 1, (4, 20))
    assert analog(x) == pytest.approx(Network(layers)(x), rel=1e-9, abs=1e-9)
    assert analog.programming_error.size == 20 * 11 + 11 * 3


def test_wires_of_a_chip_can_be_changed_and_changed_back():
    net = network(9, 4)
    spec = rc.ArraySpec(rows=5, cols=4, bank_size=10, r_word_line=50.0, r_bit_line=80.0)
    analog, x = rc.map_network(net, spec, seed=2), RNG.uniform(0, 1, 9)
    assert np.abs(analog(x) - analog.rewired(0.0, 0.0)(x)).max() > 1e-6
    assert analog.rewired(0.0, 0.0).rewired(50.0, 80.0)(x) == pytest.approx(analog(x), rel=1e-12)


def test_no_two_weights_share_a_resistor():
    """Banks are numbered on through tiles and layers: equal weights everywhere get different settings everywhere."""
    layers = [Dense(weight=np.full((4, 4), 0.5), name=f"fc{k}") for k in range(2)]
    analog = rc.map_network(Network(layers), rc.ArraySpec(rows=2, cols=4, bank_size=20), seed=3)
    cells = np.concatenate([tile.cells.programmed.ravel() for tile in analog.tiles])
    assert np.unique(cells).size == cells.size == 64


def test_an_input_converter_rounds_to_its_codes():
    """With one bit an input is all or nothing; with two it has thirds: 0.4 becomes 1/3."""
    net = Network([Dense(weight=np.eye(2))])
    one = rc.map_network(net, rc.ArraySpec(bank_size=20, dac_bits=1), seed=1)
    assert one([0.4, 0.6]) == pytest.approx([0.0, 1.0], abs=1e-4)
    two = rc.map_network(net, rc.ArraySpec(bank_size=20, dac_bits=2), seed=1)
    assert two([0.4, -0.6]) == pytest.approx([1 / 3, -2 / 3], abs=1e-4)


def test_a_seed_gives_the_same_chip_and_another_does_not():
    net, x = network(10, 5), RNG.uniform(0, 1, (3, 10))
    spec = rc.ArraySpec(**SMALL_SPEC)
    first = rc.map_network(net, spec, seed=1)
    assert np.array_equal(first(x), rc.map_network(net, spec, seed=1)(x))
    assert not np.array_equal(first(x), rc.map_network(net, spec, seed=2)(x))
    assert not np.array_equal(first(x), rc.map_network(net, spec, seed=1, chip=1)(x))


@pytest.mark.parametrize("subtraction", ["analog", "digital"])
def test_converters_cost_what_their_resolution_says(subtraction):
    net = network(40, 12, 4)
    x = RNG.uniform(0, 1, (50, 40))
    deviation = {}
    for bits in (6, 8, 12, None):
        spec = rc.ArraySpec(rows=64, cols=64, bank_size=16, dac_bits=bits, adc_bits=bits, subtraction=subtraction)
        analog = rc.map_network(net, spec, seed=1, calibration_inputs=x)
        deviation[bits] = np.sqrt(np.mean((analog(x) - net(x)) ** 2))
    assert deviation[6] > 2 * deviation[8] > 8 * deviation[12] > 8 * deviation[None]


def test_ranges_without_calibration_inputs_hold_for_every_input():
    """Inputs at the corners of [0, 1] drive no converter into clipping: more bits always get nearer."""
    net = network(12, 6, 3)
    corners = (RNG.random((64, 12)) < 0.5).astype(float)
    spec = rc.ArraySpec(rows=16, cols=16, bank_size=12, dac_bits=20, adc_bits=24)
    analog = rc.map_network(net, spec, seed=1)
    ideal = analog.with_converters(None, None)
    assert analog(corners) == pytest.approx(ideal(corners), abs=1e-3)


def test_inputs_may_reach_as_far_as_calibration_inputs():
    analog = rc.map_network(network(3, 2), rc.ArraySpec(bank_size=8), seed=1)
    with pytest.raises(rc.InputError, match=r"x must be at most 1 in magnitude, the range of the voltages, got 5"):
        analog([0.0, 5.0, 0.0])
    wide = rc.map_network(network(3, 2), rc.ArraySpec(bank_size=8), seed=1, calibration_inputs=[[5.0, 0, 0]])
    assert np.isfinite(wide([0.0, 5.0, 0.0])).all()


def test_the_switches_non_linearity_is_stated():
    """How far conductances move up to the read voltage, where resistors hide their switches and where not."""
    net = network(4, 3)
    for nominal, size in ((1e4, 1e-3), (1e6, 1e-6)):
        spec = rc.ArraySpec(bank_size=8, resistor=rc.Resistor(nominal=nominal, mismatch=0.01), v_read=0.4)
        analog = rc.map_network(net, spec, seed=1)
        assert 0.01 * size < analog.switch_nonlinearity < 10 * size


def test_a_layer_of_zeros_and_inputs_of_zeros_are_fine():
    net = Network([Dense(weight=np.zeros((2, 3)), bias=np.ones(2))])
    spec = rc.ArraySpec(bank_size=10, adc_bits=8, dac_bits=8)
    analog = rc.map_network(net, spec, seed=1, calibration_inputs=np.zeros((1, 3)))
    assert analog(np.zeros(3)) == pytest.approx([1.0, 1.0])
