"""The lines of a deck that somebody brings: of a text or a file, with limits, and nothing but text in them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

from rescircuit.errors import InputError
from rescircuit.files import file_size

__all__ = ["DeckLines", "lines_of_file", "lines_of_text"]

_LARGEST = 1 << 29  # bytes or characters of a deck: a crossbar of 2048 x 2048 with its wires has less
_LONGEST = 10_000  # characters of a line; ours are wrapped at 100
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, eq=False)
class DeckLines:
    """The lines of a deck, with the line breaks at their ends, anew each time they are gone through.

    Attributes
    ----------
    name : str
        What an error calls the deck.
    make : callable
        Returns an iterator over the lines.
    """

    name: str
    make: Callable[[], Iterator[str]]

    def __iter__(self) -> Iterator[str]:
        return self.make()

    def place(self, line: int) -> str:
        """What an error calls the line of this number; the first is 1."""
        return f"{self.name}, line {line}"

    def located(self, line: int, error: InputError) -> InputError:
        """`error`, which is about something on this line, with its place."""
        return InputError(f"{self.place(line)}: {error.argument}", error.required, error.got, error.hint)


def lines_of_text(text: Any, name: Any) -> DeckLines:
    """The lines of `text`; the text of an iterator raises an ``InputError`` where a line is no line of a deck."""
    if not isinstance(name, str):
        raise InputError("name", "text", name)
    if not isinstance(text, str):
        hint = "read_deck reads a file." if isinstance(text, PathLike) else ""
        raise InputError("text", "the text of a deck", text, hint)
    if len(text) > _LARGEST:
        raise InputError("text", f"of at most {_LARGEST:,} characters", f"{len(text):,} characters")
    return DeckLines(name, lambda: _checked(io.StringIO(text, newline="\n"), name))


def lines_of_file(path: str | Path) -> DeckLines:
    """The lines of a file in UTF-8, of a limited size, read as they are asked for."""
    if not isinstance(path, str | PathLike):
        raise InputError("path", "the path of a deck's file", path)
    if isinstance(path, str) and "\n" in path:
        raise InputError("path", "a path of one line", path, "parse_deck reads the text of a deck.")
    try:
        path = Path(path)
        size = file_size(path)
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("path", "a readable file", str(path), f"{reason}.") from None
    if size > _LARGEST:
        raise InputError("path", f"a file of at most {_LARGEST:,} bytes", f"{size:,} bytes")
    return DeckLines(path.name, lambda: _lines_of_file(path))


def _lines_of_file(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as stream:
            yield from _checked(_decoded(stream, path.name), path.name)
    except OSError as error:
        raise InputError("path", "a readable file", str(path), f"{error.strerror}.") from None


def _decoded(stream: BinaryIO, name: str) -> Iterator[str]:
    """Line by line, so that neither a file without line breaks nor one that grows meanwhile fills the memory."""
    total = number = 0
    while line := stream.readline(4 * _LONGEST + 2):  # a character has up to four bytes
        number += 1
        total += len(line)
        if total > _LARGEST:
            raise InputError(name, f"of at most {_LARGEST:,} bytes", "more")
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError:
            hint = "Save it as UTF-8."
            raise InputError(f"{name}, line {number}", "text in UTF-8", line, hint) from None


def _checked(lines: Iterable[str], name: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)  # noqa: PLW2901 - some editors put it before a text in UTF-8
            if not line:
                return
        # What is not printable is rare, and its line break does not count.
        if len(line) > _LONGEST or not line[:-1].isprintable() or line[-1] != "\n":
            _check_line(line, f"{name}, line {number}")
        yield line


def _check_line(line: str, place: str) -> None:
    content = line.removesuffix("\n").removesuffix("\r")
    if len(content) > _LONGEST:
        raise InputError(place, f"at most {_LONGEST:,} characters long", f"{len(content):,} or more")
    control = _CONTROL.search(content)
    if control is not None:
        hint = "Lines end with a line feed, or with a carriage return and a line feed."
        required = "text without control characters"
        raise InputError(place, required, f"{control[0]!r} at column {control.start() + 1}", hint)
