"""Many arrays of one shape in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import numpy as np

from rescircuit.checks import Array, whole_number
from rescircuit.crossbar.array import Crossbar, checked_cells
from rescircuit.crossbar.blas_threads import one_blas_thread
from rescircuit.crossbar.elimination import threads_by_default
from rescircuit.errors import InputError

__all__ = ["effective_conductances"]


def effective_conductances(
    conductances: Any,
    r_word_line: Any = 0.0,
    r_bit_line: Any = 0.0,
    *,
    r_driver: Any = 0.0,
    r_sense: Any = 0.0,
    drive: str | Sequence[str] = "left",
    sense: str | Sequence[str] = "bottom",
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Array:
    """The exact linear maps of many arrays with the same wires, siemens, (..., m, n).

    Parameters
    ----------
    conductances : array (..., m, n)
        The arrays' cells, siemens.
    r_word_line, r_bit_line, r_driver, r_sense, drive, sense
        As for :class:`rescircuit.Crossbar`.
    threads : int, optional
        How many arrays are solved side by side; by default as many as there are cores. The result does not depend
        on it.
    progress : callable, optional
        Called with the number of arrays done and of all.

    Raises
    ------
    InputError
        As for :class:`rescircuit.Crossbar`.

    Examples
    --------
    >>> import numpy as np, rescircuit as rc
    >>> cells = np.full((100, 8, 8), 1e-5)
    >>> rc.effective_conductances(cells, r_word_line=1.0, r_bit_line=1.0).shape
    (100, 8, 8)
    """
    try:
        cells = np.asanyarray(conductances)
    except ValueError:
        raise InputError("conductances", "numbers in a rectangular array (..., m, n)", conductances) from None
    if cells.ndim < 2:
        raise InputError("conductances", "an array (..., m, n)", f"shape {cells.shape}")
    if not cells.size:
        raise InputError("conductances", "at least one array", f"shape {cells.shape}")
    flat = checked_cells(cells.reshape(-1, cells.shape[-1])).reshape(-1, *cells.shape[-2:])
    workers = threads_by_default() if threads is None else whole_number("threads", threads, 1)
    found = np.empty(flat.shape)
    done, counting = 0, Lock()

    def solve(k: int) -> None:
        nonlocal done
        wires = {"r_driver": r_driver, "r_sense": r_sense, "drive": drive, "sense": sense, "threads": 1}
        found[k] = Crossbar(flat[k], r_word_line, r_bit_line, **wires).effective_conductances()
        with counting:  # one after the other, so that each number is told once
            done += 1
            if progress is not None:
                progress(done, len(flat))

    if workers == 1 or len(flat) == 1:
        for k in range(len(flat)):
            solve(k)
    else:
        with one_blas_thread(), ThreadPoolExecutor(workers) as pool:
            outcomes = [pool.submit(solve, k) for k in range(len(flat))]
            try:
                for outcome in outcomes:
                    outcome.result()
            except BaseException:  # Ctrl-C, too: nobody waits for the others' results any more
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return found.reshape(cells.shape)
