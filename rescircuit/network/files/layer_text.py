"""Layer files: which layers a network has, in TOML, without the numbers in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rescircuit.devices.processes import TomlFile, parse_toml
from rescircuit.errors import InputError, RescircuitError
from rescircuit.files import file_size
from rescircuit.network.files.sections import INPUT, LayerFile, LayerSections, checked_name, section_of
from rescircuit.network.layers import Activation, Layer, Network

__all__ = ["LARGEST_TEXT", "Layers", "layers_of", "layers_text", "list_layer_files", "load_layers"]

LARGEST_TEXT = 1 << 20  # bytes; a layer takes a few lines
_LISTED = {"kernel", "output"}  # whose number of entries says how many axes of positions there are


@dataclass(frozen=True, kw_only=True)
class Layers:
    """A layer file that has been read.

    Parameters
    ----------
    file : TomlFile
        Its text, for messages.
    content : LayerFile
        What it says.
    """

    file: TomlFile
    content: LayerFile

    def arrays(self) -> dict[str, bool]:
        """The names of the arrays of all layers, and whether each is needed.

        Raises
        ------
        InputError
            For layers that would have arrays of the same name.
        """
        names: dict[str, bool] = {}
        for number, section in enumerate(self.content.layers):
            own = {f"{section.name}.{part}": part in section.needed for part in (*section.needed, *section.optional)}
            if own.keys() & names.keys():
                error = InputError("name", "that of no other layer with weights", section.name)
                raise self._located(number, error)
            names |= own
        return names

    def network(self, arrays: Mapping[str, Any], name: str) -> Network:
        """The network of these layers and arrays, which come from the file that messages call `name`.

        Raises
        ------
        InputError
            For fields that a layer cannot have, arrays that do not fit, and layers that do not fit together.
        """
        layers: list[Layer] = []
        for number, section in enumerate(self.content.layers):
            layers.append(self._layer(number, section, arrays, name))
        sources = [self._sources(number, layers) for number in range(len(layers))]
        try:
            return Network(layers, tuple(self.content.input), sources)
        except InputError as error:
            raise InputError(f"{self.file.name}: {error.argument}", error.required, error.got, error.hint) from None

    def _layer(self, number: int, section: LayerSections, arrays: Mapping[str, Any], name: str) -> Layer:
        parts = (*section.needed, *section.optional)
        own = {part: arrays[f"{section.name}.{part}"] for part in parts if f"{section.name}.{part}" in arrays}
        try:
            return section.make(own)
        except InputError as error:
            if error.argument.split(" at index ")[0].removeprefix(f"{section.name}.") in own:
                raise InputError(f"{name}: {error.argument}", error.required, error.got, error.hint) from None
            raise self._located(number, error) from None

    def _sources(self, number: int, layers: list[Layer]) -> tuple[int, ...]:
        """The numbers of the layers that a layer takes."""
        section = self.content.layers[number]
        if section.inputs is None:
            return (number - 1,)
        return tuple(self._source(number, name, [layer.name for layer in layers]) for name in section.inputs)

    def _source(self, number: int, name: str, names: list[str]) -> int:
        if name == INPUT:
            return -1
        if name not in names[:number]:
            required = f'"{INPUT}" or names of layers before this one'
            raise self._located(number, InputError("inputs", required, name))
        if names.count(name) > 1:
            raise self._located(number, InputError("inputs", "names that one layer has", name))
        return names.index(name)

    def _located(self, number: int, error: InputError) -> RescircuitError:
        """The error with its line; its argument is a field, behind the layer's name and a dot or before an "of"."""
        field = error.argument.partition(" of ")[0].rpartition(".")[2]
        plain = InputError(field, error.required, error.got, error.hint)
        return self.file.broken_device(LayerFile, ("layers", number), plain)


def list_layer_files() -> dict[str, Path]:
    """Name and file of each layer file that comes with rescircuit."""
    folder = Path(__file__).resolve().parent / "layer_files"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_layers(name_or_path: str | Path) -> Layers:
    """Read a layer file that comes with rescircuit, by name, or one's own, by its path.

    Raises
    ------
    InputError
        For an unknown name, an unreadable file, text that is no TOML, and unknown or ill-valued fields, with the line.
    """
    known = list_layer_files()
    required = f"one of {', '.join(known)}, or the path of a readable TOML file"
    if not isinstance(name_or_path, str | Path):
        raise InputError("layers", required, name_or_path)
    path = known.get(str(name_or_path), Path(name_or_path))
    try:
        if file_size(path) > LARGEST_TEXT:
            raise InputError("layers", f"a file of at most {LARGEST_TEXT} bytes", str(path))
        content = path.read_bytes()
    except InputError:
        raise
    except (OSError, ValueError):  # ValueError: a NUL in the name
        raise InputError("layers", required, str(name_or_path)) from None
    return layers_of(path.name, content)


def layers_of(name: str, content: bytes) -> Layers:
    """The layers that the text of the file `name` tells.

    Raises
    ------
    InputError
        For text that is no TOML, and unknown or ill-valued fields, with the line.
    """
    file = parse_toml(f"layers {name}", content)
    try:
        return Layers(file=file, content=LayerFile.model_validate(file.data))
    except ValidationError as error:
        raise file.wrong_field(LayerFile, error) from None


def layers_text(network: Network) -> str:
    """The layer file of a network.

    Raises
    ------
    InputError
        For layers of somebody's own, and for names that cannot stand in files or that do not tell layers apart.
    """
    layers, blocks = network.layers, [f"input = {_toml(network.input_shape)}"]
    counts = Counter(layer.name for layer in layers)
    for number, (layer, sources) in enumerate(zip(layers, network.sources, strict=True)):
        section = section_of(layer)
        fields: dict[str, Any] = {"kind": layer.kind if isinstance(layer, Activation) else section.tags()[0]}
        fields["name"] = checked_name(layer.name, "a layer's name")
        if section.needed:
            _refuse_double(layer.name, counts)
        if sources != (number - 1,):
            fields["inputs"] = [INPUT if source < 0 else layers[source].name for source in sources]
            for name in fields["inputs"]:
                _refuse_double(name, counts)
        fields |= _given(layer, section)
        blocks.append("\n".join(["[[layers]]", *(f"{field} = {_toml(value)}" for field, value in fields.items())]))
    return "\n\n".join(blocks) + "\n"


def _refuse_double(name: str, counts: Counter[str]) -> None:
    if counts[name] > 1:
        raise InputError("network", "one whose layers have names of their own", f"{counts[name]} layers called {name}")


def _given(layer: Layer, section: type[LayerSections]) -> dict[str, Any]:
    """The fields of a layer that are not as they are by default."""
    fields = {}
    for field, model in section.model_fields.items():
        if field in ("kind", "name", "inputs"):
            continue
        value = getattr(layer, field)
        if field not in _LISTED:
            value = _plain(value)
        usual = model.default
        if field == "stride" and usual is None:
            usual = _plain(fields["kernel"])  # of poolings, which the kernel stands before
        if field == "parameters" and isinstance(layer, Activation):
            usual = Activation(kind=layer.kind).parameters
        if value != usual:
            fields[field] = value
    return fields


def _plain(value: Any) -> Any:
    """One number for axes, or both sides of them, that have the same."""
    if isinstance(value, tuple) and value:
        parts = [_plain(part) for part in value] if isinstance(value[0], tuple) else list(value)
        same = all(part == parts[0] for part in parts) and not isinstance(parts[0], tuple | float)
        return parts[0] if same else tuple(value)
    return value


def _toml(value: Any) -> str:
    """A value of a layer file in TOML; text in it is plain."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value)
