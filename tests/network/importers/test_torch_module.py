"""Networks and chips as modules of PyTorch; the reference is the network's own arithmetic in NumPy."""

from __future__ import annotations

import copy
import io
from dataclasses import fields, replace

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.network.importers import from_torch, to_torch
from rescircuit.network.layers import (
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
from torch import nn  # noqa: E402 - behind the check that it is there

RNG = np.random.default_rng(8)


def conv(*shape, **options):
    """A convolution with random weights."""
    return Conv(weight=RNG.normal(size=shape), bias=RNG.normal(size=shape[0]), **options)


def dense(inputs, outputs, name="dense"):
    """A dense layer with random weights."""
    return Dense(weight=RNG.normal(size=(outputs, inputs)), bias=RNG.normal(size=outputs), name=name)


def residual():
    """All kinds of connections, and a scale that can't be folded away."""
    layers = [
        conv(4, 2, 3, 3, padding=((1, 1), (0, 2)), name="conv"),
        Activation(kind="relu"),
        Scale(scale=RNG.normal(size=4), shift=RNG.normal(size=4)),
        conv(4, 2, 3, 3, padding=1, groups=2, name="conv"),
        Add(),
        MaxPool(kernel=2),
        Flatten(),
        dense(4 * 3 * 4, 3),
        Activation(kind="softmax"),
    ]
    return Network(layers, (2, 6, 8), [[-1], [0], [1], [2], [1, 3], [4], [5], [6], [7]])


def equal(one, other):
    """Whether two networks are the same to the last bit, names and all."""
    assert [type(layer) for layer in one.layers] == [type(layer) for layer in other.layers]
    assert (one.sources, one.input_shape) == (other.sources, other.input_shape)
    for first, second in zip(one.layers, other.layers, strict=True):
        for field in fields(first):
            assert np.array_equal(getattr(first, field.name), getattr(second, field.name)), field.name
    return True


LAYERS = [
    conv(3, 2, 3, 3, stride=(2, 1), dilation=(1, 2), padding=(1, 0)),
    conv(4, 1, 2, 3, groups=2, padding=((0, 1), (2, 1))),
    dense(9, 4),
    MaxPool(kernel=3, stride=2, padding=1, ceil_mode=True),
    MaxPool(kernel=2, dilation=2),
    MaxPool(kernel=(2, 3), padding=((0, 1), (1, 0))),
    MaxPool(kernel=3, padding=((1, 0), (0, 1)), stride=2, ceil_mode=True),
    AvgPool(kernel=3, stride=2, padding=1, count_include_pad=False),
    AvgPool(kernel=(3, 2), stride=2, ceil_mode=True),
    AvgPool(kernel=2, padding=((0, 1), (1, 0))),
    AvgPool(kernel=3, padding=((1, 0), (0, 2)), stride=2, count_include_pad=False, ceil_mode=True),
    AvgPool(kernel=2, dilation=2, padding=1),
    AvgPool(kernel=2, dilation=3, stride=2, padding=1, count_include_pad=False, ceil_mode=True),
    AdaptiveAvgPool(output=(3, 4)),
    AdaptiveMaxPool(output=2),
    Flatten(start=1),
    Scale(scale=RNG.normal(size=2), shift=RNG.normal(size=2)),
]
ACTIVATIONS = [
    Activation(kind="identity"),
    Activation(kind="relu"),
    Activation(kind="leaky_relu", parameters=(0.2,)),
    Activation(kind="elu", parameters=(0.6,)),
    Activation(kind="gelu"),
    Activation(kind="gelu_tanh"),
    Activation(kind="silu"),
    Activation(kind="tanh"),
    Activation(kind="logistic"),
    Activation(kind="hardtanh", parameters=(-0.5, 2.0)),
    Activation(kind="softplus", parameters=(2.0, 3.0)),
    Activation(kind="hardswish"),
    Activation(kind="hardsigmoid", parameters=(0.2, 0.5)),
    Activation(kind="softmax", parameters=(0,)),
    Activation(kind="log_softmax"),
]


@pytest.mark.parametrize("layer", [*LAYERS, *ACTIVATIONS], ids=lambda layer: layer.name)
def test_every_layer_computes_the_same_in_both_arithmetics(layer):
    network = Network([layer], (2, 8, 9))
    x = 2 * RNG.normal(size=(3, 2, 8, 9))
    got = to_torch(network)(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(got, network(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "layer",
    [
        conv(4, 3, 3, padding=((0, 2),), stride=2),
        MaxPool(kernel=3, padding=1, axes=1),
        MaxPool(kernel=3, padding=((0, 1),), axes=1),
        AvgPool(kernel=2, dilation=2, axes=1),
        AvgPool(kernel=3, stride=2, axes=1),
        AdaptiveAvgPool(output=3, axes=1),
        AdaptiveMaxPool(output=3, axes=1),
    ],
    ids=lambda layer: layer.name,
)
def test_layers_over_one_axis_of_positions(layer):
    network = Network([layer], (3, 11))
    x = RNG.normal(size=(2, 3, 11))
    np.testing.assert_allclose(to_torch(network)(torch.tensor(x)).detach().numpy(), network(x), rtol=0, atol=1e-13)


def test_a_network_goes_to_pytorch_and_back_to_the_last_bit():
    network = residual()
    assert equal(from_torch(to_torch(network)), network)
    x = RNG.normal(size=(2, 2, 6, 8))
    np.testing.assert_allclose(to_torch(network)(torch.tensor(x)).detach().numpy(), network(x), rtol=0, atol=1e-13)


def test_batch_axes_and_types_are_kept():
    network = residual()
    module = to_torch(network)
    x = RNG.normal(size=(2, 3, 2, 6, 8))
    assert module(torch.tensor(x)).shape == (2, 3, 3)
    assert module(torch.tensor(x[0, 0])).shape == (3,)
    single = module(torch.tensor(x, dtype=torch.float32))
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.detach().numpy(), network(x), rtol=0, atol=1e-6)
    assert module(torch.zeros(1, 2, 6, 8, dtype=torch.uint8)).dtype == torch.float64  # images as they come
    assert module.float()(torch.tensor(x)).dtype == torch.float64


def test_inputs_of_another_shape_are_refused():
    with pytest.raises(InputError, match=r"x must be of shape \(..., 2, 6, 8\)"):
        to_torch(residual())(torch.zeros(1, 2, 8, 6))


def test_a_network_is_a_part_of_larger_modules():
    network = residual()
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), to_torch(network), nn.Linear(3, 2)).double()
    whole = from_torch(module, (1, 8, 10))
    x = RNG.normal(size=(4, 1, 8, 10))
    np.testing.assert_allclose(whole(x), module(torch.tensor(x)).detach().numpy(), rtol=0, atol=1e-12)
    assert [layer.name for layer in whole.layers][:4] == ["0", "1", "2.conv", "2.relu"]
    with pytest.raises(InputError, match=r"2 \(NetworkModule\): it takes inputs of shape \(2, 6, 8\)"):
        from_torch(module, (1, 9, 10))


