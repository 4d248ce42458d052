"""What cells are asked for, and the work of making them, side by side in threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from rescircuit.checks import Array
from rescircuit.network.arrays.schemes import Lines
from rescircuit.side_by_side import run_side_by_side
from rescircuit.subsetsum.tasks import workers

__all__ = ["Order", "Progress", "Task", "in_stoppable_threads", "run_tasks", "tile_by_tile"]

Progress = Callable[[float], None]
Task = Callable[[Event], int]  # makes some cells and returns how many; raises CancelledError soon once the event is set

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class Order:
    """A tile's cells: the number of the first, their targets (i, lines), and which lines belong together."""

    first_cell: int
    targets: Array
    lines: Lines

    @property
    def shape(self) -> tuple[int, int]:
        """Word lines and bit lines."""
        return self.targets.shape[0], self.targets.shape[1]


def tile_by_tile(make: Callable[[Order], T], orders: Sequence[Order], progress: Progress) -> list[T]:
    """The cells of each tile, all of a tile at once."""
    made = []
    for order in orders:
        made.append(make(order))
        progress(order.targets.size)
    return made


def run_tasks(tasks: Sequence[Task], progress: Progress) -> None:
    """Make all cells; `progress` is called in the caller's thread with the number made since the last call."""
    made: list[int] = []
    told = 0

    def counted(task: Task) -> Callable[[Event], None]:
        return lambda stop: made.append(task(stop))

    def tell(_: float) -> None:
        nonlocal told
        known = len(made)  # others go on while this is told
        if known > told:
            progress(sum(made[told:known]))
            told = known

    in_stoppable_threads([counted(task) for task in tasks], tell)


def in_stoppable_threads(tasks: Sequence[Callable[[Event], T]], progress: Progress | None = None) -> list[T]:
    """What tasks return, in their order. Ctrl-C ends them: it reaches the caller's thread, which waits for them."""
    return run_side_by_side(tasks, workers(), progress)
