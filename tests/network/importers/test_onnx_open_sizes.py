"""Models whose sizes are open, with the shape of one input given beside them."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.importers import from_onnx

onnx = pytest.importorskip("onnx", reason="needs onnx")
reference = pytest.importorskip("onnx.reference", reason="needs onnx")


@pytest.fixture
def convolution(onnx_model, saved):
    """A model of a convolution and a mean over what is left, for inputs of these sizes, and its file."""

    def make(*shape):
        weight = np.random.default_rng(2).normal(size=(4, 3, 3, 3))
        nodes = [
            onnx.helper.make_node("Conv", ["x", "w"], ["c"], strides=[2, 2]),
            onnx.helper.make_node("GlobalAveragePool", ["c"], ["y"]),
        ]
        model = onnx_model(nodes, shape, {"w": weight})
        return model, saved(model)

    return make


@pytest.mark.parametrize("sizes", [(7, 9), (12, 5)])
def test_the_same_file_is_a_network_for_every_size(convolution, sizes):
    model, path = convolution(3, "rows", "columns")
    network = from_onnx(path, (3, *sizes))
    assert network.input_shape == (3, *sizes)
    x = np.random.default_rng(1).normal(size=(2, 3, *sizes))
    (expected,) = reference.ReferenceEvaluator(model).run(None, {"x": x})
    np.testing.assert_allclose(network(x), expected, rtol=1e-12, atol=1e-12)


def test_a_shape_that_says_what_the_file_says_changes_nothing(convolution):
    _, path = convolution(3, 7, 9)
    assert from_onnx(path, [3, 7, 9]).input_shape == from_onnx(path).input_shape == (3, 7, 9)


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (None, "shape (open, 3, open, open). Export the model with one size of inputs, or give the shape of one input"),
        ((1, 7, 9), "input_shape must be of sizes (3, any, any), as the file has them, got shape (1, 7, 9)"),
        ((3, 7), "input_shape must be of sizes (3, any, any)"),
        ((3, 0, 9), "input_shape must be a whole number of at least 1, got 0"),
        ("3x7x9", "input_shape must be one to three sizes"),
        ((1, 3, 7, 9), "input_shape must be one to three sizes"),
        ((3, 10_000, 10_000), "at most 16777216 numbers in all"),
    ],
)
def test_what_is_no_shape_of_the_file_is_one_line(convolution, shape, says):
    _, path = convolution(3, "rows", "columns")
    with pytest.raises(InputError) as refusal:
        from_onnx(path, shape)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)
