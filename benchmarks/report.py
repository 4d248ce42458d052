"""Timing, tables, and where results are kept."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import platform
import re
import resource
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import TypeVar

Result = TypeVar("Result")

RESULTS = Path(__file__).parent / "results"


def seconds(work: Callable[[], object], repeat: int = 3, *, warm: bool = True) -> float:
    """The median wall time of `repeat` runs, after one that is not counted (compilation, caches) unless not `warm`."""
    if warm:
        work()
    times = []
    for _ in range(repeat):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return statistics.median(times)


def table(columns: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    cells = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells) + "\n"


def show(duration: float) -> str:
    """A duration in the unit that reads best."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if duration * factor >= 1 or unit == "µs":
            return f"{duration * factor:.3g} {unit}"
    raise AssertionError


def machine() -> str:
    """Date and machine, for a result that is kept."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line.split(":", 1)[1].strip() for line in information.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    today = dt.datetime.now(tz=dt.UTC).date()
    return f"{today}, {os.cpu_count()} cores of {model}, Python {platform.python_version()}."


def peak_memory() -> str:
    """Peak resident memory of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage tells, a process inherits from that which started it
        kibibytes = int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1])  # type: ignore[index]
    else:
        kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{kibibytes / 1024:.0f} MiB"


def apart(work: Callable[..., Result], *arguments: object) -> tuple[Result, str]:
    """What `work` returns, run in a process of its own, and that process's peak memory."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        result = pool.submit(work, *arguments).result()
        return result, pool.submit(peak_memory).result()


def keep(name: str, text: str) -> None:
    """Write a result where the next one will be compared with it."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
