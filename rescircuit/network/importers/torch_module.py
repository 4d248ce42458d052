"""Networks and chips as modules of PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Protocol, runtime_checkable

from rescircuit.errors import InputError
from rescircuit.network.importers.torch_package import F, Module, Tensor, nn, torch
from rescircuit.network.layers import (
    Activation,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    Add,
    AvgPool,
    Conv,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Network,
    Scale,
    Shape,
)

__all__ = ["Chip", "ChipModule", "NetworkModule"]

_ARRAYS = ("weight", "bias", "scale", "shift")


class NetworkModule(Module):
    """A network in PyTorch's arithmetic, with its weights, biases, scales and shifts as parameters.

    It can be trained, moved, cast and saved as any module: ``state_dict()`` has the arrays of layer k as
    ``layers.k.weight``, ``layers.k.bias``, ``layers.k.scale`` and ``layers.k.shift``; a module made of the same network
    loads it. Inputs are cast to the parameters' type and outputs back to the inputs'.

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_LayerModule(layer) for layer in network.layers)
        self.sources = network.sources
        self.input_shape: Shape = network.input_shape
        self.output_shape: Shape = network.output_shape

    def network(self) -> Network:
        """The network with the parameters as they are now; InputError where layers were replaced by other modules."""
        for layer in self.layers:
            if type(layer) is not _LayerModule:
                raise InputError("network", "made of its own layers", type(layer).__name__)
        layers = tuple(layer.layer() for layer in self.layers)
        return Network(layers, input_shape=self.input_shape, sources=self.sources)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (..., *output_shape) of the type of the inputs (..., *input_shape), if that is a floating one."""
        inputs, batch = _as_one_batch(x, self.input_shape)
        parameter = next(self.parameters(), None)
        if parameter is not None:
            inputs = inputs.to(parameter.dtype)
        outputs: list[Tensor] = []
        for layer, taken in zip(self.layers, self.sources, strict=True):
            outputs.append(layer(*(inputs if k < 0 else outputs[k] for k in taken)))
        result = outputs[-1].reshape(*batch, *self.output_shape)
        return result.to(x.dtype) if x.is_floating_point() else result


@runtime_checkable
class Chip(Protocol):
    """A network on arrays, as :class:`AnalogNetwork` is."""

    @property
    def network(self) -> Network:
        """The network that was put on the arrays."""
        ...

    def __call__(self, x: Any, *, read: int = 0) -> Any:
        """Outputs (k, ...) of the chip's read number `read` for inputs (k, ...)."""
        ...


