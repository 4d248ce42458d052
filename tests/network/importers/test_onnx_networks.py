"""Whole networks in ONNX files: small ones by hand, one from PyTorch, and what becomes of names."""

import warnings

import numpy as np
import pytest

from rescircuit.network.files import load_network, save_network
from rescircuit.network.importers.onnx_model import from_onnx
from rescircuit.network.layers import Add, Conv, Dense, Flatten, MaxPool

onnx = pytest.importorskip("onnx", reason="needs onnx")

make_node = onnx.helper.make_node


def test_two_layers_by_hand(onnx_model, saved):
    nodes = [
        make_node("Gemm", ["x", "w1", "b1"], ["h"], transB=1),
        make_node("Relu", ["h"], ["r"]),
        make_node("Gemm", ["r", "w2"], ["y"]),
    ]
    weights = {"w1": [[1.0, -2.0], [3.0, 1.0]], "b1": [0.5, -10.0], "w2": [[2.0], [1.0]]}
    network = from_onnx(str(saved(onnx_model(nodes, (2,), weights))))
    assert network([[2.0, 1.0], [4.0, 3.0]]).tolist() == [[1.0], [5.0]]  # r = (0.5, 0) and (0, 5)


def test_names_of_nodes_become_names_of_layers(onnx_model, saved):
    names = ["/conv1/Conv", "", "a b\n../../etc;rm", "a b\n../../etc;rm", "\u202e\x1b[31m", "n" * 200, "input"]
    nodes = [
        make_node("Relu", ["x" if k == 0 else f"h{k}"], ["y" if k == len(names) - 1 else f"h{k + 1}"], name=name)
        for k, name in enumerate(names)
    ]
    network = from_onnx(saved(onnx_model(nodes, (2,))))
    assert [layer.name for layer in network.layers] == [
        "conv1.Conv",
        "h2",
        "a_b_.etc_rm",
        "a_b_.etc_rm_2",
        "31m",
        "n" * 60,
        "input_2",
    ]


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_networks_from_onnx_can_be_saved(onnx_model, saved, tmp_path, ending):
    pytest.importorskip("safetensors", reason="needs safetensors")
    nodes = [
        make_node("MatMul", ["x", "w"], ["h"], name="/../input"),
        make_node("Softplus", ["h"], ["s"], name="\n"),
        make_node("Clip", ["s"], ["c"], max=3.0),
        make_node("Sum", ["c", "h"], ["y"], name="..hidden.."),
    ]
    network = from_onnx(saved(onnx_model(nodes, (2,), {"w": [[1.0, 2.0], [3.0, 4.0]]}, opset=8)))
    again = load_network(save_network(network, tmp_path / f"network.{ending}"))
    assert [layer.name for layer in again.layers] == ["input_2", "softplus2", "c", "hidden"]
    x = np.linspace(-3.0, 3.0, 10).reshape(5, 2)
    assert np.array_equal(again(x), network(x))


def test_nodes_that_lead_nowhere_are_left_out(onnx_model, saved):
    nodes = [make_node("Loop", ["x"], ["unused"]), make_node("Relu", ["x"], ["y"]), make_node("Relu", ["y"], ["z"])]
    assert len(from_onnx(saved(onnx_model(nodes, (2,)))).layers) == 1


def test_weights_may_stand_among_the_inputs(onnx_model, agrees):
    model = onnx_model(make_node("MatMul", ["x", "w"], ["y"]), (2,), {"w": np.eye(2)})
    model.graph.input.append(onnx.helper.make_tensor_value_info("w", onnx.TensorProto.DOUBLE, [2, 2]))
    agrees(model, (2,))


def test_one_weight_may_serve_twice(onnx_model, agrees):
    nodes = [make_node("MatMul", ["x", "w"], ["h"]), make_node("MatMul", ["h", "w"], ["y"])]
    agrees(onnx_model(nodes, (2,), {"w": np.array([[1.0, 2.0], [3.0, 4.0]])}), (2,))


def test_constants_are_not_folded_into_what_others_take_too(onnx_model, agrees):
    nodes = [
        make_node("MatMul", ["x", "w"], ["h"]),
        make_node("Identity", ["h"], ["i"]),
        make_node("Mul", ["i", "c"], ["m"]),
        make_node("Add", ["m", "h"], ["y"]),
    ]
    network = agrees(onnx_model(nodes, (2,), {"w": np.eye(2), "c": 3.0}), (2,))
    assert isinstance(network.layers[-1], Add)


@pytest.mark.parametrize("symbolic", [False, True])
def test_network_exported_by_pytorch(tmp_path, symbolic):
    torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")
    nn = torch.nn

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=2), nn.BatchNorm2d(8), nn.SiLU())
            self.b = nn.Conv2d(8, 8, 1, bias=False)

        def forward(self, x):
            return torch.relu(self.b(self.a(x)) + x)

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2), nn.ReLU6(), Residual(), nn.MaxPool2d(2))
            self.head = nn.Sequential(nn.Dropout(), nn.Linear(72, 10), nn.Hardswish(), nn.GELU(), nn.Linear(10, 4))

        def forward(self, x):
            h = self.features(x)
            return torch.log_softmax(self.head(h.view(h.size(0), -1)), dim=1)

    torch.manual_seed(0)
    model = Whole()
    model(torch.randn(8, 1, 15, 15))  # gives the batch normalisation something to remember
    model.eval()
    path = tmp_path / "model.onnx"
    axes = {"dynamic_axes": {"x": {0: "batch"}, "y": {0: "batch"}}} if symbolic else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own, of its age
            example = (torch.zeros(1, 1, 15, 15),)
            torch.onnx.export(model, example, path, dynamo=False, input_names=["x"], output_names=["y"], **axes)
    except (ImportError, TypeError, RuntimeError) as error:
        pytest.skip(f"this PyTorch does not export without further packages: {error}")
    network = from_onnx(path)
    x = torch.randn(5, 1, 15, 15)
    with torch.no_grad():
        expected = model.double()(x.double()).numpy()
    np.testing.assert_allclose(network(x.numpy()), expected, atol=1e-5)
    kinds = [type(layer) for layer in network.layers]
    assert [kinds.count(kind) for kind in (Conv, Dense, Add, MaxPool, Flatten)] == [3, 2, 1, 1, 1]
    assert len(kinds) == 8 + 6  # with six activations: the batch normalisation is in the convolution before it
