"""Functions of single numbers between the layers with weights, and the softmax behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from rescircuit.checks import Array, finite_number
from rescircuit.errors import InputError
from rescircuit.network.layers.layer import Shape, refused_shape, sole

__all__ = ["ACTIVATIONS", "Activation"]


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """An activation: its function of an array and of parameters, with their names and usual values."""

    function: Callable[..., Array]
    parameters: tuple[tuple[str, float], ...] = ()


def _gelu_tanh(x: Array) -> Array:
    return 0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))


def _softplus(x: Array, beta: float, threshold: float) -> Array:
    return np.where(beta * x > threshold, x, np.logaddexp(0.0, beta * x) / beta)


def _hardsigmoid(x: Array, slope: float, offset: float) -> Array:
    return np.clip(slope * x + offset, 0.0, 1.0)


def _along(function: Callable[..., Array]) -> Callable[..., Array]:
    """The function along an axis that counts from one input's first, or from its last if negative."""
    return lambda x, axis: function(x, axis=int(axis) + 1 if axis >= 0 else int(axis))


_KINDS = {
    "identity": _Kind(function=lambda x: x),
    "relu": _Kind(function=lambda x: np.maximum(x, 0.0)),
    "leaky_relu": _Kind(
        function=lambda x, slope: np.where(x >= 0.0, x, slope * x), parameters=(("negative slope", 0.01),)
    ),
    "elu": _Kind(
        function=lambda x, alpha: np.where(x > 0.0, x, alpha * np.expm1(np.minimum(x, 0.0))),
        parameters=(("alpha", 1.0),),
    ),
    "gelu": _Kind(function=lambda x: x * special.ndtr(x)),
    "gelu_tanh": _Kind(function=_gelu_tanh),
    "silu": _Kind(function=lambda x: x * special.expit(x)),
    "tanh": _Kind(function=np.tanh),
    "logistic": _Kind(function=special.expit),
    "hardtanh": _Kind(function=np.clip, parameters=(("least", -1.0), ("largest", 1.0))),
    "softplus": _Kind(function=_softplus, parameters=(("beta", 1.0), ("threshold", 20.0))),
    "hardswish": _Kind(function=lambda x: x * _hardsigmoid(x, 1.0 / 6.0, 0.5)),
    "hardsigmoid": _Kind(function=_hardsigmoid, parameters=(("slope", 1.0 / 6.0), ("offset", 0.5))),
    "softmax": _Kind(function=_along(special.softmax), parameters=(("axis", -1.0),)),
    "log_softmax": _Kind(function=_along(special.log_softmax), parameters=(("axis", -1.0),)),
}

ACTIVATIONS = tuple(_KINDS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Activation:
    """One function of every number; for ``softmax`` and ``log_softmax`` of all numbers along an axis.

    The functions are PyTorch's, with its names in small letters but for ``logistic``, its sigmoid.

    Parameters
    ----------
    kind : str
        One of :data:`ACTIVATIONS`.
    parameters : sequence of float
        None for the usual ones, or all: the slope below zero of ``leaky_relu`` (0.01), alpha of ``elu`` (1), the least
        and the largest value of ``hardtanh`` (-1, 1), beta and threshold of ``softplus`` (1, 20; it is the identity
        where beta x is above the threshold), slope and offset of ``hardsigmoid`` (1/6, 1/2), and the axis of
        ``softmax`` and ``log_softmax`` among those of one input (-1, the last).
    name : str
        For messages, files and reports.

    Raises
    ------
    InputError
        For an unknown kind, or parameters that are not finite, of another number, or out of range.
    """

    kind: str
    parameters: Sequence[float] = ()
    name: str = ""

    def __post_init__(self) -> None:
        name = self.name or str(self.kind)
        if not isinstance(self.kind, str) or self.kind not in _KINDS:
            raise InputError(f"kind of {name}", f"one of {', '.join(ACTIVATIONS)}", self.kind)
        named = _KINDS[self.kind].parameters
        given = tuple(self.parameters) or tuple(usual for _, usual in named)
        if len(given) != len(named):
            required = ", ".join(each for each, _ in named) or "none"
            raise InputError(f"parameters of {name}", required, given)
        parameters = tuple(
            finite_number(f"{each} of {name}", value) for (each, _), value in zip(named, given, strict=True)
        )
        if named and named[0][0] == "axis" and parameters[0] % 1:
            raise InputError(f"axis of {name}", "a whole number", parameters[0])
        if self.kind == "hardtanh" and parameters[0] > parameters[1]:
            raise InputError(f"largest of {name}", f"at least the least, {parameters[0]}", parameters[1])
        if self.kind == "softplus" and parameters[0] <= 0:
            raise InputError(f"beta of {name}", "above 0", parameters[0])
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "name", name)

    def __call__(self, *x: Array) -> Array:
        """Outputs of the inputs' shape."""
        (inputs,) = x
        return _KINDS[self.kind].function(inputs, *self.parameters)

    def output_shape(self, *shapes: Shape) -> Shape:
        """The input's."""
        shape = sole(self.name, shapes)
        if self.kind in ("softmax", "log_softmax") and not -len(shape) <= self.parameters[0] < len(shape):
            raise refused_shape(self.name, f"with an axis {self.parameters[0]:.0f}", shape)
        return shape
