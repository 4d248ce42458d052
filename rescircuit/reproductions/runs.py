"""What a reproduction is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rescircuit.pieces import Pieces
from rescircuit.tables import Table

__all__ = ["Findings", "Report", "Reproduction", "Run"]

Report = Callable[[str, float, float], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """The circumstances of one run.

    Attributes
    ----------
    data_dir : path or None
        Where the data lies, see :func:`rescircuit.datasets.data_folder`.
    seeds : int
        How many samples: seeds 0, 1, 2 ...
    images : int
        How many test images, the first ones.
    pieces : Pieces
        Where finished pieces are kept.
    tell : callable
        Called with (what is under way, steps done, steps in all).
    full : bool
        Whether to take the published sizes where the usual ones are smaller.
    """

    data_dir: str | Path | None
    seeds: int
    images: int
    pieces: Pieces
    tell: Report
    full: bool = False


class Findings(Protocol):
    """What a reproduction has found."""

    def tables(self) -> tuple[Table, ...]:
        """The figures, the published ones beside them."""
        ...

    def remarks(self) -> tuple[str, ...]:
        """What agrees, what deviates, and why, in sentences."""
        ...

    def draw(self, folder: Path) -> list[Path]:
        """Write the pictures."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        ...


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """A published experiment.

    Attributes
    ----------
    name, title, source : str
        Of the experiment; the paper and its place in it.
    needs : str
        What data it reads.
    seeds, images : int
        What it takes where nobody says otherwise.
    run : callable
        From a :class:`Run` to its :class:`Findings`.
    has_full : bool
        Whether a run may be full: of the published sizes, for hours, where the usual one takes minutes.
    """

    name: str
    title: str
    source: str
    needs: str
    seeds: int
    images: int
    run: Callable[[Run], Findings]
    has_full: bool = False
