"""``rescircuit prune``: random networks pruned to a target, or trained by pruning."""

from __future__ import annotations

import typer

from rescircuit.cli.prune_chip import EPILOG as CHIP_EPILOG
from rescircuit.cli.prune_chip import prune_chip
from rescircuit.cli.prune_construct import EPILOG as CONSTRUCT_EPILOG
from rescircuit.cli.prune_construct import construct
from rescircuit.cli.prune_quantised import EPILOG as QUANTISED_EPILOG
from rescircuit.cli.prune_quantised import prune_quantised
from rescircuit.cli.prune_train import EPILOG as TRAIN_EPILOG
from rescircuit.cli.prune_train import train

__all__ = ["prune"]

prune = typer.Typer(
    name="prune",
    help="Prune random networks: to a given target, or by training which weights stay.",
    no_args_is_help=True,
)
prune.command("chip", epilog=CHIP_EPILOG)(prune_chip)
prune.command("construct", epilog=CONSTRUCT_EPILOG)(construct)
prune.command("quantised", epilog=QUANTISED_EPILOG)(prune_quantised)
prune.command("train", epilog=TRAIN_EPILOG)(train)
