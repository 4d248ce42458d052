"""What commands that prune read: images with their classes, the layers of a network and their sizes, shares."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescircuit.cli.network_files import NETWORKS, read_network
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.network import Network
    from rescircuit.pruning.training import Labelled

__all__ = ["fitted_images", "labelled_images", "shares_of", "sizes_of", "template_of"]


def shares_of(text: str) -> Any:
    """A share, or several with commas between them."""
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError("--keep", "a number, or several with commas between them", text) from None
    return shares[0] if len(shares) == 1 else shares


def sizes_of(text: str) -> tuple[int, ...]:
    """The numbers of a network's inputs and of the outputs of its layers; what takes them checks their range."""
    parts = text.split(",")
    if not all(re.fullmatch("-?[0-9]{1,9}", part.strip(" ")) for part in parts):
        raise InputError("--sizes", "whole numbers with commas between them, such as 4,8,2", text)
    return tuple(int(part) for part in parts)


def labelled_images(data: str, data_dir: Path | None, limit: int | None) -> tuple[Labelled, Labelled]:
    """Images (k, 1, rows, columns) to train on and to test with."""
    from rescircuit.checks import whole_number
    from rescircuit.datasets import load_digits, load_fashion_mnist, load_mnist
    from rescircuit.pruning.training import Labelled

    if data == "digits":
        if data_dir is not None:
            raise InputError("--data-dir", "left out for digits, which need no files", str(data_dir))
        digits = load_digits()
        count = len(digits.train_y)
        count = count if limit is None else whole_number("limit", limit, 1, count)
        parts = ((digits.train_x[:count], digits.train_y[:count]), (digits.test_x, digits.test_y))
        first, second = (Labelled(x=x.reshape(-1, 1, 8, 8), y=y) for x, y in parts)
        return first, second
    loaders = {"mnist": load_mnist, "fashion-mnist": load_fashion_mnist}
    if data not in loaders:
        raise InputError("--data", f"one of digits, {', '.join(loaders)}", data)
    read = loaders[data](data_dir, "train", limit), loaders[data](data_dir, "test")
    first, second = (Labelled(x=each.x, y=each.y) for each in read)
    return first, second


def template_of(network: str, images: Labelled) -> Network:
    """The layers that were asked for, with an output for each class: a perceptron, LeNet-5, or those of a file.

    The classes are those of `images`: those to test with, as the first few to learn from may lack some.
    """
    from rescircuit.pruning.training import lenet5, perceptron

    classes = int(images.y.max()) + 1
    if network == "lenet5":
        return lenet5(classes)
    if network.startswith("mlp:"):
        return perceptron(images.x.shape[1:], _units(network.removeprefix("mlp:")), classes)
    if Path(network).suffix.lower() in NETWORKS:
        return read_network(Path(network))
    raise InputError("--network", f"mlp:UNITS, lenet5 or a file ({', '.join(NETWORKS)})", network)


def fitted_images(images: Labelled, template: Network) -> Labelled:
    """The images in the shape that the network takes, if they have as many numbers."""
    from rescircuit.pruning.training import Labelled

    if images.x[0].size != template.inputs:
        required = f"images of {template.inputs} numbers, which is what the network takes"
        raise InputError("--data", required, f"images of {' x '.join(map(str, images.x.shape[1:]))}")
    return Labelled(x=images.x.reshape(-1, *template.input_shape), y=images.y)


def _units(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise InputError("--network", "mlp: and numbers of units, such as mlp:500,500", f"mlp:{text}")
    return [int(part) for part in parts]
