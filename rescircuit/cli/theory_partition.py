"""``rescircuit theory partition``."""

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
    from rescircuit.theory.partition_findings import PartitionFindings

__all__ = ["EPILOG", "INSTANCES", "KAPPA", "SIZES", "WINDOW", "theory_partition"]

EPILOG = example(
    "rescircuit theory partition --n 10,20,30 --kappa 0.6:1.2:0.05 --samples 500 --out partition",
    "rescircuit theory partition --n 16 --kappa 0.9 --window=-2:2:1 --samples 200 --target 1 --json",
)
SIZES = Annotated[str, typer.Option("--n", help="Numbers of items: 10,20 or 10:40:10.")]
KAPPA = Annotated[str, typer.Option("--kappa", help="log2(M) / n: numbers, or start:stop:step; empty for none.")]
WINDOW = Annotated[
    str,
    typer.Option(
        "--window", help="And M at these λ = n (κ − κ_c(n)) for each n, written --window=-4:8:1; empty for none."
    ),
]
INSTANCES = Annotated[int, typer.Option("--samples", help="Random instances for each n and M.")]
_OPTIONS = {
    "n": "--n",
    "kappa": "--kappa",
    "offsets": "--window",
    "samples": "--samples",
    "seed": "--seed",
    "target": "--target",
}


def theory_partition(
    n: SIZES = "10,20,30,40",
    kappa: KAPPA = "0.6:1.2:0.05",
    window: WINDOW = "-4:8:1",
    samples: INSTANCES = 500,
    target: Annotated[
        float, typer.Option(help="Difference of the two parts, in M; 0 or 1 are perfect by default.")
    ] = 0,
    seed: SEED = 1,
    out: OUT = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Count the perfect partitions of n random integers from 1 to M: a phase transition in κ = log2(M) / n.

    Beside the probability and the number of solutions stand the theorem's limit (Borgs, Chayes and Pittel 2001) and
    the curve at finite n from the exact moments, with the agreement between them.
    """
    from rescircuit.theory.partitions import measure_partitions

    sizes = whole_numbers_of(n, "--n")
    ratios = numbers_of(kappa, "--kappa") if kappa else []
    offsets = numbers_of(window, "--window") if window else []

    def compute(pieces: Pieces | None, progress: Callable[[float], None]) -> PartitionFindings:
        return measure_partitions(
            n=sizes,
            kappa=ratios,
            offsets=offsets,
            samples=samples,
            seed=seed,
            target=target,
            pieces=pieces,
            progress=progress,
        )

    run_experiment("partition", compute, _draw, seed=seed, out=out, as_json=as_json, options=_OPTIONS)


def _draw(findings: Any, folder: Path) -> list[Path]:
    from rescircuit.plotting.theory.partitions import draw_partitions

    return draw_partitions(findings, folder)
