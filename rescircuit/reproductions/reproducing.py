"""Published experiments by name: run, shown beside what was published, and written down."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from rescircuit.checks import whole_number
from rescircuit.errors import InputError
from rescircuit.files import make_folder, write_text
from rescircuit.pieces import Pieces
from rescircuit.reproductions import (
    lenet_array,
    lenet_weights,
    pensia_experiment_1,
    pensia_experiment_2,
    pruned_on_chip,
)
from rescircuit.reproductions.runs import Findings, Report, Reproduction, Run
from rescircuit.tables import Table

__all__ = ["REPRODUCTIONS", "Reproduced", "find_reproduction", "reproduce"]

REPRODUCTIONS = {
    each.name: each
    for each in (
        lenet_weights.REPRODUCTION,
        pensia_experiment_1.REPRODUCTION,
        pensia_experiment_2.REPRODUCTION,
        lenet_array.REPRODUCTION,
        pruned_on_chip.REPRODUCTION,
    )
}

_MOST_SEEDS, _MOST_IMAGES = 10_000, 10_000


@dataclass(frozen=True, kw_only=True)
class Reproduced:
    """A published experiment, done again.

    Attributes
    ----------
    reproduction : Reproduction
        Which.
    findings : Findings
        What was found, a dataclass of the reproduction's own.
    seeds, images : int
    full : bool
    date, machine : str
        When and on what it was done; pieces that were there already may be older.
    files : tuple of Path
        What was written.
    seconds : float
        Of this run.
    """

    reproduction: Reproduction
    findings: Findings
    seeds: int
    images: int
    full: bool
    date: str
    machine: str
    files: tuple[Path, ...]
    seconds: float

    @property
    def tables(self) -> tuple[Table, ...]:
        """The figures, the published ones beside them."""
        return self.findings.tables()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What agrees, what deviates, and why, in sentences."""
        return self.findings.remarks()

    def as_dict(self) -> dict[str, Any]:
        """For JSON: all of it, the files by name."""
        return {
            "name": self.reproduction.name,
            "title": self.reproduction.title,
            "source": self.reproduction.source,
            "seeds": self.seeds,
            "images": self.images,
            "full": self.full,
            "date": self.date,
            "machine": self.machine,
            "results": self.findings.as_dict(),
            "remarks": list(self.remarks),
            "files": [path.name for path in self.files],
            "seconds": self.seconds,
        }

    def markdown(self) -> str:
        """The tables and remarks as a page's section."""
        parts = [f"## {self.reproduction.title}\n", f"{self.reproduction.source}.\n"]
        parts += [table.markdown() for table in self.tables]
        parts += [f"- {remark}" for remark in self.remarks]
        return "\n".join([*parts, f"\n{self.date}, {self.machine}.\n"])


def find_reproduction(name: str) -> Reproduction:
    """The reproduction of this name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in REPRODUCTIONS:
        raise InputError("name", f"one of {', '.join(REPRODUCTIONS)}", name)
    return REPRODUCTIONS[name]


def reproduce(
    name: str,
    folder: str | Path,
    *,
    data_dir: str | Path | None = None,
    seeds: int | None = None,
    images: int | None = None,
    full: bool = False,
    report: Report | None = None,
) -> Reproduced:
    """Do a published experiment again.

    Finished pieces are kept in `folder`, so that a run that was ended goes on where it was; what has other settings is
    done anew.

    Parameters
    ----------
    name : str
        Of :data:`REPRODUCTIONS`.
    folder : path
        For pictures, tables (``tables.md``), ``results.json`` and the pieces; made if missing.
    data_dir : path, optional
        Where the data lies, see :func:`rescircuit.datasets.data_folder`.
    seeds : int, optional
        How many samples; each reproduction has its own default.
    images : int, optional
        How many of the 10,000 test images, the first ones.
    full : bool
        Take the published sizes where the usual ones are smaller.
    report : callable, optional
        Called with (what is under way, steps done, steps in all).

    Returns
    -------
    Reproduced

    Raises
    ------
    InputError
        For an unknown name, a full run of what has none, data that is missing or damaged, or a folder that cannot be
        written to.
    """
    chosen = find_reproduction(name)
    began = perf_counter()
    seeds = whole_number("seeds", chosen.seeds if seeds is None else seeds, 1, _MOST_SEEDS)
    images = whole_number("images", chosen.images if images is None else images, 1, _MOST_IMAGES)
    if full and not chosen.has_full:
        having = ", ".join(each.name for each in REPRODUCTIONS.values() if each.has_full)
        raise InputError(
            "full", f"left out for {name}, whose usual sizes are the published ones", full, f"For {having}."
        )
    folder = Path(folder)
    run = Run(
        data_dir=data_dir,
        seeds=seeds,
        images=images,
        pieces=Pieces(folder=folder / "pieces"),
        tell=report or _silent,
        full=full,
    )
    findings = chosen.run(run)
    make_folder(folder)
    reproduced = Reproduced(
        reproduction=chosen,
        findings=findings,
        seeds=seeds,
        images=images,
        full=full,
        date=dt.datetime.now(tz=dt.UTC).date().isoformat(),
        machine=f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        files=(*findings.draw(folder), folder / "tables.md", folder / "results.json"),
        seconds=perf_counter() - began,
    )
    write_text(folder / "tables.md", reproduced.markdown())
    write_text(folder / "results.json", json.dumps(reproduced.as_dict(), indent=2, allow_nan=False) + "\n")
    return reproduced


def _silent(*_: object) -> None:
    """Report nothing."""
