"""Traced modules of PyTorch; the reference is PyTorch's own forward in float64."""

from __future__ import annotations

import copy
import subprocess
import sys

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.importers import from_torch

torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")
from torch import nn  # noqa: E402 - behind the check that it is there
from torch.nn import functional as F  # noqa: E402, N812 - its usual name
from torch.nn.utils import parametrizations, prune  # noqa: E402


def settled(module):
    """The module with batch normalisations that have seen something."""
    torch.manual_seed(2)
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(norm.running_mean, -1, 1)
            nn.init.uniform_(norm.running_var, 0.2, 2)
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.uniform_(norm.bias, -1, 1)
    return module


def kinds(network):
    """Names of the layers' classes."""
    return [type(layer).__name__ for layer in network.layers]


class LeNet5(nn.Module):
    """As in many tutorials, with the old way of counting features."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(torch.tanh(self.conv1(x)), (2, 2))
        x = F.avg_pool2d(torch.relu(self.conv2(x)), 2)
        features = 1
        for size in x.size()[1:]:
            features *= size
        x = x.view(-1, features)
        x = F.dropout(F.relu(self.fc1(x)), training=self.training)
        return F.log_softmax(self.fc3(F.relu(self.fc2(x))), dim=1)


class BasicBlock(nn.Module):
    """A ResNet's block, with its activation in place and its sum by assignment."""

    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


def small_resnet():
    """A stem, two blocks, and a head."""
    stem = [nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    blocks = [BasicBlock(8, 8, 1), BasicBlock(8, 16, 2)]
    return nn.Sequential(nn.Sequential(*stem), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5))


