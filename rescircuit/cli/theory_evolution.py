"""``rescircuit theory evolution``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, example
from rescircuit.cli.number_lists import numbers_of, whole_numbers_of
from rescircuit.cli.theory_runs import OUT, SEED, run_experiment
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescircuit.pieces import Pieces
    from rescircuit.theory.evolution_findings import EvolutionFindings

__all__ = ["EPILOG", "theory_evolution"]

EPILOG = example(
    "rescircuit theory evolution --n 8:20:4 --shapes 2x1,1x2 --samples 200 --out evolution",
    "rescircuit theory evolution --n 12 --shapes 2x1 --law sparse --beta 0.5 --samples 100 --json",
)
_OPTIONS = {
    "items": "--n",
    "shapes": "--shapes",
    "law": "--law",
    "beta": "--beta",
    "networks": "--networks",
    "inputs": "--inputs",
    "epsilons": "--epsilon",
    "samples": "--samples",
    "seed": "--seed",
}


def theory_evolution(
    n: Annotated[str, typer.Option("--n", help="Numbers of genes, 2 to 36: 8,12 or 8:24:4.")] = "2,4:24:4",
    shapes: Annotated[
        str, typer.Option(help="Networks, LAYERSxWIDTH: LAYERS * WIDTH^2 weights, at most 8.")
    ] = "2x1,1x2,2x2",
    law: Annotated[
        str, typer.Option(help="Of the genes' weights: normal, or sparse, uniform with probability --beta, else 0.")
    ] = "normal",
    beta: Annotated[
        float | None, typer.Option(help="Probability of a weight that is not 0, for sparse genes; 0.5 if left out.")
    ] = None,
    networks: Annotated[int, typer.Option(help="Asked of each sample of genes.")] = 8,
    inputs: Annotated[int, typer.Option(help="On which outputs are compared.")] = 64,
    epsilon: Annotated[str, typer.Option(help="Errors whose probabilities are counted.")] = "0.1",
    samples: Annotated[int, typer.Option("--samples", help="Random samples of genes for each point.")] = 400,
    seed: SEED = 1,
    out: OUT = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Choose among n random genes, each a tensor of weights, so that the chosen ones sum to a given small network.

    The best choice of all is found for several networks. Beside the errors of weights and outputs stand what the
    expected number of close genotypes predicts, the least that any genes allow, and the theorem's number of genes.
    """
    from rescircuit.theory.evolution import evolve_networks

    if beta is not None and law == "normal":
        raise InputError("--beta", "left out without --law sparse", beta)
    items, epsilons = whole_numbers_of(n, "--n"), numbers_of(epsilon, "--epsilon")
    sizes = [_shape(text) for text in shapes.split(",")]

    def compute(pieces: Pieces | None, progress: Callable[[float], None]) -> EvolutionFindings:
        return evolve_networks(
            items=items,
            shapes=sizes,
            law=law,
            beta=0.5 if beta is None else beta,
            networks=networks,
            inputs=inputs,
            epsilons=epsilons,
            samples=samples,
            seed=seed,
            pieces=pieces,
            progress=progress,
        )

    run_experiment("evolution", compute, _draw, seed=seed, out=out, as_json=as_json, options=_OPTIONS)


def _shape(text: str) -> tuple[int, int]:
    layers, _, width = text.strip().partition("x")
    if not (layers.isdecimal() and width.isdecimal()):
        raise InputError("--shapes", "LAYERSxWIDTH between commas, such as 2x1,1x2", text)
    return int(layers), int(width)


def _draw(findings: Any, folder: Path) -> list[Path]:
    from rescircuit.plotting.theory.evolution import draw_evolution

    return draw_evolution(findings, folder)
