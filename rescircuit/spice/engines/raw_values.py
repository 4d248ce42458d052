"""The numbers of a raw file, binary or as text; memory is taken only for as many as the file has bytes for."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedIOBase
from operator import methodcaller

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import SpiceError, shorten
from rescircuit.spice.engines.raw_header import Header

__all__ = ["read_binary", "read_text"]

_NUMBER = np.dtype(np.float64)
_BLOCK = 1 << 18  # bytes of text read at once; as Python's objects they take some ten times that
_LONGEST_NUMBER = 500  # characters; longer ones only cost time
_LONGEST_WORD = 50  # characters, with those between; ngspice writes some 25 for a number and twice that for a complex
_WHITE = b" \t\r\n"
_REAL = b"0123456789+-.eE"  # what float() takes beyond numbers of these (1_000, nan, inf) is no number here
_NEXT_PLOT = b"Title:"


def read_binary(stream: BufferedIOBase, header: Header, available: int) -> Array:
    """The ``points * width`` numbers that the stream holds in its `available` bytes, up to the end or another plot.

    Raises
    ------
    SpiceError
        For fewer bytes, and for more that are no other plot.
    """
    count = header.points * header.width
    expected = count * _NUMBER.itemsize
    if available < expected or (available > expected and not _plot_follows(stream, expected)):
        raise SpiceError(f"the raw file holds {available} bytes of data, not the {expected} it announces")
    flat = np.empty(count, dtype=_NUMBER)
    if stream.readinto(flat.data.cast("B")) != expected:
        raise SpiceError("the raw file became shorter while it was read")
    return flat


def _plot_follows(stream: BufferedIOBase, distance: int) -> bool:
    """Whether the title of another plot stands so many bytes from here."""
    here = stream.tell()
    stream.seek(distance, 1)
    follows = stream.read(len(_NEXT_PLOT)) == _NEXT_PLOT
    stream.seek(here)
    return follows


def read_text(stream: BufferedIOBase, header: Header, available: int) -> Array:
    """The ``points * width`` numbers that the stream holds as text in its `available` bytes, up to another plot.

    Each point is its number, counted from 0, and a word for every variable: ``re`` or ``re,im``.

    Raises
    ------
    SpiceError
        For more or fewer numbers, other numbers of points, anything that is no decimal number, and a last line
        without its end, because it may have been cut inside a number.
    """
    count = header.points * header.width
    least = 2 * (header.points + count)  # a digit and what parts it from the next
    if available < least:
        raise SpiceError(f"the raw file holds {available} bytes of numbers, not the {least} it needs at least")
    flat = np.empty(count, dtype=_NUMBER)
    stride = 1 + len(header.variables)
    position = filled = 0
    for words in _words(stream, header.is_complex, _LONGEST_WORD * (header.points + count)):
        point, begin = -(-position // stride), -position % stride  # the first that begins in this block, and where
        position += len(words)
        numbered = words[begin::stride]
        if numbered != [b"%d" % k for k in range(point, point + len(numbered))]:
            raise SpiceError(f"the raw file's points from {point} on are not numbered one after the other")
        del words[begin::stride]
        numbers = _numbers(words, header.is_complex)
        if filled + len(numbers) > count:
            raise SpiceError(f"the raw file holds more than the {header.points} points it announces")
        flat[filled : filled + len(numbers)] = numbers
        filled += len(numbers)
    if position != header.points * stride:
        raise SpiceError(f"the raw file ends in point {position // stride} of {header.points}")
    return flat


def _words(stream: BufferedIOBase, is_complex: bool, expected: int) -> Iterator[list[bytes]]:
    """The words of whole lines, block by block; each is made of the characters of numbers.

    Blocks are of no more than the `expected` bytes, for what is read beyond this plot is read again for the next.
    """
    allowed = _WHITE + _REAL + (b"," if is_complex else b"")
    rest = b""
    while block := stream.read(min(_BLOCK, expected)):
        content = rest + block
        follows = content.startswith(_NEXT_PLOT) or b"\n" + _NEXT_PLOT in content
        if follows:
            place = 0 if content.startswith(_NEXT_PLOT) else content.index(b"\n" + _NEXT_PLOT) + 1
            stream.seek(place - len(content), 1)
            content = content[:place]
        lines, end, rest = content.rpartition(b"\n")
        words = lines.split()
        if (lines + end).translate(None, delete=allowed):
            wrong = next((word for word in words if word.translate(None, delete=allowed)), b"\v or \f")
            shown = shorten(wrong.decode("ascii", errors="replace"))
            raise SpiceError(f"the raw file holds {shown} among its numbers")
        if max(len(rest), *map(len, words), 0) > _LONGEST_NUMBER:
            raise SpiceError(f"the raw file holds a number of more than {_LONGEST_NUMBER} characters")
        yield words
        if follows:
            return
    if rest:
        raise SpiceError("the raw file's last line has no end, so its last number may not be whole")


def _numbers(words: list[bytes], is_complex: bool) -> list[float]:
    if is_complex and words:
        if set(map(methodcaller("count", b","), words)) != {1}:
            raise SpiceError("the raw file holds a complex number that is not two numbers with a comma between them")
        words = b",".join(words).split(b",")
    try:
        return list(map(float, words))
    except ValueError as error:
        raise SpiceError(f"the raw file holds what is no number: {error}") from None
