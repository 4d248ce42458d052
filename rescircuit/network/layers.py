"""Networks in digital arithmetic: the reference that the array is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array
from rescircuit.errors import InputError

__all__ = ["ACTIVATIONS", "Dense", "Network", "checked_inputs"]

ACTIVATIONS = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh,
    "logistic": lambda x: 0.5 * (1.0 + np.tanh(0.5 * x)),  # 1 / (1 + exp(-x)) without overflow
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Dense:
    """A fully connected layer, ``activation(x @ weight.T + bias)``.

    Parameters
    ----------
    weight : array (out, in)
        As in PyTorch.
    bias : array (out,)
    activation : str
        One of ``identity``, ``relu``, ``tanh``, ``logistic``.
    name : str
        For messages and reports.
    """

    weight: Array
    bias: Array
    activation: str = "identity"
    name: str = "dense"

    def __post_init__(self) -> None:
        weight = finite_array(f"{self.name}.weight", self.weight)
        bias = finite_array(f"{self.name}.bias", self.bias)
        if weight.ndim != 2:
            hint = "Fully connected layers only; flatten or leave out convolutions."
            raise InputError(f"{self.name}.weight", "of shape (out, in)", f"shape {weight.shape}", hint)
        if bias.shape != weight.shape[:1]:
            raise InputError(f"{self.name}.bias", f"of shape {weight.shape[:1]}", f"shape {bias.shape}")
        if self.activation not in ACTIVATIONS:
            raise InputError(f"{self.name}.activation", f"one of {', '.join(ACTIVATIONS)}", self.activation)
        for name, values in (("weight", weight), ("bias", bias)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    def __call__(self, x: Array) -> Array:
        """Outputs (..., out) for inputs (..., in)."""
        return ACTIVATIONS[self.activation](x @ self.weight.T + self.bias)


@dataclass(frozen=True, eq=False)
class Network:
    """Layers one after the other.

    Parameters
    ----------
    layers : sequence of Dense
        Each takes as many inputs as the one before has outputs.
    """

    layers: Sequence[Dense]

    def __post_init__(self) -> None:
        if not self.layers:
            raise InputError("layers", "at least one layer", "none")
        for before, after in zip(self.layers, self.layers[1:], strict=False):
            if after.weight.shape[1] != before.weight.shape[0]:
                required = f"of shape (out, {before.weight.shape[0]}), for the outputs of {before.name}"
                raise InputError(f"{after.name}.weight", required, f"shape {after.weight.shape}")

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.layers[0].weight.shape[1]

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return self.layers[-1].weight.shape[0]

    def __call__(self, x: Any) -> Array:
        """Outputs (..., out) for inputs (..., in), in float64."""
        x = checked_inputs(x, self.inputs)
        for layer in self.layers:
            x = layer(x)
        return x


def checked_inputs(x: Any, count: int) -> Array:
    """Network inputs as a float64 array (..., count).

    Raises
    ------
    InputError
        For what is not finite or of another length.
    """
    x = finite_array("x", x)
    if x.ndim == 0 or x.shape[-1] != count:
        raise InputError("x", f"of shape (..., {count})", f"shape {x.shape}")
    return x
