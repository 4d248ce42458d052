"""ONNX files that lie, lead elsewhere, or are damaged: one clear line each, quickly and without memory."""

import sys
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rescircuit.errors import InputError, MissingToolError
from rescircuit.network.importers import onnx_bytes
from rescircuit.network.importers.onnx_model import from_onnx

onnx = pytest.importorskip("onnx", reason="needs onnx")

TensorProto, helper = onnx.TensorProto, onnx.helper
make_node = helper.make_node
DENSE = make_node("Gemm", ["x", "w", "b"], ["y"])
WEIGHTS = {"w": np.ones((2, 3)), "b": np.zeros(3)}
RELU = make_node("Relu", ["x"], ["y"])


def refusal(path, match):
    with pytest.raises(InputError, match=match) as caught:
        from_onnx(path)
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 2000
    return text


@pytest.fixture
def refuses(saved):
    """A function that sees a model refused, and gives the message."""
    return lambda model, match: refusal(saved(model), match)


def tensor(dims, kind=TensorProto.DOUBLE, **content):
    return TensorProto(name="w", dims=dims, data_type=kind, **content)


def test_all_unknown_operators_are_named_with_their_places(onnx_model, refuses):
    nodes = [
        make_node("QuantizeLinear", ["x", "w"], ["q"], name="first"),
        make_node("Relu", ["q"], ["r"]),
        make_node("FusedConv", ["r"], ["f"], name="second", domain="com.example"),
        make_node("LSTM", ["f"], ["y"]),
    ]
    text = refuses(onnx_model(nodes, (2,), {"w": 1.0}), "what a network can represent, got '3 others'")
    for named in (
        "QuantizeLinear first (node 1 of 4)",
        "com.example.FusedConv second (node 3 of 4)",
        "LSTM (node 4 of 4)",
    ):
        assert named in text


def test_the_message_of_a_thousand_unknown_operators_is_short(onnx_model, refuses):
    nodes = [make_node("X" * 999, [f"h{k}" if k else "x"], [f"h{k + 1}"], name="\x1b[2J" * 99) for k in range(1000)]
    refuses(onnx_model([*nodes, make_node("Relu", ["h1000"], ["y"])], (2,)), "1000 others.* and 988 more")


@pytest.mark.parametrize("operator", ["If", "Loop", "Scan"])
def test_graphs_inside_graphs_are_refused(onnx_model, refuses, operator):
    inner = helper.make_graph([RELU], "inner", [], [helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)])
    refuses(onnx_model(make_node(operator, ["x"], ["y"], body=inner), (2,)), f"{operator} ")
    refuses(onnx_model(make_node("Relu", ["x"], ["y"], body=inner), (2,)), "attribute body of Relu")


@pytest.mark.parametrize("location", ["../../../../../../etc/passwd", "/etc/passwd", "weights.bin"])
def test_no_other_file_is_read(onnx_model, saved, tmp_path, location):
    (tmp_path / "weights.bin").write_bytes(np.ones(6).tobytes())
    for node in (DENSE, RELU):  # whether or not the tensor is used
        model = onnx_model(node, (2,), {"b": np.zeros(3)})
        weights = tensor([2, 3], data_location=TensorProto.EXTERNAL)
        weights.external_data.add(key="location", value=location)
        model.graph.initializer.append(weights)
        text = refusal(saved(model), "initialiser w must be inside the file, got 'external data'")
        assert location not in text


@pytest.mark.parametrize(
    "weights",
    [
        tensor([1 << 62, 1 << 62], raw_data=b"\0" * 48),
        tensor([1 << 40, 3], float_data=[1.0], kind=TensorProto.FLOAT),
        tensor([2, 3], raw_data=b"\0" * 47),
        tensor([2, 3], raw_data=b"\0" * 56),
        tensor([2, 3]),
        tensor([-2, -3], raw_data=b"\0" * 48),
        tensor([2, 3] + 90 * [1], raw_data=b"\0" * 48),
        tensor([2, 3], kind=TensorProto.INT64, raw_data=b"\0" * 48),
        tensor([2, 3], kind=TensorProto.INT8, raw_data=b"\0" * 6),
        tensor([2, 3], kind=TensorProto.STRING, string_data=[b"1"] * 6),
        tensor([2, 3], kind=TensorProto.FLOAT16, int32_data=[1 << 20] * 6),
        tensor([2, 3], kind=12345, raw_data=b"\0" * 48),
        tensor([2, 3], raw_data=np.array([1, 2, np.nan, 4, 5, 6.0]).tobytes()),
        tensor([2, 3], raw_data=np.array([1, 2, np.inf, 4, 5, 6.0]).tobytes()),
        tensor([2, 3], raw_data=b"\0" * 48, segment=TensorProto.Segment(begin=0, end=3)),
        tensor([6], raw_data=b"\0" * 48),
        tensor([1, 2, 3], raw_data=b"\0" * 48),
        tensor([3, 2], raw_data=b"\0" * 48),
        tensor([0, 3]),
    ],
)
def test_weights_that_are_not_what_they_say(onnx_model, refuses, weights):
    model = onnx_model(DENSE, (2,), {"b": np.zeros(3)})
    model.graph.initializer.append(weights)
    tracemalloc.start()
    refuses(model, "initialiser w|Gemm|weight")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 22


