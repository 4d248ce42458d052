"""``rescircuit theory representation``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, example
from rescircuit.cli.number_lists import numbers_of, whole_numbers_of
from rescircuit.cli.theory_runs import OUT, SEED, run_experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescircuit.pieces import Pieces
    from rescircuit.theory.representation_findings import RepresentationFindings

__all__ = ["EPILOG", "theory_representation"]

EPILOG = example(
    "rescircuit theory representation --samples 1000 --out representation",
    "rescircuit theory representation --of weight,layer --n 12,24 --kappa 0.6:1.2:0.1 --samples 200 --json",
)
_OPTIONS = {
    "structures": "--of",
    "items": "--n",
    "kappas": "--kappa",
    "samples": "--samples",
    "seed": "--seed",
}
_KAPPA = "0.4:0.8:0.1,0.85:1.05:0.05,1.1:1.2:0.1"


def theory_representation(
    of: Annotated[
        str, typer.Option("--of", help="What is represented: balanced, weight, layer, network.")
    ] = "balanced,weight,layer,network",
    n: Annotated[str, typer.Option("--n", help="Items for each weight, 2 to 30: 14,22,30 or 10:30:10.")] = "14,22,30",
    kappa: Annotated[
        str, typer.Option("--kappa", help="Bits of a weight for each item: numbers, or start:stop:step.")
    ] = _KAPPA,
    samples: Annotated[int, typer.Option("--samples", help="Random networks, with random targets, a point.")] = 400,
    seed: SEED = 1,
    out: OUT = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Measure whether a random quantised network can be pruned to a target, exactly: a phase transition in κ.

    κ is the number of bits that a weight takes against the items that its subset is chosen from; at 1 one subset is
    expected. Beside the measured probability stands the curve of the number of subsets expected for random items,
    without any fit (conjectured by Kumar 2025, section 5.3; structure of Kumar and Natale 2025, theorem 1).
    """
    from rescircuit.theory.representation import measure_representation

    structures = [name.strip() for name in of.split(",")]
    items, kappas = whole_numbers_of(n, "--n"), numbers_of(kappa, "--kappa")

    def compute(pieces: Pieces | None, progress: Callable[[float], None]) -> RepresentationFindings:
        return measure_representation(
            structures, items=items, kappas=kappas, samples=samples, seed=seed, pieces=pieces, progress=progress
        )

    run_experiment("representation", compute, _draw, seed=seed, out=out, as_json=as_json, options=_OPTIONS)


def _draw(findings: Any, folder: Path) -> list[Path]:
    from rescircuit.plotting.theory.representation import draw_representation

    return draw_representation(findings, folder)