def test_a_network_is_trained_further():
    torch.manual_seed(1)
    network = Network([dense(4, 8), Activation(kind="tanh"), dense(8, 2)])
    module = to_torch(network)
    x = torch.randn(64, 4, dtype=torch.float64)
    wanted = x[:, :2] * x[:, 2:]
    optimiser = torch.optim.Adam(module.parameters(), 0.02)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        loss = ((module(x) - wanted) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    trained = from_torch(module)
    assert not np.allclose(trained.layers[0].weight, network.layers[0].weight)
    np.testing.assert_allclose(trained(x.numpy()), module(x).detach().numpy(), rtol=0, atol=1e-12)


def test_parameters_are_saved_and_loaded():
    network = residual()
    module = to_torch(network)
    assert list(module.state_dict())[:2] == ["layers.0.weight", "layers.0.bias"]
    stream = io.BytesIO()
    torch.save(module.state_dict(), stream)
    stream.seek(0)
    blank = to_torch(
        Network(
            [from_zero(layer) for layer in network.layers],
            network.input_shape,
            network.sources,
        )
    )
    blank.load_state_dict(torch.load(stream, weights_only=True))
    assert equal(from_torch(blank), network)
    assert equal(from_torch(copy.deepcopy(module)), network)


def from_zero(layer):
    """The layer with all its numbers zero."""
    values = {field.name: getattr(layer, field.name) for field in fields(layer) if field.init}
    return replace(layer, **{name: 0 * value for name, value in values.items() if isinstance(value, np.ndarray)})


class Chip:
    """A chip whose answers are the network's, off by a tenth and by noise that is told by the read's number."""

    def __init__(self, network):
        self.network = network

    def __call__(self, x, *, read=0):
        return 0.9 * self.network(x) + 1e-3 * read


@pytest.fixture
def chip():
    """A chip of a small network."""
    return Chip(Network([dense(4, 6), Activation(kind="tanh"), dense(6, 3)]))


def test_a_chip_answers_in_pytorch_and_has_no_parameters(chip):
    module = to_torch(chip).eval()
    x = RNG.normal(size=(5, 2, 4))
    for kind in (torch.float64, torch.float32):
        got = module(torch.tensor(x, dtype=kind))
        assert (got.dtype, got.shape) == (kind, (5, 2, 3))
        np.testing.assert_allclose(
            got.numpy(), 0.9 * chip.network(x), rtol=0, atol=1e-12 if kind.itemsize > 4 else 1e-6
        )
    assert not list(module.parameters())
    assert not module.state_dict()


def test_the_gradient_through_a_chip_is_the_digital_networks(chip):
    x = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    gradients = []
    for module in (to_torch(chip), to_torch(chip.network)):
        inputs = x.clone().requires_grad_()
        module(inputs)[:, 1].sum().backward()
        gradients.append(inputs.grad)
    assert torch.equal(*gradients)


def test_what_stands_before_a_chip_is_trained_through_it(chip):
    torch.manual_seed(3)
    module = nn.Sequential(nn.Linear(2, 4), to_torch(chip))
    x, wanted = torch.randn(32, 2), torch.zeros(32, 3)
    optimiser = torch.optim.SGD(module.parameters(), 0.02)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = ((module(x) - wanted) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_noise_is_new_in_each_read_of_training_alone(chip):
    module = to_torch(chip)
    x = torch.zeros(1, 4)
    first, second = module(x), module(x)
    assert not torch.equal(first, second)
    module.eval()
    assert torch.equal(module(x), module(x))
    module.read = 0
    assert torch.equal(module(x), first)


def test_a_chip_is_no_network(chip):
    with pytest.raises(InputError, match=r"1 \(ChipModule\): a chip is no network"):
        from_torch(nn.Sequential(nn.Linear(4, 4), to_torch(chip)))


def test_a_mapped_network_is_a_chip():
    network = Network([dense(4, 6), Activation(kind="relu"), dense(6, 3)])
    analog = rc.map_network(network, rc.ArraySpec(rows=8, cols=8), seed=1)
    x = RNG.uniform(size=(5, 4))
    module = to_torch(analog).eval()
    assert str(module) == f"ChipModule({analog!r}, read=0)"
    np.testing.assert_array_equal(module(torch.tensor(x)).numpy(), analog(x))


@pytest.mark.parametrize("thing", [None, "net.npz", nn.Linear(2, 2)])
def test_other_things_are_no_modules(thing):
    with pytest.raises(InputError, match="network must be a Network or an AnalogNetwork"):
        to_torch(thing)
