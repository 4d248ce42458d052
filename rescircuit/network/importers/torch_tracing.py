"""Running a module's ``forward`` on stand-ins for arrays, as :mod:`torch.fx` does, in evaluation mode.

What happens to a stand-in is told to a listener at once, who knows the shapes of all arrays: so shapes are plain
numbers in ``forward``; only the batch's size stays unknown. What comes from weights alone is computed as usual.
"""

from __future__ import annotations

import operator
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from rescircuit.network.importers.torch_operations import Batch, UnsupportedError
from rescircuit.network.importers.torch_package import (
    Module,
    Node,
    Proxy,
    Tensor,
    fx,
    nn,
    prune,
    spectral_norm,
    torch,
    weight_norm,
)

__all__ = ["Listener", "evaluating", "source_line", "trace", "traceback_line"]

_ROOT = "module"
_TORCH = str(Path(torch.__file__).parent)
# Their weights are attributes, computed anew from parameters before each call.
_WEIGHT_HOOKS = (prune.BasePruningMethod, weight_norm.WeightNorm, spectral_norm.SpectralNorm)


class Listener(Protocol):
    """Who is told what happens to the stand-ins."""

    def is_layer(self, module: Module) -> bool:
        """Whether a module is taken as a whole, its ``forward`` not looked into."""
        ...

    def take(self, node: Node, module: Module | None, path: str) -> None:
        """Something happened, in the module at a dotted path; `module` is what was called, if that is a module."""
        ...

    def sizes(self, node: Node) -> tuple[Any, ...]:
        """The shape of an array, the batch's size included."""
        ...


def trace(module: Module, listener: Listener) -> Any:
    """Trace a module that takes one array; its output, a node if it depends on the input.

    Any error of the module's own ``forward`` comes out, and those of :mod:`torch.fx` for what it can't trace.

    Raises
    ------
    UnsupportedError
        For a ``forward`` that draws random numbers, which would stay as they fell, or changes the module's own tensors.
    """
    before, versions = torch.random.get_rng_state(), _versions(module)
    graph = _Tracer(listener).trace(_OneInput(module))
    if not torch.equal(before, torch.random.get_rng_state()):
        raise UnsupportedError("it draws random numbers outside of training too")
    if _versions(module) != versions:
        raise UnsupportedError("it changes parameters or buffers of its own outside of training too")
    (output,) = graph.find_nodes(op="output")
    return output.args[0]


def _versions(module: Module) -> list[int]:
    """How often each tensor of a module has been changed in place."""
    unshaped = nn.parameter.UninitializedTensorMixin
    tensors = [each for each in (*module.parameters(), *module.buffers()) if not isinstance(each, unshaped)]
    return [0 if tensor.is_inference() else tensor._version for tensor in tensors]


def evaluating(module: Module) -> Module:
    """The module in evaluation mode: a copy of its modules that shares their tensors, since copies of those can fail.

    Weights that are computed before each call or at each look, as those of pruned and normed layers, are computed once.

    Raises
    ------
    UnsupportedError
        For a ``forward`` that was put into a module in its class's place: it may work on the module itself.
    """
    copies: dict[int, Module] = {}

    def copied(one: Module) -> Module:
        if "forward" in vars(one):
            raise UnsupportedError(f"{type(one).__name__}'s forward was replaced; only that of its class is traced")
        if id(one) not in copies:
            copies[id(one)] = copy = object.__new__(type(one))
            copy.__dict__.update(one.__dict__)
            # named_children() leaves out a module that comes a second time
            children = {name: None if child is None else copied(child) for name, child in one._modules.items()}
            own = {"_parameters": dict(one._parameters), "_buffers": dict(one._buffers), "_modules": children}
            copy.__dict__.update(own, training=False)
            with torch.no_grad():
                _compute_weights(copy)
        return copies[id(one)]

    return copied(module)


def _compute_weights(copy: Module) -> None:
    """Make weights that hooks and parametrizations compute plain attributes."""
    hooks = copy._forward_pre_hooks
    others = {key: hook for key, hook in hooks.items() if not isinstance(hook, _WEIGHT_HOOKS)}
    for key in hooks.keys() - others.keys():
        hooks[key](copy, ())
    copy.__dict__["_forward_pre_hooks"] = others
    if nn.utils.parametrize.is_parametrized(copy):
        names = list(copy._modules["parametrizations"]._modules)
        values = {name: getattr(copy, name) for name in names}
        copy.__class__ = type(copy).__mro__[1]  # the class that it had, without properties for these names
        copy._modules.pop("parametrizations")
        copy.__dict__.update(values)


def source_line(node: Node) -> str:
    """Where in the user's files a node was made, as ``file:line``; empty if nobody knows."""
    frames = re.findall(r'File "(.+?)", line (\d+)', node.stack_trace or "")
    return _own_line(frames)


def traceback_line(error: BaseException) -> str:
    """Where in the user's files an error was raised, as ``file:line``; empty if nobody knows."""
    return _own_line([(frame.filename, str(frame.lineno)) for frame in traceback.extract_tb(error.__traceback__)])


def _own_line(frames: list[tuple[str, str]]) -> str:
    package = str(Path(__file__).parent)
    own = [(file, line) for file, line in frames if not file.startswith((_TORCH, package))]
    return f"{Path(own[-1][0]).name}:{own[-1][1]}" if own else ""


class _OneInput(Module):
    """Calls a module with one input, so that its further arguments have their default values."""

    def __init__(self, module: Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        return self.module(x)


def _in_place(operation: Callable[..., Any]) -> Any:
    def method(self: _Stand, other: Any) -> Proxy:
        return self.tracer.create_proxy("call_function", operation, (self, other), {})

    return method


class _Stand(Proxy):
    """A stand-in for an array, whose shape is known. Assignments such as ``x += y`` change arrays in place."""

    tracer: _Tracer

    @property
    def shape(self) -> tuple[Any, ...]:
        return self.tracer.listener.sizes(self.node)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def dim(self) -> int:
        return len(self.shape)

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    __iadd__ = _in_place(operator.iadd)
    __isub__ = _in_place(operator.isub)
    __imul__ = _in_place(operator.imul)
    __itruediv__ = _in_place(operator.itruediv)
    __ifloordiv__ = _in_place(operator.ifloordiv)
    __imod__ = _in_place(operator.imod)
    __ipow__ = _in_place(operator.ipow)


class _Tracer(fx.Tracer):
    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self.listener = listener
        self.record_stack_traces = True

    def is_leaf_module(self, m: Module, module_qualified_name: str) -> bool:
        return self.listener.is_layer(m) or super().is_leaf_module(m, module_qualified_name)

    def proxy(self, node: Node) -> Proxy:
        return _Stand(node, self)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:  # noqa: ARG002
        return attr_val  # weights are themselves, not stand-ins

    def create_arg(self, a: Any) -> Any:
        return a if isinstance(a, Tensor | Batch) else super().create_arg(a)

    def create_proxy(self, kind: str, target: Any, args: Any, kwargs: Any, *others: Any, **named: Any) -> Proxy:
        proxy = super().create_proxy(kind, target, args, kwargs, *others, **named)
        module = self.root.get_submodule(target) if kind == "call_module" else None
        path = target if kind == "call_module" else self.scope.module_path
        self.listener.take(proxy.node, module, path.removeprefix(_ROOT).removeprefix("."))
        return proxy
