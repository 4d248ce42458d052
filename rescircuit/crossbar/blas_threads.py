"""How many threads matrix products take, where there are threads of our own: two kinds of them fight for the cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]


class _Limit:
    """One limit for the whole process, as that is what it acts on: set by the first that asks, lifted by the last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._depth = 0
        self._controller: ThreadpoolController | None = None
        self._limiter: Any = None

    def enter(self) -> None:
        with self._lock:
            if self._depth == 0:
                self._controller = self._controller or ThreadpoolController()
                self._limiter = self._controller.limit(limits=1, user_api="blas")
            self._depth += 1

    def leave(self) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                self._limiter.restore_original_limits()


_LIMIT = _Limit()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Matrix products in one thread each for as long as anyone is inside."""
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
