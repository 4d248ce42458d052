"""Networks of layers: who takes what, the batch, and what is refused."""

import tracemalloc

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.layers import (
    Activation,
    AdaptiveAvgPool,
    Add,
    Conv,
    Dense,
    Flatten,
    MaxPool,
    Network,
    checked_inputs,
)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.fixture
def network():
    """A convolution with a way past it, then a dense layer."""
    layers = [
        Conv(weight=numbers(3, 2, 3, 3), bias=numbers(3, seed=1), padding=1, name="conv"),
        Activation(kind="relu", name="relu"),
        Conv(weight=numbers(3, 2, 1, 1, seed=2), name="past"),
        Add(),
        Flatten(),
        Dense(weight=numbers(4, 60, seed=3), name="fc"),
    ]
    return Network(layers, (2, 4, 5), [(-1,), (0,), (-1,), (1, 2), (3,), (4,)])


def test_what_a_network_says_of_itself(network):
    assert network.input_shape == (2, 4, 5)
    assert network.shapes == ((3, 4, 5), (3, 4, 5), (3, 4, 5), (3, 4, 5), (60,), (4,))
    assert network.output_shape == (4,)
    assert (network.inputs, network.outputs) == (40, 4)
    assert network.weighted == (0, 2, 5)
    assert network.source_shapes(3) == ((3, 4, 5), (3, 4, 5))
    assert network.source_shapes(2) == ((2, 4, 5),)


def test_a_network_of_dense_layers_knows_its_input():
    network = Network([Dense(weight=numbers(3, 5)), Activation(kind="tanh"), Dense(weight=numbers(2, 3))])
    assert network.input_shape == (5,)
    assert network.sources == ((-1,), (0,), (1,))


def test_outputs_come_in_the_shape_of_the_batch(network):
    x = numbers(2, 3, 2, 4, 5, seed=4)
    out = network(x)
    assert out.shape == (2, 3, 4)
    assert network(x[1, 2]).shape == (4,)
    assert np.allclose(network(x[1, 2]), out[1, 2], rtol=1e-12)
    assert np.allclose(network(x.tolist()), out)


def test_parts_of_a_batch_give_what_the_whole_gives(network, monkeypatch):
    x = numbers(50, 2, 4, 5, seed=4)
    whole = network(x)
    assert network.inputs_at_once() > 50
    monkeypatch.setattr(Network, "inputs_at_once", lambda self: 7)
    assert np.allclose(network(x), whole, rtol=1e-13, atol=1e-13)


def test_run_gives_every_layers_output_and_replaces_layers(network):
    x = numbers(3, 2, 4, 5, seed=4)
    outputs = network.run(x)
    assert [out.shape for out in outputs] == [(3, *shape) for shape in network.shapes]
    assert np.array_equal(outputs[3], outputs[1] + outputs[2])
    seen = []

    def apply(number, layer, *inputs):
        seen.append((number, layer.name, len(inputs)))
        return np.zeros((3, 3, 4, 5)) if layer.name == "past" else layer(*inputs)

    replaced = network.run(x, apply)
    assert np.array_equal(replaced[3], outputs[1])
    assert seen[2:4] == [(2, "past", 1), (3, "add", 2)]


def test_memory_stays_bounded_however_large_the_batch():
    network = Network(
        [Conv(weight=numbers(8, 1, 5, 5), padding=2), MaxPool(kernel=2), AdaptiveAvgPool(output=1), Flatten()],
        (1, 28, 28),
    )
    x = np.zeros((3000, 1, 28, 28))
    assert 1 <= network.inputs_at_once(1000) < network.inputs_at_once()
    tracemalloc.start()
    network(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - 2 * x.nbytes < 100e6  # all at once would take 3000 x (784 x 25 + 8 x 784) x 8 bytes, 600 MB
    assert network.inputs_at_once(1) == 1


def test_checked_inputs_come_flat_with_their_batch():
    x, batch = checked_inputs(np.zeros((4, 3, 2, 5)), (2, 5))
    assert (x.shape, batch) == ((12, 2, 5), (4, 3))
    x, batch = checked_inputs([1, 2], (2,))
    assert (x.shape, batch, x.dtype) == ((1, 2), (), np.float64)


FC = Dense(weight=np.ones((3, 2)), name="fc")
RELU = Activation(kind="relu")
CONV = Conv(weight=np.ones((1, 1, 3)), name="conv1")

MISTAKES = [
    (lambda: Network([]), "layers must be at least one layer"),
    (lambda: Network([FC, "relu"]), "layers must be layers, such as Dense or Activation, got 'relu'"),
    (lambda: Network([Dense]), "layers must be layers"),
    (lambda: Network([FC, FC]), "input of layer 'fc' must be of shape (2,)"),
    (lambda: Network([CONV]), "input_shape must be given, as layer 'conv1' takes inputs of many shapes"),
    (lambda: Network([CONV], ()), "input_shape must be at least one whole number"),
    (lambda: Network([CONV], (1, 0)), "input_shape must be a whole number of at least 1"),
    (lambda: Network([RELU], (10**6, 10**6)), "input_shape must be of at most"),
    (
        lambda: Network([AdaptiveAvgPool(output=2**20)], (1, 4, 4)),
        "output of layer 'adaptive_avgpool' must be of at most",
    ),
    (lambda: Network([FC, RELU], sources=[(-1,)]), "sources must be of 2 layers, got 1"),
    (lambda: Network([FC, RELU], sources=3), "sources must be for each layer the numbers of those before it"),
    (lambda: Network([FC, RELU], sources=[-1, 0]), "sources must be for each layer"),
    (
        lambda: Network([FC, RELU], sources=[(-1,), (1,)]),
        "sources of layer 'relu' must be a whole number from -1 to 0, got 1",
    ),
    (lambda: Network([RELU], (3,), [()]), "inputs of layer 'relu' must be one, got 0"),
    (lambda: Network([FC, RELU], sources=[(-1,), (-1,)]), "output of layer 'fc' must be taken by a later layer"),
    (lambda: Network([FC])(np.zeros((4, 3))), "x must be of shape (..., 2), got shape (4, 3)"),
    (lambda: Network([FC])([1, np.nan]), "x at index 1 must be finite"),
    (lambda: Network([CONV], (1, 8))(np.zeros(8)), "x must be of shape (..., 1, 8), got shape (8,)"),
]


@pytest.mark.parametrize(("make", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_mistakes(make, message):
    with pytest.raises(InputError) as refused:
        make()
    assert message in str(refused.value)


def test_a_networks_summary(network):
    lines = [" ".join(line.split()) for line in network.summary().splitlines()]
    assert lines[0] == "Inputs of shape 2 x 4 x 5"
    assert lines[2] == "layer kind takes gives weights multiplications"
    assert lines[3] == "0 conv Conv input 3 x 4 x 5 54 1,080"  # 3 x 2 x 9 weights at 20 positions
    assert lines[6] == "3 add Add 1, 2 3 x 4 x 5"
    assert lines[8] == "5 fc Dense 4 4 240 240"
    assert lines[-1] == "300 weights in 3 layers, 1,440 multiplications an input."


def test_what_is_printed_is_short(network):
    assert repr(network) == "Network(2 x 4 x 5 -> 4, 6 layers, 300 weights)"
    assert "array" not in repr(network.layers)
