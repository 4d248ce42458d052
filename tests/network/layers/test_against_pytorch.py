"""Every layer compared with PyTorch's function of the same name, in float64."""

import itertools

import numpy as np
import pytest

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
    MaxPool,
    Network,
    Scale,
)

torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")
F = torch.nn.functional


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def tensor(x):
    return torch.from_numpy(np.ascontiguousarray(x))


def assert_same(layer, x, expected, rel=1e-13):
    found = layer(x)
    assert found.dtype == np.float64
    assert found.shape == tuple(expected.shape) == (len(x), *layer.output_shape(x.shape[1:]))
    assert np.allclose(found, expected.numpy(), rtol=rel, atol=rel)


@pytest.mark.parametrize("shape", [(7,), (3, 7), (2, 3, 7)])
def test_dense(shape):
    x, weight, bias = numbers(4, *shape), numbers(5, 7, seed=1), numbers(5, seed=2)
    assert_same(Dense(weight=weight, bias=bias), x, F.linear(tensor(x), tensor(weight), tensor(bias)))


CONVOLUTIONS = [
    dict(zip(("kernel", "stride", "padding", "dilation", "groups"), case, strict=True))
    for case in itertools.product(
        [(1, 1), (3, 3), (5, 2), (2, 4)], [1, 2, (3, 1)], [0, 1, (2, 3)], [1, 2, (1, 3)], [1, 2, 4]
    )
]


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_convolutions_in_two_dimensions(case):
    x = numbers(2, 4, 9, 11)
    weight, bias = numbers(8, 4 // case["groups"], *case["kernel"], seed=1), numbers(8, seed=2)
    options = {name: case[name] for name in ("stride", "padding", "dilation", "groups")}
    pairs = case["padding"] if isinstance(case["padding"], int) else tuple((p, p) for p in case["padding"])
    layer = Conv(weight=weight, bias=bias, **{**options, "padding": pairs})
    assert_same(layer, x, F.conv2d(tensor(x), tensor(weight), tensor(bias), **options))


@pytest.mark.parametrize("length", [1, 3, 4])
@pytest.mark.parametrize(("stride", "padding", "dilation", "groups"), [(1, 0, 1, 1), (2, 1, 2, 3), (3, 2, 1, 6)])
def test_convolutions_in_one_dimension(length, stride, padding, dilation, groups):
    x, weight = numbers(3, 6, 12), numbers(6, 6 // groups, length, seed=1)
    layer = Conv(weight=weight, stride=stride, padding=padding, dilation=dilation, groups=groups)
    expected = F.conv1d(tensor(x), tensor(weight), None, stride, padding, dilation, groups)
    assert_same(layer, x, expected)


@pytest.mark.parametrize("pads", [((1, 0), (0, 2)), ((0, 3), (2, 1))])
def test_convolutions_padded_unlike_on_both_sides(pads):
    x, weight = numbers(2, 3, 6, 5), numbers(4, 3, 3, 3, seed=1)
    (top, bottom), (left, right) = pads
    expected = F.conv2d(F.pad(tensor(x), (left, right, top, bottom)), tensor(weight), stride=2)
    assert_same(Conv(weight=weight, padding=pads, stride=2), x, expected)


POOLINGS = [
    (kernel, stride, padding, ceil_mode)
    for kernel, stride, padding, ceil_mode in itertools.product(
        [1, 2, 3, (3, 2)], [None, 1, 2, (3, 2)], [0, 1], [False, True]
    )
    if 2 * padding <= np.min(kernel)
]


@pytest.mark.parametrize(("kernel", "stride", "padding", "ceil_mode"), POOLINGS)
@pytest.mark.parametrize("size", [(7, 6), (5, 8)])
def test_poolings_in_two_dimensions(kernel, stride, padding, ceil_mode, size):
    x = numbers(2, 3, *size)
    given = {"kernel": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    theirs = (tensor(x), kernel, stride, padding)
    assert_same(MaxPool(**given), x, F.max_pool2d(*theirs, ceil_mode=ceil_mode))
    for counted in (False, True):
        expected = F.avg_pool2d(*theirs, ceil_mode=ceil_mode, count_include_pad=counted)
        assert_same(AvgPool(**given, count_include_pad=counted), x, expected)


@pytest.mark.parametrize("dilation", [2, 3, (1, 2)])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_largest_of_dilated_windows(dilation, ceil_mode):
    x = -1 - numbers(2, 3, 12, 11) ** 2  # the padding's zeros would be larger
    layer = MaxPool(kernel=3, stride=2, padding=1, dilation=dilation, ceil_mode=ceil_mode)
    assert_same(layer, x, F.max_pool2d(tensor(x), 3, 2, 1, dilation, ceil_mode=ceil_mode))


@pytest.mark.parametrize("given", [{"kernel": [3]}, {"kernel": 3, "axes": 1}])
@pytest.mark.parametrize("length", [6, 7, 8])
def test_poolings_in_one_dimension(given, length):
    x = numbers(2, 3, length)
    given = {**given, "stride": 2, "padding": 1, "ceil_mode": True}
    assert_same(MaxPool(**given), x, F.max_pool1d(tensor(x), 3, 2, 1, ceil_mode=True))
    assert_same(AvgPool(**given), x, F.avg_pool1d(tensor(x), 3, 2, 1, ceil_mode=True))


@pytest.mark.parametrize("output", [1, 4, (3, 5), (7, 1), (9, 12)])
def test_adaptive_poolings_in_two_dimensions(output):
    x = numbers(2, 3, 7, 10)
    assert_same(AdaptiveAvgPool(output=output), x, F.adaptive_avg_pool2d(tensor(x), output))
    assert_same(AdaptiveMaxPool(output=output), x, F.adaptive_max_pool2d(tensor(x), output))


@pytest.mark.parametrize("output", [1, 3, 7, 11])
def test_adaptive_poolings_in_one_dimension(output):
    x = numbers(2, 3, 7)
    assert_same(AdaptiveAvgPool(output=[output]), x, F.adaptive_avg_pool1d(tensor(x), output))
    assert_same(AdaptiveMaxPool(output=output, axes=1), x, F.adaptive_max_pool1d(tensor(x), output))


THEIRS = {
    "identity": [((), lambda x: x)],
    "relu": [((), F.relu)],
    "leaky_relu": [((), F.leaky_relu), ((0.2,), lambda x: F.leaky_relu(x, 0.2))],
    "elu": [((), F.elu), ((0.5,), lambda x: F.elu(x, 0.5))],
    "gelu": [((), F.gelu)],
    "gelu_tanh": [((), lambda x: F.gelu(x, approximate="tanh"))],
    "silu": [((), F.silu)],
    "tanh": [((), torch.tanh)],
    "logistic": [((), torch.sigmoid)],
    "hardtanh": [((), F.hardtanh), ((0, 6), F.relu6)],
    "softplus": [((), F.softplus), ((2, 5), lambda x: F.softplus(x, 2, 5))],
    "hardswish": [((), F.hardswish)],
    "hardsigmoid": [((), F.hardsigmoid)],
    "softmax": [((), lambda x: F.softmax(x, -1)), ((0,), lambda x: F.softmax(x, 1))],
    "log_softmax": [((), lambda x: F.log_softmax(x, -1)), ((-2,), lambda x: F.log_softmax(x, 1))],
}


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_activations(kind):
    x = np.concatenate([10 * numbers(4, 3, 20), np.linspace(-50, 50, 60).reshape(1, 3, 20), np.zeros((1, 3, 20))])
    for parameters, function in THEIRS[kind]:
        assert_same(Activation(kind=kind, parameters=parameters), x, function(tensor(x)))


@pytest.mark.parametrize("start", [0, 1, 2])
def test_flatten(start):
    x = numbers(2, 3, 4, 5)
    assert_same(Flatten(start=start), x, tensor(x).flatten(start + 1), rel=0)


@pytest.mark.parametrize("positions", [(), (5,), (5, 4)])
def test_scale_is_a_trained_batch_normalisation(positions):
    x, mean, variance = numbers(2, 3, *positions), numbers(3, seed=1), numbers(3, seed=2) ** 2
    gamma, beta = numbers(3, seed=3), numbers(3, seed=4)
    scale = gamma / np.sqrt(variance + 1e-5)
    layer = Scale(scale=scale, shift=beta - mean * scale)
    expected = F.batch_norm(tensor(x), tensor(mean), tensor(variance), tensor(gamma), tensor(beta))
    assert_same(layer, x, expected, rel=1e-12)


def test_a_residual_network():
    first, second, third = numbers(4, 3, 3, 3), numbers(4, 4, 3, 3, seed=1), numbers(4, 3, 1, 1, seed=2)
    last = numbers(6, 4, seed=3)
    network = Network(
        [
            Conv(weight=first, stride=2, padding=1, name="first"),
            Activation(kind="relu"),
            Conv(weight=second, padding=1, name="second"),
            Conv(weight=third, stride=2, name="past"),
            Add(),
            Activation(kind="relu"),
            AdaptiveAvgPool(output=1),
            Flatten(),
            Dense(weight=last),
        ],
        (3, 9, 7),
        [(-1,), (0,), (1,), (-1,), (2, 3), (4,), (5,), (6,), (7,)],
    )
    x = numbers(2, 5, 3, 9, 7)
    images = tensor(x.reshape(10, 3, 9, 7))
    inside = F.conv2d(F.relu(F.conv2d(images, tensor(first), stride=2, padding=1)), tensor(second), padding=1)
    outside = F.relu(inside + F.conv2d(images, tensor(third), stride=2))
    expected = F.linear(outside.mean((2, 3)), tensor(last)).numpy().reshape(2, 5, 6)
    assert network(x).shape == (2, 5, *network.output_shape)
    assert np.allclose(network(x), expected, rtol=1e-12, atol=1e-12)
