"""What importers say where a package that they need is not installed."""

import sys

import pytest

from rescircuit.errors import MissingToolError
from rescircuit.network.importers import from_onnx, from_torch, to_torch
from rescircuit.network.layers import Activation, Network


@pytest.mark.parametrize(
    ("package", "call"),
    [
        ("torch", lambda _: from_torch(None)),
        ("torch", lambda _: to_torch(Network([Activation(kind="relu")], (2,)))),
        ("onnx", from_onnx),
    ],
    ids=["from_torch", "to_torch", "from_onnx"],
)
def test_a_missing_package_is_named_with_what_brings_it(package, call, tmp_path, monkeypatch):
    (tmp_path / "model.onnx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingToolError, match=rf"pip install 'rescircuit\[{package}\]'"):
        call(tmp_path / "model.onnx")
