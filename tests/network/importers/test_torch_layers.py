"""PyTorch's layers and functions, one by one; the reference is PyTorch's own forward in float64."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rescircuit.errors import InputError
from rescircuit.network.importers import from_torch

torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")
from torch import nn  # noqa: E402 - behind the check that it is there
from torch.nn import functional as F  # noqa: E402, N812 - its usual name

# The fixture only compares, and keeps nothing from one example to the next.
FEW = settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Function(nn.Module):
    """A module whose forward is a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def trained(norm):
    """A batch normalisation with statistics and factors of its own."""
    torch.manual_seed(3)
    for values, low in ((norm.running_mean, -1), (norm.running_var, 0.1), (norm.weight, -1), (norm.bias, -1)):
        if values is not None:
            nn.init.uniform_(values, low, 2)
    return norm


@pytest.mark.parametrize("shape", [(7,), (3, 7), (2, 3, 7)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_layers_act_along_the_last_axis(same_as_torch, shape, bias):
    torch.manual_seed(0)
    network = same_as_torch(nn.Linear(7, 5, bias=bias), shape)
    assert network.output_shape == (*shape[:-1], 5)


# PyTorch says so of what it does itself where the odd position of "same" is added behind.
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@FEW
@given(data=st.data(), axes=st.sampled_from([1, 2]))
def test_convolutions_with_all_their_options(same_as_torch, data, axes):
    def each(strategy):
        return tuple(data.draw(strategy) for _ in range(axes))

    kernel, dilation, groups = each(st.integers(1, 4)), each(st.integers(1, 3)), data.draw(st.sampled_from([1, 2, 4]))
    padding = data.draw(st.sampled_from(["same", "valid", None])) or each(st.integers(0, 3))
    stride = (1,) * axes if padding == "same" else each(st.integers(1, 3))
    torch.manual_seed(data.draw(st.integers(0, 99)))
    kind = nn.Conv1d if axes == 1 else nn.Conv2d
    bias = data.draw(st.booleans())
    module = kind(4, 8, kernel, stride=stride, padding=padding, dilation=dilation, groups=groups, bias=bias)
    same_as_torch(module, (4, *(data.draw(st.integers(10, 13)) for _ in range(axes))))


@FEW
@given(data=st.data(), axes=st.sampled_from([1, 2]), kind=st.sampled_from(["max", "avg"]))
def test_poolings_with_all_their_options(same_as_torch, data, axes, kind):
    kernel = (
        data.draw(st.integers(1, 4))
        if data.draw(st.booleans())
        else tuple(data.draw(st.integers(1, 4)) for _ in range(axes))
    )
    smallest = kernel if isinstance(kernel, int) else min(kernel)
    options = {
        "stride": data.draw(st.sampled_from([None, 1, 2, 3])),
        "padding": data.draw(st.integers(0, smallest // 2)),
        "ceil_mode": data.draw(st.booleans()),
    }
    if kind == "max":
        options["dilation"] = data.draw(st.integers(1, 2))
        module = (nn.MaxPool1d if axes == 1 else nn.MaxPool2d)(kernel, **options)
    else:
        options["count_include_pad"] = data.draw(st.booleans())
        module = (nn.AvgPool1d if axes == 1 else nn.AvgPool2d)(kernel, **options)
    shape = (2, *(data.draw(st.integers(8, 11)) for _ in range(axes)))
    try:
        module(torch.zeros(1, *shape))
    except RuntimeError:  # a combination that PyTorch does not take either
        assume(False)
    same_as_torch(module, shape)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.AdaptiveAvgPool1d(3), (2, 8)),
        (nn.AdaptiveMaxPool1d(3), (2, 8)),
        (nn.AdaptiveAvgPool2d((3, 2)), (2, 8, 5)),
        (nn.AdaptiveAvgPool2d((None, 2)), (2, 8, 5)),
        (nn.AdaptiveAvgPool2d(1), (2, 8, 5)),
        (nn.AdaptiveMaxPool2d((5, None)), (2, 8, 5)),
        (nn.Flatten(), (2, 3, 4)),
        (nn.Flatten(2), (2, 3, 4)),
        (nn.Flatten(1, 3), (2, 3, 4)),
        (nn.Flatten(-2, -1), (2, 3, 4)),
        (nn.Softmax(dim=1), (4,)),
        (nn.Softmax(dim=1), (4, 3, 2)),
        (nn.Softmax(dim=-2), (4, 3, 2)),
        (nn.LogSoftmax(dim=-1), (4,)),
        (nn.LogSoftmax(dim=1), (4, 3)),
    ],
    ids=str,
)
def test_layers_without_weights(same_as_torch, module, shape):
    same_as_torch(nn.Sequential(nn.Tanh(), module), shape)


ACTIVATIONS = [
    nn.ReLU(),
    nn.LeakyReLU(),
    nn.LeakyReLU(0.3),
    nn.ELU(),
    nn.ELU(0.5),
    nn.GELU(),
    nn.GELU(approximate="tanh"),
    nn.SiLU(),
    nn.Tanh(),
    nn.Sigmoid(),
    nn.Hardtanh(),
    nn.Hardtanh(-0.5, 2.0),
    nn.ReLU6(),
    nn.Softplus(),
    nn.Softplus(beta=2.0, threshold=5.0),
    nn.Hardswish(),
    nn.Hardsigmoid(),
]


@pytest.mark.parametrize("module", ACTIVATIONS, ids=str)
def test_activations_everywhere_they_bend(same_as_torch, module):
    network = same_as_torch(module, (50,), spread=8.0)
    assert [layer.name for layer in network.layers] == [type(module).__name__.lower()]


@pytest.mark.parametrize("norm", [nn.BatchNorm1d(3), nn.BatchNorm1d(3, affine=False), nn.BatchNorm1d(3, eps=0.3)])
@pytest.mark.parametrize("shape", [(3,), (3, 4)])
def test_a_batch_normalisation_alone_is_a_scale(same_as_torch, norm, shape):
    network = same_as_torch(trained(norm), shape)
    assert [type(layer).__name__ for layer in network.layers] == ["Scale"]


@pytest.mark.parametrize(
    ("module", "shape", "kinds"),
    [
        (lambda: [nn.Conv2d(2, 4, 3, groups=2), nn.BatchNorm2d(4)], (2, 5, 5), ["Conv"]),
        (lambda: [nn.Conv1d(2, 4, 3, bias=False), nn.BatchNorm1d(4)], (2, 5), ["Conv"]),
        (lambda: [nn.Linear(5, 4), nn.BatchNorm1d(4)], (5,), ["Dense"]),
        (lambda: [nn.Linear(5, 4), nn.Dropout(), nn.BatchNorm1d(4), nn.BatchNorm1d(4)], (5,), ["Dense"]),
        # The normalisation's channels are not the linear layer's outputs, but its positions.
        (lambda: [nn.Linear(5, 5), nn.BatchNorm1d(4)], (4, 5), ["Dense", "Scale"]),
        (lambda: [nn.Linear(5, 4), nn.ReLU(), nn.BatchNorm1d(4)], (5,), ["Dense", "Activation", "Scale"]),
        (lambda: [nn.BatchNorm2d(2), nn.Conv2d(2, 4, 3, padding=1)], (2, 5, 5), ["Scale", "Conv"]),
    ],
)
def test_batch_normalisations_go_into_weights_where_that_is_exact(same_as_torch, module, shape, kinds):
    torch.manual_seed(1)
    layers = [trained(one) if isinstance(one, nn.BatchNorm1d | nn.BatchNorm2d) else one for one in module()]
    network = same_as_torch(nn.Sequential(*layers), shape)
    assert [type(layer).__name__ for layer in network.layers] == kinds


IMAGES = (3, 6, 8)
WEIGHT = torch.linspace(-1, 1, 3 * 3 * 2 * 2, dtype=torch.float64).reshape(3, 3, 2, 2)
FUNCTIONS = {
    "relu": F.relu,
    "relu in place": lambda x: F.relu(x, inplace=True),
    "torch.relu": torch.relu,
    "method relu": lambda x: x.relu(),
    "relu_": lambda x: x.relu_(),
    "relu6": F.relu6,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "elu": lambda x: F.elu(x, alpha=0.7),
    "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "tanh": torch.tanh,
    "method tanh": lambda x: x.tanh(),
    "sigmoid": torch.sigmoid,
    "method sigmoid": lambda x: x.sigmoid(),
    "hardtanh": lambda x: F.hardtanh(x, -0.3, 0.4),
    "clamp": lambda x: x.clamp(-0.5, 0.5),
    "clamp from 0": lambda x: torch.clamp(x, min=0),
    "softplus": lambda x: F.softplus(x, beta=3),
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "softmax": lambda x: F.softmax(x, dim=1),
    "torch.softmax": lambda x: torch.softmax(x, -1),
    "method log_softmax": lambda x: x.log_softmax(1),
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "max_pool2d by name": lambda x: F.max_pool2d(x, kernel_size=(2, 3), stride=2, padding=1),
    "torch.max_pool2d": lambda x: torch.max_pool2d(x, 2),
    "avg_pool2d": lambda x: F.avg_pool2d(x, 3, 2, 1),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, (1, 1)),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, (2, 3)),
    "conv2d": lambda x: F.conv2d(x, WEIGHT, padding="same"),
    "weights computed": lambda x: F.conv2d(x, (2 * WEIGHT).flip(0)),
    "linear": lambda x: F.linear(x, WEIGHT.reshape(-1)[:16].reshape(2, 8)),
    "batch_norm": lambda x: F.batch_norm(x, WEIGHT[0, 0, 0, 0].expand(3), WEIGHT[:, 0, 0, 0] ** 2),
    "dropout off": lambda x: F.dropout(x, 0.5, training=False).relu(),
    "flatten": lambda x: torch.flatten(x, 1),
    "method flatten": lambda x: x.flatten(1),
    "view": lambda x: x.view(x.size(0), -1),
    "view of shape": lambda x: x.view(x.shape[0], x.shape[1] * x.shape[2], -1).flatten(1),
    "view of all sizes": lambda x: x.view(-1, 3 * 6 * 8),
    "reshape": lambda x: x.reshape((x.size(0), -1)),
    "reshape of shape": lambda x: torch.reshape(x, (*x.shape[:2], -1)),
    "mean": lambda x: x.mean([2, 3]),
    "mean kept": lambda x: torch.mean(x, dim=(-2, -1), keepdim=True),
    "squeeze": lambda x: F.adaptive_avg_pool2d(x, 1).squeeze(-1).squeeze(-1),
    "contiguous": lambda x: x.contiguous().relu(),
    "number times": lambda x: 2 * x,
    "normalised": lambda x: (x - 0.1307) / 0.3081,
    "channels": lambda x: x * torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1) + torch.ones(3, 1, 1),
    "to itself": lambda x: x + x,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_functions_and_methods(same_as_torch, function):
    if function is FUNCTIONS["view of shape"]:  # only the last axes can become one: refused, not wrong
        with pytest.raises(InputError, match="only the last axes can become one"):
            from_torch(Function(function), IMAGES)
    else:
        same_as_torch(Function(function), IMAGES)


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: F.max_pool1d(x, 2), (3, 9)),
        (lambda x: F.avg_pool1d(x, 2, ceil_mode=True), (3, 9)),
        (lambda x: F.adaptive_avg_pool1d(x, 4), (3, 9)),
        (lambda x: F.adaptive_max_pool1d(x, 4), (3, 9)),
        (lambda x: F.conv1d(x, WEIGHT[:, :, 0], dilation=2), (3, 9)),
        (lambda x: x.mean(-1), (3, 9)),
    ],
)
def test_functions_of_one_axis_of_positions(same_as_torch, function, shape):
    same_as_torch(Function(function), shape)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32])
