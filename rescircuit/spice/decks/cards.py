"""The cards of a deck: its lines joined where ``+`` continues one, as words, with the comments before them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from rescircuit.errors import InputError
from rescircuit.spice.decks.lines import DeckLines

__all__ = ["Card", "bare_lines", "cards", "without_tail"]

_SPACE = " \t\r\n"  # to ngspice, unlike what else str.strip takes for it
_TAIL = re.compile(r";|(?<=\s)\$(?=\s|$)")


class Card(NamedTuple):
    """One statement of a deck.

    Attributes
    ----------
    line : int
        The number of its first line.
    words : list of str
        What stands between white space; none where a blank line ends comments.
    comments : tuple of str
        The comment lines before it, each from its star on.
    """

    line: int
    words: list[str]
    comments: tuple[str, ...]


def cards(lines: Iterable[str], *, name: str, first: int = 1) -> Iterator[Card]:
    """The cards of `lines`, one by one.

    ``+`` goes on with a card across comments, but not across blank lines.

    Parameters
    ----------
    lines : iterable of str
        Without the deck's title; line breaks at their ends do not matter.
    name : str
        What an error calls the deck.
    first : int
        The number of the first of these lines.

    Raises
    ------
    InputError
        With the line, for a ``+`` that continues nothing, and for a comment that ngspice would run.
    """
    comments: list[str] = []
    before: tuple[str, ...] = ()
    words: list[str] = []
    begun = 0
    number = first - 1
    for number, line in enumerate(lines, first):
        start = line[:1]
        if start == "+":
            if not words:
                raise InputError(f"{name}, line {number}", "after the beginning of what + continues", line)
            words += line[1:].split()
        elif start == "*":
            comments.append(_checked_comment(line, f"{name}, line {number}"))
        else:
            if words:
                yield Card(begun, words, before)
            begun, words = number, line.split()
            before = tuple(comments)
            comments.clear()
            if before and not words:
                yield Card(number, words, before)
    if words:
        yield Card(begun, words, before)
    if comments:
        yield Card(number, [], tuple(comments))


def _checked_comment(line: str, place: str) -> str:
    if line.lower().startswith(("*#", "*ng_script")):
        hint = "ngspice runs what stands behind *# and *ng_script."
        raise InputError(place, "a comment that is no command", line, hint)
    return line


def without_tail(line: str) -> str:
    """A line without the comment at its end, behind ``;`` or a `` $ ``, and without the space around it."""
    return (_TAIL.split(line, maxsplit=1)[0] if ";" in line or "$" in line else line).strip(_SPACE)


def bare_lines(deck: DeckLines, refused: re.Pattern[str], required: str, hint: str = "") -> Iterator[str]:
    """The lines behind the title without their tails; comments as they are, and no other line with what is `refused`.

    Raises
    ------
    InputError
        With the line, what is `required`, and the `hint`.
    """
    for number, raw in enumerate(islice(deck, 1, None), 2):
        line = raw.strip(_SPACE)
        if not line.startswith("*"):
            line = without_tail(line)
            if refused.search(line):
                raise InputError(deck.place(number), required, line, hint)
        yield line
