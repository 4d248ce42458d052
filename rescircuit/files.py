"""Files that people bring and files we leave: the first are untrusted, the second whole or absent."""

from __future__ import annotations

import errno
import math
import os
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array
from rescircuit.errors import InputError

__all__ = [
    "file_size",
    "make_folder",
    "read_bytes",
    "read_csv",
    "read_npz",
    "write_atomically",
    "write_csv",
    "write_lines",
    "write_text",
]

_LONGEST_REASON = 200  # characters
LARGEST_BYTES = 1 << 30  # of numbers, once unpacked


def make_folder(path: str | Path) -> Path:
    """Make a folder and its parents, unless they are there, and see that it can be written to.

    Raises
    ------
    InputError
        If that is not possible.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("folder", "a folder that can be made", str(folder), f"{error.strerror}.") from None
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError("folder", "a folder that can be written to", str(folder), f"{error.strerror}.") from None
    return folder


def write_atomically(path: str | Path, write: Callable[[Path], object]) -> Path:
    """Let `write` fill a temporary file beside `path`, then rename it: a reader sees the whole file or none.

    A link stays one, and the file that it leads to is replaced. A device or a pipe is written to as it stands.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to.
    """
    path = Path(path)
    if _is_special(path):
        try:
            write(path)
        except OSError as error:
            raise InputError("path", "a file that can be written", str(path), f"{error.strerror}.") from None
        return path
    try:
        target = Path(os.path.realpath(path))
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{path.stem[:40]}-", suffix=path.suffix)
        os.close(handle)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("path", "in a folder that can be written to", str(path), f"{reason}.") from None
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes private files; ours are as the user's others
        temporary.replace(target)
    except OSError as error:
        raise InputError("path", "a file that can be written", str(path), f"{error.strerror}.") from None
    finally:
        temporary.unlink(missing_ok=True)
    return path


def write_text(path: str | Path, text: str) -> Path:
    """Write `text` in UTF-8, see :func:`write_atomically`."""
    return write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_lines(path: str | Path, lines: Iterable[str]) -> Path:
    """Write lines of text one by one, see :func:`write_atomically`."""

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in lines)

    return write_atomically(path, write)


def write_csv(path: str | Path, table: Array) -> Path:
    """Write a table (rows, columns) with all digits, as :func:`read_csv` reads it."""
    return write_lines(path, (",".join(map(repr, row)) for row in table.tolist()))


def read_bytes(path: str | Path) -> bytes:
    """The content of a regular file of at most a GiB.

    Raises
    ------
    InputError
        For an unreadable file, or a larger one.
    """
    path = Path(path)
    if _size(path) > LARGEST_BYTES:
        raise InputError("file", f"at most {LARGEST_BYTES} bytes", str(path))
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError("file", "a readable file", str(path), f"{error.strerror}.") from None


def read_csv(path: str | Path) -> Array:
    """A table of numbers, (rows, columns): comma-separated, ``#`` starts a comment, no header.

    Raises
    ------
    InputError
        For an unreadable file, an empty one, text that is no number, or rows of different lengths, with the line.
    """
    path = Path(path)
    if _size(path) > LARGEST_BYTES:
        raise InputError("file", f"at most {LARGEST_BYTES} bytes", str(path))
    rows: list[list[float]] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # lines as editors count them
    except (OSError, UnicodeDecodeError):
        raise InputError("file", "readable text", str(path)) from None
    for number, line in enumerate(lines, 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        where = f"{path.name}, line {number}"
        try:
            row = [_number(cell) for cell in content.split(",")]
        except ValueError:
            raise InputError(where, "numbers with commas between them", content) from None
        if not all(map(math.isfinite, row)):
            raise InputError(where, "finite numbers", content)
        if rows and len(row) != len(rows[0]):
            raise InputError(where, f"{len(rows[0])} numbers, as the lines before", f"{len(row)} numbers")
        rows.append(row)
    return finite_array(path.name, rows)


def read_npz(path: str | Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of an npz file by name, in the file's order, without unpickling anything.

    Each array's header is checked against its size in the archive before any memory is taken for it.

    Raises
    ------
    InputError
        For an unreadable or damaged file, arrays of objects, or more than a GiB of numbers.
    """
    path = Path(path)
    if _size(path) > LARGEST_BYTES:
        raise InputError("file", f"at most {LARGEST_BYTES} bytes", str(path))
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            total = sum(member.file_size for member in members)
            if total > LARGEST_BYTES:
                raise InputError("file", f"at most {LARGEST_BYTES} bytes of numbers", f"{total} bytes")
            for member in members:
                arrays[member.filename.removesuffix(".npy")] = _read_member(archive, member)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - from a stranger's bytes the readers of zip and npy raise anything
        reason = f"{error}"[:_LONGEST_REASON].rstrip(".")  # the readers quote the bytes that they stumble over
        raise InputError("file", "a readable npz archive", str(path), f"{reason}.") from None
    if not arrays:
        raise InputError("file", "an npz archive with at least one array", str(path))
    return arrays


def _number(text: str) -> float:
    """A number as other programs read it too: Python alone takes ``1_000`` and the digits of all scripts."""
    if "_" in text or not text.isascii():
        raise ValueError
    return float(text)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray[Any, Any]:
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise InputError(member.filename, "in npy format 1.0 or 2.0", version)
        shape, _, dtype = read_header(stream)
        if dtype.hasobject:
            raise InputError(member.filename, "an array of numbers or text", "objects", "Pickles are not read.")
        if math.prod(shape) * max(dtype.itemsize, 1) > member.file_size:  # an item of no bytes counts, too
            raise InputError(
                member.filename, "as long as its header says", f"shape {shape} in {member.file_size} bytes"
            )
    with archive.open(member) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def file_size(path: Path) -> int:
    """The size of a regular file, bytes; of what could be read without end, an ``OSError``."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "It is not a regular file")
    return status.st_size


def _size(path: Path) -> int:
    try:
        return file_size(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("file", "a readable file", str(path), f"{reason}.") from None


def _is_special(path: Path) -> bool:
    """Whether there is something that is neither a file nor a folder, such as ``/dev/stdout``."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # not there, or no name for a file: whoever writes will find out
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
