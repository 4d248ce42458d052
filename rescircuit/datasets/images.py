"""Images with their classes, from IDX files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, whole_number
from rescircuit.datasets.catalogue import DATASETS, PARTS, Dataset
from rescircuit.datasets.folders import find_file
from rescircuit.datasets.idx import read_idx
from rescircuit.errors import InputError

__all__ = ["Images", "load_fashion_mnist", "load_images", "load_mnist"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Images:
    """Grey images and what they show.

    Attributes
    ----------
    x : array (k, 1, rows, columns)
        Pixels, 0 to 1, with one channel: as convolutions take them.
    y : int array (k,)
        The classes, from 0.
    """

    x: Array
    y: NDArray[np.int_]

    def __len__(self) -> int:
        return len(self.y)

    @property
    def flat(self) -> Array:
        """The pixels as rows, (k, rows * columns)."""
        return self.x.reshape(len(self.x), -1)

    @property
    def digest(self) -> str:
        """SHA-256 of all pixels and classes, which tells one set of images from another."""
        digest = hashlib.sha256(str(self.x.shape).encode())
        for array in (self.x, self.y):
            digest.update(array.tobytes())
        return digest.hexdigest()


def load_mnist(data_dir: str | Path | None = None, part: str = "test", limit: int | None = None) -> Images:
    """Handwritten digits of 28 x 28 pixels: 60,000 to train on and 10,000 to test with (LeCun, Cortes and Burges).

    Parameters
    ----------
    data_dir : path, optional
        Where ``mnist/`` or its files lie, see :func:`rescircuit.datasets.data_folder`; ``rescircuit data fetch mnist``
        brings them.
    part : "test" or "train"
    limit : int, optional
        Only so many, the first ones.

    Raises
    ------
    InputError
        If the files are not there, or damaged.
    """
    return _load(DATASETS["mnist"], data_dir, part, limit)


def load_fashion_mnist(data_dir: str | Path | None = None, part: str = "test", limit: int | None = None) -> Images:
    """Pieces of clothing in MNIST's format (Xiao, Rasul and Vollgraf 2017); see :func:`load_mnist`."""
    return _load(DATASETS["fashion-mnist"], data_dir, part, limit)


def load_images(
    images: str | Path,
    labels: str | Path,
    *,
    classes: int = 10,
    shape: tuple[int, int] | None = None,
    limit: int | None = None,
) -> Images:
    """Images and their classes from two IDX files.

    Parameters
    ----------
    images, labels : path
    classes : int
        Labels are from 0 to one less.
    shape : (int, int), optional
        What the images have to have, down and across.
    limit : int, optional
        Only so many, the first ones.

    Raises
    ------
    InputError
        For damaged files, images of another shape, labels out of range, more or fewer labels than images, or none.
    """
    images, labels = Path(images), Path(labels)
    whole_number("classes", classes, 1, 256)
    if limit is not None:
        whole_number("limit", limit, 1)
    y = read_idx(labels, axes=1)
    pixels = read_idx(images, axes=3)
    if 0 in pixels.shape:
        raise InputError(images.name, "at least one image of at least one pixel", f"shape {pixels.shape}")
    if shape is not None and pixels.shape[1:] != shape:
        required = f"images of {shape[0]} x {shape[1]} pixels"
        raise InputError(images.name, required, f"{pixels.shape[1]} x {pixels.shape[2]}")
    if len(pixels) != len(y):
        raise InputError(labels.name, f"{len(pixels)} labels, as many as {images.name} has images", len(y))
    if (beyond := np.flatnonzero(y >= classes)).size:
        raise InputError(f"{labels.name}, label {beyond[0]}", f"from 0 to {classes - 1}", int(y[beyond[0]]))
    x = pixels[:limit, np.newaxis].astype(np.float64)
    x /= 255.0
    return Images(x=x, y=y[:limit].astype(np.int_))


def _load(dataset: Dataset, data_dir: str | Path | None, part: str, limit: int | None) -> Images:
    if part not in PARTS:
        raise InputError("part", '"test" or "train"', part)
    images, labels = (f"{PARTS[part]}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1"))
    return load_images(
        find_file(dataset, images, data_dir),
        find_file(dataset, labels, data_dir),
        classes=dataset.classes,
        shape=dataset.shape,
        limit=limit,
    )
