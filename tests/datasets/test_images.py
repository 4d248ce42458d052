"""Images with their labels: as they are, and as they must not be."""

from __future__ import annotations

import gzip
import os

import numpy as np
import pytest

from rescircuit.datasets import DATASETS, Images, load_fashion_mnist, load_images, load_mnist
from rescircuit.errors import InputError

RNG = np.random.default_rng(1)


@pytest.fixture
def pair(tmp_path, idx):
    """Write images and labels; returns their paths."""

    def write(images, labels):
        paths = tmp_path / "images", tmp_path / "labels"
        for path, array in zip(paths, (images, labels), strict=True):
            path.write_bytes(idx(np.asarray(array)))
        return paths

    return write


def test_pixels_and_labels_come_as_they_are(pair):
    pixels, labels = RNG.integers(0, 256, (5, 3, 4)), [0, 9, 1, 2, 3]
    images = load_images(*pair(pixels, labels))
    assert images.x.shape == (5, 1, 3, 4)
    assert images.x.dtype == np.float64
    assert np.array_equal(images.x[:, 0] * 255, pixels)
    assert images.y.tolist() == labels
    assert np.array_equal(images.flat, images.x.reshape(5, 12))
    assert images.digest == load_images(*pair(pixels, labels)).digest
    assert images.digest != load_images(*pair(pixels, labels[::-1])).digest
    assert images.digest != load_images(*pair(np.where(pixels == pixels.max(), 0, pixels), labels)).digest
    first = load_images(*pair(pixels, labels), limit=2)
    assert (len(first), first.y.tolist()) == (2, [0, 9])
    assert np.array_equal(first.x, images.x[:2])


@pytest.mark.parametrize(
    ("images", "labels", "options", "says"),
    [
        (np.zeros((3, 2, 2)), [0, 1], {}, "labels must be 3 labels, as many as images has images, got 2"),
        (np.zeros((2, 2, 2)), [0, 10], {}, "labels, label 1 must be from 0 to 9, got 10"),
        (np.zeros((2, 2, 2)), [0, 3], {"classes": 3}, "labels, label 1 must be from 0 to 2, got 3"),
        (np.zeros((1, 8, 8)), [0], {"shape": (28, 28)}, "images must be images of 28 x 28 pixels, got '8 x 8'"),
        (np.zeros((0, 8, 8)), [], {}, "at least one image"),
        (np.zeros((2, 8)), [0, 0], {}, "images, with three axes, got '2 axes'"),
        (np.zeros((1, 8, 8)), [[0]], {}, "labels, with one axis, got '2 axes'"),
        (np.zeros((1, 8, 8)), [0], {"limit": 0}, "limit must be a whole number of at least 1"),
    ],
)
def test_what_does_not_fit_together_gets_one_line(pair, images, labels, options, says):
    with pytest.raises(InputError) as refused:
        load_images(*pair(images, labels), **options)
    assert says in str(refused.value)


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("below", ["mnist", "."])
def test_a_data_set_is_found_in_its_folder_or_above_it(tmp_path, small, contents, fill, compressed, below):
    fill(tmp_path / below, compressed)
    test, train = load_mnist(tmp_path), load_mnist(tmp_path, "train", limit=7)
    assert (test.x.shape, train.x.shape) == ((20, 1, 28, 28), (7, 1, 28, 28))
    assert test.y.tolist() == list(contents["t10k-labels-idx1-ubyte.gz"][8:])
    assert small.files


@pytest.mark.usefixtures("small")
def test_files_of_another_set_do_not_count_where_names_cannot_tell(tmp_path, fill):
    """Fashion-MNIST's files have MNIST's names."""
    fill(tmp_path)
    assert isinstance(load_mnist(tmp_path), Images)
    with pytest.raises(InputError, match=r"one with fashion-mnist/t10k-images-idx3-ubyte\.gz"):
        load_fashion_mnist(tmp_path)


@pytest.mark.usefixtures("small")
def test_the_folder_is_the_one_given_or_the_environments_or_the_caches(tmp_path, fill, monkeypatch):
    given, environment, cache = (tmp_path / name for name in ("given", "environment", "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("RESCIRCUIT_DATA", str(environment))
    with pytest.raises(InputError) as refused:
        load_mnist()
    assert "/environment'" in str(refused.value)
    assert "rescircuit data fetch mnist" in str(refused.value)
    fill(environment / "mnist")
    assert len(load_mnist()) == 20
    with pytest.raises(InputError, match="given"):
        load_mnist(given)
    monkeypatch.delenv("RESCIRCUIT_DATA")
    with pytest.raises(InputError, match="cache"):
        load_mnist()
    fill(cache / "rescircuit" / "mnist")
    assert len(load_mnist()) == 20


@pytest.mark.usefixtures("small")
def test_a_part_that_there_is_not(tmp_path, fill):
    fill(tmp_path / "mnist")
    with pytest.raises(InputError, match='part must be "test" or "train"'):
        load_mnist(tmp_path, "validation")


def test_a_damaged_file_is_named(tmp_path, small, fill):
    folder = fill(tmp_path / "mnist")
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-5]))
    with pytest.raises(InputError, match=r"t10k-images-idx3-ubyte\.gz must be an IDX file as long as it declares"):
        load_mnist(tmp_path)
    assert small.files


@pytest.mark.skipif(not os.environ.get("RESCIRCUIT_DATA"), reason="RESCIRCUIT_DATA names no folder with MNIST")
def test_the_real_test_images():
    """10,000, of which 980 are zeros and 1,135 ones (LeCun, Cortes and Burges)."""
    images = load_mnist()
    assert images.x.shape == (10_000, 1, 28, 28)
    assert (images.x.min(), images.x.max()) == (0.0, 1.0)
    assert np.bincount(images.y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert images.y[:5].tolist() == [7, 2, 1, 0, 4]
    assert DATASETS["mnist"].files[2].size == 16 + images.x.size
