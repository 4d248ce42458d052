"""From what a module of PyTorch does to its input to a network."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any

from rescircuit.checks import whole_number
from rescircuit.errors import InputError
from rescircuit.network.importers.batch_norm import folded
from rescircuit.network.importers.torch_layers import FUNCTIONS, METHODS, module_operation
from rescircuit.network.importers.torch_module import ChipModule, NetworkModule
from rescircuit.network.importers.torch_operations import BATCH, Operation, Place, UnsupportedError
from rescircuit.network.importers.torch_package import Module, Node, Tensor, nn, torch
from rescircuit.network.importers.torch_tracing import evaluating, source_line, trace, traceback_line
from rescircuit.network.layers import Add, Flatten, Layer, Network, Shape

__all__ = ["network_of"]

_SHOWN = 5  # problems in one message
_SUMS = {operator.add, operator.iadd, torch.add, "add", "add_"}
_COMMUTING = {operator.add, operator.mul, torch.add, torch.mul}
_IN_PLACE = {
    operator.iadd: "add",
    operator.isub: "sub",
    operator.imul: "mul",
    operator.itruediv: "truediv",
    operator.ifloordiv: "floordiv",
    operator.imod: "mod",
    operator.ipow: "pow",
}
_COPIES = {torch.clone, "clone"}
_COPIES_AT_TIMES = {"contiguous", "to", "float", "double", "type_as", "cpu"}  # by what the array is like
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)


def network_of(module: Any, input_shape: Sequence[int] | None) -> Network:
    """See :func:`~rescircuit.network.importers.torch_networks.from_torch`."""
    if not isinstance(module, Module) or isinstance(module, torch.jit.ScriptModule):
        hint = "Hand over the module that a script was made of."
        raise InputError("module", "a torch.nn.Module in Python", type(module).__name__, hint)
    module = getattr(module, "_orig_mod", module)  # torch.compile keeps the module that it was given there
    shape = _shape_of_one_input(module, input_shape)
    builder = _GraphBuilder(shape, type(module).__name__)
    try:
        module = evaluating(module)
        if isinstance(module, NetworkModule):
            return _network_in(module)
        output = trace(module, builder)
    except UnsupportedError as error:
        raise builder.refusal([f"{_forward(module, error)}: {error}"]) from None
    except InputError as error:
        if input_shape is not None or not error.argument.startswith("input of "):
            raise
        hint = f"The first linear layer takes {shape}, but: {error}."
        raise InputError("input_shape", "given", "none", hint) from error
    except Exception as error:  # the module's own code ran, which can raise anything
        where = _forward(module, error)
        raise builder.refusal([f"{where} can't be traced: {type(error).__name__}: {error}"]) from error
    return builder.network(output)


def _forward(module: Module, error: BaseException) -> str:
    """Where in the module's code an error was raised."""
    line = traceback_line(error)
    return f"{type(module).__name__}.forward{f' ({line})' if line else ''}"


def _shape_of_one_input(module: Module, given: Any) -> Shape:
    if given is not None:
        sizes = tuple(given) if isinstance(given, Sequence) else (given,)
        return tuple(whole_number("input_shape", size, 1) for size in sizes)
    for name, one in module.named_modules():
        if isinstance(one, nn.Linear) and one.in_features > 0:  # not a lazy one
            return (one.in_features,)
        if isinstance(one, NetworkModule):
            return one.input_shape
        if isinstance(one, _CONVOLUTIONS):
            hint = "One input's, without the batch, such as (1, 28, 28) for images of one channel."
            raise InputError("input_shape", f"given, as {name or type(one).__name__} takes many shapes", None, hint)
    raise InputError("input_shape", "given, as there is no linear layer that would say it", None)


@dataclass(frozen=True, eq=False)
class _Signal:
    """An array of the traced module: the output of layer `place`, -1 for the network's input."""

    place: int
    shape: Shape
    storage: object = field(default_factory=object)  # the same for arrays that share their numbers, or may do so
    view: object = field(default_factory=object)  # the same for those of them that are sure to be the same array


