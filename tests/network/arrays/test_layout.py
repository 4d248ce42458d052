"""Weights on lines and tiles: every scheme, scaling and kind of bias, against the weights themselves."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.arrays import placement_of
from rescircuit.network.arrays.reach import largest_inputs, layer_inputs
from rescircuit.network.layers import (
    ACTIVATIONS,
    Activation,
    Add,
    AvgPool,
    Conv,
    Dense,
    Flatten,
    MaxPool,
    Network,
    Scale,
)

SCHEMES = ("middle", "one_side", "offset")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("scaling", ["tensor", "column"])
@pytest.mark.parametrize("bias", ["digital", "word_line"])
def test_differences_of_lines_are_the_weights(chip, convolutional, weights_of, scheme, scaling, bias):
    analog = chip(convolutional, cells="ideal", scheme=scheme, scaling=scaling, bias=bias)
    for layer in analog.layers:
        weights, on_line = weights_of(layer, lambda tile: tile.asked)
        assert weights == pytest.approx(layer.weighted.matrices, rel=1e-12, abs=1e-13)
        assert on_line == pytest.approx(layer.weighted.bias if bias == "word_line" else 0.0, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_cells_stand_where_the_scheme_says(chip, dense, scheme):
    analog = chip(dense, cells="ideal", scheme=scheme, swing=0.6)
    layer, full_scale = analog.layers[0], 6 / analog.spec.resistor.nominal
    assert layer.cell_full_scale == pytest.approx(full_scale)
    for tile in layer.tiles:
        plus, minus = tile.asked[:, tile.plus], tile.asked[:, tile.minus]
        if scheme == "middle":
            assert plus + minus == pytest.approx(np.full(plus.shape, full_scale))
            assert (tile.minus == tile.plus + 1).all()
        elif scheme == "one_side":
            assert np.minimum(plus, minus) == pytest.approx(0.0, abs=1e-20)
        else:
            assert minus == pytest.approx(np.full(plus.shape, full_scale / 2))
            assert (tile.minus == tile.plus.size // 2).all()
            assert sorted([*tile.plus, tile.minus[0]]) == list(range(tile.shape[1]))
    largest = max(np.abs(tile.difference(tile.asked)).max() for tile in layer.tiles)
    assert largest == pytest.approx((0.3 if scheme == "offset" else 0.6) * full_scale)


def test_a_scale_for_each_output_fills_the_range_of_each(chip, dense):
    layer = chip(dense, cells="ideal", scaling="column").layers[0]
    largest = np.abs(layer.weighted.weight).max(axis=1)
    assert layer.siemens_per_weight * largest == pytest.approx(np.full(4, 0.5 * layer.cell_full_scale))


def test_an_output_without_weights_has_the_layers_scale(chip):
    weight = np.array([[1.0, -2.0], [0.0, 0.0]])
    layer = chip(Network([Dense(weight=weight)]), cells="ideal", scaling="column").layers[0]
    assert layer.siemens_per_weight[1] == layer.siemens_per_weight[0]
    nothing = chip(Network([Dense(weight=np.zeros((2, 2)))]), cells="ideal", scaling="column").layers[0]
    assert np.isfinite(nothing.siemens_per_weight).all()


@pytest.mark.parametrize("cells", ["ideal", "resistors"])
@pytest.mark.parametrize("scaling", ["tensor", "column"])
def test_weights_next_to_nothing_are_no_cells(chip, cells, scaling):
    """As training leaves them behind: no array has conductances of 1e-40 S."""
    weight = np.array([[1.0, 1e-34, -1e-310], [1e-320, 0.0, 5e-324]])
    network = Network([Dense(weight=weight)])
    analog = chip(network, cells=cells, scheme="one_side", scaling=scaling, r_word_line=1.0)
    assert np.isfinite(analog.layers[0].siemens_per_weight).all()
    assert np.count_nonzero(analog.tiles[0].asked) == 1
    assert analog.with_effects()(np.ones(3)) == pytest.approx([1.0, 0.0], rel=1e-12, abs=1e-12)
    assert analog(np.ones(3)) == pytest.approx([1.0, 0.0], abs=0.5)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"seed": None}, "seed must be a whole number"),
        ({"number": -1}, "chip must be a whole number"),
        ({"compensation": None}, "compensation must be any of wires, columns, got None"),
        ({"network": "lenet"}, "network must be a Network"),
    ],
)
def test_what_is_no_network_on_no_chip_is_refused(chip, dense, wrong, says):
    with pytest.raises(InputError, match=says):
        chip(**({"network": dense, "cells": "ideal"} | wrong))


def test_numbers_that_no_voltage_stands_for_are_refused(chip):
    ones = np.ones((3, 3))
    with pytest.raises(
        InputError, match=r"small must be of inputs whose largest is from 1e-100 to 1e\+100, got 1e-200"
    ):
        chip(Network([Dense(weight=ones, name="small")]), calibration_inputs=np.full((1, 3), 1e-200))
    with pytest.raises(InputError, match="second must be of inputs whose largest is from"):
        chip(Network([Dense(weight=1e90 * ones), Dense(weight=1e90 * ones), Dense(weight=ones, name="second")]))
    with pytest.raises(InputError, match=r"large.weight must be at most 1e\+100"):
        chip(Network([Dense(weight=ones, bias=[0.0, 1e200, 0.0], name="large")]))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("bias", ["digital", "word_line"])
def test_tiles_cover_every_weight_once_and_every_cell_has_its_number(chip, convolutional, scheme, bias):
    analog = chip(convolutional, cells="ideal", scheme=scheme, bias=bias, positions_per_copy=10)
    numbers = []
    for layer, copies in zip(analog.layers, (4, 1), strict=True):  # 36 positions, and one
        covered = np.zeros((copies, *layer.weighted.matrices.shape), int)
        for tile in layer.tiles:
            covered[tile.copy, tile.group, tile.inputs, tile.outputs] += 1
            assert tile.shape[0] <= 8
            assert tile.shape[1] <= 6
            assert tile.has_bias == (bias == "word_line" and tile.inputs.start == 0)
            numbers.extend(range(tile.first_cell, tile.first_cell + tile.asked.size))
        assert (covered == 1).all()
    assert sorted(numbers) == list(range(len(numbers)))


def test_biases_of_zero_take_no_word_line(chip):
    analog = chip(Network([Dense(weight=np.eye(3))]), cells="ideal", bias="word_line")
    assert not analog.tiles[0].has_bias
    assert analog.tiles[0].shape[0] == 3


def test_the_table_of_tiles(chip, convolutional):
    analog = chip(convolutional, cells="ideal", bias="word_line")
    table = placement_of(analog.layers)
    assert len(table) == len(analog.tiles)
    first = table[0]
    assert (first.layer, first.number, first.tile, first.group, first.copy) == ("conv", 0, 0, 0, 0)
    assert (first.inputs, first.outputs) == ((0, 6), (0, 2))  # 7 of 18 inputs and the bias; 3 of 3 outputs
    assert (first.word_lines, first.bit_lines, first.has_bias) == (8, 6, True)
    assert first.share == 1.0
    assert table[1].word_lines == 8
    assert table[2].share == pytest.approx(3 * 6 / 48)
    assert {row.layer for row in table if row.number == 4} == {"fc"}


def test_bounds_hold_and_are_reached_where_nothing_bends():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(5, 4)), rng.normal(size=(3, 5))
    network = Network(
        [Dense(weight=first, bias=rng.normal(size=5)), Dense(weight=second, bias=np.ones(3)), Dense(weight=np.eye(3))]
    )
    bounds = largest_inputs(network)
    assert bounds[0] == 1.0
    row = int(np.argmax(np.abs(first).sum(axis=1) + np.abs(network.layers[0].bias)))
    corner = np.sign(first[row]) * np.sign(network.layers[0].bias[row])
    assert np.abs(network.layers[0](corner[np.newaxis])).max() == pytest.approx(bounds[1], rel=1e-12)
    x = rng.uniform(-1, 1, (200, 4))
    assert np.abs(network(x)).max() <= bounds[2]


@pytest.mark.parametrize("kind", ACTIVATIONS)
@pytest.mark.parametrize("size", [0.01, 1.0, 30.0])
def test_bounds_of_every_activation_hold(kind, size):
    network = Network([Dense(weight=size * np.eye(3)), Activation(kind=kind), Dense(weight=np.eye(3), name="behind")])
    x = np.concatenate([np.random.default_rng(1).uniform(-1, 1, (500, 3)), [[1, -1, 1], [-1, -1, -1], [1, 1, 1]]])
    largest = np.abs(network.layers[1](size * x)).max()
    assert largest <= largest_inputs(network)[2] <= 3.2 * max(largest, size)


def test_bounds_of_other_layers_hold():
    rng = np.random.default_rng(3)
    layers = [
        Conv(weight=rng.normal(size=(2, 2, 3, 3)), padding=1),
        Scale(scale=np.array([2.0, -3.0]), shift=np.array([1.0, -1.0])),
        Add(),
        MaxPool(kernel=2, stride=2),
        AvgPool(kernel=2, stride=2),
        Flatten(),
        Dense(weight=rng.normal(size=(2, 2))),
    ]
    network = Network(layers, input_shape=(2, 4, 4), sources=[[-1], [0], [1, -1], [2], [3], [4], [5]])
    x = np.sign(rng.normal(size=(300, 2, 4, 4)))
    taken = layer_inputs(network, x)
    bound = largest_inputs(network)[6]
    sums = np.abs(layers[0].weight).reshape(2, -1).sum(axis=1).max()
    assert bound == pytest.approx(3 * sums + 1 + 1)
    assert np.abs(taken[6]).max() <= bound
    assert np.array_equal(taken[0], x)
    assert np.array_equal(taken[6], network.run(x)[5])