@pytest.mark.parametrize(
    ("nodes", "match"),
    [
        ([make_node("Relu", ["z"], ["y"])], "input z of Relu .* given or made by a node"),
        ([make_node("Relu", ["y"], ["y"])], "cycle"),
        (
            [make_node("Add", ["x", "b"], ["a"]), make_node("Relu", ["a"], ["b"]), make_node("Relu", ["b"], ["y"])],
            "cycle",
        ),
        ([make_node("Relu", ["x"], ["z"])], "output of the file must be made by a node"),
        ([RELU, RELU], "a name of its own"),
        ([make_node("Relu", ["x"], ["x"]), RELU], "a name of its own"),
        ([make_node("Relu", [], ["y"])], "input 1 comes from layers"),
        ([make_node("Relu", [""], ["y"])], "input 1 comes from layers"),
        ([make_node("Identity", ["x"], ["y"])], "at least one layer"),
        ([make_node("Constant", [], ["y"], value_float=1.0)], "at least one layer"),
        ([make_node("Constant", [], ["y"])], "one with one of value"),
        ([make_node("Constant", [], ["y"], value_string="x")], "attribute value_string"),
        ([make_node("MaxPool", ["x"], ["m", "i"], kernel_shape=[1]), make_node("Relu", ["i"], ["y"])], "first output"),
        ([make_node("Relu", ["x"], ["y"], consumed_inputs=[1])], "attribute consumed_inputs"),
        ([make_node("LeakyRelu", ["x"], ["y"], alpha=float("nan"))], "attribute alpha"),
        ([make_node("LeakyRelu", ["x"], ["y"], alpha="a")], "attribute alpha"),
        ([make_node("MatMul", ["x", "x"], ["y"])], "input 2 is constant"),
        ([make_node("Mul", ["x", "x"], ["y"])], "product"),
        ([make_node("Transpose", ["x"], ["y"])], "one of constants"),
        ([make_node("Unsqueeze", ["x"], ["y"], axes=[1])], "one of constants"),
        ([make_node("Softmax", ["x"], ["y"], axis=0)], "single axis"),
        ([make_node("Softmax", ["x"], ["y"], axis=1 << 60)], "single axis"),
        ([make_node("Flatten", ["x"], ["y"], axis=0)], "axis 0"),
        ([make_node("GlobalAveragePool", ["x"], ["y"])], "axes of positions"),
        ([make_node("Shape", ["x"], ["s"]), make_node("Add", ["x", "s"], ["y"])], "array of floats"),
    ],
)
def test_graphs_that_make_no_sense(onnx_model, refuses, nodes, match):
    refuses(onnx_model(nodes, (2,), opset=11), match)


@pytest.mark.parametrize(
    "attributes",
    [
        {"pads": [1 << 40, 0, 0, 0]},
        {"pads": [-1, 0, 0, 0]},
        {"pads": [0]},
        {"strides": [0, 1]},
        {"strides": [1 << 62, 1]},
        {"dilations": [1 << 62, 1 << 62]},
        {"kernel_shape": [1 << 62, 2]},
        {"kernel_shape": []},
        {"kernel_shape": [0, 0]},
        {"auto_pad": "ELSEWHERE"},
        {"auto_pad": b"\xff\xfe"},
    ],
)
@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool", "Conv"])
def test_windows_of_impossible_sizes(onnx_model, refuses, operator, attributes):
    inputs = ["x", "w"] if operator == "Conv" else ["x"]
    attributes = ({} if operator == "Conv" else {"kernel_shape": [2, 2]}) | attributes
    node = make_node(operator, inputs, ["y"])
    for name, value in attributes.items():
        if value:
            node.attribute.append(helper.make_attribute(name, value))
        else:
            node.attribute.append(onnx.AttributeProto(name=name, type=onnx.AttributeProto.INTS))
    refuses(onnx_model(node, (3, 8, 8), {"w": np.ones((2, 3, 2, 2))}), operator)