@dataclass(frozen=True, eq=False)
class _Missing:
    """An array that the network can't have, with the reasons, and the arrays that may share its numbers."""

    problems: tuple[str, ...] = ()
    storages: frozenset[object] = frozenset()


class _GraphBuilder:
    """Makes layers of what happens to arrays while it happens; a listener of the tracing."""

    def __init__(self, input_shape: Shape, title: str) -> None:
        self._input_shape = input_shape
        self._title = title
        self._values: dict[Node, _Signal | _Missing] = {}
        self._layers: list[Layer] = []
        self._sources: list[tuple[int, ...]] = []
        self._names: set[str] = set()

    def is_layer(self, module: Module) -> bool:
        """What we know, and modules for other places than a network."""
        return isinstance(module, NetworkModule | ChipModule) or module_operation(module) is not None

    def sizes(self, node: Node) -> tuple[Any, ...]:
        """The shape of an array, with the batch's size first."""
        value = self._values[node]
        if isinstance(value, _Missing):
            raise UnsupportedError("; ".join(value.problems))
        return (BATCH, *value.shape)

    def take(self, node: Node, module: Module | None, path: str) -> None:
        """Keep what a node is worth: an array, or why there is none."""
        if node.op == "placeholder":
            self._values[node] = _Signal(-1, self._input_shape)
            return
        inputs = [self._values[each] for each in node.all_input_nodes]
        problems = [problem for value in inputs if isinstance(value, _Missing) for problem in value.problems]
        result: _Signal | _Missing
        try:
            result = self._converted(node, module, path)
        except UnsupportedError as reason:
            problems.append(f"{self._where(node, module, path)}: {reason}")
            result = _Missing()
        if problems:
            storages = (each.storages if isinstance(each, _Missing) else {each.storage} for each in inputs)
            result = _Missing(tuple(dict.fromkeys(problems)), frozenset().union(*storages))
        for changed in _changed_in_place(node, module):
            value = self._values[changed]
            if isinstance(result, _Signal) and isinstance(value, _Signal):
                result = replace(result, storage=value.storage, view=value.view)
            self._replace_aliases(value, result)
        self._values[node] = result

    def network(self, output: Any) -> Network:
        """The network with this output; what leads nowhere is left out."""
        value = self._values.get(output) if isinstance(output, Node) else None
        if value is None:
            raise self.refusal([f"{self._title}.forward must give one array that depends on its input"])
        if isinstance(value, _Missing):
            raise self.refusal(list(value.problems))
        needed = {value.place}
        for k in range(value.place, -1, -1):
            if k in needed:
                needed.update(self._sources[k])
        kept = sorted(needed - {-1})
        place = {-1: -1} | {k: new for new, k in enumerate(kept)}
        sources = tuple(tuple(place[j] for j in self._sources[k]) for k in kept)
        return folded(Network(tuple(self._layers[k] for k in kept), input_shape=self._input_shape, sources=sources))

    def refusal(self, problems: list[str]) -> InputError:
        """The error that names what can't be converted."""
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        hint = f"Unsupported: {'; '.join(problems[:_SHOWN])}{more}."
        return InputError("module", "made of what a network can represent", self._title, hint)

    def _converted(self, node: Node, module: Module | None, path: str) -> _Signal | _Missing:
        if isinstance(module, NetworkModule):
            return self._spliced(node, module, path)
        operation, args, kwargs = self._operation(node, module)
        operands = _operands(node)
        if "out" in kwargs:
            raise UnsupportedError("out; only results that are arrays of their own")
        if node.target in _SUMS and len(operands) == 2:
            return self._sum(node, path)
        if len(operands) != 1:
            raise UnsupportedError(f"it takes {len(operands)} arrays that depend on the input, not one")
        if module is None:
            _without_array(node, args, kwargs)
        value = self._values[operands[0]]
        shape = value.shape if isinstance(value, _Signal) else None
        at = Place(name=self._new_name(node, path, module), shape=shape)
        layers = _layers(operation, at, args, kwargs)
        if isinstance(value, _Missing):
            return value
        for layer in layers:
            value = self._added(layer, value)
        if layers:
            self._names.add(at.name)
        if node.target in _COPIES:
            return _Signal(value.place, value.shape)
        return replace(value, view=object()) if node.target in _COPIES_AT_TIMES else value

    def _operation(self, node: Node, module: Module | None) -> tuple[Operation, list[Any], dict[str, Any]]:
        """What turns the node into layers, and its arguments without the array."""
        if module is not None:
            return _known(module), [module], {}
        operation = METHODS.get(str(node.target)) if node.op == "call_method" else FUNCTIONS.get(node.target)
        if operation is None:
            raise UnsupportedError("no layer of a network does this")
        return operation, list(node.args), dict(node.kwargs)

    def _sum(self, node: Node, path: str) -> _Signal | _Missing:
        values = [self._values[each] for each in _operands(node)]
        others = [each for each in (*node.args, *node.kwargs.values()) if not isinstance(each, Node)]
        if others not in ([], [1]):
            raise UnsupportedError("alpha; only plain sums")
        signals = [value for value in values if isinstance(value, _Signal)]
        if len(signals) < len(values):
            return _Missing()
        if signals[0].shape != signals[1].shape:
            raise UnsupportedError(f"arrays of shapes {signals[0].shape} and {signals[1].shape}; only of one shape")
        add = Add(name=self._new_name(node, path, None))
        self._names.add(add.name)
        self._layers.append(add)
        self._sources.append((signals[0].place, signals[1].place))
        return _Signal(len(self._layers) - 1, signals[0].shape)

    def _spliced(self, node: Node, module: NetworkModule, path: str) -> _Signal | _Missing:
        """The layers of a network that stands as a module in a larger one."""
        (value,) = (self._values[each] for each in _operands(node))
        if isinstance(value, _Missing):
            return value
        if value.shape != module.input_shape:
            raise UnsupportedError(f"it takes inputs of shape {module.input_shape}, not {value.shape}")
        network, first = _network_in(module), len(self._layers)
        for layer, taken in zip(network.layers, network.sources, strict=True):
            name = self._unique(f"{path}.{layer.name}" if path else layer.name)
            self._names.add(name)
            self._layers.append(replace(layer, name=name))  # type: ignore[type-var] - all layers are dataclasses
            self._sources.append(tuple(value.place if j < 0 else first + j for j in taken))
        return _Signal(len(self._layers) - 1, network.output_shape)

    def _added(self, layer: Layer, value: _Signal) -> _Signal:
        shape = layer.output_shape(value.shape)
        self._layers.append(layer)
        self._sources.append((value.place,))
        added = _Signal(len(self._layers) - 1, shape)
        return replace(added, storage=value.storage) if isinstance(layer, Flatten) else added

    def _replace_aliases(self, old: _Signal | _Missing, result: _Signal | _Missing) -> None:
        """An array changed in place: whoever else holds its numbers sees the new ones."""
        storages = old.storages if isinstance(old, _Missing) else {old.storage}
        for node, value in self._values.items():
            if isinstance(value, _Signal) and value.storage in storages:
                if isinstance(old, _Signal) and value.view is old.view:
                    self._values[node] = result
                else:  # the numbers in another shape, or perhaps a copy
                    problem = f"{node.name} ({source_line(node)}): a view of it was changed in place"
                    self._values[node] = _Missing((problem,), frozenset(storages))

    def _new_name(self, node: Node, path: str, module: Module | None) -> str:
        if module is not None:
            return self._unique(path or type(module).__name__.lower())
        name = _plain_name(node)
        return self._unique(f"{path}.{name}" if path else name)

    def _unique(self, name: str) -> str:
        names = (name, *(f"{name}_{k}" for k in range(2, len(self._names) + 3)))
        return next(each for each in names if each not in self._names)

    def _where(self, node: Node, module: Module | None, path: str) -> str:
        if module is not None:
            return f"{path or 'the module'} ({type(module).__name__})"
        line = source_line(node)
        return f"{_plain_name(node)} in {path or self._title}{f' ({line})' if line else ''}"


