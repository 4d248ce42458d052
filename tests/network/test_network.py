"""Networks: importers, mapping to tiles, converters, and inference that reduces to digital arithmetic."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

import rescircuit as rc
from rescircuit.network import Dense
from rescircuit.network.converters import quantise_signed, quantise_unsigned
from rescircuit.network.layers import ACTIVATIONS

RNG = np.random.default_rng(11)


def network(*sizes, activation="relu"):
    """Random layers of these widths."""
    last = len(sizes) - 2
    return rc.Network(
        tuple(
            Dense(
                weight=RNG.normal(size=(out, count)) / np.sqrt(count),
                bias=0.1 * RNG.normal(size=out),
                activation="identity" if k == last else activation,
                name=f"fc{k + 1}",
            )
            for k, (count, out) in enumerate(pairwise(sizes))
        )
    )


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_scikit_learns_perceptron_is_taken_over(activation):
    x = RNG.normal(size=(60, 5))
    y = x @ RNG.normal(size=(5, 2))
    model = MLPRegressor(hidden_layer_sizes=(7, 6), activation=activation, max_iter=5000, tol=1e-2, random_state=0).fit(
        x, y
    )
    assert rc.from_sklearn(model)(x) == pytest.approx(model.predict(x), rel=1e-10, abs=1e-10)


def test_a_classifiers_scores_have_its_order():
    x = RNG.normal(size=(90, 4))
    y = np.digitize(x[:, 0], [-0.5, 0.5])
    model = MLPClassifier(hidden_layer_sizes=(8,), max_iter=5000, tol=1e-2, random_state=0).fit(x, y)
    assert np.array_equal(rc.from_sklearn(model)(x).argmax(axis=1), model.predict(x))


def test_networks_are_saved_and_loaded_whole(tmp_path):
    original = network(6, 5, 3, activation="tanh")
    loaded = rc.load_network(rc.save_network(original, tmp_path / "net.npz"))
    for before, after in zip(original.layers, loaded.layers, strict=True):
        assert np.array_equal(before.weight, after.weight)
        assert np.array_equal(before.bias, after.bias)
        assert (before.activation, before.name) == (after.activation, after.name)
    assert [path.name for path in tmp_path.iterdir()] == ["net.npz"]


def test_a_bias_may_be_left_out(tmp_path):
    np.savez(tmp_path / "net.npz", **{"fc.weight": np.eye(3)})
    assert np.array_equal(rc.load_network(tmp_path / "net.npz")([1.0, 2.0, 3.0]), [1.0, 2.0, 3.0])


SMALL_SPEC = {"rows": 8, "cols": 6, "bank_size": 16}


@pytest.mark.parametrize("sizes", [(1, 1), (20, 7), (20, 11, 3), (5, 9, 9, 2)])
def test_an_array_with_fine_banks_and_no_wires_computes_the_network(sizes):
    """The analog result may differ by what the stated programming errors add up to, and by no more."""
    net = network(*sizes)
    analog = rc.map_network(net, rc.ArraySpec(**SMALL_SPEC), seed=3)
    x = RNG.uniform(0, 1, (4, sizes[0]))
    weights = [np.zeros_like(layer.dense.weight) for layer in analog.layers]
    for layer, weight in zip(analog.layers, weights, strict=True):
        for tile in layer.tiles:
            weight.T[tile.inputs, tile.outputs] = (tile.target + tile.error) / layer.siemens_per_weight
    programmed = rc.Network(
        tuple(
            Dense(weight=weight, bias=layer.dense.bias, activation=layer.dense.activation)
            for layer, weight in zip(analog.layers, weights, strict=True)
        )
    )
    assert analog(x) == pytest.approx(programmed(x), rel=1e-9, abs=1e-9)
    assert analog(x) == pytest.approx(net(x), abs=1e-3)
    assert analog.programming_error.size == sum(layer.weight.size for layer in net.layers)


def test_tiles_cover_every_weight_once():
    net = network(20, 7)
    analog = rc.map_network(net, rc.ArraySpec(**SMALL_SPEC), seed=1)
    covered = np.zeros((20, 7), int)
    for tile in analog.tiles:
        covered[tile.inputs, tile.outputs] += 1
        assert tile.crossbar.shape[0] <= 8
        assert tile.crossbar.shape[1] <= 6
    assert (covered == 1).all()
    assert len(analog.tiles) == 9


def test_wires_act_tile_by_tile_as_the_crossbar_says():
    net = network(9, 4)
    spec = rc.ArraySpec(rows=5, cols=4, bank_size=10, r_word_line=50.0, r_bit_line=80.0)
    analog = rc.map_network(net, spec, seed=2)
    layer, x = analog.layers[0], RNG.uniform(0, 1, 9)
    expected = np.zeros(4)
    for tile in layer.tiles:
        volts = x[tile.inputs] / layer.input_full_scale * spec.v_read
        currents = tile.crossbar.solve(volts).output_currents
        expected[tile.outputs] += (currents[0::2] - currents[1::2]) / layer.siemens_per_weight
    expected = expected / spec.v_read * layer.input_full_scale + net.layers[0].bias
    assert analog(x) == pytest.approx(expected, rel=1e-9)
    assert np.abs(analog(x) - analog.rewired(0.0, 0.0)(x)).max() > 1e-6
    assert analog.rewired(0.0, 0.0).rewired(50.0, 80.0)(x) == pytest.approx(analog(x), rel=1e-12)


def test_signed_inputs_take_two_phases():
    net = network(6, 3)
    analog = rc.map_network(net, rc.ArraySpec(**SMALL_SPEC), seed=5)
    x = RNG.uniform(-1, 1, (5, 6))
    assert analog(x) == pytest.approx(net(x), abs=1e-3)


def test_the_negative_bank_makes_up_for_the_positive_one():
    """A pair is off by its second bank's residual alone: less than twice what single banks leave."""
    net = network(30, 20)
    analog = rc.map_network(net, rc.ArraySpec(rows=64, cols=64, bank_size=8), seed=1)
    tile, layer = analog.tiles[0], analog.layers[0]
    pair = np.abs(tile.error)
    positive = tile.crossbar.conductances[:, 0::2] - (0.5 * layer.bank_full_scale + 0.5 * tile.target)
    assert np.median(pair) < 1.3 * np.median(np.abs(positive))


