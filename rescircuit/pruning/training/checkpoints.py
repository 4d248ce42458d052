"""The state of a training after an epoch, kept in a file, so that one that was ended goes on from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import finite_number, whole_number
from rescircuit.errors import InputError, shorten
from rescircuit.files import make_folder, read_npz, write_atomically
from rescircuit.pruning.training.masks import Scores
from rescircuit.pruning.training.trained import Epoch

__all__ = ["Checkpoint", "Progress"]

_FILE = "training.npz"


@dataclass(kw_only=True)
class Progress:
    """What a training remembers beside the scores.

    Attributes
    ----------
    history : list of Epoch
    best, last : mapping of int to bool array
        The masks of the best and of the last epoch.
    """

    history: list[Epoch]
    best: dict[int, NDArray[np.bool_]]
    last: dict[int, NDArray[np.bool_]]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The file of one training.

    Attributes
    ----------
    folder : Path
        Made with the first epoch; the file in it is whole at any time.
    identity : dict
        All that the training depends on; what was kept of another is refused.
    """

    folder: Path
    identity: dict[str, Any]

    def save(self, progress: Progress, scores: dict[int, Scores]) -> None:
        """Keep the state after an epoch."""
        arrays: dict[str, Any] = {"identity": np.array(self._text()), "history": np.array(_history(progress))}
        for number, each in scores.items():
            arrays |= {f"{number}.scores": each.scores, f"{number}.velocity": each.velocity}
            arrays |= {f"{number}.best": np.packbits(progress.best[number])}
            arrays |= {f"{number}.last": np.packbits(progress.last[number])}

        def write(temporary: Path) -> None:
            with temporary.open("wb") as stream:
                np.savez(stream, **arrays)

        with _named():
            write_atomically(make_folder(self.folder) / _FILE, write)

    def load(self, scores: dict[int, Scores], shapes: dict[int, tuple[int, ...]]) -> Progress:
        """The state after the last epoch that was kept; the scores take theirs. None yet: a state before the first.

        Raises
        ------
        InputError
            For a folder that cannot be written to, a damaged file, or one of a training with other settings, data or
            weights.
        """
        with _named():
            path = make_folder(self.folder) / _FILE  # before the first epoch, not after it
        if not path.exists():
            return Progress(history=[], best={}, last={})
        with _named():
            arrays = read_npz(path)
        self._check_identity(str(arrays.get("identity", "")))
        progress = Progress(history=_read_history(str(arrays.get("history", "")), len(scores)), best={}, last={})
        for number, each in scores.items():
            each.scores[:] = _numbers(arrays, f"{number}.scores", each.scores.size)
            each.velocity[:] = _numbers(arrays, f"{number}.velocity", each.scores.size)
            progress.best[number] = _bits(arrays, f"{number}.best", shapes[number])
            progress.last[number] = _bits(arrays, f"{number}.last", shapes[number])
        return progress

    def _text(self) -> str:
        return json.dumps(self.identity, sort_keys=True, allow_nan=False)

    def _check_identity(self, text: str) -> None:
        try:
            kept = json.loads(text)
        except (ValueError, RecursionError):
            kept = {}
        if not isinstance(kept, dict) or not kept:
            raise InputError("checkpoint", "a training's state", _FILE)
        given = json.loads(self._text())
        if kept == given:
            return
        before, now = _flat(kept), _flat(given)
        other = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
        told = [
            f"{name} {shorten(before.get(name))}, this training has {shorten(now.get(name))}"
            for name in other
            if name in _told(now)
        ]
        words = f"It has {'; '.join(told)}. " if told else ""
        hint = f"{words}Choose another folder, or remove it."
        raise InputError("checkpoint", "of this training", f"one with another {' and '.join(other)}", hint)


@contextmanager
def _named() -> Iterator[None]:
    """Within it, errors of files name the checkpoint."""
    try:
        yield
    except InputError as error:
        raise InputError("checkpoint", error.required, error.got, error.hint) from None


def _flat(identity: dict[str, Any]) -> dict[str, Any]:
    """What a training depends on, its settings one by one."""
    settings = identity.get("settings")
    rest = {name: value for name, value in identity.items() if name != "settings"}
    return {**rest, **settings} if isinstance(settings, dict) else identity


def _told(identity: dict[str, Any]) -> set[str]:
    """What has a value that a person knows: not digests."""
    return identity.keys() - {"network", "models", "random weights", "images"}


def _history(progress: Progress) -> str:
    return json.dumps([asdict(each) for each in progress.history], allow_nan=False)


def _read_history(text: str, layers: int) -> list[Epoch]:
    """Epochs from 1 on, at least one."""
    try:
        history = [_epoch(number, layers, **each) for number, each in enumerate(json.loads(text), 1)]
    except (ValueError, TypeError, RecursionError):  # an InputError is a ValueError, too
        history = []
    if not history:
        raise InputError("checkpoint", "with a history of epochs", text)
    return history


def _epoch(number: int, layers: int, *, epoch: Any, loss: Any, accuracy: Any, kept: Any) -> Epoch:
    """The epoch of this number, as it was written."""
    counts = tuple(whole_number("kept", each, 0) for each in kept)
    share = finite_number("accuracy", accuracy)
    if len(counts) != layers or not 0.0 <= share <= 1.0:
        raise InputError("checkpoint", f"with {layers} counts and a share", f"{counts} and {share}")
    number = whole_number("epoch", epoch, number, number)
    return Epoch(epoch=number, loss=finite_number("loss", loss), accuracy=share, kept=counts)


def _numbers(arrays: dict[str, Any], name: str, size: int) -> NDArray[np.float32]:
    found = arrays.get(name)
    if found is None or found.shape != (size,) or found.dtype != np.float32 or not np.isfinite(found).all():
        raise InputError("checkpoint", f"with {size} finite numbers as {name}", "others")
    return found


def _bits(arrays: dict[str, Any], name: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    found, size = arrays.get(name), int(np.prod(shape))
    if found is None or found.dtype != np.uint8 or found.shape != (-(-size // 8),):
        raise InputError("checkpoint", f"with {size} bits as {name}", "others")
    return np.unpackbits(found, count=size).astype(bool).reshape(shape)