def test_padding_cannot_fill_the_memory(onnx_model, refuses):
    nodes = [
        make_node(
            "MaxPool", [f"h{k}" if k else "x"], [f"h{k + 1}"], kernel_shape=[9999] * 2, pads=[9998] * 4, strides=[1, 1]
        )
        for k in range(3)
    ]
    refuses(onnx_model([*nodes, make_node("Relu", ["h3"], ["y"])], (3, 8, 8)), "of at most [0-9]+ numbers")


@pytest.mark.parametrize(
    "shape", [(), (1, 1, 1, 1, 1), (0,), (-1,), ("width",), (None,), (1 << 40,), (1 << 20, 1 << 20, 1 << 20)]
)
def test_inputs_of_other_shapes(onnx_model, refuses, shape):
    refuses(onnx_model(RELU, shape), "input x of the file")


def test_inputs_without_a_shape_or_of_whole_numbers(onnx_model, refuses):
    refuses(onnx_model(RELU, (2,), kind=TensorProto.UINT8), "a tensor of floats")
    model = onnx_model(RELU, (2,))
    model.graph.input[0].type.tensor_type.ClearField("shape")
    refuses(model, "no shape")
    model.graph.input[0].ClearField("type")
    refuses(model, "a tensor of floats")


def test_more_inputs_or_outputs_than_one(onnx_model, refuses):
    model = onnx_model(RELU, (2,), outputs=("y", "x"))
    refuses(model, "outputs of the file must be one output, got '2: y, x'")
    model.graph.output.pop()
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.DOUBLE, [1, 2]))
    refuses(model, "inputs of the file must be one input, got '2: x, z'")
    del model.graph.input[:]
    refuses(model, "inputs of the file must be one input, got '0: none'")


def test_an_output_that_is_not_what_the_file_declares(onnx_model, refuses):
    model = onnx_model(RELU, (2,))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.DOUBLE, ["N", 3]))
    refuses(model, "output of the file must be of shape")


@pytest.mark.parametrize("opset", [-1, 0, 6, 29, 1 << 62])
def test_unknown_opsets(onnx_model, refuses, opset):
    refuses(onnx_model(RELU, (2,), opset=opset), "from 7 to 28")


def test_models_without_opset_or_graph(onnx_model, refuses):
    model = onnx_model(RELU, (2,))
    del model.opset_import[:]
    refuses(model, "version of its operators")
    refuses(onnx.ModelProto(), "version of its operators")
    model = onnx_model(RELU, (2,))
    model.graph.sparse_initializer.add()
    refuses(model, "sparse")


def test_one_tensor_cannot_be_multiplied_without_end(onnx_model, refuses):
    side = 1000
    nodes = [make_node("MatMul", [f"h{k}" if k else "x", "w"], [f"h{k + 1}"]) for k in range(100)]
    weights = {"w": np.eye(side, dtype=np.float16)}
    model = onnx_model([*nodes, make_node("Relu", ["h100"], ["y"])], (side,), weights)
    refuses(model, "by the file's size")


def test_constants_cannot_be_multiplied_without_end(onnx_model, refuses):
    nodes = [make_node("Concat", [f"c{k}"] * 2, [f"c{k + 1}"], axis=0) for k in range(40)]
    model = onnx_model([*nodes, make_node("Reshape", ["x", "c40"], ["y"])], (2,), {"c0": np.array([1])})
    refuses(model, "at most 64 sizes")
    nodes = [make_node("Unsqueeze", [f"c{k}"], [f"c{k + 1}"], axes=[0]) for k in range(80)]
    model = onnx_model([*nodes, make_node("Add", ["x", "c80"], ["y"])], (2,), {"c0": np.ones(2)}, opset=11)
    refuses(model, "at most 8 axes")


@pytest.mark.parametrize("content", [b"", b"\0", b"garbage, and more of it", b"\x89PNG\r\n\x1a\n" * 9, b"\xff" * 99])
def test_files_of_other_kinds(tmp_path, content):
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    refusal(path, "file must be")


