"""How large the work is, and what all of it is measured with."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import seconds

Array = NDArray[np.float64]
Result = TypeVar("Result")

ONE_RUN = 256  # from this size on a run takes seconds and is not repeated
STATUS, PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Sides of arrays, but for `raw` and `text`, the bytes of raw files, and numbers of samples and decks."""

    decks: tuple[int, ...] = (64, 128, 256, 512)
    pyspice: tuple[int, ...] = (64, 128, 256)
    checks: tuple[int, ...] = (64, 512)
    raw: int = 100_000_000
    text: int = 25_000_000
    ngspice: tuple[int, ...] = (64,)
    nodal: tuple[int, ...] = (128, 256, 512)
    samples: tuple[int, ...] = (1, 16)
    side_by_side: tuple[int, int] = (16, 32)
    reading: tuple[int, ...] = (64, 256)


FULL = Sizes()
QUICK = Sizes(
    decks=(8, 16),
    pyspice=(8, 16),
    checks=(16,),
    raw=1_000_000,
    text=250_000,
    ngspice=(8,),
    nodal=(16,),
    samples=(1, 4),
    side_by_side=(4, 8),
    reading=(8, 16),
)


def array_of(n: int, samples: int | None = None, seed: int | None = None) -> tuple[Array, Array]:
    """Cells and input voltages, (n,) or (samples, n)."""
    rng = np.random.default_rng(n if seed is None else seed)
    return 10.0 ** rng.uniform(-6, -5, (n, n)), rng.uniform(0, 0.2, n if samples is None else (samples, n))


def repeats(n: int) -> int:
    """How often work on an n x n array is timed."""
    return 1 if n >= ONE_RUN else 3


def through(items: Iterable[object]) -> float:
    """Seconds to go through them once."""
    return seconds(lambda: sum(1 for _ in items), 1, warm=False)


def measured(work: Callable[[], Result]) -> tuple[Result, float, float]:
    """What `work` returns, its seconds, and the MiB by which this process grew at its peak."""
    if PEAK.exists():
        PEAK.write_text("5", encoding="ascii")  # the peak is counted anew
    before, start = _status("VmRSS"), perf_counter()
    result = work()
    taken = perf_counter() - start
    return result, taken, _status("VmHWM") - before


def _status(field: str) -> float:
    """MiB that Linux states of this process; other systems do not."""
    if not STATUS.exists():
        return math.nan
    stated = re.search(rf"{field}:\s+(\d+)", STATUS.read_text(encoding="ascii"))
    return int(stated[1]) / 1024 if stated else math.nan


def mebibytes(memory: float) -> str:
    """As it stands in a table."""
    return "" if math.isnan(memory) else f"{memory:.1f} MiB"
