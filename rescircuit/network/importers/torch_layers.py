"""PyTorch's layers and functions as our layers.

An operation is a function of a :class:`Place` and of the arguments that PyTorch's function takes behind its input; it
gives the layers that do the same, none where nothing is to be done. Modules become operations with their attributes as
arguments.
"""

from __future__ import annotations

import math
import operator
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
from rescircuit.network.importers.torch_package import F, Module, Tensor, nn, torch
from rescircuit.network.layers import (
    Activation,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    Conv,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Scale,
    Shape,
)

__all__ = ["BATCH", "FUNCTIONS", "METHODS", "Batch", "Operation", "Place", "UnsupportedError", "module_operation"]


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


def _identity(at: Place, **_: Any) -> Layers:  # noqa: ARG001 - an operation like the others
    return ()


def _cast(at: Place, *to: Any, **named: Any) -> Layers:  # noqa: ARG001 - an operation like the others
    """Networks compute in float64 whatever floating type there is; other types would round."""
    for given in (*to, *named.values()):
        dtype = given.dtype if isinstance(given, Tensor) else given
        if isinstance(dtype, torch.dtype) and not dtype.is_floating_point:
            raise UnsupportedError(f"to type {dtype}; only floating types")
        if isinstance(given, str) and "." in given:  # the old names of types, such as torch.IntTensor
            raise UnsupportedError(f"to {given}; only floating types, by their dtype")
    return ()


def _dropout(at: Place, p: float = 0.5, training: bool = True, inplace: bool = False) -> Layers:  # noqa: ARG001
    if training and p > 0:
        raise UnsupportedError("it drops at random outside of training too; hand it training=self.training")
    return ()


def _linear(at: Place, weight: Any, bias: Any = None) -> Layers:
    return (Dense(weight=_numbers("weight", weight), bias=_numbers("bias", bias), name=at.name),)  # type: ignore[arg-type] - checked there


