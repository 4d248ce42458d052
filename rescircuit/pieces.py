"""Finished pieces of long work, kept in files, so that work that was ended goes on from there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.errors import InputError
from rescircuit.files import file_size, make_folder, read_npz, write_atomically, write_text

__all__ = ["Pieces"]

_EDITION = 1  # of the pieces: counted on when what a piece means changes
_LARGEST_BYTES = 1 << 24  # of a piece of JSON
_SETTINGS = "settings"


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """Results by their settings, one file each, whole or absent.

    A file is found by a digest of the settings and believed only if it holds the same settings; one that cannot be
    read is made again.

    Attributes
    ----------
    folder : Path
        Made with the first piece.
    """

    folder: Path

    def kept(self, settings: dict[str, Any], compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result of `compute` for these settings, from the folder if it is there.

        Parameters
        ----------
        settings : dict
            Of names, numbers and lists of them: all that the result depends on.
        compute : callable
            Its result consists of numbers, text, lists and dicts.
        """
        text = _text_of(settings)
        path = self._path(text, ".json")
        found = _read_json(path)
        if isinstance(found, dict) and found.get(_SETTINGS) == json.loads(text) and "result" in found:
            return found["result"]
        result = compute()
        make_folder(self.folder)
        whole = {_SETTINGS: json.loads(text), "result": result}
        write_text(path, json.dumps(whole, indent=1, allow_nan=False) + "\n")
        return json.loads(json.dumps(result))  # as it will be read the next time

    def kept_arrays(
        self, settings: dict[str, Any], compute: Callable[[], dict[str, np.ndarray[Any, Any]]]
    ) -> dict[str, np.ndarray[Any, Any]]:
        """As :meth:`kept`, for arrays by name."""
        text = _text_of(settings)
        path = self._path(text, ".npz")
        if path.exists():
            try:
                found = read_npz(path)
            except InputError:
                found = {}
            if str(found.pop(_SETTINGS, "")) == text:
                return found
        result = compute()
        make_folder(self.folder)

        arrays: dict[str, Any] = {_SETTINGS: np.array(text), **result}

        def write(temporary: Path) -> None:
            with temporary.open("wb") as stream:
                np.savez(stream, **arrays)

        write_atomically(path, write)
        return result

    def _path(self, text: str, suffix: str) -> Path:
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}{suffix}"


def _text_of(settings: dict[str, Any]) -> str:
    return json.dumps({"edition": _EDITION, **settings}, sort_keys=True, allow_nan=False)


def _read_json(path: Path) -> Any:
    try:
        if file_size(path) > _LARGEST_BYTES:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # not there, or damaged
        return None
