"""The lines of a linear deck: whole, of a known form, with numbers that mean what they say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, NoReturn

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError, shorten

__all__ = ["Card", "cards", "is_name", "matched", "parsed", "points_of", "refuse", "resistance", "sweep_steps"]

_TITLE = "rescircuit circuit"
_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?"
_LEAST, _MOST = 1e-30, 1e30  # of a resistance: its conductance is a finite number too
_MOST_STEPS = 1_000_000
_WITHIN_STOP = 1e-9  # of a sweep's step


class Card(NamedTuple):
    """A line with its continuations, and the number of its first."""

    number: int
    text: str


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("NUMBER", _NUMBER), re.ASCII | re.IGNORECASE)


_PLAIN = _pattern("NUMBER")
_NAME = _pattern(r"\w+")
_FORMS = {
    "r": _pattern(r"(r\w+) (\w+) (\w+) (NUMBER)(?: tc1=(NUMBER))?(?: tc2=(NUMBER))?"),
    "v": _pattern(r"(v\w+) (\w+) (\w+) dc (NUMBER)"),
    "i": _pattern(r"(i\w+) (\w+) (\w+) dc (NUMBER)"),
    "f": _pattern(r"(f\w+) (\w+) (\w+) ([vb]\w+) (NUMBER)"),
    "c": _pattern(r"(c\w+) (\w+) (\w+) NUMBER(?: ic=NUMBER)?(?: tc1=NUMBER)?(?: tc2=NUMBER)?"),
    "b": _pattern(r"(b\w+) (\w+) (\w+) v = pwl\(v\((\w+)\), (NUMBER(?:, NUMBER)*)\)"),
    "x": _pattern(r"(x\w+) (\w+(?: \w+)*) (\w+)"),
}


def refuse(card: Card, required: str) -> NoReturn:
    """Raise for a line that is not as `required`."""
    raise InputError(f"line {card.number} of the deck", required, shorten(card.text))


def cards(lines: Iterable[str]) -> Iterator[Card]:
    """The lines behind the title, without comments and empty ones, each with its continuations."""
    parts: list[str] = []
    began = 0
    for number, ended_line in enumerate(lines, 1):
        if not isinstance(ended_line, str):
            raise InputError(f"line {number} of the deck", "text", ended_line)
        line = ended_line.removesuffix("\n")
        if number == 1:
            if line != _TITLE:
                refuse(Card(1, line), f"the title {_TITLE!r}")
        elif line.startswith("+ ") and parts:
            parts.append(line[2:])
        else:
            if parts:
                yield Card(began, " ".join(parts))
            parts = [line] if line and not line.startswith("* ") else []
            began = number
    if parts:
        yield Card(began, " ".join(parts))


def is_name(word: str) -> bool:
    """Whether a node may be called so."""
    return _NAME.fullmatch(word) is not None


def matched(card: Card) -> tuple[str, tuple[str, ...]]:
    """The letter of an element, and the words of its line: its name, its two nodes and what follows."""
    letter = card.text[0].lower()
    form = _FORMS.get(letter)
    words = form.fullmatch(card.text) if form else None
    if words is None:
        refuse(card, "a line of a linear deck")
    return letter, words.groups()


def parsed(card: Card, word: str) -> float:
    """A number in digits alone."""
    number = float(word) if _PLAIN.fullmatch(word) else math.nan
    if not abs(number) <= _MOST:
        refuse(card, f"with plain numbers of magnitudes up to {_MOST:g}")
    return number


def resistance(card: Card, words: tuple[str, ...]) -> tuple[float, float, float]:
    """A resistance, ohm, and its temperature coefficients; ngspice reads 0 ohm as one milliohm."""
    ohm, tc1, tc2 = words
    value = float(ohm)
    if not _LEAST <= value <= _MOST:
        refuse(card, f"a resistance from {_LEAST:g} to {_MOST:g} ohm")
    return value, parsed(card, tc1) if tc1 else 0.0, parsed(card, tc2) if tc2 else 0.0


def points_of(card: Card, words: str) -> Array:
    """Places and values of a piecewise linear function, (2, number of points), its places rising."""
    numbers = np.array([parsed(card, word) for word in words.split(", ")])
    if numbers.size % 2 or numbers.size < 4 or np.any(np.diff(numbers[::2]) <= 0):
        refuse(card, "a pwl of two pairs or more, the first numbers of which rise")
    return numbers.reshape(-1, 2).T


def sweep_steps(card: Card, words: Iterable[str]) -> Array:
    """The values of a sweep from its start, stop and step."""
    start, stop, step = (parsed(card, word) for word in words)
    count = (stop - start) / step if step > 0 else -1.0
    if not 0 <= count <= _MOST_STEPS:
        refuse(card, f"a sweep upwards of at most {_MOST_STEPS:,} steps")
    return np.array([start + step * k for k in range(math.floor(count + _WITHIN_STOP) + 1)])