def test_weights_of_small_types_are_converted_exactly(kind):
    torch.manual_seed(0)
    module = nn.Linear(3, 2).to(kind)
    (layer,) = from_torch(module).layers
    assert torch.equal(torch.tensor(layer.weight), module.weight.detach().double())


UNSUPPORTED = {
    "a layer of another kind": (nn.LayerNorm(4), (4,), r"0 \(LayerNorm\): no layer of a network does this"),
    "padding by reflection": (
        nn.Conv1d(1, 1, 3, padding=1, padding_mode="reflect"),
        (1, 9),
        r"0 \(Conv1d\): padding_mode='reflect'",
    ),
    "indices": (nn.MaxPool1d(2, return_indices=True), (1, 8), "return_indices=True"),
    "other divisors": (nn.AvgPool2d(2, divisor_override=3), (1, 8, 8), "divisor_override"),
    "no statistics": (
        nn.BatchNorm1d(4, track_running_stats=False),
        (4,),
        r"BatchNorm1d\): it normalises by the batch's",
    ),
    "the batch flattened": (nn.Flatten(0), (4,), "flattens the batch"),
    "softmax over the batch": (nn.Softmax(dim=0), (4,), "only axes of one input"),
    "no values": (nn.Linear(3, 2, device="meta"), (3,), "weight is on the device meta"),
    "no shape yet": (nn.LazyLinear(2), (3,), "no shape yet"),
    "complex weights": (nn.Linear(3, 2, dtype=torch.complex64), (3,), "weight is of type torch.complex64"),
    "a sine": (Function(torch.sin), (4,), r"sin in 0 \(.*py:\d+\): no layer of a network does this"),
    "dropout that stays on": (Function(lambda x: F.dropout(x, 0.5)), (4,), "training=self.training"),
    "the batch mixed": (Function(lambda x: x.view(-1, 2)), (4,), "the batch must stay as it is"),
    "parts taken out": (Function(lambda x: x[:, 1]), (4,), "getitem in 0"),
    "a product of arrays": (Function(lambda x: x * x.sigmoid()), (4,), "mul in 0 .*takes 2 arrays"),
    "sums of different shapes": (Function(lambda x: x + x.mean(2, keepdim=True)), (4, 5), "only of one shape"),
    "a weighted sum": (Function(lambda x: torch.add(x, x.relu(), alpha=2)), (4,), "only plain sums"),
    "a number without the array": (Function(lambda x: 1 - x), (4,), "must be its first argument"),
    "a division by zero": (Function(lambda x: x / 0), (4,), "divides by zero"),
    "one number for each pixel": (Function(lambda x: x + torch.ones(4, 5)), (4, 5), "one for each channel"),
    "limits that are arrays": (Function(lambda x: x.clamp(torch.zeros(4))), (4,), "only limits that are numbers"),
    "weights from the input": (Function(lambda x: F.linear(x, x)), (4,), "takes 2 arrays"),
}


@pytest.mark.parametrize(("module", "shape", "message"), UNSUPPORTED.values(), ids=UNSUPPORTED.keys())
def test_what_a_network_can_not_represent_is_named(module, shape, message):
    with pytest.raises(InputError, match=message):
        from_torch(nn.Sequential(module), shape)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(value):
    module = nn.Sequential(nn.ReLU(), nn.Linear(3, 2))
    with torch.no_grad():
        module[1].weight[1, 2] = value
    with pytest.raises(InputError, match=r"1\.weight at index \(1, 2\) must be finite"):
        from_torch(module)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("running_mean", float("nan"), r"running_mean at index 1 must be finite"),
        ("running_var", -1.0, r"running_var at index 1 must be finite numbers of at least 0"),
        ("running_var", 0.0, r"running_var must be above 0 once eps is added"),
    ],
)
def test_statistics_that_can_not_be_are_refused(part, value, message):
    norm = nn.BatchNorm1d(3, eps=0.0)
    getattr(norm, part)[1] = value
    with pytest.raises(InputError, match=message):
        from_torch(norm, (3,))