def _layers(operation: Operation, at: Place, args: list[Any], kwargs: dict[str, Any]) -> Sequence[Layer]:
    """What an operation gives for arguments, which it may not take."""
    try:
        bound = signature(operation).bind(at, *args, **kwargs)
    except TypeError as error:
        raise UnsupportedError(str(error)) from None
    return operation(*bound.args, **bound.kwargs)


def _network_in(module: NetworkModule) -> Network:
    """The network of a module that is one."""
    if type(module) is not NetworkModule:
        raise UnsupportedError(f"a class made from {NetworkModule.__name__}, which may compute something else")
    for each in module.modules():
        _refuse_hooks(each)
    return module.network()


def _refuse_hooks(module: Module) -> None:
    if module._forward_hooks or module._forward_pre_hooks:
        raise UnsupportedError("it has forward hooks, whose effect nobody knows; remove them")


def _known(module: Module) -> Operation:
    """What turns a module into layers."""
    operation = module_operation(module)
    if isinstance(module, ChipModule):
        raise UnsupportedError("a chip is no network in exact arithmetic; convert the network that is on it")
    if operation is None:
        raise UnsupportedError("no layer of a network does this")
    if isinstance(module, nn.modules.lazy.LazyModuleMixin) and module.has_uninitialized_params():
        raise UnsupportedError("its weights have no shape yet; run the module on an input once")
    _refuse_hooks(module)
    return operation


