"""Every ONNX operator that is read against onnx's reference evaluator, which is written in NumPy by its authors."""

import math

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.importers.onnx_model import from_onnx
from rescircuit.network.layers import Activation, Add, Conv, Dense, Flatten, Scale

onnx = pytest.importorskip("onnx", reason="needs onnx")

TensorProto, make_node, make_tensor = onnx.TensorProto, onnx.helper.make_node, onnx.helper.make_tensor

RNG = np.random.default_rng(0)
IMAGE = (4, 7, 6)


def numbers(*shape):
    return RNG.normal(size=shape)


def node(operator, *inputs, **attributes):
    return make_node(operator, ["x", *inputs], ["y"], **attributes)


@pytest.mark.parametrize("opset", [7, 11, 17])
@pytest.mark.parametrize(
    ("attributes", "weight", "bias"),
    [
        ({"transB": 1}, (3, 5), (3,)),
        ({"alpha": 0.5, "beta": -2.0}, (5, 3), (1, 3)),
        ({"beta": 3.0}, (5, 3), (1,)),
        ({"alpha": 2.0, "transB": 1}, (3, 5), ()),
    ],
)
def test_gemm(onnx_model, agrees, opset, attributes, weight, bias):
    weights = {"w": numbers(*weight), "b": numbers(*bias)}
    agrees(onnx_model(node("Gemm", *weights, **attributes), (5,), weights, opset=opset), (5,))


def test_gemm_without_a_bias(onnx_model, agrees):
    agrees(onnx_model(node("Gemm", "w"), (5,), {"w": numbers(5, 3)}), (5,))


def test_matmul_with_positions_and_a_bias_is_one_dense_layer(onnx_model, agrees):
    nodes = [make_node("MatMul", ["x", "w"], ["p"]), make_node("Add", ["b", "p"], ["y"])]
    network = agrees(onnx_model(nodes, (4, 5), {"w": numbers(5, 3), "b": numbers(3)}), (4, 5))
    assert [type(layer) for layer in network.layers] == [Dense]


@pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("strides", [[1, 1], [2, 3]])
@pytest.mark.parametrize("dilations", [[1, 1], [1, 2]])
def test_conv_pads_by_itself(onnx_model, agrees, auto_pad, strides, dilations):
    weights = {"w": numbers(3, 4, 2, 3), "b": numbers(3)}
    conv = node("Conv", "w", "b", auto_pad=auto_pad, strides=strides, dilations=dilations)
    agrees(onnx_model(conv, IMAGE, weights), IMAGE)


