"""The cards of a deck: its lines joined where ``+`` continues one, as words, with the comments before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rescircuit.errors import InputError

__all__ = ["Card", "cards"]


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
