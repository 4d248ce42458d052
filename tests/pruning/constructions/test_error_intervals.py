"""Bounds by interval arithmetic: against all corners of small domains, and against closed forms."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from rescircuit.network.layers import Activation, AvgPool, Conv, Dense, Flatten, MaxPool, Network
from rescircuit.pruning.constructions.error_intervals import (
    Emulated,
    error_bound,
    non_negative_layers,
    tolerances,
)

RELU = Activation(kind="relu")


def stands_for(layer, weight, bias=None):
    """A linear layer with other weights in a layer's place."""
    bias = layer.bias if bias is None else bias
    sizes = np.abs(weight), np.abs(bias)
    return Emulated(
        positive=weight, negative=weight, bias=bias, magnitude=sizes[0], bias_magnitude=sizes[1], terms=weight[0].size
    )


def small(seed):
    rng = np.random.default_rng(seed)
    layers = [
        Conv(weight=rng.normal(size=(2, 1, 2, 2)), bias=rng.normal(size=2), padding=1, stride=2, name="one"),
        RELU,
        AvgPool(kernel=(1, 2), stride=1) if seed % 2 else MaxPool(kernel=2, stride=1),
        Flatten(),
    ]
    inputs = int(np.prod(Network(layers, (1, 3, 4)).output_shape))
    return Network([*layers, Dense(weight=rng.normal(size=(2, inputs)), bias=rng.normal(size=2))], (1, 3, 4))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("domain", [(-1.0, 1.0), (0.0, 1.0), (-0.25, 2.0)])
def test_no_corner_and_no_point_within_is_farther_off(seed, domain):
    rng, target = np.random.default_rng(seed), small(seed)
    emulated, layers = {}, list(target.layers)
    for number, layer in target.weighted_layers:
        weight = layer.weight + 0.1 * rng.normal(size=layer.weight.shape)
        bias = layer.bias + 0.1 * rng.normal(size=layer.bias.shape)
        emulated[number], layers[number] = stands_for(layer, weight, bias), replace(layer, weight=weight, bias=bias)
    other = Network(layers, target.input_shape)
    corners = np.array(list(itertools.product(domain, repeat=12))).reshape(-1, 1, 3, 4)
    inputs = np.concatenate([corners, rng.uniform(*domain, (1000, 1, 3, 4))])
    farthest = np.abs(other(inputs) - target(inputs)).max()
    assert 0.1 * error_bound(target, emulated, domain) < farthest <= error_bound(target, emulated, domain)


def test_a_network_stands_for_itself_but_for_rounding():
    target = small(0)
    assert 0.0 < error_bound(target, {}, (-1.0, 1.0)) < 1e-12


def test_one_layer_in_closed_form():
    """Of inputs from -1 to 2 that all weigh 0.25 too much: 2 for the positive ones, -1 for none of them."""
    layer = Dense(weight=[[0.5, -1.0, 2.0]])
    target = Network([layer])
    bound = error_bound(target, {0: stands_for(layer, layer.weight + 0.25)}, (-1.0, 2.0))
    assert bound == pytest.approx(3 * 2.0 * 0.25, rel=1e-12)
    only_negative = replace(stands_for(layer, layer.weight), negative=layer.weight + 0.25)
    assert error_bound(target, {0: only_negative}, (-1.0, 2.0)) == pytest.approx(3 * 1.0 * 0.25, rel=1e-12)
    assert error_bound(target, {0: only_negative}, (0.0, 2.0)) < 1e-13


def test_tolerances_share_epsilon_evenly():
    target = small(1)
    allowed = tolerances(target, 1e-6, (-1.0, 1.0))
    for number, layer in target.weighted_layers:
        for sign in (1.0, -1.0):
            off = sign * allowed[number]
            bound = error_bound(target, {number: stands_for(layer, layer.weight + off, layer.bias + off)}, (-1.0, 1.0))
            assert bound <= 0.5e-6 * (1 + 1e-3)


def test_which_inputs_are_never_negative():
    target = small(0)
    first, last = target.weighted
    assert non_negative_layers(target, (-1.0, 1.0)) == {first: False, last: True}
    assert non_negative_layers(target, (0.0, 1.0)) == {first: True, last: True}
    bare = Network([Dense(weight=[[1.0]], name="a"), Dense(weight=[[1.0]], name="b")])
    assert non_negative_layers(bare, (0.0, 1.0)) == {0: True, 1: False}