def test_no_two_weights_share_a_resistor():
    """Banks are numbered on through tiles and layers: equal weights everywhere get different settings everywhere."""
    net = rc.Network(
        tuple(Dense(weight=np.full((4, 4), 0.5), bias=np.zeros(4), activation="relu", name=f"fc{k}") for k in range(2))
    )
    analog = rc.map_network(net, rc.ArraySpec(rows=2, cols=4, bank_size=20), seed=3)
    cells = np.concatenate([tile.crossbar.conductances.ravel() for tile in analog.tiles])
    assert np.unique(cells).size == cells.size == 64


def test_pairs_stand_around_the_middle_of_their_range():
    net = network(12, 8)
    analog = rc.map_network(net, rc.ArraySpec(rows=16, cols=16, bank_size=14), seed=1)
    layer, cells = analog.layers[0], analog.tiles[0].crossbar.conductances
    assert cells.mean() == pytest.approx(0.5 * layer.bank_full_scale, rel=0.02)
    largest = np.abs(analog.tiles[0].target).max()
    assert largest == pytest.approx(analog.spec.swing * layer.bank_full_scale, rel=1e-12)


def test_an_input_converter_rounds_to_its_codes():
    """With one bit an input is all or nothing; with two it has thirds: 0.4 becomes 1/3."""
    net = rc.Network((Dense(weight=np.eye(2), bias=np.zeros(2)),))
    one = rc.map_network(net, rc.ArraySpec(bank_size=20, dac_bits=1), seed=1)
    assert one([0.4, 0.6]) == pytest.approx([0.0, 1.0], abs=1e-4)
    two = rc.map_network(net, rc.ArraySpec(bank_size=20, dac_bits=2), seed=1)
    assert two([0.4, -0.6]) == pytest.approx([1 / 3, -2 / 3], abs=1e-4)


def test_inputs_beyond_the_voltages_are_refused():
    analog = rc.map_network(network(3, 2), rc.ArraySpec(bank_size=8), seed=1)
    with pytest.raises(rc.InputError, match=r"x must be at most 1 in magnitude, the range of the voltages, got 5"):
        analog([0.0, 5.0, 0.0])
    wide = rc.map_network(network(3, 2), rc.ArraySpec(bank_size=8), seed=1, calibration_inputs=[[5.0, 0, 0]])
    assert np.isfinite(wide([0.0, 5.0, 0.0])).all()


def test_the_switches_non_linearity_is_stated():
    """What inference leaves out, against the banks' currents at half the read voltage."""
    net = network(4, 3)
    for nominal, size in ((1e4, 1e-3), (1e6, 1e-6)):
        spec = rc.ArraySpec(bank_size=8, resistor=rc.Resistor(nominal=nominal, mismatch=0.01), v_read=0.4)
        analog = rc.map_network(net, spec, seed=1)
        assert 0.01 * size < analog.switch_nonlinearity < 10 * size


def test_layers_of_the_same_name_are_not_lost_on_the_way(tmp_path):
    twice = rc.Network(
        [Dense(weight=np.eye(2), bias=np.zeros(2), activation="relu"), Dense(weight=np.eye(2), bias=np.zeros(2))]
    )
    with pytest.raises(rc.InputError, match="layers have names of their own"):
        rc.save_network(twice, tmp_path / "net.npz")
    assert not list(tmp_path.iterdir())


def test_a_seed_gives_the_same_chip_and_another_does_not():
    net = network(10, 5)
    spec = rc.ArraySpec(**SMALL_SPEC)
    x = RNG.uniform(0, 1, (3, 10))
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
    ideal = rc.map_network(net, rc.ArraySpec(rows=64, cols=64, bank_size=16), seed=1, calibration_inputs=x)
    assert ideal.with_converters(8, 8)(x) == pytest.approx(ideal(x), abs=0.5)
    assert np.isfinite(ideal.with_converters(8, 8)(x)).all()


