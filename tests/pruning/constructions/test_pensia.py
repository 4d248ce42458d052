"""Pensia's construction: exact subsets, shared first layers, and errors that hold over the whole domain."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rescircuit.errors import InputError, SolutionError
from rescircuit.network import Activation, Conv, Dense, Flatten, Network
from rescircuit.pruning.constructions import random_target
from rescircuit.pruning.constructions.pensia import GADGETS, pensia

ITEMS = {"relu": 60, "linear": 26, "ones": 24}


def corners(inputs, low=-1.0, high=1.0):
    return np.array(list(itertools.product((low, high), repeat=inputs)))


def sampled(inputs, low=-1.0, high=1.0, count=300):
    return np.random.default_rng(1).uniform(low, high, (count, inputs))


def biased(sizes, seed=1):
    rng = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        weight = rng.uniform(-1.0, 1.0, (outputs, inputs)) / np.sqrt(inputs)
        layers += [Dense(weight=weight, bias=rng.uniform(-0.5, 0.5, outputs)), Activation(kind="relu")]
    return Network(layers[:-1])


def check(found, inputs):
    """What every construction has to hold."""
    low, high = found.input_range
    measured = max(found.measured(corners(inputs, low, high)), found.measured(sampled(inputs, low, high)))
    assert measured <= found.bound <= found.promised
    tensors = {tensor.name: tensor for tensor in found.tensors}
    for _, layer in found.network.weighted_layers:
        tensor = tensors.pop(f"{layer.name}.weight")
        assert tensor.mask.dtype == np.bool_
        np.testing.assert_array_equal(layer.weight, np.where(tensor.mask, tensor.random, 0.0))
        if f"{layer.name}.bias" in tensors:
            np.testing.assert_array_equal(layer.bias, tensors.pop(f"{layer.name}.bias").pruned)
        else:
            assert not layer.bias.any()
    assert not tensors
    return measured


@pytest.mark.parametrize("gadget", GADGETS)
def test_a_single_weight_is_the_closest_subset_of_all(gadget):
    weight, n = 0.3, {"relu": 20, "linear": 10, "ones": 10}[gadget]
    found = pensia(Network([Dense(weight=[[weight]])]), 0.5, gadget=gadget, items=n, seed=4)
    first, second = found.tensors
    slopes = {}
    for sign in (1, -1):
        on = slice(0, n) if sign == 1 or gadget != "relu" else slice(n, 2 * n)
        products = (first.pruned[on, 0] * second.random[0, on])[first.mask[on, 0]]
        subsets = (np.arange(2 ** len(products))[:, None] >> np.arange(len(products))) & 1
        best = (subsets @ products)[np.abs(subsets @ products - weight).argmin()]
        slopes[sign] = best
        assert sign * found.network([[float(sign)]])[0, 0] == pytest.approx(best, abs=1e-14)
    worst = max(abs(slope - weight) for slope in slopes.values())
    assert found.residual == pytest.approx(worst, abs=1e-14)
    assert found.bound == pytest.approx(worst, rel=1e-6)  # of one weight the bound is the error itself
    if gadget == "relu":
        assert (first.pruned[:n] >= 0.0).all()
        assert (first.pruned[n:] <= 0.0).all()
    if gadget == "ones":
        assert (second.random == 1.0).all()


@pytest.mark.parametrize("gadget", GADGETS)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sizes", [(1, 1), (4, 1), (3, 5), (4, 6, 2), (3, 5, 4, 2)], ids=str)
def test_promises_hold(gadget, seed, sizes):
    target = random_target(sizes, seed=seed)
    check(pensia(target, 0.05, gadget=gadget, items=ITEMS[gadget], seed=seed), sizes[0])


@pytest.mark.parametrize("gadget", GADGETS)
@pytest.mark.parametrize("domain", [(-1.0, 1.0), (0.0, 1.0), (-0.5, 3.0), (2.0, 3.0)], ids=str)
def test_biases_and_domains(gadget, domain):
    target = biased((3, 4, 2))
    found = pensia(target, 0.5, gadget=gadget, items=70 if gadget == "relu" else 30, seed=2, input_range=domain)
    check(found, 3)
    assert [tensor.name for tensor in found.tensors[:2]] == ["layer1.first.weight", "layer1.first.bias"]
    assert found.target_size == 3 * 4 + 4 * 2 + 6
    with pytest.raises(InputError, match="inputs must be numbers"):
        found.measured(np.full((1, 3), domain[1] + 0.1))


@pytest.mark.parametrize("gadget", ["linear", "ones"])
def test_the_bound_of_one_layer_is_reached_in_a_corner(gadget):
    found = pensia(random_target((5, 3), seed=2), 0.1, gadget=gadget, items=12, seed=1)
    assert found.measured(corners(5)) == pytest.approx(found.bound, rel=1e-6)


def test_the_first_layer_is_shared_by_all_neurons_in_blocks_of_one_input():
    n, inputs, outputs = 40, 3, 7
    found = pensia(random_target((inputs, outputs), seed=1), 0.1, items=n, seed=1)
    first, second = found.tensors
    assert first.random.shape == (2 * inputs * n, inputs)
    assert second.random.shape == (outputs, 2 * inputs * n)
    blocks = first.mask.reshape(2, inputs, n, inputs)
    values = first.random.reshape(2, inputs, n, inputs)
    for block in range(inputs):
        assert not np.delete(blocks[:, block], block, axis=2).any()
        np.testing.assert_array_equal(blocks[0, block, :, block], values[0, block, :, block] > 0.0)
        np.testing.assert_array_equal(blocks[1, block, :, block], values[1, block, :, block] < 0.0)
    for other in (random_target((inputs, outputs), seed=2), random_target((inputs, outputs), seed=3)):
        again = pensia(other, 0.1, items=n, seed=1).tensors[0]  # the first layer does not depend on the weights
        np.testing.assert_array_equal(again.pruned, first.pruned)


def test_inputs_that_are_never_negative_need_half_the_units():
    target = random_target((3, 4, 2), seed=1)
    found = pensia(target, 0.2, items=(50, 40), seed=1, input_range=(0.0, 1.0))
    assert [each.random.shape for each in found.tensors] == [(150, 3), (4, 150), (160, 4), (2, 160)]
    assert found.size == 150 * 7 + 160 * 6
    check(found, 3)


def test_more_items_begin_with_the_fewer():
    target = random_target((2, 3), seed=1)
    few, many = (pensia(target, 2.0, gadget="linear", items=n, seed=1).tensors for n in (10, 16))
    np.testing.assert_array_equal(few[0].random.reshape(2, 10, 2), many[0].random.reshape(2, 16, 2)[:, :10])
    np.testing.assert_array_equal(few[1].random.reshape(3, 2, 10), many[1].random.reshape(3, 2, 16)[:, :, :10])


def test_a_weight_of_zero_is_pruned():
    found = pensia(Network([Dense(weight=[[0.0, 0.4], [0.0, 0.0]])]), 0.1, gadget="linear", items=18, seed=1)
    chosen = found.tensors[1].mask.reshape(2, 2, 18).any(axis=2)
    np.testing.assert_array_equal(chosen, [[False, True], [False, False]])


def test_the_rule_for_items_rarely_fails():
    target, failed = random_target((3, 4, 2), seed=3), 0
    for seed in range(60):
        try:
            found = pensia(target, 0.05, gadget="linear", seed=seed)
        except (InputError, SolutionError):
            failed += 1
            continue
        assert found.measured(corners(3)) <= found.bound <= 0.05
    assert failed <= 3  # 1 % for each layer at most: 4 or more of 60 in 3 % of such tests, were it so many


def test_a_last_relu_flattened_inputs_and_positions():
    rng = np.random.default_rng(3)
    weight = rng.uniform(-0.5, 0.5, (2, 4))
    images = Network([Flatten(), Dense(weight=weight), Activation(kind="relu")], input_shape=(1, 2, 2))
    found = pensia(images, 0.1, gadget="linear", items=24, seed=1)
    assert found.measured(corners(4).reshape(-1, 1, 2, 2)) <= found.bound <= 0.1
    positions = Network([Dense(weight=weight)], input_shape=(3, 4))
    found = pensia(positions, 0.1, items=60, seed=1)
    assert found.measured(rng.uniform(-1.0, 1.0, (50, 3, 4))) <= found.bound <= 0.1


def test_the_bound_by_counting():
    found = pensia(random_target((4, 3), seed=1), 0.01, gadget="ones", items=24)
    assert found.lower_bound == pytest.approx(12 * np.log2(50.0) - 1.0)
    assert found.size > found.lower_bound
    assert pensia(random_target((4, 3, 2), seed=1), 0.1, gadget="ones", items=24).lower_bound is None


def test_progress_adds_up_to_the_whole():
    told = []
    pensia(random_target((3, 4, 2), seed=1), 0.1, gadget="linear", items=24, progress=told.append)
    assert sum(told) == pytest.approx(1.0)


def test_what_is_refused():
    target = random_target((3, 2), seed=1)
    with pytest.raises(InputError, match="gadget must be one of relu, linear, ones"):
        pensia(target, 0.1, gadget="tanh")
    with pytest.raises(InputError, match="epsilon must be a finite number above 0"):
        pensia(target, 0.0)
    with pytest.raises(InputError, match="target must be"):
        pensia(Network([Dense(weight=[[1.0]]), Activation(kind="tanh")]), 0.1)
    with pytest.raises(InputError, match="target must be"):
        pensia(Network([Conv(weight=[[[1.0]]])], input_shape=(1, 4)), 0.1)
    with pytest.raises(InputError, match=r"from .* to .*, which is how far all of its items together reach, got 9\.0"):
        pensia(Network([Dense(weight=[[9.0]])]), 0.1, items=10)
    with pytest.raises(SolutionError, match="pensia-linear: proved error of the outputs"):
        pensia(Network([Dense(weight=[[0.1, -0.1, 0.1]])]), 1e-6, gadget="linear", items=8, seed=1)
    with pytest.raises(InputError, match=r"at most 134,217,728 weights, got '500 for"):
        pensia(Network([Dense(weight=np.full((1000, 1000), 0.5))]), 0.1, items=500)
