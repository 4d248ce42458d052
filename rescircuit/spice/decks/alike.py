"""Whether a card of one of our decks, which a person may have touched, says what we write, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rescircuit.errors import InputError, shorten
from rescircuit.spice.decks.numbers import PLAIN

__all__ = ["check_alike"]

_NUMBER = re.compile(rf"(?<![\w.]){PLAIN}(?![\w.])", re.ASCII)
_SHOWN = 12  # words of a card; of a longer one, those around the first that differs


def check_alike(words: Sequence[str], ours: Sequence[str]) -> None:
    """Refuse `words` of a card that differ from `ours` in more than how numbers are written.

    ``20777``, ``2.0777e4`` and ``20777.0`` are alike, as the same float. Nodes that are numbers cannot be confused by
    that: they are read as they stand, and so stand the same in `ours`.

    Raises
    ------
    InputError
        With what we write in their place.
    """
    if list(words) == list(ours):
        return
    pairs = zip(words, ours, strict=False)  # where one goes on, they differ behind the other's last word
    differing = (k for k, (word, our) in enumerate(pairs) if word != our and _by_value(word) != _by_value(our))
    place = next(differing, min(len(words), len(ours)))
    if place < max(len(words), len(ours)):
        required = f"{shorten(_shown(ours, place), 100)}, as rescircuit writes it"
        raise InputError(words[0], required, _shown(words, place))


def _by_value(word: str) -> str:
    """The word with its numbers in one spelling; minus zero is zero."""
    return _NUMBER.sub(lambda found: repr(float(found[0]) + 0.0), word)


def _shown(words: Sequence[str], place: int) -> str:
    if len(words) <= _SHOWN:
        return " ".join(words)
    first, last = max(0, place - 3), min(len(words), place + 4)
    return " ".join((*["..."] * (first > 0), *words[first:last], *["..."] * (last < len(words))))
