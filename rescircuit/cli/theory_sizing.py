"""``rescircuit theory sizing``: how many components an accuracy and a yield take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.console import JSON_OPTION, example
from rescircuit.cli.number_lists import whole_numbers_of
from rescircuit.cli.option_groups import option_names, with_groups
from rescircuit.cli.outputs import naming
from rescircuit.cli.population_options import NAMES, ResistorOptions, made_populations
from rescircuit.cli.theory_runs import OUT, SAMPLES, SEED, run_experiment

if TYPE_CHECKING:
    from rescircuit.pieces import Pieces
    from rescircuit.theory.sizing_findings import SizingFindings

__all__ = ["EPILOG", "theory_sizing"]

EPILOG = example(
    "rescircuit theory sizing --tolerance 20% --accuracy 1e-3 --yield 0.99",
    "rescircuit theory sizing --process polysilicon --least 0.2 --most 0.7 --accuracy 0.01 --out sizing",
)
_OPTIONS = option_names(ResistorOptions) | {
    "population": "--population",
    "accuracy": "--accuracy",
    "yield_": "--yield",
    "span": "--least",
    "sizes": "--n",
    "samples": "--samples",
    "seed": "--seed",
}


@with_groups
def theory_sizing(
    population: Annotated[str, typer.Option(help=f"Where components come from: {', '.join(NAMES)}.")] = "resistor",
    accuracy: Annotated[
        float, typer.Option(help="Largest error allowed at any target of the range, of full scale.")
    ] = 1e-3,
    wanted: Annotated[float, typer.Option("--yield", help="Share of banks that are to have it.")] = 0.99,
    least: Annotated[float | None, typer.Option(help="Least target, of full scale; 0.1 if left out.")] = None,
    most: Annotated[float | None, typer.Option(help="Largest target, of full scale; 0.8 if left out.")] = None,
    n: Annotated[
        str, typer.Option("--n", help="Components that the rule is fitted to, three or more: 8,12,16 or 6:20:2.")
    ] = "6:20:2",
    resistors: Annotated[ResistorOptions, "Populations resistor and measured"] = ResistorOptions(),  # noqa: B008 - frozen
    samples: SAMPLES = 1000,
    seed: SEED = 1,
    out: OUT = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Find how many components a bank needs for an accuracy and a yield, with a certificate, and a rule for others.

    The rule is tried on fresh banks. Where items have both signs, full scale is their unit, and targets go from -0.5
    to 0.5 if nothing is said.
    """
    from rescircuit.theory.sizing import target_span
    from rescircuit.theory.sizing_study import study_sizing

    with naming(_OPTIONS):
        (source,) = made_populations([population], resistors)
        low, high = target_span(source, None)
        span = target_span(source, (low if least is None else least, high if most is None else most))
    sizes = whole_numbers_of(n, "--n")

    def compute(pieces: Pieces | None, progress: Callable[[float], None]) -> SizingFindings:
        return study_sizing(
            source,
            accuracy,
            wanted,
            span=span,
            sizes=sizes,
            samples=samples,
            seed=seed,
            pieces=pieces,
            progress=progress,
        )

    run_experiment("sizing", compute, _draw, seed=seed, out=out, as_json=as_json, options=_OPTIONS)


def _draw(findings: SizingFindings, folder: Path) -> list[Path]:
    from rescircuit.plotting import save_figure
    from rescircuit.plotting.theory.sizing import plot_sizing, plot_yields

    pictures = (("sizing", plot_sizing), ("yields", plot_yields))
    return [save_figure(plot(findings), folder / f"{name}.png") for name, plot in pictures]
