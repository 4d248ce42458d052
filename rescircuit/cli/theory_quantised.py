"""``rescircuit theory quantised``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, example
from rescircuit.cli.number_lists import numbers_of, whole_numbers_of
from rescircuit.cli.theory_partition import INSTANCES, KAPPA, SIZES, WINDOW
from rescircuit.cli.theory_runs import OUT, SEED, run_experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescircuit.pieces import Pieces
    from rescircuit.theory.quantised_findings import QuantisedFindings

__all__ = ["EPILOG", "theory_quantised"]

EPILOG = example(
    "rescircuit theory quantised --n 10,20,30 --targets 0,1,2 --samples 500 --out quantised",
    "rescircuit theory quantised --n 16 --kappa 0.8 --window=-2:2:1 --samples 200 --json",
)
_OPTIONS = {
    "n": "--n",
    "kappa": "--kappa",
    "offsets": "--window",
    "samples": "--samples",
    "seed": "--seed",
    "targets": "--targets",
}


def theory_quantised(
    n: SIZES = "10,20,30,40",
    kappa: KAPPA = "0.6:1.2:0.05",
    window: WINDOW = "-4:8:1",
    targets: Annotated[str, typer.Option(help="What a subset is to sum to, in M: 0,0.5,1 or start:stop:step.")] = "0,1",
    samples: INSTANCES = 500,
    seed: SEED = 1,
    out: OUT = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Count the subsets of n random integers from -M to M that sum to a target exactly: quantised weights.

    Beside them stand the curve at finite n, what each instance's sum says of its chance, and the lemmas of Kumar and
    Natale (2025).
    """
    from rescircuit.theory.quantised_sums import measure_quantised_sums

    sizes = whole_numbers_of(n, "--n")
    ratios = numbers_of(kappa, "--kappa") if kappa else []
    offsets = numbers_of(window, "--window") if window else []
    goals = numbers_of(targets, "--targets")

    def compute(pieces: Pieces | None, progress: Callable[[float], None]) -> QuantisedFindings:
        return measure_quantised_sums(
            n=sizes,
            kappa=ratios,
            offsets=offsets,
            targets=goals,
            samples=samples,
            seed=seed,
            pieces=pieces,
            progress=progress,
        )

    run_experiment("quantised", compute, _draw, seed=seed, out=out, as_json=as_json, options=_OPTIONS)


def _draw(findings: Any, folder: Path) -> list[Path]:
    from rescircuit.plotting.theory.quantised_sums import draw_quantised_sums

    return draw_quantised_sums(findings, folder)