def _conv(
    at: Place, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Layers:
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


def _conv_module(at: Place, module: Any) -> Layers:
    if module.padding_mode != "zeros" and any(module._reversed_padding_repeated_twice):
        raise UnsupportedError(f"padding_mode={module.padding_mode!r}; only zeros")
    return _conv(at, module.weight, module.bias, module.stride, module.padding, module.dilation, module.groups)


def _batch_norm(
    at: Place,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,  # noqa: ARG001 - for training alone
    eps: float = 1e-5,
) -> Layers:
    mean, variance = _numbers("running_mean", running_mean), _numbers("running_var", running_var)
    if training or mean is None or variance is None:
        raise UnsupportedError("it normalises by the batch's own statistics; only running ones make it a layer")
    weight, bias = _numbers("weight", weight), _numbers("bias", bias)
    return (batch_norm(at.name, mean=mean, variance=variance, weight=weight, bias=bias, epsilon=eps),)


def _elementwise(kind: str, **usual: float) -> Operation:
    """An activation whose arguments, in this order, are its parameters."""

    def operation(at: Place, *given: Any, inplace: bool = False, **named: Any) -> Layers:  # noqa: ARG001
        values = usual | dict(zip(usual, given, strict=False)) | named
        if len(given) > len(usual) or len(values) > len(usual):
            raise UnsupportedError(f"arguments {list(given) or sorted(named)}")
        return (Activation(kind=kind, parameters=tuple(values.values()), name=at.name),)

    return operation


def _gelu(at: Place, approximate: str = "none") -> Layers:
    return (Activation(kind="gelu_tanh" if approximate == "tanh" else "gelu", name=at.name),)


def _relu6(at: Place, inplace: bool = False) -> Layers:  # noqa: ARG001 - the builder looks at it
    return (clipping(at.name, 0.0, 6.0),)


def _clamp(at: Place, min: Any = None, max: Any = None) -> Layers:  # noqa: A002 - PyTorch's names
    if not isinstance(min, int | float | None) or not isinstance(max, int | float | None):
        raise UnsupportedError("only limits that are numbers")
    return (clipping(at.name, min, max),)


def _along(kind: str) -> Operation:
    """A softmax along an axis."""

    def operation(at: Place, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Layers:  # noqa: ARG001
        if at.shape is None:
            return ()
        if dim is None:  # PyTorch's old rule, in axes with the batch
            dim = 0 if len(at.shape) in (0, 2) else 1
        return (Activation(kind=kind, parameters=(_axis(at.shape, dim),), name=at.name),)

    return operation


def _pool(layer: type[Layer], axes: int) -> Operation:
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


def _avg_pool(axes: int) -> Operation:
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


def _adaptive(layer: Any, axes: int) -> Operation:
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


def _mean(at: Place, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Layers:  # noqa: ARG001
    if at.shape is None:
        return ()
    dims = range(len(at.shape) + 1) if dim is None else dim if isinstance(dim, tuple | list) else (dim,)
    if not over_positions(dims, at.shape):
        raise UnsupportedError("only means over all positions")
    pool = AdaptiveAvgPool(output=1, axes=len(at.shape) - 1, name=at.name)
    return (pool,) if keepdim else (pool, Flatten(name=f"{at.name}.flatten"))


def _flatten(at: Place, start_dim: int = 0, end_dim: int = -1) -> Layers:
    if at.shape is None:
        return ()
    axes = len(at.shape) + 1
    start, end = start_dim % axes, end_dim % axes
    if start == 0 and end > 0:
        raise UnsupportedError("it flattens the batch too; start_dim must be 1 or more")
    return _reshaped(at, (*at.shape[: start - 1], math.prod(at.shape[start - 1 : end]), *at.shape[end:]))


def _reshape(at: Place, *sizes: Any, shape: Any = None) -> Layers:
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


def _squeeze(at: Place, dim: Any = None) -> Layers:
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


def _multiply(at: Place, other: Any) -> Layers:
    factor = _per_channel(at, other)
    return () if factor is None else (Scale(scale=factor, shift=np.zeros_like(factor), name=at.name),)


def _divide(at: Place, other: Any, rounding_mode: Any = None) -> Layers:
    if rounding_mode is not None:
        raise UnsupportedError("rounding_mode; only plain division")
    divisor = _per_channel(at, other)
    if divisor is not None and not np.all(divisor):
        raise UnsupportedError("it divides by zero")
    return () if divisor is None else (Scale(scale=1.0 / divisor, shift=np.zeros_like(divisor), name=at.name),)


def _shift(at: Place, other: Any, alpha: Any = 1) -> Layers:
    shift = _per_channel(at, other)
    return () if shift is None else (Scale(scale=np.ones_like(shift), shift=alpha * shift, name=at.name),)


def _subtract(at: Place, other: Any, alpha: Any = 1) -> Layers:
    return _shift(at, other, -alpha)


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


def _by_attributes(operation: Operation, *attributes: str) -> Operation:
    """The operation of a module whose attributes are its arguments."""

    def of_module(at: Place, module: Any) -> Layers:
        return operation(at, **{name: getattr(module, name) for name in attributes})

    return of_module


_RELU = _elementwise("relu")
_TANH = _elementwise("tanh")
_SIGMOID = _elementwise("logistic")
_SILU = _elementwise("silu")
_HARDSWISH = _elementwise("hardswish")
_HARDSIGMOID = _elementwise("hardsigmoid")
_LEAKY_RELU = _elementwise("leaky_relu", negative_slope=0.01)
_ELU = _elementwise("elu", alpha=1.0)
_HARDTANH = _elementwise("hardtanh", min_val=-1.0, max_val=1.0)
_SOFTPLUS = _elementwise("softplus", beta=1.0, threshold=20.0)
_SOFTMAX, _LOG_SOFTMAX = _along("softmax"), _along("log_softmax")
_MAX_POOLS = {axes: _pool(MaxPool, axes) for axes in (1, 2)}
_AVG_POOLS = {axes: _avg_pool(axes) for axes in (1, 2)}
_ADAPTIVE_MAX_POOLS = {axes: _adaptive(AdaptiveMaxPool, axes) for axes in (1, 2)}
_ADAPTIVE_AVG_POOLS = {axes: _adaptive(AdaptiveAvgPool, axes) for axes in (1, 2)}
_NORM = _by_attributes(_batch_norm, "running_mean", "running_var", "weight", "bias", "eps")
_OF_MAX_POOL = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_OF_AVG_POOL = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")

_MODULES: dict[type[Module], Operation] = {
    nn.Linear: _by_attributes(_linear, "weight", "bias"),
    nn.Conv1d: _conv_module,
    nn.Conv2d: _conv_module,
    nn.BatchNorm1d: _NORM,
    nn.BatchNorm2d: _NORM,
    nn.ReLU: _by_attributes(_RELU),
    nn.ReLU6: _by_attributes(_HARDTANH, "min_val", "max_val"),
    nn.LeakyReLU: _by_attributes(_LEAKY_RELU, "negative_slope"),
    nn.ELU: _by_attributes(_ELU, "alpha"),
    nn.GELU: _by_attributes(_gelu, "approximate"),
    nn.SiLU: _by_attributes(_SILU),
    nn.Tanh: _by_attributes(_TANH),
    nn.Sigmoid: _by_attributes(_SIGMOID),
    nn.Hardtanh: _by_attributes(_HARDTANH, "min_val", "max_val"),
    nn.Softplus: _by_attributes(_SOFTPLUS, "beta", "threshold"),
    nn.Hardswish: _by_attributes(_HARDSWISH),
    nn.Hardsigmoid: _by_attributes(_HARDSIGMOID),
    nn.Softmax: _by_attributes(_SOFTMAX, "dim"),
    nn.LogSoftmax: _by_attributes(_LOG_SOFTMAX, "dim"),
    nn.MaxPool1d: _by_attributes(_MAX_POOLS[1], *_OF_MAX_POOL),
    nn.MaxPool2d: _by_attributes(_MAX_POOLS[2], *_OF_MAX_POOL),
    nn.AvgPool1d: _by_attributes(_AVG_POOLS[1], *_OF_AVG_POOL),
    nn.AvgPool2d: _by_attributes(_AVG_POOLS[2], *_OF_AVG_POOL, "divisor_override"),
    nn.AdaptiveMaxPool1d: _by_attributes(_ADAPTIVE_MAX_POOLS[1], "output_size", "return_indices"),
    nn.AdaptiveMaxPool2d: _by_attributes(_ADAPTIVE_MAX_POOLS[2], "output_size", "return_indices"),
    nn.AdaptiveAvgPool1d: _by_attributes(_ADAPTIVE_AVG_POOLS[1], "output_size"),
    nn.AdaptiveAvgPool2d: _by_attributes(_ADAPTIVE_AVG_POOLS[2], "output_size"),
    nn.Flatten: _by_attributes(_flatten, "start_dim", "end_dim"),
    nn.Identity: _by_attributes(_identity),
    nn.Dropout: _by_attributes(_identity),
    nn.Dropout1d: _by_attributes(_identity),
    nn.Dropout2d: _by_attributes(_identity),
    nn.AlphaDropout: _by_attributes(_identity),
    nn.FeatureAlphaDropout: _by_attributes(_identity),
}

FUNCTIONS: dict[Any, Operation] = {
    function: operation
    for operation, functions in (
        (_linear, (F.linear,)),
        (_conv, (F.conv1d, F.conv2d)),
        (_batch_norm, (F.batch_norm,)),
        (_RELU, (F.relu, F.relu_, torch.relu, torch.relu_)),
        (_relu6, (F.relu6,)),
        (_LEAKY_RELU, (F.leaky_relu, F.leaky_relu_)),
        (_ELU, (F.elu, F.elu_)),
        (_gelu, (F.gelu,)),
        (_SILU, (F.silu,)),
        (_TANH, (F.tanh, torch.tanh, torch.tanh_)),
        (_SIGMOID, (F.sigmoid, torch.sigmoid, torch.sigmoid_)),
        (_HARDTANH, (F.hardtanh, F.hardtanh_)),
        (_clamp, (torch.clamp, torch.clamp_, torch.clip)),
        (_SOFTPLUS, (F.softplus,)),
        (_HARDSWISH, (F.hardswish,)),
        (_HARDSIGMOID, (F.hardsigmoid,)),
        (_SOFTMAX, (F.softmax, torch.softmax)),
        (_LOG_SOFTMAX, (F.log_softmax, torch.log_softmax)),
        (_MAX_POOLS[1], (F.max_pool1d, torch.max_pool1d)),
        (_MAX_POOLS[2], (F.max_pool2d, torch.max_pool2d)),
        (_AVG_POOLS[1], (F.avg_pool1d,)),
        (_AVG_POOLS[2], (F.avg_pool2d,)),
        (_ADAPTIVE_MAX_POOLS[1], (F.adaptive_max_pool1d,)),
        (_ADAPTIVE_MAX_POOLS[2], (F.adaptive_max_pool2d,)),
        (_ADAPTIVE_AVG_POOLS[1], (F.adaptive_avg_pool1d,)),
        (_ADAPTIVE_AVG_POOLS[2], (F.adaptive_avg_pool2d,)),
        (_dropout, (F.dropout, F.dropout1d, F.dropout2d, F.alpha_dropout, F.feature_alpha_dropout)),
        (_flatten, (torch.flatten,)),
        (_reshape, (torch.reshape,)),
        (_squeeze, (torch.squeeze,)),
        (_mean, (torch.mean,)),
        (_shift, (operator.add, operator.iadd, torch.add)),
        (_subtract, (operator.sub, operator.isub, torch.sub)),
        (_multiply, (operator.mul, operator.imul, torch.mul)),
        (_divide, (operator.truediv, operator.itruediv, torch.div)),
        (_cast, (torch.clone, torch.detach)),
    )
    for function in functions
}

METHODS: dict[str, Operation] = {
    name: operation
    for operation, names in (
        (_RELU, ("relu", "relu_")),
        (_TANH, ("tanh", "tanh_")),
        (_SIGMOID, ("sigmoid", "sigmoid_")),
        (_clamp, ("clamp", "clamp_", "clip", "clip_")),
        (_SOFTMAX, ("softmax",)),
        (_LOG_SOFTMAX, ("log_softmax",)),
        (_flatten, ("flatten",)),
        (_reshape, ("view", "reshape")),
        (_squeeze, ("squeeze",)),
        (_mean, ("mean",)),
        (_shift, ("add", "add_")),
        (_subtract, ("sub", "sub_")),
        (_multiply, ("mul", "mul_")),
        (_divide, ("div", "div_")),
        (_cast, ("contiguous", "clone", "detach", "to", "float", "double", "type_as", "cpu")),
    )
    for name in names
}


def module_operation(module: Module) -> Operation | None:
    """What turns a module into layers: that of the class whose methods it has; None if we do not know it."""
    own: set[str] = set()
    for kind in type(module).__mro__:
        if kind in _MODULES:
            return None if own & {"forward", "_conv_forward", "__call__"} else _MODULES[kind]
        own |= set(vars(kind))
    return None
