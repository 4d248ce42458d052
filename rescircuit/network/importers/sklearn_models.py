"""scikit-learn's multi-layer perceptrons."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.errors import InputError
from rescircuit.network.layers import Activation, Dense, Layer, Network

__all__ = ["from_sklearn"]


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
    layers: list[Layer] = []
    for k, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
        layers.append(Dense(weight=np.transpose(weight), bias=bias, name=f"layer{k}"))
        if k < len(weights) and activation != "identity":
            layers.append(Activation(kind=activation, name=f"{activation}{k}"))
    return Network(tuple(layers))