class ChipModule(Module):
    """A network on a chip, with the gradient of the digital network: a straight-through estimator.

    ``forward`` gives what the chip gives, computed on the CPU; ``backward`` hands on the gradient that the network in
    exact arithmetic has at the same inputs. What stands before the chip can so be trained with the chip in place;
    the chip itself has no parameters and its state dictionary is empty. Save the chip by its own means, and make the
    module anew.

    Parameters
    ----------
    chip : AnalogNetwork

    Attributes
    ----------
    read : int
        The number of the read whose noise the next ``forward`` has. In training mode each ``forward`` counts it up,
        so that noise is new each time; in evaluation mode it stays.
    """

    def __init__(self, chip: Any) -> None:
        if not isinstance(chip, Chip) or not isinstance(chip.network, Network):
            raise InputError("network", "a Network or an AnalogNetwork", type(chip).__name__)
        super().__init__()
        self.chip = chip
        self.read = 0

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (..., *output_shape) of the type of the inputs (..., *input_shape), if that is a floating one."""
        network = self.chip.network
        inputs, batch = _as_one_batch(x, network.input_shape)
        outputs = _StraightThrough.apply(inputs, self.chip, self.read)
        if self.training:
            self.read += 1
        return outputs.reshape(*batch, *network.output_shape)

    def extra_repr(self) -> str:
        """What PyTorch prints of it."""
        return f"{self.chip!r}, read={self.read}"


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, chip: Chip, read: int) -> Tensor:
        ctx.save_for_backward(x)
        ctx.chip = chip
        outputs = chip(x.detach().to("cpu", torch.float64).numpy(), read=read)
        kept = x.dtype if x.is_floating_point() else torch.float64
        return torch.tensor(outputs, dtype=kept, device=x.device)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None]:
        (x,), (gradient,) = ctx.saved_tensors, grad_outputs
        with torch.enable_grad():
            inputs = x.detach().to("cpu", torch.float64).requires_grad_()
            outputs = NetworkModule(ctx.chip.network).requires_grad_(False)(inputs)
        (handed_on,) = torch.autograd.grad(outputs, inputs, gradient.to(outputs))
        return handed_on.to(x), None, None


class _LayerModule(Module):
    """One layer: its arrays as parameters, all else as it is."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        if type(layer) not in _FORWARDS:
            raise InputError("network", "made of layers that PyTorch has", type(layer).__name__)
        self.kind = type(layer)
        values = {field.name: getattr(layer, field.name) for field in fields(layer) if field.init}  # type: ignore[arg-type] - a dataclass
        self.options = {name: value for name, value in values.items() if name not in _ARRAYS}
        for name in (name for name in _ARRAYS if name in values):
            self.register_parameter(name, nn.Parameter(torch.tensor(values[name], dtype=torch.float64)))

    def layer(self) -> Layer:
        """The layer with the parameters as they are now."""
        values = {name: getattr(self, name) for name in _ARRAYS if hasattr(self, name)}
        arrays = {name: value.detach().to("cpu", torch.float64).numpy() for name, value in values.items()}
        return self.kind(**self.options, **arrays)

    def forward(self, *x: Tensor) -> Tensor:
        return _FORWARDS[self.kind](self, *x)

    def extra_repr(self) -> str:
        shapes = [f"{name} {tuple(value.shape)}" for name, value in self.named_parameters()]
        return ", ".join([self.kind.__name__, *(f"{name}={value}" for name, value in self.options.items()), *shapes])


def _as_one_batch(x: Tensor, shape: Shape) -> tuple[Tensor, Shape]:
    """Inputs (k, *shape) of inputs (..., *shape), and the axes before."""
    axes = x.ndim - len(shape)
    if axes < 0 or tuple(x.shape[axes:]) != tuple(shape):
        raise InputError("x", f"of shape (..., {', '.join(map(str, shape))})", f"shape {tuple(x.shape)}")
    batch = tuple(x.shape[:axes])
    return x.reshape(math.prod(batch), *shape), batch


def _dense(module: Any, x: Tensor) -> Tensor:
    return F.linear(x, module.weight, module.bias)


def _conv(module: Any, x: Tensor) -> Tensor:
    options = module.options
    convolve = F.conv1d if module.weight.ndim == 3 else F.conv2d
    common = {"stride": options["stride"], "dilation": options["dilation"], "groups": options["groups"]}
    if _even(options["padding"]):
        padding = [before for before, _ in options["padding"]]
        return convolve(x, module.weight, module.bias, padding=padding, **common)
    return convolve(F.pad(x, _pads(options["padding"])), module.weight, module.bias, **common)


def _activation(module: Any, x: Tensor) -> Tensor:
    return _ACTIVATIONS[module.options["kind"]](x, *module.options["parameters"])


def _hardsigmoid(x: Tensor, slope: float, offset: float) -> Tensor:
    return (slope * x + offset).clamp(0.0, 1.0)


