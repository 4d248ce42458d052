"""Where data sets lie, and whether what lies there is whole."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from rescircuit.datasets.catalogue import Dataset, DatasetFile
from rescircuit.datasets.idx import opened
from rescircuit.errors import InputError

__all__ = [
    "DATA_VARIABLE",
    "MISSING",
    "WHOLE",
    "WRONG",
    "FileState",
    "check_dataset",
    "check_file",
    "data_folder",
    "find_file",
]

DATA_VARIABLE = "RESCIRCUIT_DATA"
WHOLE, WRONG, MISSING = "whole", "wrong", "missing"
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class FileState:
    """What is there of one file of a data set.

    Attributes
    ----------
    name : str
        Of the file.
    path : Path or None
        Where it is.
    state : str
        ``"whole"``, ``"wrong"`` or ``"missing"``.
    reason : str
        What is wrong, or empty.
    """

    name: str
    path: Path | None
    state: str
    reason: str = ""


def data_folder(data_dir: str | Path | None = None) -> Path:
    """The folder of data sets: the one given, else that of ``RESCIRCUIT_DATA``, else one in the user's cache."""
    if data_dir is not None:
        return Path(data_dir)
    if from_environment := os.environ.get(DATA_VARIABLE):
        return Path(from_environment)
    cache = os.environ.get("XDG_CACHE_HOME", "")  # relative ones are to be ignored (XDG Base Directory Specification)
    base = Path(cache) if Path(cache).is_absolute() else Path.home() / ".cache"
    return base / "rescircuit"


def find_file(dataset: Dataset, name: str, data_dir: str | Path | None = None) -> Path:
    """Where a file of a data set lies: in ``DATA_DIR/NAME-OF-THE-SET/`` or in ``DATA_DIR/``, compressed or not.

    Files of different sets have the same names, so what lies in ``DATA_DIR/`` itself counts only if its sum is right.

    Raises
    ------
    InputError
        If it is in neither.
    """
    folder = data_folder(data_dir)
    for candidate in _candidates(folder / dataset.name, name):
        return candidate
    for candidate in _candidates(folder, name):
        if not _what_is_wrong(candidate, dataset.file(name)):
            return candidate
    hint = f"rescircuit data fetch {dataset.name} brings it; --data-dir, or {DATA_VARIABLE}, names another folder."
    raise InputError("data_dir", f"one with {dataset.name}/{name}", str(folder), hint)


def check_dataset(dataset: Dataset, data_dir: str | Path | None = None) -> tuple[FileState, ...]:
    """What is there of each file of a data set, its sum compared."""
    folder = data_folder(data_dir)
    return tuple(_state(file, dataset, folder) for file in dataset.files)


def _state(file: DatasetFile, dataset: Dataset, folder: Path) -> FileState:
    for candidate in _candidates(folder / dataset.name, file.name):
        reason = _what_is_wrong(candidate, file)
        return FileState(name=file.name, path=candidate, state=WRONG if reason else WHOLE, reason=reason)
    for candidate in _candidates(folder, file.name):
        if not _what_is_wrong(candidate, file):
            return FileState(name=file.name, path=candidate, state=WHOLE)
    return FileState(name=file.name, path=None, state=MISSING)


def check_file(path: Path, file: DatasetFile) -> None:
    """Refuse a file whose content is not the catalogue's.

    Raises
    ------
    InputError
        For another sum, a damaged file, or one longer than it may be.
    """
    digest, length = hashlib.sha256(), 0
    with opened(path) as (stream, _):
        while length <= file.size and (chunk := stream.read(_CHUNK)):  # not a byte more of what swells without end
            digest.update(chunk)
            length += len(chunk)
    if length > file.size:
        raise InputError(path.name, f"of {file.size} bytes, unpacked", "more")
    if digest.hexdigest() != file.sha256 and _md5(path) != file.md5:
        raise InputError(path.name, f"a file whose SHA-256, unpacked, is {file.sha256[:16]}...", digest.hexdigest())


def _what_is_wrong(path: Path, file: DatasetFile) -> str:
    try:
        check_file(path, file)
    except InputError as error:
        return str(error)
    return ""


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _candidates(folder: Path, name: str) -> list[Path]:
    """What is in a folder under a file's name, compressed or not."""
    # os.path: Path.is_file raises for names that no file can have
    return [path for path in (folder / name, folder / name.removesuffix(".gz")) if os.path.isfile(path)]  # noqa: PTH113
