"""What arrays need of the layers, and the mistakes that each refuses by its name."""

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.layers import (
    ACTIVATIONS,
    Activation,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    Add,
    AvgPool,
    Conv,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Scale,
    WeightedLayer,
)

ONES = np.ones


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


LAYERS = [
    Dense(weight=ONES((2, 3))),
    Conv(weight=ONES((2, 3, 1))),
    Activation(kind="relu"),
    MaxPool(kernel=2),
    AvgPool(kernel=2),
    AdaptiveAvgPool(output=2),
    AdaptiveMaxPool(output=2),
    Flatten(),
    Add(),
    Scale(scale=ONES(2), shift=ONES(2)),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_all_are_layers(layer):
    assert isinstance(layer, Layer)
    assert layer.name
    with pytest.raises(AttributeError):
        layer.name = "another"


WEIGHTED = [
    (Dense(weight=numbers(4, 3), bias=numbers(4, seed=1)), (3,)),
    (Dense(weight=numbers(4, 3), bias=numbers(4, seed=1)), (5, 2, 3)),
    (Conv(weight=numbers(4, 3, 2), bias=numbers(4, seed=1), stride=2), (3, 7)),
    (Conv(weight=numbers(4, 3, 2, 3), bias=numbers(4, seed=1), padding=1), (3, 5, 6)),
    (Conv(weight=numbers(6, 1, 3, 2), bias=numbers(6, seed=1), groups=3, dilation=2), (3, 7, 6)),
]


@pytest.mark.parametrize(("layer", "shape"), WEIGHTED)
def test_rows_times_matrices_assembled_are_the_layer(layer, shape):
    assert isinstance(layer, WeightedLayer)
    x = numbers(2, *shape, seed=2)
    rows, matrices = layer.rows(x), layer.matrices
    inputs, outputs = layer.weight[0].size, layer.outputs // layer.groups
    assert matrices.shape == (layer.groups, inputs, outputs)
    assert rows.shape == (layer.groups, 2, layer.positions(shape), inputs)
    products = np.einsum("gkpi,gio->gkpo", rows, matrices) + layer.bias.reshape(layer.groups, 1, 1, -1)
    out = layer.assembled(products, shape)
    assert out.shape == (2, *layer.output_shape(shape))
    assert out.flags.c_contiguous
    assert np.allclose(out, layer(x), rtol=1e-13, atol=1e-13)


def test_rows_of_a_convolution_are_its_windows_in_the_order_of_the_weights():
    x = np.arange(2 * 3 * 4, dtype=float).reshape(1, 2, 3, 4)
    layer = Conv(weight=ONES((1, 2, 2, 2)), padding=((0, 1), (1, 0)))
    rows = layer.rows(x)[0, 0].reshape(3, 4, 2, 2, 2)
    around = np.pad(x[0], ((0, 0), (0, 1), (1, 0)))
    for down in range(3):
        for right in range(4):
            assert np.array_equal(rows[down, right], around[:, down : down + 2, right : right + 2])


def test_rows_of_a_dense_layer_are_its_inputs_themselves():
    x = numbers(5, 3)
    assert np.shares_memory(Dense(weight=ONES((2, 3))).rows(x), x)


def test_inputs_stay_as_they_are():
    x = numbers(2, 2, 6, 6)
    before = x.copy()
    for layer in LAYERS[2:]:
        layer(x, x) if isinstance(layer, Add) else layer(x)
    assert np.array_equal(x, before)


def test_weights_cannot_be_changed_and_are_the_layers_own():
    weight = ONES((2, 3))
    layer = Dense(weight=weight)
    weight[0, 0] = 5.0
    assert layer.weight[0, 0] == 1.0
    for values in (layer.weight, layer.bias):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 2.0


def test_weights_lie_in_memory_row_after_row():
    assert Dense(weight=np.asfortranarray(numbers(3, 4))).weight.flags.c_contiguous


def test_dilated_means_count_what_they_take():
    x = np.arange(7, dtype=float).reshape(1, 1, 7)
    layer = AvgPool(kernel=[2], stride=2, padding=2, dilation=3, count_include_pad=False)
    assert layer(x)[0, 0].tolist() == [1.0, 1.5, 3.5, 4.0]  # of 0 to 6: (, 1), (0, 3), (2, 5), (4, )


def test_a_dilated_mean_with_its_padding():
    x = np.arange(1, 8, dtype=float).reshape(1, 1, 7)
    layer = AvgPool(kernel=[2], stride=2, padding=1, dilation=3)
    assert layer(x)[0, 0].tolist() == [1.5, 3.5, 5.5]


def test_activations_hold_for_large_numbers():
    x = np.array([[-1e4, 0.0, 1e4]])
    assert Activation(kind="logistic")(x).tolist() == [[0.0, 0.5, 1.0]]
    assert Activation(kind="softmax")(x).tolist() == [[0.0, 0.0, 1.0]]
    assert Activation(kind="log_softmax")(x).tolist() == [[-2e4, -1e4, 0.0]]
    for kind in ACTIVATIONS:
        assert np.isfinite(Activation(kind=kind)(x)).all(), kind


def test_usual_parameters_are_filled_in():
    assert Activation(kind="hardtanh").parameters == (-1.0, 1.0)
    assert Activation(kind="relu").name == "relu"


def dense(**given):
    return Dense(**{"weight": ONES((2, 3)), "name": "fc1", **given})


def conv(**given):
    return Conv(**{"weight": ONES((4, 2, 3, 3)), "name": "conv1", **given})


MISTAKES = [
    (lambda: dense(weight=ONES(3)), "fc1.weight must be of shape (out, in)"),
    (lambda: dense(weight=[[1.0, np.nan]]), "fc1.weight at index (0, 1) must be finite"),
    (lambda: dense(weight=np.array([[None, 1]])), "fc1.weight must be finite numbers"),
    (lambda: dense(bias=ONES(3)), "fc1.bias must be of shape (2,), got shape (3,)"),
    (lambda: dense(bias=[0, np.inf]), "fc1.bias at index 1 must be finite"),
    (lambda: dense().output_shape((2,)), "input of layer 'fc1' must be of shape (3,)"),
    (lambda: dense().output_shape(()), "input of layer 'fc1' must be of shape"),
    (lambda: dense().output_shape((3,), (3,)), "inputs of layer 'fc1' must be one, got 2"),
    (lambda: conv(weight=ONES((4, 2))), "conv1.weight must be of shape (out, in / groups, length)"),
    (lambda: conv(weight=ONES((4, 2, 1, 1, 1))), "conv1.weight must be of shape"),
    (lambda: conv(stride=0), "conv1.stride must be a whole number from 1"),
    (lambda: conv(stride=1.5), "conv1.stride must be a whole number"),
    (lambda: conv(stride=(1, 1, 1)), "conv1.stride must be a whole number, or 2 of them"),
    (lambda: conv(stride=10**30), "conv1.stride must be a whole number from 1 to"),
    (lambda: conv(padding=-1), "conv1.padding must be a whole number from 0"),
    (lambda: conv(padding="same"), "conv1.padding must be a whole number"),
    (lambda: conv(padding=((1, 1), (1, 1), (1, 1))), "conv1.padding must be a whole number, or 2 of them"),
    (lambda: conv(dilation=[1, 0]), "conv1.dilation must be a whole number from 1"),
    (lambda: conv(groups=3), "conv1.groups must be a divisor of 4 output channels, got 3"),
    (lambda: conv(groups=0), "conv1.groups must be a whole number of at least 1"),
    (lambda: conv().output_shape((3, 5, 5)), "input of layer 'conv1' must be of shape (2, 5, 5), got shape (3, 5, 5)"),
    (lambda: conv().output_shape((2, 5)), "input of layer 'conv1' must be of shape (channels, height, width)"),
    (
        lambda: conv().output_shape((2, 5, 2)),
        "input of layer 'conv1' must be of shape (channels, at least 3, at least 3)",
    ),
    (lambda: conv(dilation=3, padding=(1, 2)).output_shape((2, 5, 2)), "(channels, at least 5, at least 3)"),
    (lambda: conv().output_shape((2, 40000, 40000)), "padded input of layer 'conv1' must be of at most"),
    (lambda: conv().output_shape((2, 9000, 9000)), "windows of layer 'conv1' must be of at most"),
    (lambda: Activation(kind="swish"), "kind of swish must be one of identity, relu"),
    (lambda: Activation(kind=3), "kind of 3 must be one of identity"),
    (lambda: Activation(kind="elu", parameters=(1, 2), name="e1"), "parameters of e1 must be alpha, got (1, 2)"),
    (lambda: Activation(kind="elu", parameters=(np.nan,), name="e1"), "alpha of e1 must be a finite number"),
    (lambda: Activation(kind="hardtanh", parameters=(1, -1)), "largest of hardtanh must be at least the least"),
    (lambda: Activation(kind="softplus", parameters=(0, 20)), "beta of softplus must be above 0"),
    (lambda: Activation(kind="softmax", parameters=(0.5,)), "axis of softmax must be a whole number"),
    (
        lambda: Activation(kind="softmax", parameters=(2,)).output_shape((3, 4)),
        "input of layer 'softmax' must be of shape with",
    ),
    (lambda: MaxPool(kernel=0), "maxpool.kernel must be a whole number from 1"),
    (lambda: MaxPool(kernel=(2, 2, 2)), "maxpool.kernel must be one number for each of one or two axes"),
    (lambda: MaxPool(kernel=(2, 2), axes=1), "maxpool.kernel must be one number"),
    (lambda: MaxPool(kernel=2, padding=3).output_shape((1, 8, 8)), "input of layer 'maxpool' must be in every window"),
    (
        lambda: MaxPool(kernel=[2], padding=2, dilation=3).output_shape((1, 1)),
        "input of layer 'maxpool' must be in every",
    ),
    (
        lambda: MaxPool(kernel=[2**24], padding=2**24).output_shape((9, 2**24)),
        "padded input of layer 'maxpool' must be of at",
    ),
    (
        lambda: AvgPool(kernel=3, name="mean").output_shape((2, 2, 9)),
        "input of layer 'mean' must be of shape (channels, at",
    ),
    (lambda: AdaptiveAvgPool(output=0), "adaptive_avgpool.output must be a whole number"),
    (lambda: AdaptiveMaxPool(output=(1, 2, 3)), "adaptive_maxpool.output must be one number"),
    (lambda: AdaptiveMaxPool(output=2).output_shape((3, 4)), "input of layer 'adaptive_maxpool' must be of shape"),
    (lambda: Flatten(start=-1), "flatten.start must be a whole number of at least 0"),
    (lambda: Flatten(start=2).output_shape((3, 4)), "input of layer 'flatten' must be of shape with more than 2 axes"),
    (lambda: Add(name="sum").output_shape((3,)), "inputs of layer 'sum' must be at least two, got 1"),
    (
        lambda: Add(name="sum").output_shape((3,), (4,)),
        "input of layer 'sum' must be of shape (3,) as its first, got shape (4,)",
    ),
    (lambda: Scale(scale=ONES((2, 2)), shift=ONES(2), name="bn"), "bn.scale must be of shape (channels,)"),
    (lambda: Scale(scale=ONES(2), shift=ONES(3), name="bn"), "bn.shift must be of shape (2,)"),
    (lambda: Scale(scale=ONES(2), shift=[1, np.nan], name="bn"), "bn.shift at index 1 must be finite"),
    (
        lambda: Scale(scale=ONES(2), shift=ONES(2), name="bn").output_shape((3, 2)),
        "input of layer 'bn' must be of shape (2, ...)",
    ),
]


@pytest.mark.parametrize(("make", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_mistakes_are_told_with_the_layers_name(make, message):
    with pytest.raises(InputError) as refused:
        make()
    assert message in str(refused.value)
