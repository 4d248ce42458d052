"""Many small tasks on all cores, which can be interrupted, run out of time, and report how far they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from time import monotonic
from typing import TypeVar

__all__ = ["Progress", "run_tasks", "workers"]

Progress = Callable[[float], None]
Task = TypeVar("Task")


def workers() -> int:
    """How many tasks to run at a time. Results never depend on it."""
    return min(8, os.cpu_count() or 1)


def run_tasks(
    work: Callable[[Task], float],
    tasks: Iterable[Task],
    *,
    progress: Progress | None = None,
    deadline: float | None = None,
    at_once: int | None = None,
) -> bool:
    """Do `work` on each task, in threads: kernels release the interpreter's lock.

    Parameters
    ----------
    work : callable
        Takes a task and returns how many instances it has solved; writes its results where they belong.
    tasks : iterable
        Small ones: between them the work can be ended.
    progress : callable, optional
        Called with the instances solved since the last call.
    deadline : float, optional
        Time on the monotonic clock after which no task is begun.
    at_once : int, optional
        Tasks at a time; by default :func:`workers`.

    Returns
    -------
    bool
        Whether all was done; not after the deadline, nor after Ctrl-C, which ends the work and not the program:
        the caller returns what is known, and says so.
    """
    threads = at_once or workers()
    waiting: set[Future[float]] = set()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for task in tasks:
                if deadline is not None and monotonic() > deadline:
                    return False
                waiting.add(pool.submit(work, task))
                if len(waiting) > 2 * threads:
                    waiting = _collect(waiting, progress)
            while waiting:
                waiting = _collect(waiting, progress)
        except KeyboardInterrupt:
            return False
        finally:
            for future in waiting:
                future.cancel()
    return True


def _collect(waiting: set[Future[float]], progress: Progress | None) -> set[Future[float]]:
    """Wait for at least one task; raise what it raised, report what it did, return those still under way."""
    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
    for future in done:
        solved = future.result()
        if progress is not None:
            progress(solved)
    return waiting