def _along(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A softmax along an axis of one input."""
    return lambda x, axis: function(x, dim=int(axis) + 1 if axis >= 0 else int(axis))


_ACTIVATIONS: dict[str, Callable[..., Tensor]] = {
    "identity": lambda x: x,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "tanh": torch.tanh,
    "logistic": torch.sigmoid,
    "hardtanh": F.hardtanh,
    "softplus": F.softplus,
    "hardswish": F.hardswish,
    "hardsigmoid": _hardsigmoid,
    "softmax": _along(F.softmax),
    "log_softmax": _along(F.log_softmax),
}


def _max_pool(module: Any, x: Tensor) -> Tensor:
    options = module.options
    kernel, stride, dilation = options["kernel"], options["stride"], options["dilation"]
    pool = F.max_pool1d if len(kernel) == 1 else F.max_pool2d
    if _native(options):
        padding = [before for before, _ in options["padding"]]
        return pool(x, kernel, stride, padding, dilation, ceil_mode=options["ceil_mode"])
    x, counts = _padded(module, x, -math.inf)
    return _cut(pool(x, kernel, stride, 0, dilation), counts)


def _avg_pool(module: Any, x: Tensor) -> Tensor:
    options = module.options
    kernel, stride, counted = options["kernel"], options["stride"], options["count_include_pad"]
    if _native(options) and set(options["dilation"]) == {1}:
        padding = [before for before, _ in options["padding"]]
        pool = F.avg_pool1d if len(kernel) == 1 else F.avg_pool2d
        return pool(x, kernel, stride, padding, options["ceil_mode"], counted)
    # What PyTorch's pooling does not do: sums over windows, divided by the numbers that count in each.
    convolve = F.conv1d if len(kernel) == 1 else F.conv2d
    window = torch.ones(1, 1, *kernel, dtype=x.dtype, device=x.device)
    whole, counts = _padded(module, x, 0.0)
    inside = torch.zeros(1, 1, *whole.shape[2:], dtype=x.dtype, device=x.device)
    bounds = zip(x.shape[2:], options["padding"], strict=True)
    inside[(..., *(slice(0, b + n + a) if counted else slice(b, b + n) for n, (b, a) in bounds))] = 1.0
    channels = whole.reshape(-1, 1, *whole.shape[2:])
    sums, numbers = (convolve(each, window, stride=stride, dilation=options["dilation"]) for each in (channels, inside))
    return _cut((sums / numbers).reshape(*x.shape[:2], *sums.shape[2:]), counts)


def _padded(module: Any, x: Tensor, value: float) -> tuple[Tensor, Sequence[int]]:
    """Inputs with all positions that the windows reach, and how many windows there are along each axis."""
    options = module.options
    counts = module.layer().output_shape(tuple(x.shape[1:]))[1:]
    pairs = []
    sizes = zip(
        x.shape[2:], counts, options["kernel"], options["stride"], options["dilation"], options["padding"], strict=True
    )
    for length, count, kernel, stride, dilation, (before, after) in sizes:
        reached = (count - 1) * stride + dilation * (kernel - 1) + 1
        pairs.append((before, after + max(0, reached - length - before - after)))
    return F.pad(x, _pads(pairs), value=value), counts


def _cut(x: Tensor, counts: Sequence[int]) -> Tensor:
    return x[(..., *(slice(count) for count in counts))]


def _native(options: dict[str, Any]) -> bool:
    """Whether PyTorch's poolings take the padding: as much before as behind, and at most half of the kernel."""
    halves = zip(options["padding"], options["kernel"], strict=True)
    return _even(options["padding"]) and all(before <= kernel // 2 for (before, _), kernel in halves)


def _even(padding: Any) -> bool:
    return all(before == after for before, after in padding)


def _pads(padding: Any) -> list[int]:
    """PyTorch's order: the last axis first."""
    return [each for pair in reversed(list(padding)) for each in pair]


def _adaptive(one: Callable[..., Any], two: Callable[..., Any]) -> Callable[..., Tensor]:
    def forward(module: Any, x: Tensor) -> Tensor:
        output = module.options["output"]
        return (one if len(output) == 1 else two)(x, output)

    return forward


def _flatten(module: Any, x: Tensor) -> Tensor:
    return x.flatten(module.options["start"] + 1)


def _add(module: Any, *x: Tensor) -> Tensor:  # noqa: ARG001 - it has nothing to say
    total = x[0] + x[1]
    for more in x[2:]:
        total = total + more
    return total


def _scale(module: Any, x: Tensor) -> Tensor:
    axes = (-1, *(1,) * (x.ndim - 2))
    return x * module.scale.reshape(axes) + module.shift.reshape(axes)


_FORWARDS: dict[type, Callable[..., Tensor]] = {
    Dense: _dense,
    Conv: _conv,
    Activation: _activation,
    MaxPool: _max_pool,
    AvgPool: _avg_pool,
    AdaptiveAvgPool: _adaptive(F.adaptive_avg_pool1d, F.adaptive_avg_pool2d),
    AdaptiveMaxPool: _adaptive(F.adaptive_max_pool1d, F.adaptive_max_pool2d),
    Flatten: _flatten,
    Add: _add,
    Scale: _scale,
}
