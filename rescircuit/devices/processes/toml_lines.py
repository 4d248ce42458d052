"""On which line of a TOML text each key stands: tomllib does not say, and a person who errs wants to know."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["TomlLines", "toml_lines"]

KeyPath = tuple[str | int, ...]

_DEEPEST = 16  # parts of a key; what a hostile file has beyond gets the line of these
_PART = re.compile(r"""[ \t]*("(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
# What a value consists of: strings of several lines, strings, comments, brackets, ends of lines, the rest.
_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*|[\[{]|[\]}]|\n|[^"'\#\[\]{}\n]+|.''',
    re.DOTALL,
)
_OPENING = re.compile(r"\[\[?")
_BLANK = re.compile(r"(?:[ \t\r\n]|\#[^\n]*)*")


@dataclass(frozen=True, kw_only=True)
class TomlLines:
    """The lines of a TOML text's keys, counted from 1.

    Parameters
    ----------
    keys : mapping of tuple to int
        The line of each key and of each table's header, by its path from the top. Elements of an array of tables are
        numbered from 0 in the path.
    headers : frozenset of tuple
        The paths that have a header of their own.
    """

    keys: Mapping[KeyPath, int]
    headers: frozenset[KeyPath]

    def line(self, path: KeyPath) -> int:
        """The line of `path`, or of the nearest thing that it stands in: what is inside a value has no line here."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path, 1)

    def table(self, path: KeyPath) -> KeyPath:
        """The path of the innermost header above `path`, empty for the top of the text."""
        while path and path not in self.headers:
            path = path[:-1]
        return path


def toml_lines(text: str) -> TomlLines:
    """Find the lines of all keys of `text`, which tomllib has read without an error.

    Keys inside inline tables are not looked into: they stand, as a rule, on the line of the key before them.
    """
    keys: dict[KeyPath, int] = {}
    headers: set[KeyPath] = set()
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for start, line in _statements(text):
        opening = _OPENING.match(text, start)
        if opening is None:
            path = _key(text, start)
            for size in range(1, len(path) + 1):  # a dotted key makes the tables on its way
                keys.setdefault(table + path[:size], line)
            continue
        parts = _key(text, opening.end())
        table = _counted(parts[:-1], counts) + parts[-1:]
        if len(opening[0]) > 1:
            keys.setdefault(table, line)
            counts[table] = counts.get(table, -1) + 1
            table = (*table, counts[table])
        for size in range(1, len(table)):
            keys.setdefault(table[:size], line)
        keys[table] = line
        headers.add(table)
    return TomlLines(keys=keys, headers=frozenset(headers))


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """Where headers and keys begin: their places in the text and their lines."""
    place, line = 0, 1
    while blank := _BLANK.match(text, place):  # it matches the empty text too
        line += blank[0].count("\n")
        place = blank.end()
        if place >= len(text):
            return
        yield place, line
        end = _end_of_statement(text, place)
        line += text.count("\n", place, end)
        place = end


def _end_of_statement(text: str, place: int) -> int:
    """Where the line ends on which the statement at `place` ends."""
    depth = 0
    for token in _TOKEN.finditer(text, place):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        elif token[0] == "\n" and depth <= 0:
            return token.start()
    return len(text)


def _key(text: str, place: int) -> tuple[str, ...]:
    """The parts of the dotted key at `place`."""
    parts: list[str] = []
    while part := _PART.match(text, place):
        parts.append(_bare(part[1]))
        place = part.end()
        if text[place : place + 1] != ".":
            break
        place += 1
    return tuple(parts[:_DEEPEST])


def _bare(part: str) -> str:
    """A key without its quotes."""
    return next(iter(tomllib.loads(f"{part} = 0"))) if part[0] in "\"'" else part


def _counted(parts: tuple[str, ...], counts: Mapping[KeyPath, Any]) -> KeyPath:
    """`parts` with the number of the last element behind each array of tables."""
    path: KeyPath = ()
    for part in parts:
        path = (*path, part)
        if path in counts:
            path = (*path, counts[path])
    return path
