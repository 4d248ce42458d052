"""PyTorch's operations as our layers.

An operation is a function of a :class:`Place` and of the arguments that PyTorch's function takes behind its input; it
gives the layers that do the same, none where nothing is to be done. Which of PyTorch's modules, functions and methods
it stands for is in :mod:`~rescircuit.network.importers.torch_layers`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from rescircuit.checks import Array
from rescircuit.network.importers.batch_norm import batch_norm
from rescircuit.network.importers.representable import (
    clipping,
    differing_axes,
    filled_in,
    flattened_from,
    over_positions,
)
from rescircuit.network.importers.torch_package import Tensor, nn, torch
from rescircuit.network.layers import (
    Activation,
    AdaptiveAvgPool,
    AvgPool,
    Conv,
    Dense,
    Flatten,
    Layer,
    Scale,
    Shape,
)

__all__ = [
    "BATCH",
    "Batch",
    "Operation",
    "Place",
    "UnsupportedError",
    "adaptive",
    "avg_pool",
    "batch_norm_function",
    "cast",
    "clamp",
    "conv",
    "conv_module",
    "divide",
    "dropout",
    "elementwise",
    "flatten",
    "gelu",
    "identity",
    "linear",
    "mean",
    "multiply",
    "pool",
    "relu6",
    "reshape",
    "shift",
    "softmax_along",
    "squeeze",
    "subtract",
]


class UnsupportedError(Exception):
    """What a network can't represent; the text says why."""


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise UnsupportedError("it computes with the size of the batch")


class Batch:
    """The size of the batch, which a network does not know. It may be handed on to a reshaping, which is all."""

    __torch_function__ = classmethod(_refuse)  # PyTorch takes what has this where it asks for whole numbers
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = __abs__ = _refuse
    __floordiv__ = __rfloordiv__ = __truediv__ = __rtruediv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = _refuse
    __index__ = __int__ = __float__ = _refuse
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "the batch"


BATCH = Batch()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a layer is to stand.

    Parameters
    ----------
    name : str
        Its name.
    shape : tuple of int, optional
        The shape of one input; None behind something unsupported, where nothing is known.
    """

    name: str
    shape: Shape | None


Layers = tuple[Layer, ...]
Operation = Callable[..., Layers]


def _numbers(name: str, tensor: Any) -> Array | None:
    """A tensor's numbers; None for None."""
    if tensor is None:
        return None
    if isinstance(tensor, Batch):
        _refuse()
    if not isinstance(tensor, Tensor):
        raise UnsupportedError(f"its {name} depends on the input")
    if isinstance(tensor, nn.parameter.UninitializedTensorMixin):
        raise UnsupportedError(f"its {name} has no shape yet; run the module on an input once")
    if tensor.is_meta:
        raise UnsupportedError(f"its {name} is on the device meta, without values")
    if not tensor.is_floating_point():
        raise UnsupportedError(f"its {name} is of type {tensor.dtype}")
    return tensor.detach().to("cpu", torch.float64).numpy()


def identity(at: Place, **_: Any) -> Layers:  # noqa: ARG001 - an operation like the others
    """What a module does that gives its input."""
    return ()


def cast(at: Place, *to: Any, **named: Any) -> Layers:  # noqa: ARG001 - an operation like the others
    """Networks compute in float64 whatever floating type there is; other types would round."""
    for given in (*to, *named.values()):
        dtype = given.dtype if isinstance(given, Tensor) else given
        if isinstance(dtype, torch.dtype) and not dtype.is_floating_point:
            raise UnsupportedError(f"to type {dtype}; only floating types")
        if isinstance(given, str) and "." in given:  # the old names of types, such as torch.IntTensor
            raise UnsupportedError(f"to {given}; only floating types, by their dtype")
    return ()


def dropout(at: Place, p: float = 0.5, training: bool = True, inplace: bool = False) -> Layers:  # noqa: ARG001
    """``functional.dropout`` and its kin."""
    if training and p > 0:
        raise UnsupportedError("it drops at random outside of training too; hand it training=self.training")
    return ()


def linear(at: Place, weight: Any, bias: Any = None) -> Layers:
    """``functional.linear``."""
    return (Dense(weight=_numbers("weight", weight), bias=_numbers("bias", bias), name=at.name),)  # type: ignore[arg-type] - checked there


