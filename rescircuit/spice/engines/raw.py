"""Raw files of ngspice, binary or ASCII, real or complex, read strictly: whole plots of finite numbers or an error.

Nothing that a file announces is believed before its bytes are there. A binary file takes the memory of its numbers,
a text at most four times its own size.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.errors import InputError, SpiceError, shorten
from rescircuit.spice.engines.near_names import near_names
from rescircuit.spice.engines.raw_header import Header, read_header
from rescircuit.spice.engines.raw_values import read_binary, read_text

__all__ = ["Plot", "read_raw", "read_raw_file", "read_raw_of_run", "read_raw_plots"]

_MOST_PLOTS = 100_000  # as Python's objects they take some kilobytes each
_HINT = "; read_raw_plots reads all plots of a file"


@dataclass(frozen=True, kw_only=True)
class Plot:
    """One plot of a raw file; ``plot["v(out)"]`` is one variable at all points.

    Case does not matter, as in SPICE, and a node's name alone, ``plot["out"]``, stands for its voltage.

    Attributes
    ----------
    name : str
        ngspice's name of the analysis, such as ``"Operating Point"``.
    variables : tuple of str
        Names of the variables, as ngspice spells them, each once.
    values : (points, variables) array
        Volt, ampere, second or hertz; complex if the file says so. The frequency of an AC analysis is real: its
        imaginary part, which ngspice 39 leaves to chance in the files of batch runs, is 0 here.
    """

    name: str
    variables: tuple[str, ...]
    values: NDArray[np.float64] | NDArray[np.complex128]

    def __getitem__(self, variable: str) -> NDArray[Any]:
        return self.values[:, self._place(variable)]

    def _place(self, variable: str) -> int:
        """The column of `variable`: of this spelling, or else the only one of another case, or else of that node."""
        if variable in self.variables:
            return self.variables.index(variable)
        for wanted in (str(variable).lower(), f"v({variable})".lower()):
            places = [place for place, name in enumerate(self.variables) if name.lower() == wanted]
            if len(places) == 1:
                return places[0]
        raise InputError("variable", f"one of {near_names(variable, self.variables)}", variable)


def read_raw(content: bytes | memoryview) -> Plot:
    """Read the content of a raw file.

    Raises
    ------
    InputError
        For what is no bytes.
    SpiceError
        For anything that is not exactly one complete plot of finite numbers.
    """
    if not isinstance(content, bytes | bytearray | memoryview):
        raise InputError("content", "the bytes of a raw file", content, "read_raw_file takes a path.")
    if not (view := memoryview(content)).contiguous:
        raise InputError("content", "bytes without gaps", content)
    return _only_plot(io.BytesIO(content), view.nbytes, hint=_HINT)


def read_raw_file(path: str | Path) -> Plot:
    """Read a raw file.

    Raises
    ------
    InputError
        For what cannot be read or is no regular file.
    SpiceError
        For anything that is not exactly one complete plot of finite numbers; :func:`read_raw_plots` reads several.
    """
    with _named(path) as stream:
        return _only_plot(stream, os.fstat(stream.fileno()).st_size, hint=_HINT)


def read_raw_plots(path: str | Path) -> tuple[Plot, ...]:
    """Read all plots of a raw file, such as the two of a noise analysis, or those of several analyses in one run.

    Returns
    -------
    tuple of Plot
        At least one, in the order of the file, which is not that of the deck's cards: go by their names. A file that
        lacks whole plots at its end does not show it.

    Raises
    ------
    InputError
        For what cannot be read or is no regular file.
    SpiceError
        For anything that is not complete plots of finite numbers, one after the other, and for more than 100 000.
    """
    with _named(path) as stream:
        return tuple(_plots(stream, os.fstat(stream.fileno()).st_size))


def read_raw_of_run(path: Path, largest: int) -> Plot:
    """Read the raw file that a run left, which must be a file, no link to one, of at most `largest` bytes.

    Raises
    ------
    SpiceError
        For no such file, and for anything that is not exactly one complete plot of finite numbers.
    """
    try:
        with _opened(path, os.O_NONBLOCK | os.O_NOFOLLOW) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > largest:
                raise SpiceError(f"ngspice wrote a raw file of {size} bytes where at most {largest} were asked for")
            return _only_plot(stream, size)
    except FileNotFoundError:
        raise SpiceError("ngspice ended without a word and without a raw file") from None
    except OSError as error:
        raise SpiceError(f"ngspice left no raw file that can be read: {error.strerror}") from None


@contextmanager
def _named(path: str | Path) -> Iterator[io.BufferedIOBase]:
    """A file that somebody names, opened; what is wrong with it is said with its name."""
    if not isinstance(path, str | os.PathLike):
        raise InputError("file", "the path of a file", path, "read_raw takes bytes.")
    try:
        with _opened(path, os.O_NONBLOCK) as stream:  # a named pipe would be waited for
            yield stream
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("file", "a readable file", str(path), f"{reason}.") from None
    except SpiceError as error:
        raise SpiceError(f"{shorten(Path(path).name)}: {error}") from None


def _opened(path: str | Path, flags: int) -> io.BufferedIOBase:
    """A regular file opened for reading; anything else is an ``OSError``."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "It is not a regular file")
    return os.fdopen(descriptor, "rb")


def _only_plot(stream: io.BufferedIOBase, size: int, *, hint: str = "") -> Plot:
    """The plot of a stream of `size` bytes with exactly one."""
    plot = _next_plot(stream, size)
    if stream.tell() != size:
        raise SpiceError(f"the raw file holds more than one plot{hint}")
    return plot


def _plots(stream: io.BufferedIOBase, size: int) -> Iterator[Plot]:
    """All plots of a stream of `size` bytes."""
    yield _next_plot(stream, size)
    for number in range(2, _MOST_PLOTS + 1):
        if stream.tell() == size:
            return
        try:
            plot = _next_plot(stream, size)
        except SpiceError as error:
            raise SpiceError(f"plot {number}: {error}") from None
        yield plot
    if stream.tell() != size:
        raise SpiceError(f"the raw file holds more than {_MOST_PLOTS} plots")


def _next_plot(stream: io.BufferedIOBase, size: int) -> Plot:
    """One plot, after which the stream stands at its end or at the title of another plot."""
    header = read_header(stream)
    read_numbers = read_binary if header.is_binary else read_text
    flat = read_numbers(stream, header, size - stream.tell())
    if header.is_complex and header.scale == "frequency":
        flat[1 :: header.width] = 0.0
    _refuse_infinite(flat, header)
    values = flat.view(np.complex128) if header.is_complex else flat
    return Plot(
        name=header.plot,
        variables=header.variables,
        values=values.reshape(header.points, len(header.variables)),
    )


def _refuse_infinite(flat: Array, header: Header) -> None:
    finite = np.isfinite(flat)
    if not finite.all():
        place = int(np.argmin(finite)) % header.width // (2 if header.is_complex else 1)
        raise SpiceError(f"the raw file holds a value of {shorten(header.variables[place])} that is not finite")
