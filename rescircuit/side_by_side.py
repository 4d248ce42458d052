"""Tasks that wait for programs, side by side in threads, called off together.

Ctrl-C reaches the main thread alone, anywhere, also between the start of a program and the line that remembers it. So
what starts programs and makes folders runs in other threads, even if there is only one task, and the caller's thread
does nothing but wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Condition, Event
from typing import Any, TypeVar

__all__ = ["run_side_by_side"]

_WAIT = 0.05  # second, after which the caller's thread looks for Ctrl-C

T = TypeVar("T")


class _Crew:
    """Counts the tasks that run, and begins no more once it is called off."""

    def __init__(self) -> None:
        self.stop = Event()
        self._running = 0
        self._changed = Condition()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        with self._changed:
            if self.stop.is_set():
                raise CancelledError
            self._running += 1
        try:
            yield
        except BaseException:
            self.stop.set()
            raise
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def call_off(self) -> None:
        """Tell all that they are not wanted any more, and wait until none runs."""
        with self._changed:
            self.stop.set()
            while self._running:
                self._changed.wait(_WAIT)


def run_side_by_side(
    tasks: Sequence[Callable[[Event], T]], workers: int, progress: Callable[[float], None] | None = None
) -> list[T]:
    """What the tasks return, in their order.

    Parameters
    ----------
    tasks : sequence of callable
        Each is called with an event; once that is set it is to clean up and raise a ``CancelledError`` soon.
    workers : int
        Number of tasks at a time.
    progress : callable, optional
        Called, in the caller's thread, with the number of tasks done since the last call.

    Raises
    ------
    BaseException
        What the first task that failed raised, or what came up in the caller's thread, such as ``KeyboardInterrupt``;
        by then no task runs any more.
    """
    crew = _Crew()

    # Futures are not waited for: to wait takes the locks of all of them, which Ctrl-C on the way would leave taken.
    finished: SimpleQueue[tuple[int, Any, BaseException | None]] = SimpleQueue()

    def run(number: int, task: Callable[[Event], T]) -> None:
        try:
            with crew.one_more():
                result = task(crew.stop)
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            finished.put((number, None, error))
        else:
            finished.put((number, result, None))

    results: dict[int, T] = {}
    pool = ThreadPoolExecutor(max(1, min(workers, len(tasks))))
    try:
        for number, task in enumerate(tasks):
            pool.submit(run, number, task)
        left = len(tasks)
        while left:
            try:
                number, result, error = finished.get(timeout=_WAIT)
            except Empty:
                continue
            left -= 1
            if isinstance(error, CancelledError):
                continue  # the one that failed is still to come
            if error is not None:
                raise error
            results[number] = result
            if progress is not None:
                progress(1)
    finally:
        crew.call_off()
        pool.shutdown(wait=False, cancel_futures=True)
    return [results[k] for k in range(len(tasks))]
