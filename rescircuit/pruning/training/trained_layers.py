"""A network in PyTorch, some of whose layers have the weights that a mask makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.errors import InputError
from rescircuit.network.importers.torch_module import NetworkModule
from rescircuit.network.importers.torch_package import Module, Tensor, torch
from rescircuit.network.layers import Conv, Dense, Network
from rescircuit.pruning.training.models import WeightModel

__all__ = ["MaskedNetwork", "computing_threads", "correct_share"]

_AT_ONCE = 1000  # images of an evaluation
_MOST_FEATURES = 1 << 28  # numbers of frozen layers' outputs that are kept, 1 GiB
_WORTH_IT = 2  # and at most so many for each number of the inputs: reading them takes time, too


class MaskedNetwork:
    """The network, whose layers before the first trained one are computed once for all.

    Parameters
    ----------
    template : Network
    models : mapping of int to WeightModel
        By the number of the trained layer.
    """

    def __init__(self, template: Network, models: Mapping[int, WeightModel]) -> None:
        module: Any = NetworkModule(template).float()
        module.requires_grad_(False)
        self.trained: dict[int, Any] = {}
        for number, model in models.items():
            module.layers[number] = self.trained[number] = _TrainedLayer(module.layers[number], model)
        self._module, self._sources = module, template.sources
        self._shapes = (*template.shapes, template.input_shape)  # the input's last: number -1
        self._first = self._cut(min(models))

    def features(self, *parts: NDArray[Any]) -> list[Tensor]:
        """What the layers from the first trained one on take, for parts of inputs (k, ...); kept in float32."""
        inputs = [torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32)) for part in parts]
        one, given = math.prod(self._shapes[self._first - 1]), math.prod(self._shapes[-1])
        if one * sum(map(len, inputs)) > _MOST_FEATURES or one > _WORTH_IT * given:
            self._first = 0  # for all parts alike
        return [self._features(part) for part in inputs] if self._first else inputs

    def _features(self, inputs: Tensor) -> Tensor:
        out = torch.empty(len(inputs), *self._shapes[self._first - 1])
        with torch.no_grad():
            for first in range(0, len(inputs), _AT_ONCE):
                part = slice(first, first + _AT_ONCE)
                out[part] = self._run(inputs[part], 0, self._first)
        return out

    def __call__(self, features: Tensor) -> Tensor:
        """Outputs (k, classes) for features (k, ...)."""
        return self._run(features, self._first, len(self._sources)).flatten(1)

    def correct(self, features: Tensor, y: Tensor) -> float:
        """The share of the inputs whose largest output is that of their class."""
        self._module.eval()
        share = correct_share(self, features, y)
        self._module.train()
        return share

    def _run(self, x: Tensor, first: int, end: int) -> Tensor:
        outputs: dict[int, Tensor] = {first - 1: x}
        for number in range(first, end):
            taken = (outputs[k] for k in self._sources[number])
            outputs[number] = self._module.layers[number](*taken)
        return outputs[end - 1]

    def _cut(self, first: int) -> int:
        """The layer before which all that later layers take is one output: the first trained one's, if it may be."""
        behind = [min(taken) for taken in self._sources[first:]]
        return first if min(behind) >= first - 1 else 0


class _TrainedLayer(Module):
    """A layer whose weight is what the model makes of the mask, a leaf whose gradient the scores learn from."""

    def __init__(self, layer: Any, model: WeightModel) -> None:
        super().__init__()
        if layer.kind not in (Dense, Conv):
            raise InputError("models", "for layers with weights", f"one for {layer.kind.__name__}")
        self.model, bias = model, layer.bias.detach()
        self.bias = bias.reshape(-1, *(1,) * (layer.weight.ndim - 2)) if bias.any() else None
        layer.bias = None
        del layer._parameters["weight"]  # what the model makes of a mask takes its place
        self._inner = [layer]  # in a list, so that it is no module of this one
        self.mask: Any = None

    def forward(self, x: Tensor) -> Tensor:
        inner = self._inner[0]
        inner.weight = self.model.weight(self.mask)
        y = self.model.outputs(inner(self.model.inputs(x)), self.training)
        return y if self.bias is None else y + self.bias


def correct_share(outputs: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> float:
    """The share of the inputs x whose largest output (k, classes) is that of their class."""
    right = 0
    with torch.no_grad():
        for first in range(0, len(x), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            right += int((outputs(x[part]).argmax(1) == y[part]).sum())
    return right / len(x)


@contextmanager
def computing_threads(threads: int) -> Iterator[None]:
    """So many threads of PyTorch's within it."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
