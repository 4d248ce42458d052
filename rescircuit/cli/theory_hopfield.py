"""``rescircuit theory hopfield``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, example
from rescircuit.cli.number_lists import whole_numbers_of
from rescircuit.cli.theory_runs import OUT, SEED, run_experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescircuit.pieces import Pieces
    from rescircuit.theory.hopfield_findings import HopfieldFindings

__all__ = ["EPILOG", "theory_hopfield"]

EPILOG = example(
    "rescircuit theory hopfield --samples 2000 --out hopfield",
    "rescircuit theory hopfield --n 3,4 --others 0:3:1 --searched 7 --samples 100 --json",
)
_OPTIONS = {
    "chosen": "--n",
    "others": "--others",
    "chosen and others": "--n and --others",
    "searched": "--searched",
    "samples": "--samples",
    "seed": "--seed",
}


def theory_hopfield(
    n: Annotated[str, typer.Option("--n", help="Spins of the small network, 2 to 12.")] = "3,4,5,6,8",
    others: Annotated[
        str, typer.Option("--others", help="Spins that the large network has beside, 0 to 8: 0,1,2 or 0:4:1.")
    ] = "0,1,2,3",
    searched: Annotated[
        int, typer.Option("--searched", help="Largest network of couplings -1 and 1 whose masks are all tried, 2 to 7.")
    ] = 6,
    samples: Annotated[int, typer.Option("--samples", help="Random networks for each point.")] = 1000,
    seed: SEED = 1,
    out: OUT = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Prune large Hopfield networks until chosen spins have a small network's ground states, where this can be done.

    Nothing is left to search: with normal couplings a criterion decides it exactly, and what it finds is verified by
    looking at all states; with couplings of -1 and 1 all masks are tried (question of Kumar 2025, section 5.3.2).
    """
    from rescircuit.theory.hopfield import measure_hopfield

    chosen, beside = whole_numbers_of(n, "--n"), whole_numbers_of(others, "--others")

    def compute(pieces: Pieces | None, progress: Callable[[float], None]) -> HopfieldFindings:
        return measure_hopfield(
            chosen, others=beside, searched=searched, samples=samples, seed=seed, pieces=pieces, progress=progress
        )

    run_experiment("hopfield", compute, _draw, seed=seed, out=out, as_json=as_json, options=_OPTIONS)


def _draw(findings: Any, folder: Path) -> list[Path]:
    from rescircuit.plotting.theory.hopfield import draw_hopfield

    return draw_hopfield(findings, folder)
