"""Samples of an experiment: drawn in pieces, side by side, and kept as they are finished.

A sample depends on the seed, the case's settings and its own number alone. So what is drawn is the same for any number
of workers, a run that was ended goes on where it was, and one that asks for more samples draws only pieces that are not
there: those that are new, and the last one again if it had fewer samples than others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np

from rescircuit.checks import whole_number
from rescircuit.crossbar.blas_threads import one_blas_thread
from rescircuit.pieces import Pieces
from rescircuit.side_by_side import run_side_by_side
from rescircuit.subsetsum.tasks import workers

__all__ = ["MOST_SAMPLES", "Case", "drawn"]

Arrays = dict[str, np.ndarray[Any, Any]]
Draw = Callable[[int, int], Arrays]

MOST_SAMPLES = 10**7
"""Of a point: what is kept of each is some numbers."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One point of an experiment's grid.

    Attributes
    ----------
    settings : dict
        Of names, numbers and lists of them: all that a sample depends on, constants of the code among them, but its
        number and the seed; with the experiment's name, so that pieces of others are not taken for its own.
    draw : callable
        ``draw(first, count)`` gives arrays (count, ...) by name: samples number `first` to ``first + count - 1``.
    at_once : int
        Samples in a piece: so many that it takes a second, about.
    """

    settings: dict[str, Any]
    draw: Draw
    at_once: int


def drawn(
    cases: Sequence[Case],
    *,
    samples: int,
    seed: int,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Arrays]:
    """The samples of every case, arrays (samples, ...) by name.

    Parameters
    ----------
    cases : sequence of Case
    samples : int
        Of each case.
    seed : int
        What the cases' `draw` takes its random numbers from; for the pieces' settings.
    pieces : Pieces, optional
        Where finished pieces are kept.
    progress : callable, optional
        Called with the share of all work done since the last call.

    Raises
    ------
    InputError
        For a number of samples out of range.
    """
    whole_number("samples", samples, 1, MOST_SAMPLES)
    parts = [(case, first, count) for case in cases for first, count in _parts(samples, case.at_once)]

    def task(case: Case, first: int, count: int) -> Callable[[Event], Arrays]:
        def run(stop: Event) -> Arrays:
            if stop.is_set():
                raise CancelledError
            if pieces is None:
                return case.draw(first, count)
            settings = {**case.settings, "seed": seed, "first": first, "count": count}
            return pieces.kept_arrays(settings, lambda: case.draw(first, count))

        return run

    tell = None if progress is None else lambda done: progress(done / len(parts))
    with one_blas_thread():
        found = iter(run_side_by_side([task(*part) for part in parts], workers(), tell))
    return [_joined([next(found) for _ in _parts(samples, case.at_once)]) for case in cases]


def _parts(samples: int, at_once: int) -> Iterator[tuple[int, int]]:
    for first in range(0, samples, at_once):
        yield first, min(at_once, samples - first)


def _joined(parts: Sequence[Arrays]) -> Arrays:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
