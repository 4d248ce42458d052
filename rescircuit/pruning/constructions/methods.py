"""The constructions by name, and targets to try them on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from rescircuit.checks import whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.network.layers import Activation, Dense, Layer, Network
from rescircuit.pruning.constructions.construction import Construction

__all__ = ["METHODS", "Method", "construct", "random_target"]

_HOME = "rescircuit.pruning.constructions"
_WIDEST = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Method:
    """Where a construction is, and how it is called.

    Attributes
    ----------
    title : str
        What it does, for lists.
    home, function : str
        The module in this package, and the function in it: ``function(target, epsilon, *, seed, input_range, ...)``.
    options : mapping
        What else it is given.
    items : str
        What it calls the number of items for each weight.
    input_range : (float, float)
        The usual domain.
    tells : bool
        Whether it takes `progress`.
    """

    title: str
    home: str
    function: str
    options: Mapping[str, Any] = field(default_factory=dict)
    items: str = "items"
    input_range: tuple[float, float] = (-1.0, 1.0)
    tells: bool = True


METHODS = {
    "pensia": Method(
        title="two random layers for one, a ReLU between them (Pensia et al. 2020, figure 1c)",
        home="pensia",
        function="pensia",
    ),
    "pensia-linear": Method(
        title="the same without the ReLU",
        home="pensia",
        function="pensia",
        options={"gadget": "linear"},
    ),
    "pensia-ones": Method(
        title="a random layer and one of ones for one layer (Pensia et al. 2020, figure 1b)",
        home="pensia",
        function="pensia",
        options={"gadget": "ones"},
    ),
    "burkholz": Method(
        title="one random layer more than the target (Burkholz 2022; Kumar and Natale 2025, theorem 2)",
        home="burkholz",
        function="burkholz",
    ),
    "convolutional": Method(
        title="d x d kernels and a 1 x 1 convolution for one layer (da Cunha 2023, theorem 4.2.3)",
        home="convolutional",
        function="convolutional",
        input_range=(0.0, 1.0),
    ),
    "convolutional-points": Method(
        title="a 1 x 1 convolution and d x d kernels for one layer, inputs of both signs (section 4.2.1)",
        home="convolutional",
        function="convolutional",
        options={"order": "points first"},
    ),
    "structured": Method(
        title="the same, whole filters pruned; --items for each sign (da Cunha 2023, theorem 5.3.1)",
        home="structured",
        function="structured",
    ),
}


def construct(
    method: str,
    target: Network,
    epsilon: float,
    *,
    items: Any = None,
    seed: int = 0,
    input_range: tuple[float, float] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Construction:
    """Draw a random network and prune it to the target, by the method of a name in :data:`METHODS`.

    Parameters
    ----------
    method : str
    target : Network
    epsilon : float
        The largest error of any output over the whole domain.
    items : int, optional
        For each weight; by default what `epsilon` needs.
    seed : int
    input_range : (float, float), optional
        The domain: the least and the largest value of each input; by default the method's usual one.
    progress : callable, optional
        Called with the share of the work done since the last call, by methods that tell it.

    Raises
    ------
    InputError
        For another name, and what the method refuses.
    SolutionError
        If the error proved for the masks found is above `epsilon`.
    """
    if not isinstance(method, str) or method not in METHODS:
        raise InputError("method", f"one of {', '.join(METHODS)}", method)
    found = METHODS[method]
    options: dict[str, Any] = {**found.options, "seed": whole_number("seed", seed, 0)}
    options |= {"input_range": found.input_range if input_range is None else input_range}
    if items is not None:
        options[found.items] = items
    if found.tells:
        options["progress"] = progress
    return getattr(import_module(f"{_HOME}.{found.home}"), found.function)(target, epsilon, **options)


def random_target(sizes: Sequence[int], seed: int = 0) -> Network:
    """A dense network with ReLU between its layers, whose weights are uniform on +-1 / sqrt(inputs of the layer).

    Parameters
    ----------
    sizes : sequence of int
        The numbers of inputs, of the neurons of each layer, and of outputs.
    seed : int
        Its weights are independent of those of random networks of the same seed.

    Raises
    ------
    InputError
        For fewer than two sizes, or such below 1.
    """
    if not isinstance(sizes, Sequence | np.ndarray) or len(sizes) < 2:
        raise InputError("sizes", "at least two whole numbers, such as 4,8,2", sizes)
    checked = [whole_number("sizes", size, 1, _WIDEST) for size in sizes]
    if sum(a * b for a, b in pairwise(checked)) > 1 << 24:
        raise InputError("sizes", f"those of at most {1 << 24:,} weights", sizes)
    layers: list[Layer] = []
    for number, (inputs, outputs) in enumerate(pairwise(checked), 1):
        uniform = Stream(seed=seed, source=f"target.{number}").uniform(inputs * outputs)
        weight = (2.0 * uniform - 1.0).reshape(outputs, inputs) / np.sqrt(inputs)
        layers += [Dense(weight=weight, name=f"layer{number}"), Activation(kind="relu", name=f"layer{number}.relu")]
    return Network(layers[:-1])