def test_paths_that_are_no_files(tmp_path):
    refusal(tmp_path, "a readable file")
    refusal(tmp_path / "missing.onnx", "a readable file")
    refusal(str(tmp_path / "a\0b"), "a readable file")
    refusal("/dev/zero", "a readable file")
    refusal(7, "the path of an ONNX file")


def test_without_onnx_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingToolError, match=r"rescircuit\[onnx\]"):
        from_onnx(tmp_path / "model.onnx")


def test_files_beyond_the_limit(tmp_path):
    path = tmp_path / "large.onnx"
    with path.open("wb") as stream:
        stream.truncate((1 << 30) + 1)
    refusal(path, "at most 1073741824 bytes")


def test_names_that_are_no_text(onnx_model, saved):
    path = saved(onnx_model(make_node("Relu", ["x"], ["y"], name="LETTERS"), (2,)))
    path.write_bytes(path.read_bytes().replace(b"LETTERS", b"\xff\xfe\xfd\xfc..."))
    refusal(path, "names in UTF-8")


def field(number, content):
    """A field of bytes, as the wire format has it."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value):
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def test_messages_nested_without_end(tmp_path):
    content = b""
    for _ in range(200):  # a graph in an attribute of a node in a graph ...
        content = field(1, field(5, field(6, content)))
    path = tmp_path / "deep.onnx"
    path.write_bytes(field(7, content))
    refusal(path, "32 deep")


def test_thousands_of_empty_messages_are_not_built(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_bytes, "_MOST_FIELDS", 1 << 12)  # of 2^18, so that the test is quick
    path = tmp_path / "many.onnx"
    path.write_bytes(field(7, field(1, b"") * (1 << 20)))
    tracemalloc.start()
    refusal(path, "at most 4096 fields")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * path.stat().st_size


def test_packed_numbers_are_not_unpacked_beyond_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_bytes, "_MOST_PACKED", 1000)
    path = tmp_path / "packed.onnx"
    path.write_bytes(field(7, field(5, field(7, b"\0" * 2000)) + field(1, b"")))
    refusal(path, "a model of at most")


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory):
    """A file with most kinds of content, and where its copies go."""
    rng = np.random.default_rng(0)
    nodes = [
        make_node("Conv", ["x", "k"], ["c"], pads=[1, 1, 1, 1], name="conv"),
        make_node("BatchNormalization", ["c", "g", "g", "g", "v"], ["n"]),
        make_node("Clip", ["n"], ["a"], min=0.0, max=6.0),
        make_node("MaxPool", ["a"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        make_node("Add", ["p", "p"], ["s"]),
        make_node("Constant", [], ["shape"], value=helper.make_tensor("shape", TensorProto.INT64, [2], [0, -1])),
        make_node("Reshape", ["s", "shape"], ["f"]),
        make_node("Gemm", ["f", "w", "b"], ["z"], transB=1, alpha=0.5),
        make_node("Softmax", ["z"], ["y"], axis=1),
    ]
    tensors = {"k": (2, 1, 3, 3), "g": (2,), "v": (2,), "w": (3, 8), "b": (3,)}
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])],
        [
            onnx.numpy_helper.from_array(rng.uniform(0.1, 1.0, shape).astype(np.float32), name)
            for name, shape in tensors.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=8)
    path = tmp_path_factory.mktemp("onnx") / "copy.onnx"
    path.write_bytes(model.SerializeToString())
    assert from_onnx(path).output_shape == (3,)
    return model.SerializeToString(), path


def read_or_refuse(content, path):
    path.write_bytes(content)
    started = time.monotonic()
    try:
        network = from_onnx(path)
    except InputError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 2000
    else:
        assert all(np.isfinite(network.layers[k].weight).all() for k in network.weighted)
    assert time.monotonic() - started < 20


CHANGES = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@CHANGES
@given(flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=6))
def test_flipped_bytes(whole_file, flips):
    content, path = bytearray(whole_file[0]), whole_file[1]
    for place, change in flips:
        content[place % len(content)] ^= change
    read_or_refuse(bytes(content), path)


@CHANGES
@given(first=st.integers(0, 1 << 20), length=st.integers(0, 40), new=st.binary(max_size=40))
def test_replaced_and_cut_parts(whole_file, first, length, new):
    content, path = whole_file
    first %= len(content)
    read_or_refuse(content[:first] + new + content[first + length :], path)


def test_every_shorter_file(whole_file):
    content, path = whole_file
    for length in range(0, len(content), 3):
        read_or_refuse(content[:length], path)
