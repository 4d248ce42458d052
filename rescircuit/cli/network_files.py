"""What commands read for networks: the networks themselves, of any format, and their inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.circuit_tables import naming_option
from rescircuit.cli.outputs import naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array
    from rescircuit.network import ArraySpec, Network

__all__ = [
    "NETWORKS",
    "InputOptions",
    "LayersFile",
    "cells_of",
    "fitted",
    "read_inputs",
    "read_network",
]

NETWORKS = (".npz", ".safetensors", ".onnx")
_TYPICAL = 2000  # images that ranges are set to
_DATASETS = ("digits", "mnist", "fashion-mnist")

LayersFile = Annotated[
    str | None,
    typer.Option(
        help="The layers of an .npz or .safetensors of weights alone: a file (.toml), or the name of a known one, such "
        "as lenet5. By default what FILE says, the .toml beside it, or dense layers with ReLU between them.",
        metavar="FILE",
        show_default=False,
    ),
]


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """What goes through a network."""

    inputs: Annotated[
        Path | None,
        typer.Option(
            help="Inputs x (k, in) or (k, channels, rows, columns) and, to count hits, y (k,) (.npz); or inputs alone "
            "(.csv).",
            show_default=False,
        ),
    ] = None
    dataset: Annotated[
        str | None,
        typer.Option(help=f"Or test images with their classes: {', '.join(_DATASETS)}.", show_default=False),
    ] = None
    digits: Annotated[bool, typer.Option("--digits", help="The same as --dataset digits, which needs no files.")] = (
        False
    )
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where the files of data sets are; see rescircuit data.", show_default=False),
    ] = None
    images: Annotated[
        int | None, typer.Option(help="Only so many of the inputs, the first ones.", show_default=False)
    ] = None
    calibration_inputs: Annotated[
        Path | None,
        typer.Option(
            help="Typical inputs (.npz with x, .csv), which set ranges and weigh errors that are compensated; by "
            "default images of the data set that are to train on, or --inputs itself.",
            show_default=False,
        ),
    ] = None

    def name(self) -> str:
        """The option that says where inputs come from; exactly one has to."""
        given = [name for name in ("inputs", "dataset", "digits") if getattr(self, name)]
        if len(given) != 1:
            got = " and ".join(f"--{name}" for name in given) if given else "none of them"
            raise InputError("--inputs", "a file, or --dataset or --digits in its place", got)
        if self.data_dir is not None and self.dataset in (None, "digits"):
            raise InputError("--data-dir", "left out without --dataset mnist or fashion-mnist", str(self.data_dir))
        return f"--{given[0]}"

    def read(self, network: Network) -> tuple[Array, Any]:
        """Inputs (k, *input_shape) of a network and labels (k,), or None without any."""
        from rescircuit.checks import whole_number

        name = self.name()
        x, y = self._dataset("test", self.images) if self.inputs is None else _of_a_file(self.inputs, network)
        if self.images is not None:
            count = whole_number("--images", self.images, 1, len(x))
            x, y = x[:count], None if y is None else y[:count]
        with naming({"x": name}):
            return fitted(x, network), y

    def typical(self, network: Network, x: Array) -> Array:
        """Inputs that the chip is set to: those given for it, else a data set's to train on, else `x`."""
        from rescircuit.network.layers import checked_inputs

        if self.calibration_inputs is not None:
            option = "--calibration-inputs"
            given, _ = read_inputs(self.calibration_inputs, option)
            with naming({"x": option}):
                return checked_inputs(fitted(given, network), network.input_shape)[0]
        return x if self.inputs is not None else fitted(self._dataset("train", _TYPICAL)[0], network)

    def files(self) -> list[Path | None]:
        """All that are read."""
        return [self.inputs, self.calibration_inputs]

    def _dataset(self, part: str, limit: int | None) -> tuple[Array, Any]:
        """Images of a data set, those to test with or those to train on."""
        from rescircuit.datasets import load_digits, load_fashion_mnist, load_mnist

        if self.digits or self.dataset == "digits":
            digits = load_digits()
            return (digits.test_x, digits.test_y) if part == "test" else (digits.train_x, digits.train_y)
        loaders = {"mnist": load_mnist, "fashion-mnist": load_fashion_mnist}
        if self.dataset not in loaders:
            raise InputError("--dataset", f"one of {', '.join(_DATASETS)}", self.dataset)
        with naming({"data_dir": "--data-dir", "data folder": "--data-dir", "limit": "--images"}):
            images = loaders[self.dataset](self.data_dir, part, limit)
        return images.x, images.y


def read_network(file: Path, layers: str | None = None) -> Network:
    """A network of a file: saved as .npz or .safetensors, with or without a file of its layers, or .onnx."""
    from rescircuit.network import load_network

    suffix = file.suffix.lower()
    if suffix == ".onnx":
        if layers is not None:
            raise InputError("--layers", "left out for an ONNX file, which says them", layers)
        from rescircuit.network.importers import from_onnx

        with naming({"file": "FILE", "model": "FILE"}):
            return from_onnx(file)
    if suffix not in NETWORKS:
        raise InputError("FILE", f"a network ({', '.join(NETWORKS)})", str(file))
    with naming({"layers": "--layers"}):
        return load_network(file, layers=layers)


def read_inputs(file: Path, option: str = "--inputs") -> tuple[Array, Any]:
    """A network's inputs x (k, ...), and the array y of an npz file, unchecked, or None; errors name the option."""
    from rescircuit.checks import finite_array
    from rescircuit.files import read_csv, read_npz

    with naming_option(option):
        if file.suffix.lower() == ".csv":
            return read_csv(file), None
        arrays = read_npz(file)
        if "x" not in arrays:
            raise InputError(file.name, "an archive with an array x (k, in)", ", ".join(arrays))
        x = finite_array(f"x in {file.name}", arrays["x"])
        if x.ndim < 2:
            raise InputError(file.name, "an archive with x (k, in)", f"shape {x.shape}")
        return x, arrays.get("y")


def fitted(x: Array, network: Network) -> Array:
    """Inputs (k, ...) in the shape that a network takes, where each has as many numbers; others are refused by it."""
    shape = network.input_shape
    return x.reshape(len(x), *shape) if x[0].size == network.inputs else x


def cells_of(network: Network, spec: ArraySpec) -> int:
    """About how many cells a network's weights take: two for each, or one beside a column of references."""
    sides = 1 if spec.scheme == "offset" else 2
    return sides * sum(network.layers[number].weight.size for number in network.weighted)  # type: ignore[attr-defined]


def _of_a_file(file: Path, network: Network) -> tuple[Array, Any]:
    """x (k, ...) and y (k,) or None of a file; of outputs that are no scores nothing is the answer: y is not read."""
    from rescircuit.network.answers import checked_labels, has_answers

    x, y = read_inputs(file)
    if y is None or not has_answers(network):
        return x, None
    return x, checked_labels(f"y in {file.name}", y, len(x), network)
