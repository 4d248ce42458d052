"""Networks from elsewhere: scikit-learn's multi-layer perceptrons and npz files in PyTorch's layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.errors import InputError
from rescircuit.files import read_npz, write_atomically
from rescircuit.network.layers import Dense, Network

__all__ = ["from_sklearn", "load_network", "save_network"]


def from_sklearn(model: Any) -> Network:
    """The network of a fitted ``MLPClassifier`` or ``MLPRegressor``.

    A classifier's outputs are the scores before its softmax or logistic, whose order is the same.

    Raises
    ------
    InputError
        For another kind of model, or one that is not fitted.
    """
    try:
        weights, biases, activation = model.coefs_, model.intercepts_, model.activation
    except AttributeError:
        required = "a fitted MLPClassifier or MLPRegressor of scikit-learn"
        raise InputError("model", required, type(model).__name__, "Call its fit() first.") from None
    output = getattr(model, "out_activation_", "identity")
    if output not in ("identity", "softmax", "logistic"):
        raise InputError("model", "one whose output is linear, or scores of classes", output)
    last = len(weights) - 1
    return Network(
        tuple(
            Dense(
                weight=np.transpose(weight),
                bias=bias,
                activation="identity" if k == last else activation,
                name=f"layer{k + 1}",
            )
            for k, (weight, bias) in enumerate(zip(weights, biases, strict=True))
        )
    )


def load_network(path: str | Path) -> Network:
    """Read a network from an npz file.

    The file holds, layer by layer, ``NAME.weight`` (out, in) and, unless there is none, ``NAME.bias`` (out,): the
    names and shapes of a PyTorch state dictionary. A text array ``activation`` names what stands between the
    layers (``relu`` if there is none); the last layer has none.

    Raises
    ------
    InputError
        For an unreadable file, unknown names, or shapes that do not follow one another.
    """
    arrays = read_npz(path)
    activation = str(arrays.pop("activation", np.array("relu")))
    names = [key.removesuffix(".weight") for key in arrays if key.endswith(".weight")]
    expected = {f"{name}.{part}" for name in names for part in ("weight", "bias")}
    unknown = [key for key in arrays if key not in expected]
    if not names or unknown:
        required = "arrays NAME.weight (out, in) and NAME.bias (out,) and perhaps activation"
        raise InputError(Path(path).name, required, ", ".join(unknown or arrays) or "nothing")
    layers = []
    for name in names:
        weight = arrays[f"{name}.weight"]
        bias = arrays.get(f"{name}.bias", np.zeros(weight.shape[:1]))
        kind = "identity" if name == names[-1] else activation
        layers.append(Dense(weight=weight, bias=bias, activation=kind, name=name))
    return Network(tuple(layers))


def save_network(network: Network, path: str | Path) -> Path:
    """Write a network as :func:`load_network` reads it.

    Raises
    ------
    InputError
        For activations that differ between layers, which the format cannot say, layers of the same name, or a folder
        that cannot be written to.
    """
    between = {layer.activation for layer in network.layers[:-1]} or {"relu"}
    if len(between) > 1 or network.layers[-1].activation != "identity":
        required = "a network with one activation between its layers and none behind the last"
        raise InputError("network", required, [layer.activation for layer in network.layers])
    names = [layer.name for layer in network.layers]
    if len(set(names)) < len(names):
        raise InputError("network", "one whose layers have names of their own", names)
    arrays: dict[str, Any] = {"activation": np.array(between.pop())}
    for layer in network.layers:
        arrays[f"{layer.name}.weight"], arrays[f"{layer.name}.bias"] = layer.weight, layer.bias

    def write(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            np.savez(stream, **arrays)

    return write_atomically(path, write)
