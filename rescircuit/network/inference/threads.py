"""Work on parts of a batch, or on tiles, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from rescircuit.crossbar.blas_threads import one_blas_thread
from rescircuit.crossbar.elimination import threads_by_default

__all__ = ["in_threads"]


def in_threads(task: Callable[[Any], Any], cases: Sequence[Any]) -> Iterator[Any]:
    """Results of a task in order, as many at once as there are cores, each with matrix products in one thread.

    What NumPy says of overflow there is what it says in the thread that asks.
    """
    workers = min(threads_by_default(), len(cases))
    if workers <= 1:
        yield from map(task, cases)
        return
    with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
        outcomes = [pool.submit(copy_context().run, task, case) for case in cases]
        try:
            for outcome in outcomes:
                yield outcome.result()
        except BaseException:  # Ctrl-C, too: nobody waits for the others' results any more
            pool.shutdown(wait=False, cancel_futures=True)
            raise