def _without_array(node: Node, args: list[Any], kwargs: dict[str, Any]) -> None:
    """Take the array out of the arguments, where it is the first or may change places with the first."""
    if isinstance(kwargs.get("input"), Node):
        del kwargs["input"]
    elif args and isinstance(args[0], Node):
        del args[0]
    elif len(args) == 2 and node.target in _COMMUTING and not kwargs:
        del args[1]
    else:
        raise UnsupportedError("the array must be its first argument")


def _operands(node: Node) -> list[Node]:
    """The arrays that a node takes, in order, one that comes twice twice."""
    return _nodes_in((*node.args, *node.kwargs.values()))


def _nodes_in(argument: Any) -> list[Node]:
    if isinstance(argument, Node):
        return [argument]
    return [node for each in argument for node in _nodes_in(each)] if isinstance(argument, tuple | list) else []


def _changed_in_place(node: Node, module: Module | None) -> list[Node]:
    """The arrays that a node changes; UnsupportedError where it would change what is computed while tracing."""
    if module is not None:
        changes = bool(getattr(module, "inplace", False))
    else:
        name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
        changes = node.target in _IN_PLACE or bool(node.kwargs.get("inplace")) or name.rstrip("_") + "_" == name
    first = node.args[0] if node.args else node.kwargs.get("input")
    for written in ([first] if changes else []) + [node.kwargs.get("out")]:
        if isinstance(written, Tensor):
            raise UnsupportedError(f"{_plain_name(node)} changes a tensor by what depends on the input")
    return (_nodes_in(first) if changes else []) + _nodes_in(node.kwargs.get("out"))


def _plain_name(node: Node) -> str:
    """The name of a function or method, as people write it."""
    if not isinstance(node.target, str) and node.target in _IN_PLACE:
        return _IN_PLACE[node.target]
    stem, _, number = node.name.rpartition("_")
    return (stem if stem and number.isdecimal() else node.name).strip("_")
