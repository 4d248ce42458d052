"""Raw files read, by us, by PySpice and as numbers alone."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.netlists.peers import pyspice_raw, write_raw_files
from benchmarks.netlists.sizes import Array, Sizes, measured, mebibytes
from benchmarks.report import apart, seconds, show, table
from rescircuit.spice import read_raw_file

ASKED = "0.5 s"


def tables(sizes: Sizes) -> str:
    """Raw files of ngspice, and what reading their bytes alone takes."""
    kinds = (
        ("binary, real", "real", 13, sizes.raw),
        ("binary, real", "real", 8193, sizes.raw),
        ("binary, complex", "complex", 13, sizes.raw),
        ("text, real", "text", 13, sizes.text),
    )
    rows = []
    for name, kind, variables, size in kinds:
        cost, _ = apart(_raw_cost, kind, variables, size)
        peer = [show(cost.peer), f"{cost.peer / cost.ours:.2g}"] if cost.peer else ["", ""]
        rows.append(
            [
                *(f"{name}, {variables:,} variables", f"{cost.points:,}", f"{cost.size / 1e6:.3g} MB", show(cost.ours)),
                *("" if kind == "text" else ASKED, show(cost.floor), f"{cost.ours / cost.floor:.2g}", *peer),
                *(
                    mebibytes(cost.memory),
                    *("" if math.isnan(cold) else show(cold) for cold in (cost.cold, cost.cold_floor)),
                ),
            ]
        )
    columns = ["raw file", "points", "size", "read_raw_file", "asked", "the numbers alone", "ours / alone"]
    columns += ["PySpice's parser", "times slower", "memory", "ours, not cached", "the numbers alone, not cached"]
    return (
        "## Raw files\n\n"
        "From the system's cache of the disk, and from the disk with that cache dropped. The numbers alone: "
        "`np.fromfile`, of text `np.fromstring`, which check nothing. The bound of binary files is memory: each "
        "number is copied from the cache and read once more, because none may be infinite; that of text is "
        "Python's `float` of each word. PySpice's parser reads what its server mode writes, the same numbers behind "
        "another header, and no text; it calls what NumPy has removed and is given `np.frombuffer` for it.\n\n"
        + table(columns, rows)
    )


@dataclass(frozen=True, kw_only=True)
class _RawCost:
    """Of one raw file; seconds and MiB."""

    points: int
    size: int
    ours: float
    floor: float
    peer: float
    memory: float
    cold: float
    cold_floor: float


def _raw_cost(kind: str, variables: int, size: int) -> _RawCost:
    with TemporaryDirectory() as folder:
        points = write_raw_files(Path(folder), kind, variables, size)
        path, other = Path(folder, "ours.raw"), Path(folder, "pyspice.raw")
        mark = b"Values:\n" if kind == "text" else b"Binary:\n"
        offset = path.read_bytes().index(mark) + len(mark)
        plot, _, memory = measured(lambda: read_raw_file(path))

        def alone() -> Array:
            if kind != "text":
                return np.fromfile(path, offset=offset)
            return np.fromstring(path.read_bytes()[offset:].decode("ascii"), sep=" ")

        if kind != "text":
            theirs = pyspice_raw(other.read_bytes(), points)
            if any(not np.array_equal(theirs[name], plot[name]) for name in plot.variables[:100]):
                raise SystemExit("the parsers read other numbers: nothing to compare")
        return _RawCost(
            points=points,
            size=path.stat().st_size,
            ours=seconds(lambda: read_raw_file(path)),
            floor=seconds(alone),
            peer=0.0 if kind == "text" else seconds(lambda: pyspice_raw(other.read_bytes(), points)),
            memory=memory,
            cold=median(_cold(path, lambda: read_raw_file(path)) for _ in range(3)),
            cold_floor=median(_cold(path, alone) for _ in range(3)),
        )


def _cold(path: Path, work: Callable[[], object]) -> float:
    """Seconds of work on a file that the system holds on its disk alone, where the system can be told to."""
    if not hasattr(os, "posix_fadvise"):
        return math.nan
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return seconds(work, 1, warm=False)
