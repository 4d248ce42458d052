"""Folders that are being filled: locked, their files whole and on the disk before anyone relies on them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rescircuit.errors import InputError

__all__ = ["LOCK", "NEW", "keep_safe", "locked", "put", "sync", "told"]

LOCK = ".lock"
NEW = ".new"  # the end of the names of files that are about to replace others


def locked(partial: Path) -> IO[str]:
    """The open lock file of a store in the making, made if need be; the lock goes with whoever holds it."""
    path = partial / LOCK
    while True:
        partial.mkdir(exist_ok=True)
        try:
            stream = path.open("a+", encoding="ascii")
        except FileNotFoundError:  # its writer has just finished
            continue
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            pid = stream.read(20).strip()
            stream.close()
            hint = "Wait for it to end, or end it; what it has written is kept."
            raise InputError(
                "path", "free of other writers", str(partial), f"Process {pid} writes it. {hint}"
            ) from None
        if _still_there(path, stream):
            break
        stream.close()  # locked too late: its writer has finished and has taken it away
    stream.truncate(0)
    stream.write(f"{os.getpid()}\n")
    stream.flush()
    return stream


def _still_there(path: Path, stream: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
    except FileNotFoundError:
        return False


def put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    new = path.with_name(path.name + NEW)
    new.write_bytes(content)
    new.replace(path)


def keep_safe(folder: Path) -> None:
    """See that all files in a folder are on the disk before it gets its name."""
    for here, _, files in os.walk(folder):
        for name in files:
            sync(Path(here, name))
        sync(Path(here))


def sync(path: Path) -> None:
    """See that a file's content, or a folder's list of files, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Give what the system refuses one line."""
    try:
        yield
    except OSError as error:
        raise InputError("path", "a folder that can be written to", str(path), f"{error.strerror}.") from None
