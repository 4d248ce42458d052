"""``rescircuit theory vectors``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, example
from rescircuit.cli.number_lists import numbers_of, whole_numbers_of
from rescircuit.cli.theory_runs import OUT, SAMPLES, SEED, run_experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescircuit.pieces import Pieces
    from rescircuit.theory.vector_findings import VectorFindings

__all__ = ["EPILOG", "theory_vectors"]

EPILOG = example(
    "rescircuit theory vectors --n 8:24:4 --d 1,2,3 --samples 500 --out vectors",
    "rescircuit theory vectors --n 16 --d 2 --sizes free,n/4 --law nsn --samples 200 --json",
)
_OPTIONS = {
    "items": "--n",
    "dimensions": "--d",
    "sizes": "--sizes",
    "law": "--law",
    "epsilons": "--epsilon",
    "samples": "--samples",
    "seed": "--seed",
}


def theory_vectors(
    n: Annotated[str, typer.Option("--n", help="Numbers of items, 2 to 36: 8,12 or 8:24:4.")] = "2,4:28:4",
    d: Annotated[str, typer.Option("--d", help="Dimensions of the items, 1 to 8.")] = "1,2,3,5",
    sizes: Annotated[
        str,
        typer.Option(
            help="Of subsets: free; half; thesis, n / (6 sqrt(d)); root, sqrt(n); a share such as n/4; or a number."
        ),
    ] = "free,half,thesis",
    law: Annotated[
        str, typer.Option(help="Of the items: normal, or nsn, normal vectors each times one normal number.")
    ] = "normal",
    epsilon: Annotated[str, typer.Option(help="Errors whose probabilities are counted.")] = "0.1,0.01",
    samples: SAMPLES = 1000,
    seed: SEED = 1,
    out: OUT = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Approximate targets in [-1, 1]^d by subset sums of n random d-vectors, in the max-norm.

    The closest subset of every size is found, and close ones are counted. Beside the errors stand what the expected
    number of close subsets predicts, the least that any items allow, and the theorem's number of items.
    """
    from rescircuit.theory.vectors import vector_errors

    items = whole_numbers_of(n, "--n")
    dimensions = whole_numbers_of(d, "--d")
    epsilons = numbers_of(epsilon, "--epsilon")
    names = [name.strip() for name in sizes.split(",")]

    def compute(pieces: Pieces | None, progress: Callable[[float], None]) -> VectorFindings:
        return vector_errors(
            items=items,
            dimensions=dimensions,
            sizes=names,
            law=law,
            epsilons=epsilons,
            samples=samples,
            seed=seed,
            pieces=pieces,
            progress=progress,
        )

    run_experiment("vectors", compute, _draw, seed=seed, out=out, as_json=as_json, options=_OPTIONS)


def _draw(findings: Any, folder: Path) -> list[Path]:
    from rescircuit.plotting.theory.vectors import draw_vectors

    return draw_vectors(findings, folder)
