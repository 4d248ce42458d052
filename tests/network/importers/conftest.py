"""Small ONNX models, and what an independent program computes from them."""

import numpy as np
import pytest


@pytest.fixture
def onnx_model():
    """A function that makes an ONNX model with the input x and the output y of nodes and weights."""
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    from onnx import helper, numpy_helper

    def make(nodes, shape, weights=None, *, opset=17, batch="N", kind=onnx.TensorProto.DOUBLE, outputs=("y",)):
        nodes = [nodes] if isinstance(nodes, onnx.NodeProto) else nodes
        graph = helper.make_graph(
            nodes,
            "graph",
            [helper.make_tensor_value_info("x", kind, [batch, *shape])],
            [helper.make_tensor_value_info(name, kind, None) for name in outputs],
            [numpy_helper.from_array(np.asarray(values), name) for name, values in (weights or {}).items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)

    return make


@pytest.fixture
def saved(tmp_path):
    """A function that writes a model to a file and gives its path."""

    def save(model):
        path = tmp_path / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return save


@pytest.fixture
def agrees(saved):
    """A function that compares a model's network with onnx's reference evaluator, and gives the network."""
    reference = pytest.importorskip("onnx.reference", reason="needs onnx")

    def compare(model, shape, *, batch=3, tolerance=1e-12):
        from rescircuit.network.importers.onnx_model import from_onnx

        network = from_onnx(saved(model))
        assert network.input_shape == tuple(shape)
        x = np.random.default_rng(1).normal(size=(batch, *shape), scale=2.0)
        kind = model.graph.input[0].type.tensor_type.elem_type
        given = x.astype(np.float64 if kind == 11 else np.float32)
        (expected,) = reference.ReferenceEvaluator(model).run(None, {"x": given})
        found = network(given)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
        return network

    return compare


@pytest.fixture
def same_as_torch():
    """A function that compares a module's network with PyTorch's own forward in float64, and gives the network."""
    torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")
    from rescircuit.network.importers import from_torch

    def compare(module, shape, spread=2.0, tolerance=1e-12):
        generator = torch.Generator().manual_seed(5)
        x = spread * torch.randn(3, *shape, generator=generator, dtype=torch.float64)
        network = from_torch(module, shape)
        training = module.training
        module.double().eval()
        with torch.no_grad():
            wanted = module(x.clone()).numpy()  # a clone: what is done in place may reach the input
        module.train(training)
        got = network(x.numpy())
        assert got.shape == wanted.shape
        np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance * max(1.0, np.abs(wanted).max()))
        return network

    return compare
