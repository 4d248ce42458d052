"""``rescircuit theory energy``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, example
from rescircuit.cli.number_lists import numbers_of, whole_numbers_of
from rescircuit.cli.theory_partition import INSTANCES, SIZES
from rescircuit.cli.theory_runs import OUT, SEED, run_experiment

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescircuit.pieces import Pieces
    from rescircuit.theory.energy_findings import EnergyFindings

__all__ = ["EPILOG", "theory_energy"]

EPILOG = example("rescircuit theory energy --n 16 --kappa 0.5,1.3 --samples 100 --out energy")
_OPTIONS = {"n": "--n", "kappa": "--kappa", "samples": "--samples", "seed": "--seed"}


def theory_energy(
    n: SIZES = "20",
    kappa: Annotated[
        str, typer.Option("--kappa", help="log2(M) / n: one or several numbers, or start:stop:step.")
    ] = "0.5,1.3",
    samples: INSTANCES = 200,
    seed: SEED = 1,
    out: OUT = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Number partitioning as statistical mechanics: mean energy and entropy against temperature, all signs enumerated.

    Beside them stands Mertens' saddle point (1998) and a closed form that holds at every temperature; where no
    solution exists, also the law of the lowest energies.
    """
    from rescircuit.theory.energies import measure_energies

    sizes = whole_numbers_of(n, "--n")
    ratios = numbers_of(kappa, "--kappa")

    def compute(pieces: Pieces | None, progress: Callable[[float], None]) -> EnergyFindings:
        return measure_energies(n=sizes, kappa=ratios, samples=samples, seed=seed, pieces=pieces, progress=progress)

    run_experiment("energy", compute, _draw, seed=seed, out=out, as_json=as_json, options=_OPTIONS)


def _draw(findings: Any, folder: Path) -> list[Path]:
    from rescircuit.plotting.theory.energies import draw_energies

    return draw_energies(findings, folder)
