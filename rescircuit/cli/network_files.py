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
    from rescircuit.network import Network

__all__ = [
    "NETWORKS",
    "InputOptions",
    "InputShape",
    "LayersFile",
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

InputShape = Annotated[
    str | None,
    typer.Option(
        help="The shape of one input, such as 3x32x32, for an .onnx file that leaves it open.",
        metavar="SHAPE",
        show_default=False,
    ),
]


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """What goes through a network."""

    inputs: Annotated[
        Path | None,
        typer.Option(
            help="Inputs x of the network's shape, such as (k, channels, rows, columns), or (k, numbers of an input), "
            "and, to count hits, y (k,) (.npz); or inputs alone (.csv).",
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
        if self.inputs is not None:
            x, y = _of_a_file(self.inputs, network)
        else:
            x, y = self._dataset("test", self.images)
            x = _pictures(name, x, network)
        if self.images is not None:
            count = whole_number("--images", self.images, 1, len(x))
            x, y = x[:count], None if y is None else y[:count]
        with naming({"x": name}):
            return fitted(x, network), y

    def typical(self, network: Network, x: Array) -> Array:
        """Inputs that the chip is set to: those given for it, else a data set's to train on, else `x`."""
        if self.calibration_inputs is not None:
            option = "--calibration-inputs"
            given, _ = read_inputs(self.calibration_inputs, option)
            with naming({"x": option}):
                typical = fitted(given, network)
            if not typical.any():
                hint = "Ranges of voltages and currents are set to them."
                raise InputError(option, "inputs that are not all 0", f"{len(typical)} inputs of zeros", hint)
            return typical
        if self.inputs is not None:
            return x
        return fitted(_pictures(self.name(), self._dataset("train", _TYPICAL)[0], network), network)

    def typical_of(self) -> str:
        """Where :meth:`typical` has its inputs from, in words."""
        if self.calibration_inputs is not None:
            return "calibration inputs"
        return "inputs" if self.inputs is not None else "training images"

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


def read_network(file: Path, layers: str | None = None, input_shape: str | None = None) -> Network:
    """A network of a file: saved as .npz or .safetensors, with or without a file of its layers, or .onnx."""
    from rescircuit.network import load_network

    suffix = file.suffix.lower()
    if suffix == ".onnx":
        if layers is not None:
            raise InputError("--layers", "left out for an ONNX file, which says them", layers)
        from rescircuit.network.importers import from_onnx

        with naming({"file": "FILE", "model": "FILE", "input_shape": "--input-shape"}):
            return from_onnx(file, _sizes(input_shape))
    if suffix not in NETWORKS:
        raise InputError("FILE", f"a network ({', '.join(NETWORKS)})", str(file))
    if input_shape is not None:
        raise InputError("--input-shape", "left out but for an ONNX file: others say it, or --layers does", input_shape)
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
    """Inputs in the shape (k, *input_shape) that a network takes: those in it, and those in rows of numbers.

    Raises
    ------
    InputError
        For other shapes: as many numbers in another order of axes, such as channels last, are other inputs.
    """
    shape = network.input_shape
    if x.shape[1:] not in (shape, (network.inputs,)):
        whole = f"(k, {', '.join(map(str, shape))})"
        flat = "" if len(shape) == 1 else f" or (k, {network.inputs})"
        hint = "Channels come first." if len(shape) == 3 and x[0].size == network.inputs else ""
        raise InputError("x", f"of shape {whole}{flat}", f"shape {x.shape}", hint)
    return x.reshape(len(x), *shape)


def _pictures(option: str, x: Array, network: Network) -> Array:
    """A data set's images (k, numbers), row after row of one channel, as any network of so many numbers takes them."""
    flat = x.reshape(len(x), -1)
    if flat.shape[1] != network.inputs:
        required = f"of {network.inputs} numbers an image, which is what the network takes"
        raise InputError(option, required, f"images of {' x '.join(map(str, x.shape[1:]))}")
    return flat


def _sizes(text: str | None) -> tuple[int, ...] | None:
    """A shape such as 3x32x32."""
    if text is None:
        return None
    parts = text.lower().replace(",", "x").split("x")
    if not all(part.strip().isascii() and part.strip().isdigit() and len(part) < 10 for part in parts):
        raise InputError("--input-shape", "whole numbers, such as 3x32x32", text)
    return tuple(map(int, parts))


def _of_a_file(file: Path, network: Network) -> tuple[Array, Any]:
    """x (k, ...) and y (k,) or None of a file; of outputs that are no scores nothing is the answer: y is not read."""
    from rescircuit.network.answers import checked_labels, has_answers

    x, y = read_inputs(file)
    if y is None or not has_answers(network):
        return x, None
    return x, checked_labels(f"y in {file.name}", y, len(x), network)
