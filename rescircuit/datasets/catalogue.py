"""The data sets that are known by name: their files, the sums of what is in them, and where they can be had."""

from __future__ import annotations

from dataclasses import dataclass

from rescircuit.errors import InputError

__all__ = ["DATASETS", "PARTS", "Dataset", "DatasetFile", "find_dataset"]

PARTS = {"train": "train", "test": "t10k"}  # the names of the parts, and how names of files begin


@dataclass(frozen=True, kw_only=True)
class DatasetFile:
    """One file of a data set.

    Attributes
    ----------
    name : str
        Of the compressed file; without ``.gz`` of the unpacked one.
    size : int
        Bytes of its content, unpacked.
    sha256 : str
        Of its content, unpacked: compressed again, a file keeps it.
    md5 : str
        Of the compressed file, where its publishers give that; it stands beside the other sum.
    """

    name: str
    size: int
    sha256: str
    md5: str = ""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Images of one size in classes, in IDX files.

    Attributes
    ----------
    name, title, source : str
    files : tuple of DatasetFile
    mirrors : tuple of str
        Addresses of folders, ending in ``/``, in the order in which they are tried.
    classes : int
    shape : (int, int)
        Pixels of an image, down and across.
    """

    name: str
    title: str
    source: str
    files: tuple[DatasetFile, ...]
    mirrors: tuple[str, ...]
    classes: int = 10
    shape: tuple[int, int] = (28, 28)

    def file(self, name: str) -> DatasetFile:
        """The file of this name."""
        return next(each for each in self.files if each.name == name)


def _files(sums: tuple[tuple[str, str], ...]) -> tuple[DatasetFile, ...]:
    names = (
        ("train-images-idx3-ubyte.gz", 16 + 60_000 * 28 * 28),
        ("train-labels-idx1-ubyte.gz", 8 + 60_000),
        ("t10k-images-idx3-ubyte.gz", 16 + 10_000 * 28 * 28),
        ("t10k-labels-idx1-ubyte.gz", 8 + 10_000),
    )
    return tuple(
        DatasetFile(name=name, size=size, sha256=sha256, md5=md5)
        for (name, size), (sha256, md5) in zip(names, sums, strict=True)
    )


_MNIST = Dataset(
    name="mnist",
    title="handwritten digits",
    source="LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist",
    files=_files(
        (
            ("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            ("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5", "d53e105ee54ea40749a09fcbcd1e9432"),
            ("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", "9fb629c4189551a2d022fa330f9573f3"),
            ("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2", "ec29112dd5afa0611ce80d1b7f02629c"),
        )
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",  # PyTorch's
        "https://storage.googleapis.com/cvdf-datasets/mnist/",  # the Common Visual Data Foundation's
    ),
)
_FASHION = Dataset(
    name="fashion-mnist",
    title="pieces of clothing",
    source="Xiao, Rasul and Vollgraf (2017), https://github.com/zalandoresearch/fashion-mnist",
    files=_files(
        (
            ("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            ("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", "25c81989df183df01b3e8a0aad5dffbe"),
            ("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", "bef4ecab320f06d8554ea6380940ec79"),
            ("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", "bb300cfdad3c16e7a12a480ee83cd310"),
        )
    ),
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",  # the authors'
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",  # Keras's
    ),
)

DATASETS = {each.name: each for each in (_MNIST, _FASHION)}


def find_dataset(name: str) -> Dataset:
    """The data set of this name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in DATASETS:
        raise InputError("dataset", f"one of {', '.join(DATASETS)}", name)
    return DATASETS[name]
