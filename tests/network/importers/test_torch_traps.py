"""Modules of PyTorch that look like what a network represents, and compute something else: the same or refused."""

import types

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.importers import from_torch, to_torch
from rescircuit.network.layers import Dense, Network

torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")
from torch import nn  # noqa: E402 - behind the check that it is there
from torch.nn import functional as F  # noqa: E402, N812 - its usual name
from torch.nn.utils import prune  # noqa: E402

CONSTANT = torch.arange(1.0, 5.0, dtype=torch.float64)


class Traced(nn.Module):
    """A module made of a function of an array."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, x)


def then(change):
    """A module whose output is an array of its own that something else may have changed."""

    def forward(module, x):  # noqa: ARG001 - it has no parts
        y = x * 1.0
        change(y)
        return y * 2

    return Traced(forward)


def cast_and_changed(module, x):  # noqa: ARG001
    y = x * 1.0
    y.double().relu_()  # y itself, if its numbers are doubles already
    return y * 2


def once_for_each_input(module, x):  # noqa: ARG001
    y = x * 1.0
    for _ in range(x.size(0)):
        y = y + 1
    return y


def powers(module, x):  # noqa: ARG001
    y = other = x * 1.0
    y **= 2
    return other


def written_elsewhere(module, x):  # noqa: ARG001
    y = x.clone()
    torch.mul(x, 2, out=y)
    return y * 3


def written_into_a_constant(module, x):  # noqa: ARG001
    y = x.relu()
    kept = torch.ones(3, 4)
    kept.copy_(x)
    return y * kept[0]


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls.add_(1)
        return x + self.calls


class TwiceTheWeights(nn.Conv1d):
    def _conv_forward(self, inputs, weight, bias):
        return super()._conv_forward(inputs, 2 * weight, bias)


class TwiceTheOutput(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def replaced_forward():
    module = nn.Linear(4, 4)
    module.forward = types.MethodType(lambda self, x: 2 * F.linear(x, self.weight), module)
    return nn.Sequential(module)


def dense_module():
    return to_torch(Network([Dense(weight=np.random.default_rng(0).normal(size=(4, 4)))]))


def hooked(module, part=""):
    module.get_submodule(part).register_forward_hook(lambda _module, _inputs, output: 2 * output)
    return module


def larger_class():
    module = type(dense_module())
    twice = type("Twice", (module,), {"forward": lambda self, x: 2 * module.forward(self, x)})
    return twice(Network([Dense(weight=np.eye(4))]))


def replaced_layer():
    module = dense_module()
    module.layers[0] = nn.Linear(4, 4)
    return module


REFUSED = {
    "alpha of the array": (lambda: Traced(lambda _, x: torch.add(CONSTANT, x, alpha=3)), "must be its first argument"),
    "constant less the array": (lambda: Traced(lambda _, x: CONSTANT - x), "must be its first argument"),
    "alpha of two arrays": (lambda: Traced(lambda _, x: torch.add(x, x.relu(), alpha=3)), "only plain sums"),
    "whole numbers": (lambda: Traced(lambda _, x: x.to(torch.int32) * 0.5), "only floating types"),
    "type of whole numbers": (lambda: Traced(lambda _, x: x.type_as(torch.ones(1).int())), "only floating types"),
    "loop over the batch": (lambda: Traced(once_for_each_input), "the size of the batch"),
    "product with the batch": (lambda: Traced(lambda _, x: x * x.size(0)), "the size of the batch"),
    "array of the batch": (lambda: Traced(lambda _, x: x + torch.ones((x.size(0), 4))), "the size of the batch"),
    "random numbers": (lambda: Traced(lambda _, x: x + torch.randn(4)), "random numbers"),
    "in place by slices": (lambda: then(lambda y: y[:, 0].zero_()), "changed in place"),
    "in place by an axis more": (lambda: then(lambda y: y.unsqueeze(-1).relu_()), "changed in place"),
    "in place by data": (lambda: then(lambda y: y.data.mul_(0)), "changed in place"),
    "in place by a cast": (lambda: Traced(cast_and_changed), "changed in place"),
    "in place to a power": (lambda: Traced(powers), "no layer of a network does this"),
    "into another array": (lambda: Traced(written_elsewhere), "out; only results"),
    "into a constant": (lambda: Traced(written_into_a_constant), "changes a tensor by what depends on the input"),
    "counter of calls": (Counting, "changes parameters or buffers"),
    "forward of one module": (replaced_forward, "forward was replaced"),
    "hook of a network": (lambda: hooked(dense_module()), "forward hooks"),
    "hook of a network's layer": (lambda: hooked(dense_module(), "layers.0"), "forward hooks"),
    "hook of a network inside": (lambda: nn.Sequential(hooked(dense_module())), "forward hooks"),
    "class of networks": (larger_class, "a class made from NetworkModule"),
    "layer of a network": (replaced_layer, "made of its own layers"),
}


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_what_would_be_another_network_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        from_torch(make(), (4,))


def in_place_by_a_number(module, x):
    y = x * 1.0
    return module.relu(y) + y


def random_normalised():
    norm = nn.BatchNorm2d(3)
    with torch.no_grad():
        for values in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
            values.uniform_(0.5, 2.0)
    return norm


def of_a_sum(module, x):
    y = module.conv(x)
    return module.norm(y + x) + y


def of_what_others_take(module, x):
    y = module.conv(x)
    return module.norm(y) + y


def pruned():
    module = dense_module()
    prune.random_unstructured(module.layers[0], "weight", 0.5)
    return module


SAME = {
    "convolution of its own": (lambda: nn.Sequential(TwiceTheWeights(2, 3, 3)), (2, 7)),
    "linear layer of its own": (lambda: nn.Sequential(TwiceTheOutput(4, 3)), (4,)),
    "in place by a number": (lambda: Traced(in_place_by_a_number, relu=nn.ReLU(inplace=1)), (4,)),
    "reshape to the batch": (lambda: Traced(lambda _, x: torch.reshape(x, (x.size(0), -1))), (2, 3)),
    "norm before padding": (lambda: nn.Sequential(random_normalised(), nn.Conv2d(3, 2, 3, padding=1)), (3, 5, 5)),
    "norm of a sum": (lambda: Traced(of_a_sum, conv=nn.Conv2d(3, 3, 1), norm=random_normalised()), (3, 5, 5)),
    "norm of what others take": (
        lambda: Traced(of_what_others_take, conv=nn.Conv2d(3, 3, 1), norm=random_normalised()),
        (3, 5, 5),
    ),
    "norm along time": (lambda: nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4).eval()), (4, 4)),
    "upper limit alone": (lambda: Traced(lambda _, x: x.clamp(max=0.3)), (4,)),
    "pruned network": (pruned, (4,)),
}


@pytest.mark.parametrize(("make", "shape"), SAME.values(), ids=SAME)
def test_what_needs_a_second_look_is_the_same(make, shape, same_as_torch):
    torch.manual_seed(3)
    same_as_torch(make(), shape)


def test_a_float16_network_keeps_its_rounded_weights(same_as_torch):
    torch.manual_seed(4)
    same_as_torch(nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 2)).half(), (5,))