def separable(channels, out, stride):
    """MobileNet's block: a convolution of each channel by itself, and one that mixes channels."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU6(inplace=True),
        nn.Conv2d(channels, out, 1, bias=False),
        nn.BatchNorm2d(out),
        nn.Hardswish(),
    )


def one_dimensional():
    """A network for signals."""
    return nn.Sequential(
        nn.Conv1d(2, 8, 5, padding="same", dilation=2),
        nn.BatchNorm1d(8),
        nn.ELU(),
        nn.MaxPool1d(2, ceil_mode=True),
        nn.Conv1d(8, 4, 3, stride=2),
        nn.LeakyReLU(0.1),
        nn.AdaptiveMaxPool1d(3),
        nn.Flatten(),
        nn.Linear(12, 3),
    )


def test_lenet_5(same_as_torch):
    torch.manual_seed(0)
    network = same_as_torch(LeNet5(), (1, 28, 28))
    weighted = [network.layers[k].name for k in network.weighted]
    assert weighted == ["conv1", "conv2", "fc1", "fc2", "fc3"]


def test_a_residual_network(same_as_torch):
    network = same_as_torch(settled(small_resnet()), (3, 32, 32))
    assert kinds(network).count("Add") == 2
    assert "Scale" not in kinds(network)
    names = [layer.name for layer in network.layers]
    assert "2.downsample.0" in names
    assert len(set(names)) == len(names)


def test_depthwise_separable_blocks(same_as_torch):
    network = same_as_torch(settled(nn.Sequential(separable(4, 6, 1), separable(6, 8, 2))), (4, 9, 9))
    assert [network.layers[k].groups for k in network.weighted] == [4, 1, 6, 1]


def test_a_network_for_signals(same_as_torch):
    assert same_as_torch(settled(one_dimensional()), (2, 31)).output_shape == (3,)


class Traced(nn.Module):
    """A forward made of a function of the module and its input."""

    def __init__(self, forward, **parts):
        super().__init__()
        self.function = forward
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, x)


def test_a_module_used_twice_gives_two_layers(same_as_torch):
    network = same_as_torch(Traced(lambda m, x: m.fc(m.fc(x).relu()), fc=nn.Linear(4, 4)), (4,))
    assert [layer.name for layer in network.layers] == ["fc", "relu", "fc_2"]


def test_the_shape_of_inputs_follows_from_a_first_linear_layer(same_as_torch):
    module = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(6, 2))
    assert from_torch(module).input_shape == (6,)
    assert same_as_torch(module, (1, 2, 3)).input_shape == (1, 2, 3)


@pytest.mark.parametrize(
    "module",
    [nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 2))],
    ids=["conv", "no weights", "pooling first"],
)
def test_a_shape_that_does_not_follow_is_asked_for(module):
    with pytest.raises(InputError, match="input_shape must be given"):
        from_torch(module)


@pytest.mark.parametrize("shape", [(1, 0, 3), "28", (2.5,)])
def test_shapes_are_checked(shape):
    with pytest.raises(InputError, match="input_shape must be a whole number"):
        from_torch(nn.Flatten(), shape)


def test_an_input_of_the_wrong_shape_is_told_by_the_layer_that_refuses_it():
    with pytest.raises(InputError, match="input of layer 'fc1' must be of shape"):
        from_torch(LeNet5(), (1, 32, 32))


def test_what_is_done_in_place_is_seen_by_all_who_hold_the_array(same_as_torch):
    def forward(module, x):
        y = module.fc(x)
        other, view = y, y.view(-1, 4)
        y += x
        module.relu(y)
        return other + module.fc(view)

    module = Traced(forward, fc=nn.Linear(4, 4), relu=nn.ReLU(inplace=True))
    assert kinds(same_as_torch(module, (4,))) == ["Dense", "Add", "Activation", "Dense", "Add"]


def test_a_copy_does_not_see_what_is_done_in_place(same_as_torch):
    def forward(module, x):  # noqa: ARG001 - it has no parts
        kept = x.clone()
        x *= 2
        x.relu_()
        return kept + x

    assert kinds(same_as_torch(Traced(forward), (4,))) == ["Scale", "Activation", "Add"]


def test_a_view_of_another_shape_of_what_was_changed_in_place_is_refused():
    def forward(module, x):  # noqa: ARG001 - it has no parts
        flat = x.flatten(1)
        x.relu_()
        return flat

    with pytest.raises(InputError, match="a view of it was changed in place"):
        from_torch(Traced(forward), (2, 3))


def test_what_leads_nowhere_is_left_out(same_as_torch):
    def forward(module, x):
        torch.sin(module.fc(x))
        return module.fc(x).relu()

    assert kinds(same_as_torch(Traced(forward, fc=nn.Linear(3, 3)), (3,))) == ["Dense", "Activation"]


def test_shapes_may_steer_what_a_module_does(same_as_torch):
    def forward(module, x):
        assert x.dim() == 3
        assert x.ndim == 3
        assert x.shape[1:] == (2, 3)
        y = module.fc(x)
        return y + x if y.shape == x.shape else y

    assert kinds(same_as_torch(Traced(forward, fc=nn.Linear(3, 3)), (2, 3))) == ["Dense", "Add"]


def test_the_size_of_the_batch_is_not_known():
    def forward(module, x):  # noqa: ARG001 - it has no parts
        return x.relu() if x.shape[0] > 1 else x

    with pytest.raises(InputError, match=r"Traced.forward \(test_torch_graphs.py:\d+\): .* the size of the batch"):
        from_torch(Traced(forward), (4,))


def test_arguments_with_default_values_have_those(same_as_torch):
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 3)

        def forward(self, x, mask=None, scale=2.0):
            y = self.fc(x) * scale
            return y if mask is None else y * mask

    assert kinds(same_as_torch(Masked(), (3,))) == ["Dense"]  # the factor goes into the weights


def test_modules_in_training_are_taken_as_in_evaluation_and_left_as_they_are(same_as_torch):
    module = settled(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 2))).train()
    before = copy.deepcopy(module.state_dict())
    same_as_torch(module, (3,))
    assert all(each.training for each in module.modules())
    assert all(torch.equal(value, before[name].to(value)) for name, value in module.state_dict().items())


def test_layers_with_computed_weights(same_as_torch):
    torch.manual_seed(4)
    pruned = nn.Linear(6, 5)
    prune.l1_unstructured(pruned, "weight", amount=0.5)
    normed = parametrizations.spectral_norm(parametrizations.weight_norm(nn.Linear(5, 4)))
    network = same_as_torch(nn.Sequential(pruned, normed).double(), (6,))
    assert np.count_nonzero(network.layers[0].weight) == 15


class Masked(nn.Linear):
    """A linear layer with another forward than its class's."""

    def forward(self, x):
        return F.linear(x, self.weight * (self.weight > 0), self.bias)


