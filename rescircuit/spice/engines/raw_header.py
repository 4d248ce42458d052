"""The header of a raw file: what the plot is, how many points of which variables follow, and in which form."""

from __future__ import annotations

from dataclasses import dataclass
from io import BufferedIOBase

from rescircuit.errors import SpiceError, shorten

__all__ = ["Header", "read_header"]

_LONGEST_LINE = 1 << 16  # bytes; the longest are titles and names made of expressions

_ONCE = ("Title", "Date", "Plotname", "Flags", "No. Variables", "No. Points", "Dimensions")
_OFTEN = ("Command", "Option")
_NEEDED = ("Plotname", "Flags", "No. Variables", "No. Points")
_MARKS = {"Binary:": True, "Values:": False}
_MOST_VARIABLES = 1 << 22  # each takes some 100 bytes; an array of 1024 x 1024 with its wires has half as many
_DIGITS = 18  # of a number of points or variables, far beyond any file


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a raw file announces.

    Attributes
    ----------
    plot : str
        ngspice's name of the analysis.
    is_complex, is_binary : bool
        The form of its numbers.
    points : int
        Number of points, at least 1.
    variables : tuple of str
        Names of the variables, each once.
    scale : str
        What the first variable is, such as ``"time"``, ``"frequency"`` or ``"voltage"``.
    """

    plot: str
    is_complex: bool
    is_binary: bool
    points: int
    variables: tuple[str, ...]
    scale: str

    @property
    def width(self) -> int:
        """Number of real numbers in a point."""
        return len(self.variables) * (2 if self.is_complex else 1)


def read_header(stream: BufferedIOBase) -> Header:
    """Read the header up to and with the line before the numbers.

    Raises
    ------
    SpiceError
        For anything that ngspice does not write, a key that is missing or comes twice, a list of other variables
        than announced, and no points: that is what a run which was given up leaves.
    """
    fields = _fields(stream)
    missing = [key for key in _NEEDED if key not in fields]
    if missing:
        raise SpiceError(f"the raw file's header does not state {missing[0]}")
    if fields["Flags"] not in {"real", "complex"}:
        raise SpiceError(f"the raw file holds {shorten(fields['Flags'])} numbers, neither real nor complex ones")
    points, count = _whole(fields, "No. Points"), _whole(fields, "No. Variables")
    if points == 0:
        raise SpiceError("the raw file states No. Points: 0, so the run that wrote it was given up")
    if count > _MOST_VARIABLES:
        raise SpiceError(f"the raw file announces {count} variables, more than {_MOST_VARIABLES}")
    variables, scale, is_binary = _variables(stream, count)
    return Header(
        plot=fields["Plotname"],
        is_complex=fields["Flags"] == "complex",
        is_binary=is_binary,
        points=points,
        variables=variables,
        scale=scale,
    )


def _fields(stream: BufferedIOBase) -> dict[str, str]:
    """The ``key: value`` lines before the list of variables."""
    fields: dict[str, str] = {}
    while (line := _line(stream)) != "Variables:":
        key, colon, value = line.partition(":")
        if not fields and (key != "Title" or not colon):
            raise SpiceError("this is no raw file of ngspice: its first line is no title")
        if not colon or key not in (*_ONCE, *_OFTEN):
            raise SpiceError(f"the raw file's header has a line that ngspice does not write: {shorten(line)}")
        if key in fields and key in _ONCE:
            raise SpiceError(f"the raw file's header states {key} twice")
        fields[key] = value.strip()
    return fields


def _variables(stream: BufferedIOBase, count: int) -> tuple[tuple[str, ...], str, bool]:
    """Names from lines of number, name and kind, the kind of the first, and whether what follows is binary."""
    names: dict[str, None] = {}
    scale = ""
    while (line := _line(stream)) not in _MARKS:
        start, number, name, kind = (*line.split("\t", 4), "", "", "")[:4]
        if len(names) == count:
            raise SpiceError(f"the raw file lists more variables than the {count} that it announces")
        if start or number != str(len(names)) or not name or not kind:
            raise SpiceError(f"the raw file lists no variable {len(names)} where it should: {shorten(line)}")
        if name in names:
            raise SpiceError(f"the raw file lists the variable {shorten(name)} twice")
        scale = scale or kind
        names[name] = None
    if len(names) != count or not names:
        raise SpiceError(f"the raw file lists {len(names)} variables where it announces {count}")
    return tuple(names), scale, _MARKS[line]


def _line(stream: BufferedIOBase) -> str:
    line = stream.readline(_LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise SpiceError("the raw file is not complete: it has no whole header")
    text = line[:-1].decode("ascii", errors="replace")
    if not text.isascii() or not text.replace("\t", " ").isprintable():
        raise SpiceError(f"the raw file's header has a line that is not plain ASCII text: {shorten(text)}")
    return text


def _whole(fields: dict[str, str], key: str) -> int:
    text = fields[key]
    if not text.isdecimal() or len(text) > _DIGITS:
        raise SpiceError(f"the raw file states no whole number as {key}: {shorten(text)}")
    return int(text)
