"""Raw files of ngspice, binary or ASCII, real or complex, read strictly: one whole plot of finite numbers or an error.

Nothing that a file announces is believed before its bytes are there. A binary file takes the memory of its numbers,
a text at most four times its own size.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.errors import InputError, SpiceError, shorten
from rescircuit.spice.engines.raw_header import Header, read_header
from rescircuit.spice.engines.raw_values import read_binary, read_text

__all__ = ["Plot", "read_raw", "read_raw_file", "read_raw_of_run"]


@dataclass(frozen=True, kw_only=True)
class Plot:
    """One plot of a raw file; ``plot["v(out)"]`` is one variable at all points.

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
        if variable not in self.variables:
            raise InputError("variable", f"one of {', '.join(self.variables[:20])}", variable)
        return self.values[:, self.variables.index(variable)]


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
    return _read(io.BytesIO(content), view.nbytes)


def read_raw_file(path: str | Path) -> Plot:
    """Read a raw file.

    Raises
    ------
    InputError
        For what cannot be read or is no regular file.
    SpiceError
        For anything that is not exactly one complete plot of finite numbers.
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError("file", "the path of a file", path, "read_raw takes bytes.")
    try:
        with _opened(path, os.O_NONBLOCK) as stream:  # a named pipe would be waited for
            return _read(stream, os.fstat(stream.fileno()).st_size)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("file", "a readable file", str(path), f"{reason}.") from None
    except SpiceError as error:
        raise SpiceError(f"{shorten(Path(path).name)}: {error}") from None


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
            return _read(stream, size)
    except FileNotFoundError:
        raise SpiceError("ngspice ended without a word and without a raw file") from None
    except OSError as error:
        raise SpiceError(f"ngspice left no raw file that can be read: {error.strerror}") from None


def _opened(path: str | Path, flags: int) -> io.BufferedIOBase:
    """A regular file opened for reading; anything else is an ``OSError``."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "It is not a regular file")
    return os.fdopen(descriptor, "rb")


def _read(stream: io.BufferedIOBase, size: int) -> Plot:
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
