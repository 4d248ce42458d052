"""``rescircuit theory volume``: the covered volume in the proof of Lueker's theorem."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescircuit.cli.console import JSON_OPTION, example
from rescircuit.cli.theory_runs import OUT, SAMPLES, SEED, run_experiment

if TYPE_CHECKING:
    from rescircuit.pieces import Pieces
    from rescircuit.theory.volume_findings import VolumeFindings

__all__ = ["EPILOG", "theory_volume"]

EPILOG = example("rescircuit theory volume --accuracy 1e-4 --samples 500 --out volume")
_OPTIONS = {"error": "--accuracy", "steps": "--t", "samples": "--samples", "seed": "--seed"}


def theory_volume(
    accuracy: Annotated[
        float, typer.Option(help="eps, from 1e-6 to 1/3: a number within it of a sum is covered.")
    ] = 1e-3,
    t: Annotated[int, typer.Option("--t", help="Items, at most 400.")] = 30,
    samples: SAMPLES = 2000,
    seed: SEED = 1,
    out: OUT = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Follow the share of [-1, 1] that subset sums of uniform items approximate, item by item, exactly.

    Beside its two phases stand the bounds of da Cunha's proof (2023, section 2.2).
    """
    from rescircuit.theory.volumes import measure_volumes

    def compute(pieces: Pieces | None, progress: Callable[[float], None]) -> VolumeFindings:
        return measure_volumes(error=accuracy, steps=t, seed=seed, pieces=pieces, progress=progress, samples=samples)

    run_experiment("volume", compute, _draw, seed=seed, out=out, as_json=as_json, options=_OPTIONS)


def _draw(findings: VolumeFindings, folder: Path) -> list[Path]:
    from rescircuit.plotting import save_figure
    from rescircuit.plotting.theory.volumes import plot_growth, plot_volumes

    pictures = (("volumes", plot_volumes), ("growth", plot_growth))
    return [save_figure(plot(findings), folder / f"{name}.png") for name, plot in pictures]
