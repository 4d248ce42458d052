"""Networks in files: arrays in PyTorch's layout and names, and the layers that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.network.files.containers import Container, read_container, write_container
from rescircuit.network.files.layer_text import Layers, layers_of, layers_text, list_layer_files, load_layers
from rescircuit.network.files.sections import checked_name, section_of
from rescircuit.network.layers import ACTIVATIONS, Activation, Dense, Layer, Network

__all__ = ["load_network", "network_arrays", "network_of", "save_network"]

_SHOWN = 2  # arrays in a message
_EXAMPLE = 'input = [1, 28, 28] [[layers]] kind = "conv" name = "conv1" padding = 2 [[layers]] kind = "relu"'


def load_network(path: str | Path, layers: str | Path | None = None) -> Network:
    """Read a network from an npz or a safetensors file.

    The file holds the arrays of each layer by name, ``NAME.weight`` and, unless there is none, ``NAME.bias``: the
    names and shapes of a PyTorch state dictionary. Which layers there are is told in a layer file: by `layers`, in
    the file itself, as :func:`save_network` writes it, or in a file beside it with the ending ``.toml``.

    An npz file of dense layers needs none: they follow in the order of their weights, and a text array
    ``activation`` names what stands between them (``relu`` if there is none); the last has none behind it.

    Parameters
    ----------
    path : path
        Ends in ``.npz`` or ``.safetensors``.
    layers : str or path, optional
        A layer file that comes with rescircuit, by name, such as ``lenet5``, or one's own, by its path.

    Raises
    ------
    InputError
        For an unreadable file, arrays that no layer has or that are missing, values that are not finite, or shapes
        that do not follow one another.
    """
    path = Path(path)
    container = read_container(path)
    if "chip" in container.arrays:
        raise InputError(path.name, "a network's file", "a chip's", "load_analog reads it, with its network.")
    told = _told(path, container, layers)
    if told is None:
        if not container.ordered:
            raise _needs_layers(path, container.arrays)
        return _dense(path, container.arrays)
    return network_of(path.name, container.arrays, told)


def save_network(network: Network, path: str | Path) -> Path:
    """Write a network, numbers and layers, as :func:`load_network` reads it.

    The same network makes the same bytes.

    Parameters
    ----------
    network : Network
    path : path
        Ends in ``.npz`` or ``.safetensors``.

    Raises
    ------
    InputError
        For anything but a Network, layers of somebody's own, layers with weights of the same name, names that cannot
        stand in files, another ending, or a folder that cannot be written to.
    """
    if not isinstance(network, Network):
        raise InputError("network", "a Network, of layers such as Dense and Conv", type(network).__name__)
    text = layers_text(network)
    return write_container(Path(path), network_arrays(network), text)


def network_arrays(network: Network) -> dict[str, Array]:
    """The arrays of all layers by their names in files.

    Raises
    ------
    InputError
        For layers of somebody's own.
    """
    arrays: dict[str, Array] = {}
    for layer in network.layers:
        section = section_of(layer)
        arrays |= {f"{layer.name}.{part}": getattr(layer, part) for part in (*section.needed, *section.optional)}
    return arrays


def network_of(name: str, arrays: Mapping[str, Any], layers: Layers) -> Network:
    """The network of these arrays, all that the file `name` has, and layers.

    Raises
    ------
    InputError
        For arrays that no layer has, that are missing or that do not fit.
    """
    _compare(name, arrays, layers)
    return layers.network(arrays, name)


def _told(path: Path, container: Container, layers: str | Path | None) -> Layers | None:
    """The layers by what tells them: the argument, the file itself, or a file beside it."""
    if layers is not None:
        return load_layers(layers)
    if container.layers is not None:
        return layers_of(f"in {path.name}", container.layers.encode())
    beside = path.with_suffix(".toml")
    return load_layers(beside) if beside.is_file() else None


def _compare(name: str, arrays: Mapping[str, Any], layers: Layers) -> None:
    """Refuse arrays that are missing and arrays that belong to no layer."""
    expected = layers.arrays()
    missing = [array for array, needed in expected.items() if needed and array not in arrays]
    if missing:
        required = f"a file with {_some(missing)}, as {layers.file.name} tells"
        raise InputError(name, required, _some(_with_shapes(arrays)))
    unknown = [array for array in arrays if array not in expected]
    if unknown:
        raise InputError(name, f"a file with arrays of layers that {layers.file.name} names", _some(unknown))


def _dense(path: Path, arrays: dict[str, Any]) -> Network:
    """Dense layers in the order of their weights, with one activation between them."""
    activation = str(arrays.pop("activation", np.array("relu")))
    names = [key.removesuffix(".weight") for key in arrays if key.endswith(".weight")]
    expected = {f"{name}.{part}" for name in names for part in ("weight", "bias")}
    if not names or any(arrays[f"{name}.weight"].ndim != 2 for name in names):
        raise _needs_layers(path, arrays)
    if set(arrays) - expected:
        required = "dense layers' arrays NAME.weight (out, in) and NAME.bias (out,) and perhaps activation"
        raise InputError(path.name, required, _some(sorted(set(arrays) - expected)), _hint(path))
    if activation not in ACTIVATIONS:
        raise InputError(f"{path.name}: activation", f"one of {', '.join(ACTIVATIONS)}", activation)
    layers: list[Layer] = []
    for name in names:
        checked_name(name, f"{path.name}: a layer's name")
        layers.append(Dense(weight=arrays[f"{name}.weight"], bias=arrays.get(f"{name}.bias"), name=name))
        layers.append(Activation(kind=activation, name=f"{name}.{activation}"))
    return Network(layers[:-1])


def _needs_layers(path: Path, arrays: Mapping[str, Any]) -> InputError:
    """The error for arrays that do not say which layers they belong to."""
    return InputError(
        path.name, "with a layer file, unless it is an npz of dense layers", _some(_with_shapes(arrays)), _hint(path)
    )


def _hint(path: Path) -> str:
    known = ", ".join(f'"{name}"' for name in list_layer_files())
    return (
        f"Write {path.with_suffix('.toml').name} beside it, lines such as {_EXAMPLE} and so on, "
        f"or name one that comes with rescircuit: layers = {known}."
    )


def _with_shapes(arrays: Mapping[str, Any]) -> list[str]:
    return [f"{name} {array.shape}" for name, array in arrays.items()]


def _some(names: list[str]) -> str:
    """The first names of a list, in one line."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
