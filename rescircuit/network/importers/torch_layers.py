"""Which of PyTorch's modules, functions and methods are layers of ours.

Modules are operations with their attributes as arguments.
"""

from __future__ import annotations

import operator
from typing import Any

from rescircuit.network.importers import torch_operations as of
from rescircuit.network.importers.torch_operations import Operation, Place
from rescircuit.network.importers.torch_package import F, Module, nn, torch
from rescircuit.network.layers import AdaptiveAvgPool, AdaptiveMaxPool, MaxPool

__all__ = ["FUNCTIONS", "METHODS", "module_operation"]


def _by_attributes(operation: Operation, *attributes: str) -> Operation:
    """The operation of a module whose attributes are its arguments."""

    def of_module(at: Place, module: Any) -> Any:
        return operation(at, **{name: getattr(module, name) for name in attributes})

    return of_module


_RELU = of.elementwise("relu")
_TANH = of.elementwise("tanh")
_SIGMOID = of.elementwise("logistic")
_SILU = of.elementwise("silu")
_HARDSWISH = of.elementwise("hardswish")
_HARDSIGMOID = of.elementwise("hardsigmoid")
_LEAKY_RELU = of.elementwise("leaky_relu", negative_slope=0.01)
_ELU = of.elementwise("elu", alpha=1.0)
_HARDTANH = of.elementwise("hardtanh", min_val=-1.0, max_val=1.0)
_SOFTPLUS = of.elementwise("softplus", beta=1.0, threshold=20.0)
_SOFTMAX, _LOG_SOFTMAX = of.softmax_along("softmax"), of.softmax_along("log_softmax")
_MAX_POOLS = {axes: of.pool(MaxPool, axes) for axes in (1, 2)}
_AVG_POOLS = {axes: of.avg_pool(axes) for axes in (1, 2)}
_ADAPTIVE_MAX_POOLS = {axes: of.adaptive(AdaptiveMaxPool, axes) for axes in (1, 2)}
_ADAPTIVE_AVG_POOLS = {axes: of.adaptive(AdaptiveAvgPool, axes) for axes in (1, 2)}
_NORM = _by_attributes(of.batch_norm_function, "running_mean", "running_var", "weight", "bias", "eps")
_OF_MAX_POOL = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_OF_AVG_POOL = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")

_MODULES: dict[type[Module], Operation] = {
    nn.Linear: _by_attributes(of.linear, "weight", "bias"),
    nn.Conv1d: of.conv_module,
    nn.Conv2d: of.conv_module,
    nn.BatchNorm1d: _NORM,
    nn.BatchNorm2d: _NORM,
    nn.ReLU: _by_attributes(_RELU),
    nn.ReLU6: _by_attributes(_HARDTANH, "min_val", "max_val"),
    nn.LeakyReLU: _by_attributes(_LEAKY_RELU, "negative_slope"),
    nn.ELU: _by_attributes(_ELU, "alpha"),
    nn.GELU: _by_attributes(of.gelu, "approximate"),
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
    nn.Flatten: _by_attributes(of.flatten, "start_dim", "end_dim"),
    nn.Identity: _by_attributes(of.identity),
    nn.Dropout: _by_attributes(of.identity),
    nn.Dropout1d: _by_attributes(of.identity),
    nn.Dropout2d: _by_attributes(of.identity),
    nn.AlphaDropout: _by_attributes(of.identity),
    nn.FeatureAlphaDropout: _by_attributes(of.identity),
}

FUNCTIONS: dict[Any, Operation] = {
    function: operation
    for operation, functions in (
        (of.linear, (F.linear,)),
        (of.conv, (F.conv1d, F.conv2d)),
        (of.batch_norm_function, (F.batch_norm,)),
        (_RELU, (F.relu, F.relu_, torch.relu, torch.relu_)),
        (of.relu6, (F.relu6,)),
        (_LEAKY_RELU, (F.leaky_relu, F.leaky_relu_)),
        (_ELU, (F.elu, F.elu_)),
        (of.gelu, (F.gelu,)),
        (_SILU, (F.silu,)),
        (_TANH, (F.tanh, torch.tanh, torch.tanh_)),
        (_SIGMOID, (F.sigmoid, torch.sigmoid, torch.sigmoid_)),
        (_HARDTANH, (F.hardtanh, F.hardtanh_)),
        (of.clamp, (torch.clamp, torch.clamp_, torch.clip)),
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
        (of.dropout, (F.dropout, F.dropout1d, F.dropout2d, F.alpha_dropout, F.feature_alpha_dropout)),
        (of.flatten, (torch.flatten,)),
        (of.reshape, (torch.reshape,)),
        (of.squeeze, (torch.squeeze,)),
        (of.mean, (torch.mean,)),
        (of.shift, (operator.add, operator.iadd, torch.add)),
        (of.subtract, (operator.sub, operator.isub, torch.sub)),
        (of.multiply, (operator.mul, operator.imul, torch.mul)),
        (of.divide, (operator.truediv, operator.itruediv, torch.div)),
        (of.cast, (torch.clone, torch.detach)),
    )
    for function in functions
}

METHODS: dict[str, Operation] = {
    name: operation
    for operation, names in (
        (_RELU, ("relu", "relu_")),
        (_TANH, ("tanh", "tanh_")),
        (_SIGMOID, ("sigmoid", "sigmoid_")),
        (of.clamp, ("clamp", "clamp_", "clip", "clip_")),
        (_SOFTMAX, ("softmax",)),
        (_LOG_SOFTMAX, ("log_softmax",)),
        (of.flatten, ("flatten",)),
        (of.reshape, ("view", "reshape")),
        (of.squeeze, ("squeeze",)),
        (of.mean, ("mean",)),
        (of.shift, ("add", "add_")),
        (of.subtract, ("sub", "sub_")),
        (of.multiply, ("mul", "mul_")),
        (of.divide, ("div", "div_")),
        (of.cast, ("contiguous", "clone", "detach", "to", "float", "double", "type_as", "cpu")),
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