@pytest.mark.parametrize("group", [1, 2, 4])
def test_conv_of_groups_with_uneven_padding(onnx_model, agrees, group):
    conv = node("Conv", "w", pads=[1, 0, 2, 3], group=group, kernel_shape=[3, 2])
    agrees(onnx_model(conv, IMAGE, {"w": numbers(8, 4 // group, 3, 2)}), IMAGE)


@pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_LOWER"])
def test_conv_along_a_line(onnx_model, agrees, auto_pad):
    pads = {"pads": [2, 1]} if auto_pad == "NOTSET" else {}
    conv = node("Conv", "w", "b", auto_pad=auto_pad, strides=[2], **pads)
    agrees(onnx_model(conv, (2, 9), {"w": numbers(3, 2, 4), "b": numbers(3)}), (2, 9))


def test_conv_by_hand(onnx_model, saved):
    conv = node("Conv", "w", pads=[1, 0])
    network = from_onnx(saved(onnx_model(conv, (1, 3), {"w": [[[1.0, 10.0]]]})))
    assert network([[[1.0, 2.0, 3.0]]]).tolist() == [[[10.0, 21.0, 32.0]]]


@pytest.mark.parametrize("opset", [14, 17])
def test_batch_normalisation_is_folded_into_the_convolution(onnx_model, agrees, opset):
    weights = {"w": numbers(3, 4, 2, 2), "g": numbers(3), "b": numbers(3), "m": numbers(3), "v": numbers(3) ** 2}
    nodes = [
        make_node("Conv", ["x", "w"], ["c"]),
        make_node("BatchNormalization", ["c", "g", "b", "m", "v"], ["y"], epsilon=1e-3),
    ]
    network = agrees(onnx_model(nodes, IMAGE, weights, opset=opset), IMAGE)
    assert [type(layer) for layer in network.layers] == [Conv]


@pytest.mark.parametrize("opset", [7, 9])
def test_batch_normalisation_of_older_opsets(onnx_model, saved, opset):
    # The reference evaluator takes these for training. The closed form is that of the specification.
    weights = {"g": [2.0, 3.0], "b": [0.5, -0.5], "m": [1.0, -1.0], "v": [0.0, 3.0]}
    batch_norm = node("BatchNormalization", *weights, epsilon=1.0)
    network = from_onnx(saved(onnx_model(batch_norm, (2, 1), weights, opset=opset)))
    assert network([[4.0], [4.0]]).tolist() == [[2.0 * 3.0 + 0.5], [3.0 * 5.0 / 2.0 - 0.5]]


def test_batch_normalisation_of_what_others_take_too_stays(onnx_model, agrees):
    weights = {"w": numbers(4, 4, 1, 1), "g": numbers(4), "b": numbers(4), "m": numbers(4), "v": numbers(4) ** 2}
    nodes = [
        make_node("Conv", ["x", "w"], ["c"]),
        make_node("BatchNormalization", ["c", "g", "b", "m", "v"], ["n"]),
        make_node("Add", ["c", "n"], ["y"]),
    ]
    network = agrees(onnx_model(nodes, IMAGE, weights), IMAGE, tolerance=1e-9)  # an epsilon in single precision
    assert [type(layer) for layer in network.layers] == [Conv, Scale, Add]


@pytest.mark.parametrize(
    ("operator", "opset", "attributes"),
    [
        ("Relu", 7, {}),
        ("LeakyRelu", 7, {}),
        ("LeakyRelu", 16, {"alpha": 0.3}),
        ("Elu", 7, {"alpha": 0.7}),
        ("Elu", 22, {}),
        ("Gelu", 20, {}),
        ("Gelu", 20, {"approximate": "tanh"}),
        ("Sigmoid", 7, {}),
        ("Tanh", 13, {}),
        ("HardSigmoid", 7, {}),
        ("HardSigmoid", 22, {"alpha": 0.3, "beta": 0.4}),
        ("HardSwish", 14, {}),
        ("Softplus", 7, {}),
        ("Clip", 7, {"min": -0.5, "max": 1.5}),
        ("Clip", 7, {"min": 0.0}),
        ("Clip", 7, {}),
    ],
)
def test_functions_of_single_numbers(onnx_model, agrees, operator, opset, attributes):
    model = onnx_model(node(operator, **attributes), (4, 5), opset=opset, kind=TensorProto.FLOAT)
    agrees(model, (4, 5), tolerance=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(0.0, 6.0, "hardtanh"), (None, 1.0, "hardtanh"), (-1.0, None, "hardtanh"), (0.0, None, "relu")],
)
def test_clip_with_limits_as_inputs(onnx_model, saved, low, high, kind):
    limits = {"low": low, "high": high}
    weights = {name: limit for name, limit in limits.items() if limit is not None}
    clip = node("Clip", *(name if name in weights else "" for name in limits))
    network = from_onnx(saved(onnx_model(clip, (6,), weights, opset=13)))
    x = np.array([-9.0, -0.5, 0.0, 0.5, 5.0, 9.0])
    assert network(x).tolist() == np.clip(x, low, high).tolist()
    assert network.layers[0].kind == kind


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize(
    ("opset", "shape", "axis"), [(7, (5,), 1), (11, (5, 1, 1), 1), (13, IMAGE, 1), (17, IMAGE, -1)]
)
def test_softmax(onnx_model, agrees, operator, opset, shape, axis):
    agrees(onnx_model(node(operator, axis=axis), shape, opset=opset), shape)


def test_softmax_over_several_axes_is_refused(onnx_model, saved):
    with pytest.raises(InputError, match="single axis"):
        from_onnx(saved(onnx_model(node("Softmax"), IMAGE, opset=11)))


def test_silu_and_hardswish_of_older_opsets(onnx_model, agrees):
    nodes = [
        make_node("Sigmoid", ["x"], ["s"]),
        make_node("Mul", ["x", "s"], ["a"]),
        make_node("HardSigmoid", ["a"], ["h"], alpha=1 / 6, beta=0.5),
        make_node("Mul", ["h", "a"], ["y"]),
    ]
    network = agrees(onnx_model(nodes, (6,)), (6,), tolerance=1e-6)
    assert [layer.kind for layer in network.layers] == ["silu", "hardswish"]


GELU = [
    make_node("Div", ["x", "root"], ["d"]),
    make_node("Erf", ["d"], ["e"]),
    make_node("Add", ["e", "one"], ["a"]),
    make_node("Mul", ["x", "a"], ["m"]),
    make_node("Mul", ["m", "half"], ["y"]),
]


def test_gelu_of_older_opsets(onnx_model, saved):
    network = from_onnx(saved(onnx_model(GELU, (7,), {"root": np.sqrt(2.0), "one": 1.0, "half": 0.5})))
    assert [layer.kind for layer in network.layers] == ["gelu"]
    x = np.linspace(-4.0, 4.0, 7)
    expected = [0.5 * value * (1.0 + math.erf(value / math.sqrt(2.0))) for value in x]
    np.testing.assert_allclose(network(x), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("root", "one"), [(2.0, 1.0), (np.sqrt(2.0), 1.5), (-np.sqrt(2.0), 1.0)])
def test_error_functions_elsewhere_are_refused(onnx_model, saved, root, one):
    with pytest.raises(InputError, match=r"GELU|product"):
        from_onnx(saved(onnx_model(GELU, (7,), {"root": root, "one": one, "half": 0.5})))


@pytest.mark.parametrize("last", [2, 3])
def test_an_error_function_alone_is_refused(onnx_model, saved, last):
    nodes = [*GELU[:last], make_node("Relu", ["e" if last == 2 else "a"], ["y"])]
    with pytest.raises(InputError, match=r"Erf \(node 2 of .* a part of GELU"):
        from_onnx(saved(onnx_model(nodes, (7,), {"root": np.sqrt(2.0), "one": 1.0})))


def test_scales_in_a_row_are_one(onnx_model, agrees):
    nodes = [
        make_node("Relu", ["x"], ["r"]),
        make_node("Mul", ["r", "c"], ["m"]),
        make_node("Sub", ["one", "m"], ["s"]),
        make_node("Div", ["s", "c"], ["y"]),
    ]
    network = agrees(onnx_model(nodes, IMAGE, {"c": numbers(4, 1, 1) + 3.0, "one": 1.0}), IMAGE)
    assert [type(layer) for layer in network.layers] == [Activation, Scale]


def test_scales_that_cancel_leave_their_source_to_others(onnx_model, agrees):
    nodes = [
        make_node("MatMul", ["x", "w"], ["h"]),
        make_node("Mul", ["h", "two"], ["m"]),
        make_node("Mul", ["m", "half"], ["n"]),
        make_node("Add", ["n", "half"], ["o"]),
        make_node("Add", ["o", "h"], ["y"]),
    ]
    agrees(onnx_model(nodes, (3,), {"w": numbers(3, 3), "two": 2.0, "half": 0.5}), (3,))


@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("strides", [[1, 1], [2, 3]])
def test_pools_pad_by_themselves(onnx_model, agrees, saved, operator, auto_pad, strides):
    pool = node(operator, kernel_shape=[3, 3], strides=strides, auto_pad=auto_pad)
    if (operator, auto_pad, strides) == ("MaxPool", "SAME_LOWER", [2, 3]):
        # The specification's ceil(7 / 2) x ceil(6 / 3) windows, of which the reference evaluator leaves some out.
        padded = node(operator, kernel_shape=[3, 3], strides=strides, pads=[1, 0, 1, 0])
        x = numbers(*IMAGE)
        assert np.array_equal(*(from_onnx(saved(onnx_model(each, IMAGE)))(x) for each in (pool, padded)))
    else:
        agrees(onnx_model(pool, IMAGE), IMAGE)


def test_windows_that_need_no_padding_get_none(onnx_model, saved):
    # By hand; the reference evaluator would cut positions off where strides are longer than windows.
    pool = node("MaxPool", kernel_shape=[2], strides=[3], auto_pad="SAME_UPPER")
    assert from_onnx(saved(onnx_model(pool, (1, 6))))([[5, 1, 9, 2, 4, 9]]).tolist() == [[5, 4]]


@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("ceil_mode", [0, 1])
@pytest.mark.parametrize("pads", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0]])
def test_pools_with_padding(onnx_model, agrees, operator, ceil_mode, pads):
    pool = node(operator, kernel_shape=[3, 2], strides=[2, 2], pads=pads, ceil_mode=ceil_mode)
    agrees(onnx_model(pool, IMAGE, opset=13), IMAGE)


def test_average_pool_that_counts_padding(onnx_model, agrees):
    pool = node("AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
    agrees(onnx_model(pool, IMAGE), IMAGE)


@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool"])
def test_dilated_pools_along_a_line(onnx_model, agrees, operator):
    pool = node(operator, kernel_shape=[3], dilations=[2], pads=[1, 1])
    agrees(onnx_model(pool, (2, 9), opset=19), (2, 9))


@pytest.mark.parametrize("operator", ["GlobalMaxPool", "GlobalAveragePool"])
@pytest.mark.parametrize("shape", [IMAGE, (3, 8)])
def test_global_pools(onnx_model, agrees, saved, operator, shape):
    nodes = [make_node(operator, ["x"], ["p"]), make_node("Flatten", ["p"], ["y"])]
    model = onnx_model(nodes, shape)
    if (operator, shape) == ("GlobalMaxPool", (3, 8)):  # where the reference evaluator pools over the channels too
        x = numbers(2, 3, 8)
        assert np.array_equal(from_onnx(saved(model))(x), x.max(axis=2))
    else:
        agrees(model, shape)


@pytest.mark.parametrize("keepdims", [0, 1])
def test_mean_over_positions(onnx_model, agrees, keepdims):
    agrees(onnx_model(node("ReduceMean", axes=[2, -1], keepdims=keepdims), IMAGE), IMAGE)
    agrees(onnx_model(node("ReduceMean", "axes", keepdims=keepdims), IMAGE, {"axes": [-2, 3]}, opset=18), IMAGE)


@pytest.mark.parametrize("wanted", [[0, -1], [-1, 168], [0, 168], [0, 4, -1], [0, 0, 42]])
def test_reshape(onnx_model, agrees, wanted):
    agrees(onnx_model(node("Reshape", "shape"), IMAGE, {"shape": wanted}), IMAGE)


@pytest.mark.parametrize("wanted", [[2, -1], [28, 6], [-1], [0, -1, 6], [0, 4, 6, 7], [0, 5, -1], [-1, -1], []])
def test_other_reshapes_are_refused(onnx_model, saved, wanted):
    with pytest.raises(InputError, match="Reshape"):
        from_onnx(saved(onnx_model(node("Reshape", "shape"), IMAGE, {"shape": np.array(wanted, np.int64)})))


def test_reshape_to_the_batch_that_the_file_is_made_for(onnx_model, agrees):
    agrees(onnx_model(node("Reshape", "shape"), IMAGE, {"shape": [1, -1]}, batch=1), IMAGE, batch=1)


def test_shape_that_is_computed_from_the_inputs(onnx_model, agrees):
    nodes = [
        make_node("Shape", ["x"], ["s"]),
        make_node("Gather", ["s", "zero"], ["n"]),
        make_node("Unsqueeze", ["n", "axes"], ["first"]),
        make_node("Concat", ["first", "rest"], ["shape"], axis=0),
        make_node("Reshape", ["x", "shape"], ["y"]),
    ]
    network = agrees(onnx_model(nodes, IMAGE, {"zero": 0, "axes": [0], "rest": [-1]}), IMAGE)
    assert [type(layer) for layer in network.layers] == [Flatten]


def test_squeeze(onnx_model, agrees):
    weights = {"w": numbers(5, 4, 7, 6)}
    nodes = [make_node("Conv", ["x", "w"], ["c"]), make_node("Squeeze", ["c"], ["y"], axes=[2, 3])]
    agrees(onnx_model(nodes, IMAGE, weights, opset=11), IMAGE)
    nodes[1] = make_node("Squeeze", ["c", "axes"], ["y"])
    agrees(onnx_model(nodes, IMAGE, weights | {"axes": [-1, 2]}), IMAGE)


def test_dropout_and_identity_leave_nothing(onnx_model, agrees):
    nodes = [
        make_node("Identity", ["x"], ["i"]),
        make_node("Dropout", ["i"], ["d"], ratio=0.4),
        make_node("Cast", ["d"], ["c"], to=TensorProto.DOUBLE),
        make_node("Relu", ["c"], ["y"]),
    ]
    network = agrees(onnx_model(nodes, (4,), opset=11), (4,))
    assert [layer.kind for layer in network.layers] == ["relu"]


def test_constants_are_computed(onnx_model, agrees):
    nodes = [
        make_node("Constant", [], ["w"], value=make_tensor("w", TensorProto.DOUBLE, [3, 5], numbers(15))),
        make_node("Transpose", ["w"], ["t"], perm=[1, 0]),
        make_node("MatMul", ["x", "t"], ["m"]),
        make_node("Constant", [], ["three"], value_float=3.0),
        make_node("Cast", ["three"], ["3"], to=TensorProto.DOUBLE),
        make_node("Mul", ["m", "3"], ["y"]),
    ]
    network = agrees(onnx_model(nodes, (5,)), (5,))
    assert [type(layer) for layer in network.layers] == [Dense]


@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div"])
@pytest.mark.parametrize("shape", [(), (1,), (4, 1, 1), (1, 4, 1, 1)])
@pytest.mark.parametrize("first", [True, False])
def test_arithmetic_with_constants_for_channels(onnx_model, agrees, saved, operator, shape, first):
    make = make_node(operator, ["x", "c"] if first else ["c", "x"], ["y"])
    model = onnx_model(make, IMAGE, {"c": numbers(*shape) + 3.0})
    if operator == "Div" and not first:
        with pytest.raises(InputError, match="constant"):
            from_onnx(saved(model))
    else:
        assert isinstance(agrees(model, IMAGE).layers[0], Scale)


@pytest.mark.parametrize("shape", [(6,), (7, 1), (4, 7, 6), (2, 1, 1, 1), (1, 1, 4, 1, 1), (3, 1, 1)])
def test_arithmetic_with_other_constants_is_refused(onnx_model, saved, shape):
    with pytest.raises(InputError, match="channel"):
        from_onnx(saved(onnx_model(node("Add", "c"), IMAGE, {"c": numbers(*shape)})))


def test_residual_sum(onnx_model, agrees):
    nodes = [
        make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        make_node("Relu", ["c"], ["r"]),
        make_node("Sum", ["x", "r", "c"], ["y"]),
    ]
    network = agrees(onnx_model(nodes, IMAGE, {"w": numbers(4, 4, 3, 3)}), IMAGE)
    assert network.sources == ((-1,), (0,), (-1, 1, 0))
    assert [type(layer) for layer in network.layers] == [Conv, Activation, Add]


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16])
@pytest.mark.parametrize("raw", [True, False])
def test_weights_of_all_kinds_of_floats(onnx_model, saved, kind, raw):
    values = [0.5, -1.25, 3.0, 0.0, -0.0078125, 96.0]  # exact in all of them
    if raw:
        half = {TensorProto.FLOAT: "<f4", TensorProto.DOUBLE: "<f8", TensorProto.FLOAT16: "<f2"}
        if kind in half:
            data = np.array(values, half[kind]).tobytes()
        else:
            data = (np.array(values, "<f4").view("<u4") >> 16).astype("<u2").tobytes()
        tensor = make_tensor("w", kind, [2, 3], data, raw=True)
    else:
        tensor = make_tensor("w", kind, [2, 3], values)
    model = onnx_model(node("MatMul", "w"), (2,))
    model.graph.initializer.append(tensor)
    assert from_onnx(saved(model)).layers[0].weight.T.ravel().tolist() == values
