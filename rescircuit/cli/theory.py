"""``rescircuit theory``: the laboratory of random subset sums."""

from __future__ import annotations

import typer

from rescircuit.cli.theory_energy import EPILOG as ENERGY_EPILOG
from rescircuit.cli.theory_energy import theory_energy
from rescircuit.cli.theory_errors import EPILOG as ERRORS_EPILOG
from rescircuit.cli.theory_errors import theory_errors
from rescircuit.cli.theory_evolution import EPILOG as EVOLUTION_EPILOG
from rescircuit.cli.theory_evolution import theory_evolution
from rescircuit.cli.theory_hopfield import EPILOG as HOPFIELD_EPILOG
from rescircuit.cli.theory_hopfield import theory_hopfield
from rescircuit.cli.theory_partition import EPILOG as PARTITION_EPILOG
from rescircuit.cli.theory_partition import theory_partition
from rescircuit.cli.theory_quantised import EPILOG as QUANTISED_EPILOG
from rescircuit.cli.theory_quantised import theory_quantised
from rescircuit.cli.theory_representation import EPILOG as REPRESENTATION_EPILOG
from rescircuit.cli.theory_representation import theory_representation
from rescircuit.cli.theory_sizing import EPILOG as SIZING_EPILOG
from rescircuit.cli.theory_sizing import theory_sizing
from rescircuit.cli.theory_vectors import EPILOG as VECTORS_EPILOG
from rescircuit.cli.theory_vectors import theory_vectors
from rescircuit.cli.theory_volume import EPILOG as VOLUME_EPILOG
from rescircuit.cli.theory_volume import theory_volume

__all__ = ["theory"]

theory = typer.Typer(
    name="theory",
    help="Measure what the theory of random subset sums promises, beside its theorems.",
    no_args_is_help=True,
)
theory.command("errors", epilog=ERRORS_EPILOG)(theory_errors)
theory.command("volume", epilog=VOLUME_EPILOG)(theory_volume)
theory.command("sizing", epilog=SIZING_EPILOG)(theory_sizing)
theory.command("partition", epilog=PARTITION_EPILOG)(theory_partition)
theory.command("vectors", epilog=VECTORS_EPILOG)(theory_vectors)
theory.command("quantised", epilog=QUANTISED_EPILOG)(theory_quantised)
theory.command("representation", epilog=REPRESENTATION_EPILOG)(theory_representation)
theory.command("energy", epilog=ENERGY_EPILOG)(theory_energy)
theory.command("hopfield", epilog=HOPFIELD_EPILOG)(theory_hopfield)
theory.command("evolution", epilog=EVOLUTION_EPILOG)(theory_evolution)