def test_a_subclass_with_a_forward_of_its_own_is_looked_into(same_as_torch):
    network = same_as_torch(nn.Sequential(Masked(4, 3)), (4,))
    assert network.layers[0].weight.min() >= 0
    assert network.layers[0].name == "0.linear"


def test_a_layer_with_a_hook_is_refused():
    module = nn.Sequential(nn.Linear(2, 2))
    module[0].register_forward_hook(lambda *_: None)
    with pytest.raises(InputError, match="forward hooks"):
        from_torch(module)


def test_graph_modules_and_modules_in_larger_ones(same_as_torch):
    inner = torch.fx.symbolic_trace(nn.Sequential(nn.Linear(3, 4), nn.ReLU()))
    network = same_as_torch(nn.ModuleDict({"a": nn.Sequential(inner, nn.Sequential(nn.Linear(4, 2)))})["a"], (3,))
    assert [layer.name for layer in network.layers] == ["0.0", "0.1", "1.0"]


def test_all_that_is_unsupported_is_in_one_message():
    def forward(module, x):
        return module.block(torch.sin(module.norm(x)))

    block = nn.Sequential(nn.Linear(3, 3), nn.LSTM(3, 3))
    with pytest.raises(InputError) as caught:
        from_torch(Traced(forward, norm=nn.LayerNorm(3), block=block), (3,))
    text = str(caught.value)
    assert "norm (LayerNorm): no layer" in text
    assert "sin in Traced (test_torch_graphs.py:" in text
    assert "block.1 (LSTM): no layer" in text


def test_a_long_list_of_the_unsupported_is_cut():
    with pytest.raises(InputError, match=r"4 \(LayerNorm\).*; and 3 more\."):
        from_torch(nn.Sequential(*(nn.LayerNorm(3) for _ in range(8))), (3,))


def control_flow(module, x):
    """What depends on numbers."""
    return module.fc(x) if x.sum() > 0 else x


def two_outputs(module, x):
    """A pair."""
    return module.fc(x), x


def a_constant(module, x):  # noqa: ARG001 - the point of it
    """The same for all inputs."""
    return module.fc.bias


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (control_flow, r"Traced.forward \(test_torch_graphs.py:\d+\) can't be traced: TraceError"),
        (two_outputs, "must give one array"),
        (a_constant, "must give one array"),
        (lambda m, x: m.missing(x), "AttributeError"),
    ],
)
def test_forwards_that_are_no_graph_are_refused(forward, message):
    with pytest.raises(InputError, match=message):
        from_torch(Traced(forward, fc=nn.Linear(3, 3)), (3,))


@pytest.mark.parametrize("thing", ["lenet.pt", nn.Linear, {"weight": 1}, None])
def test_what_is_no_module_is_refused(thing):
    with pytest.raises(InputError, match=r"module must be a torch.nn.Module"):
        from_torch(thing)


def test_an_empty_network_is_refused():
    with pytest.raises(InputError, match="at least one layer"):
        from_torch(nn.Identity(), (3,))


def test_pytorch_is_not_loaded_before_it_is_needed():
    script = "import sys, rescircuit.network.importers as i; i.from_torch, i.to_torch; print('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False\n"
    )
