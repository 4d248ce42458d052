"""Burkholz's construction: one layer more than the target, copies in the place of items."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network import Activation, Dense, Flatten, Network
from rescircuit.pruning.constructions import random_target
from rescircuit.pruning.constructions.burkholz import burkholz
from rescircuit.pruning.constructions.pensia import pensia


def corners(inputs, low=-1.0, high=1.0):
    return np.array(list(itertools.product((low, high), repeat=inputs)))


def worst(found, inputs):
    low, high = found.input_range
    inside = np.random.default_rng(1).uniform(low, high, (300, inputs))
    return max(found.measured(corners(inputs, low, high)), found.measured(inside))


def biased(sizes, seed=1):
    rng = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        weight = rng.uniform(-1.0, 1.0, (outputs, inputs)) / np.sqrt(inputs)
        layers += [Dense(weight=weight, bias=rng.uniform(-0.5, 0.5, outputs)), Activation(kind="relu")]
    return Network(layers[:-1])


def test_one_layer_more_than_the_target_and_copies_of_all_hidden_neurons():
    target = random_target((3, 4, 5, 2), seed=1)
    found = burkholz(target, 0.5, items=(60, 20, 18), seed=1)
    assert [tensor.random.shape for tensor in found.tensors] == [(360, 3), (4 * 20, 360), (5 * 18, 80), (2, 90)]
    assert len(found.network.weighted_layers) == 4
    assert found.size == 360 * 3 + 80 * 360 + 90 * 80 + 2 * 90
    assert worst(found, 3) <= found.bound <= 0.5
    hidden = found.network.run(corners(3))[3].reshape(8, 4, 20)  # the ReLU behind the second random layer
    exact = target.run(corners(3))[1]
    assert np.abs(hidden - exact[:, :, None]).max() < 0.01  # all copies are what they are copies of
    assert (np.ptp(hidden, axis=2)[exact > 0.05] > 0.0).all()  # each with an error of its own


def test_weights_of_later_layers_are_the_closest_subsets_of_the_copies():
    target = random_target((2, 3, 2), seed=2)
    found = burkholz(target, 1.0, items=(50, 10), seed=3)
    weight, last = target.layers[2].weight, found.tensors[-1]
    subsets = (np.arange(2**10)[:, None] >> np.arange(10)) & 1
    for row, column in np.ndindex(2, 3):
        items = last.random[row, 10 * column : 10 * column + 10]
        chosen = last.pruned[row, 10 * column : 10 * column + 10].sum()
        best = np.abs(subsets @ items - weight[row, column]).min()
        assert abs(chosen - weight[row, column]) == pytest.approx(best, abs=1e-14)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("domain", [(-1.0, 1.0), (0.0, 2.0)], ids=str)
@pytest.mark.parametrize("make", [random_target, biased])
@pytest.mark.parametrize("sizes", [(3, 4, 2), (2, 3, 3, 1)], ids=str)
def test_promises_hold(seed, domain, make, sizes):
    items = (70, *(60 if make is biased else 20,) * (len(sizes) - 2))
    found = burkholz(make(sizes, seed=seed), 1.0, items=items, seed=seed, input_range=domain)
    assert worst(found, sizes[0]) <= found.bound <= 1.0
    by_name = {tensor.name: tensor for tensor in found.tensors}
    for _, layer in found.network.weighted_layers:
        tensor = by_name[f"{layer.name}.weight"]
        np.testing.assert_array_equal(layer.weight, np.where(tensor.mask, tensor.random, 0.0))


def test_later_biases_are_made_of_constant_units():
    target = biased((2, 3, 2))
    found = burkholz(target, 0.5, items=(60, 50), seed=1)
    weight, bias = (next(t for t in found.tensors if t.name == f"layer1.second.{part}") for part in ("weight", "bias"))
    assert weight.random.shape == (3 * 50 + 50, 2 * 2 * 60 + 60)
    assert not weight.mask[150:].any()
    assert not bias.mask[:150].any()
    np.testing.assert_array_equal(bias.mask[150:], bias.random[150:] > 0.0)
    hidden = found.network.run(corners(2))[3]
    np.testing.assert_array_equal(hidden[:, 150:], np.tile(np.maximum(bias.random[150:], 0.0), (4, 1)))


def test_by_default_epsilon_says_how_many_items():
    target = random_target((2, 3, 2), seed=1)
    counts = []
    for epsilon in (1.0, 0.01):
        found = burkholz(target, epsilon, seed=1)
        assert worst(found, 2) <= found.bound <= epsilon
        counts.append(found.items)
    assert counts[0] < counts[1]


def test_of_one_layer_it_is_pensias():
    target = random_target((3, 2), seed=1)
    ours, theirs = burkholz(target, 0.1, items=50, seed=1), pensia(target, 0.1, items=50, seed=1)
    assert ours.bound == pytest.approx(theirs.bound, rel=1e-6)
    np.testing.assert_array_equal(ours.network(corners(3)), theirs.network(corners(3)))


def test_more_items_begin_with_the_fewer():
    target = random_target((2, 3, 2), seed=1)
    few, many = (burkholz(target, 50.0, items=(40, n), seed=1).tensors for n in (12, 15))
    np.testing.assert_array_equal(few[1].random.reshape(3, 12, -1), many[1].random.reshape(3, 15, -1)[:, :12])
    np.testing.assert_array_equal(few[2].random.reshape(2, 3, 12), many[2].random.reshape(2, 3, 15)[:, :, :12])


def test_flattened_inputs_a_last_relu_and_progress():
    weight = random_target((4, 3, 2), seed=1)
    layers = [Flatten(), *weight.layers, Activation(kind="relu")]
    told = []
    found = burkholz(Network(layers, (1, 2, 2)), 0.5, items=(60, 20), seed=1, progress=told.append)
    assert found.measured(corners(4).reshape(-1, 1, 2, 2)) <= found.bound
    assert (found.network(corners(4).reshape(-1, 1, 2, 2)) >= 0.0).all()
    assert sum(told) == pytest.approx(1.0)


def test_what_is_refused():
    linear = Network([Dense(weight=[[0.5]]), Activation(kind="identity"), Dense(weight=[[0.5]])])
    with pytest.raises(InputError, match="target must be dense layers with a ReLU after each"):
        burkholz(linear, 0.1)
    with pytest.raises(InputError, match="target must be dense layers"):
        burkholz(Network([Dense(weight=[[0.5]])], input_shape=(3, 1)), 0.1)
    with pytest.raises(InputError, match="items must be a whole number, or 2 of them"):
        burkholz(random_target((2, 3, 2)), 0.1, items=(1, 2, 3))
    with pytest.raises(InputError, match=r"at most 134,217,728 weights"):
        burkholz(random_target((200, 200, 2)), 0.1, items=100)
    with pytest.raises(InputError, match=r"a weight of the target in layer2 must be from"):
        burkholz(Network([Dense(weight=[[0.1]]), Activation(kind="relu"), Dense(weight=[[30.0]])]), 0.1, items=40)