def conv(
    at: Place, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Layers:
    """``functional.conv1d`` and ``conv2d``."""
    values = _numbers("weight", weight)
    if values is None or values.ndim not in (3, 4):
        raise UnsupportedError("only convolutions over one or two axes of positions")
    kernel = values.shape[2:]
    if padding == "valid":
        padding = 0
    elif padding == "same":
        steps = dilation if isinstance(dilation, tuple | list) else (dilation,) * len(kernel)
        added = [step * (length - 1) for step, length in zip(steps, kernel, strict=True)]
        padding = tuple((each // 2, each - each // 2) for each in added)  # PyTorch adds the odd one behind
    return (
        Conv(
            weight=values,
            bias=_numbers("bias", bias),
            stride=_sizes(stride, len(kernel)),
            padding=_sizes(padding, len(kernel)),
            dilation=_sizes(dilation, len(kernel)),
            groups=groups,
            name=at.name,
        ),
    )


def conv_module(at: Place, module: Any) -> Layers:
    """A convolution with its way of padding."""
    if module.padding_mode != "zeros" and any(module._reversed_padding_repeated_twice):
        raise UnsupportedError(f"padding_mode={module.padding_mode!r}; only zeros")
    return conv(at, module.weight, module.bias, module.stride, module.padding, module.dilation, module.groups)


def batch_norm_function(
    at: Place,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,  # noqa: ARG001 - for training alone
    eps: float = 1e-5,
) -> Layers:
    """``functional.batch_norm``."""
    mean, variance = _numbers("running_mean", running_mean), _numbers("running_var", running_var)
    if training or mean is None or variance is None:
        raise UnsupportedError("it normalises by the batch's own statistics; only running ones make it a layer")
    weight, bias = _numbers("weight", weight), _numbers("bias", bias)
    return (batch_norm(at.name, mean=mean, variance=variance, weight=weight, bias=bias, epsilon=eps),)


def elementwise(kind: str, **usual: float) -> Operation:
    """An activation whose arguments, in this order, are its parameters."""

    def operation(at: Place, *given: Any, inplace: bool = False, **named: Any) -> Layers:  # noqa: ARG001
        values = usual | dict(zip(usual, given, strict=False)) | named
        if len(given) > len(usual) or len(values) > len(usual):
            raise UnsupportedError(f"arguments {list(given) or sorted(named)}")
        return (Activation(kind=kind, parameters=tuple(values.values()), name=at.name),)

    return operation


def gelu(at: Place, approximate: str = "none") -> Layers:
    """``functional.gelu``."""
    return (Activation(kind="gelu_tanh" if approximate == "tanh" else "gelu", name=at.name),)


def relu6(at: Place, inplace: bool = False) -> Layers:  # noqa: ARG001 - the builder looks at it
    """``functional.relu6``."""
    return (clipping(at.name, 0.0, 6.0),)


def clamp(at: Place, min: Any = None, max: Any = None) -> Layers:  # noqa: A002 - PyTorch's names
    """``torch.clamp``."""
    if not isinstance(min, int | float | None) or not isinstance(max, int | float | None):
        raise UnsupportedError("only limits that are numbers")
    return (clipping(at.name, min, max),)


def softmax_along(kind: str) -> Operation:
    """A softmax along an axis."""

    def operation(at: Place, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Layers:  # noqa: ARG001
        if at.shape is None:
            return ()
        if dim is None:  # PyTorch's old rule, in axes with the batch
            dim = 0 if len(at.shape) in (0, 2) else 1
        return (Activation(kind=kind, parameters=(_axis(at.shape, dim),), name=at.name),)

    return operation


def pool(layer: type[Layer], axes: int) -> Operation:
    """A pooling that takes dilation."""

    def operation(
        at: Place,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Layers:
        if return_indices:
            raise UnsupportedError("return_indices=True; only one output")
        return _windows(at, layer, axes, kernel_size, stride, padding, ceil_mode, dilation=_sizes(dilation, axes))

    return operation


def avg_pool(axes: int) -> Operation:
    """``functional.avg_pool1d`` or ``avg_pool2d``."""

    def operation(
        at: Place,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: Any = None,
    ) -> Layers:
        if divisor_override is not None:
            raise UnsupportedError("divisor_override; only means")
        counted = {"count_include_pad": count_include_pad}
        return _windows(at, AvgPool, axes, kernel_size, stride, padding, ceil_mode, **counted)

    return operation


def _windows(
    at: Place, layer: Any, axes: int, kernel: Any, stride: Any, padding: Any, ceil: bool, **options: Any
) -> Layers:
    stride = kernel if stride is None or stride in ((), []) else stride
    sizes = {"kernel": kernel, "stride": stride, "padding": padding}
    sizes = {key: _sizes(value, axes) for key, value in sizes.items()}
    return (layer(**sizes, ceil_mode=ceil, axes=axes, name=at.name, **options),)


def adaptive(layer: Any, axes: int) -> Operation:
    """A pooling to as many windows as are wanted."""

    def operation(at: Place, output_size: Any, return_indices: bool = False) -> Layers:
        if return_indices:
            raise UnsupportedError("return_indices=True; only one output")
        output = _sizes(output_size, axes)
        if None in output:  # as many as there are
            if at.shape is None or len(at.shape) != axes + 1:
                return ()
            output = tuple(old if new is None else new for new, old in zip(output, at.shape[1:], strict=True))
        return (layer(output=output, axes=axes, name=at.name),)

    return operation


def mean(at: Place, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Layers:  # noqa: ARG001
    """``torch.mean``, over positions."""
    if at.shape is None:
        return ()
    dims = range(len(at.shape) + 1) if dim is None else dim if isinstance(dim, tuple | list) else (dim,)
    if not over_positions(dims, at.shape):
        raise UnsupportedError("only means over all positions")
    pool = AdaptiveAvgPool(output=1, axes=len(at.shape) - 1, name=at.name)
    return (pool,) if keepdim else (pool, Flatten(name=f"{at.name}.flatten"))


def flatten(at: Place, start_dim: int = 0, end_dim: int = -1) -> Layers:
    """``torch.flatten``."""
    if at.shape is None:
        return ()
    axes = len(at.shape) + 1
    start, end = start_dim % axes, end_dim % axes
    if start == 0 and end > 0:
        raise UnsupportedError("it flattens the batch too; start_dim must be 1 or more")
    return _reshaped(at, (*at.shape[: start - 1], math.prod(at.shape[start - 1 : end]), *at.shape[end:]))


def reshape(at: Place, *sizes: Any, shape: Any = None) -> Layers:
    """``torch.reshape`` and the method ``view``."""
    if at.shape is None:
        return ()
    given = sizes or (shape,)
    target = list(given[0]) if isinstance(given[0], tuple | list) else list(given)
    total = math.prod(at.shape)
    if not target or not all(isinstance(size, int | Batch) for size in target):
        raise UnsupportedError("only to sizes that do not depend on the input")
    rest = target[1:]
    if any(isinstance(size, Batch) for size in rest) or rest.count(-1) > 1:
        raise UnsupportedError("the batch must stay the first axis")
    rest = filled_in(rest, total)
    if not (isinstance(target[0], Batch) or target[0] == -1) or math.prod(rest) != total:
        raise UnsupportedError(f"from {at.shape} to {tuple(target)}; the batch must stay as it is")
    return _reshaped(at, rest)


def squeeze(at: Place, dim: Any = None) -> Layers:
    """``torch.squeeze``."""
    if at.shape is None:
        return ()
    if not isinstance(dim, int):
        raise UnsupportedError("only one axis, given by its number")
    axis = _axis(at.shape, dim)
    return _reshaped(at, (*at.shape[:axis], *at.shape[axis + 1 :])) if at.shape[axis] == 1 else ()


def _reshaped(at: Place, target: Shape) -> Layers:
    """What brings one input to another shape, if a flattening does."""
    shape = at.shape or ()
    if target == shape:
        return ()
    start = flattened_from(shape, target)
    if start is None:
        raise UnsupportedError(f"from {shape} to {target}; only the last axes can become one")
    return (Flatten(start=start, name=at.name),)


def multiply(at: Place, other: Any) -> Layers:
    """``torch.mul`` by constants."""
    factor = _per_channel(at, other)
    return () if factor is None else (Scale(scale=factor, shift=np.zeros_like(factor), name=at.name),)


def divide(at: Place, other: Any, rounding_mode: Any = None) -> Layers:
    """``torch.div`` by constants."""
    if rounding_mode is not None:
        raise UnsupportedError("rounding_mode; only plain division")
    divisor = _per_channel(at, other)
    if divisor is not None and not np.all(divisor):
        raise UnsupportedError("it divides by zero")
    return () if divisor is None else (Scale(scale=1.0 / divisor, shift=np.zeros_like(divisor), name=at.name),)


def shift(at: Place, other: Any, alpha: Any = 1) -> Layers:
    """``torch.add`` of constants."""
    shift = _per_channel(at, other)
    return () if shift is None else (Scale(scale=np.ones_like(shift), shift=alpha * shift, name=at.name),)


def subtract(at: Place, other: Any, alpha: Any = 1) -> Layers:
    """``torch.sub`` of constants."""
    return shift(at, other, -alpha)


def _per_channel(at: Place, value: Any) -> Array | None:
    """A number, or a tensor that broadcasts as one number for each channel, as (channels,)."""
    if at.shape is None:
        return None
    values = np.asarray(value, dtype=np.float64) if isinstance(value, int | float) else _numbers("operand", value)
    if values is None:
        raise UnsupportedError("operands must be numbers")
    if differing_axes(values.shape, at.shape) not in ((), (0,)):
        raise UnsupportedError(f"an operand of shape {values.shape}; only one number, or one for each channel")
    return np.broadcast_to(values.reshape(-1), at.shape[:1]).copy()


def _axis(shape: Shape, dim: int) -> int:
    """An axis of one input, of one that counts the batch."""
    if not dim % (len(shape) + 1) > 0 or not -len(shape) <= dim <= len(shape):
        raise UnsupportedError(f"dim={dim}; only axes of one input of shape {shape}, behind the batch")
    return dim % (len(shape) + 1) - 1


def _sizes(value: Any, axes: int) -> tuple[Any, ...]:
    """One value for each axis."""
    values = tuple(value) if isinstance(value, tuple | list) else (value,) * axes
    return values * axes if len(values) == 1 else values
