"""``rescircuit theory errors``: random subset sums' errors against n, and the constant in Lueker's theorem."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.console import JSON_OPTION, example
from rescircuit.cli.number_lists import numbers_of, whole_numbers_of
from rescircuit.cli.option_groups import option_names, with_groups
from rescircuit.cli.outputs import naming
from rescircuit.cli.population_options import NAMES, ResistorOptions, made_populations
from rescircuit.cli.theory_runs import OUT, SAMPLES, SEED, run_experiment

if TYPE_CHECKING:
    from rescircuit.pieces import Pieces
    from rescircuit.theory.error_findings import ErrorFindings

__all__ = ["EPILOG", "theory_errors"]

EPILOG = example("rescircuit theory errors --population uniform,lognormal --n 4:16:2 --samples 500 --out errors")
_OPTIONS = option_names(ResistorOptions) | {
    "populations": "--population",
    "sizes": "--n",
    "samples": "--samples",
    "seed": "--seed",
    "accuracies": "--accuracy",
    "failures": "--failures",
    "width": "--width",
    "worst_up_to": "--worst-up-to",
}


@with_groups
def theory_errors(
    population: Annotated[
        str, typer.Option(help=f"Where items come from, one or several of {', '.join(NAMES)}.")
    ] = "uniform,positive,normal,lognormal,product,gadget,resistor",
    n: Annotated[str, typer.Option("--n", help="Numbers of items, at most 64: 8,12 or 8:24:4.")] = "4:20:2,24,28,32",
    accuracy: Annotated[
        str, typer.Option(help="In the items' unit; the probability to be so close is counted.")
    ] = "1e-2,1e-4,1e-6",
    failures: Annotated[float, typer.Option(help="Share of samples whose worst target may be farther.")] = 0.05,
    width: Annotated[float, typer.Option(help="Of the interval of targets, in the items' unit.")] = 1.0,
    worst_up_to: Annotated[int, typer.Option(help="Largest n at which all sums are listed, at most 24.")] = 20,
    resistors: Annotated[ResistorOptions, "Populations resistor and measured"] = ResistorOptions(),  # noqa: B008 - frozen
    samples: SAMPLES = 1000,
    seed: SEED = 1,
    out: OUT = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Solve random subset-sum problems: how often and how closely targets are reached, against the number of items.

    Beside what is measured stands what the density of sums promises; Lueker's constant, items a bit of accuracy for
    all targets of an interval, is fitted.
    """
    from rescircuit.theory.subset_sums import measure_errors

    sizes, accuracies = whole_numbers_of(n, "--n"), numbers_of(accuracy, "--accuracy")
    with naming(_OPTIONS):
        sources = made_populations([name.strip() for name in population.split(",")], resistors)

    def compute(pieces: Pieces | None, progress: Callable[[float], None]) -> ErrorFindings:
        return measure_errors(
            sources,
            sizes=sizes,
            samples=samples,
            accuracies=accuracies,
            failures=failures,
            width=width,
            worst_up_to=worst_up_to,
            seed=seed,
            pieces=pieces,
            progress=progress,
        )

    run_experiment("errors", compute, _draw, seed=seed, out=out, as_json=as_json, options=_OPTIONS)


def _draw(findings: ErrorFindings, folder: Path) -> list[Path]:
    from rescircuit.plotting import save_figure
    from rescircuit.plotting.theory.errors import plot_errors, plot_reached

    pictures = (("errors", plot_errors), ("reached", plot_reached))
    return [save_figure(plot(findings), folder / f"{name}.png") for name, plot in pictures]