def test_ranges_without_calibration_inputs_hold_for_every_input():
    """Inputs at the corners of [0, 1] drive no converter into clipping: more bits always get nearer."""
    net = network(12, 6, 3)
    corners = (RNG.random((64, 12)) < 0.5).astype(float)
    spec = rc.ArraySpec(rows=16, cols=16, bank_size=12, dac_bits=20, adc_bits=24)
    analog = rc.map_network(net, spec, seed=1)
    ideal = analog.with_converters(None, None)
    assert analog(corners) == pytest.approx(ideal(corners), abs=1e-3)


def test_quantisers_round_clip_and_leave_alone():
    x = np.array([-0.2, 0.0, 0.24, 0.26, 1.0, 1.7])
    assert quantise_unsigned(x, 1.0, 1) == pytest.approx([0, 0, 0, 0, 1, 1])
    assert quantise_unsigned(x, 1.5, 2) == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5])
    assert quantise_signed(x, 1.0, 2) == pytest.approx([0, 0, 0, 0, 1, 1])
    assert quantise_signed(-x, 1.5, 3) == pytest.approx([0, 0, 0, -0.5, -1, -1.5])
    assert quantise_signed(x, 1.0, None) is x
    assert quantise_unsigned(x, 1.0, None) is x


def test_the_logistic_does_not_overflow():
    assert ACTIVATIONS["logistic"](np.array([-1e4, 0.0, 1e4])) == pytest.approx([0, 0.5, 1])


def test_a_layer_of_zeros_and_inputs_of_zeros_are_fine():
    net = rc.Network((Dense(weight=np.zeros((2, 3)), bias=np.ones(2)),))
    analog = rc.map_network(
        net, rc.ArraySpec(bank_size=10, adc_bits=8, dac_bits=8), seed=1, calibration_inputs=np.zeros((1, 3))
    )
    assert analog(np.zeros(3)) == pytest.approx([1.0, 1.0])


def save(tmp_path, **arrays):
    np.savez(tmp_path / "net.npz", **arrays)
    return tmp_path / "net.npz"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: rc.load_network(p / "none.npz"), "file must be a readable file"),
        (lambda p: rc.load_network(save(p, x=np.ones(3))), "net.npz must be arrays NAME.weight"),
        (lambda p: rc.load_network(save(p, **{"a.weight": np.ones((2, 3)), "b": 1})), "got 'b'"),
        (
            lambda p: rc.load_network(save(p, **{"a.weight": np.ones((2, 1, 5, 5))})),
            "a.weight must be of shape (out, in)",
        ),
        (lambda p: rc.load_network(save(p, **{"a.weight": np.full((2, 2), np.nan)})), "a.weight at index (0, 0)"),
        (
            lambda p: rc.load_network(save(p, **{"a.weight": np.ones((2, 3)), "b.weight": np.ones((2, 3))})),
            "b.weight must be of shape (out, 2), for the outputs of a",
        ),
        (
            lambda p: rc.load_network(save(p, **{"a.weight": np.ones((2, 3)), "a.bias": np.ones(3)})),
            "a.bias must be of shape (2,)",
        ),
        (
            lambda p: rc.load_network(
                save(p, activation="gelu", **{"a.weight": np.ones((2, 2)), "b.weight": np.ones((2, 2))})
            ),
            "a.activation must be one of identity, relu, tanh, logistic",
        ),
        (lambda p: rc.from_sklearn(MLPClassifier()), "model must be a fitted MLPClassifier"),
        (lambda p: rc.Network(()), "layers must be at least one layer"),
        (lambda p: network(3, 2)(np.ones(4)), "x must be of shape (..., 3)"),
        (lambda p: network(3, 2)([np.nan] * 3), "x at index 0 must be finite"),
        (lambda p: rc.ArraySpec(rows=0), "rows must be a whole number of at least 1"),
        (lambda p: rc.ArraySpec(cols=1), "cols must be a whole number of at least 2"),
        (lambda p: rc.ArraySpec(adc_bits=1), "adc_bits must be a whole number from 2 to 32"),
        (lambda p: rc.ArraySpec(swing=1.5), "swing must be above 0 and at most 1"),
        (lambda p: rc.ArraySpec(subtraction="none"), "subtraction must be"),
        (lambda p: rc.ArraySpec(r_word_line=-1.0), "r_word_line must be a finite number of at least 0"),
        (
            lambda p: rc.map_network(network(3, 2), rc.ArraySpec(), seed=1, calibration_inputs=np.ones((1, 2))),
            "x must be of shape (..., 3)",
        ),
    ],
)
def test_bad_input_gets_one_clear_line(tmp_path, make, says):
    with pytest.raises(rc.InputError) as caught:
        make(tmp_path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
