"""``rescircuit prune``: random networks pruned to a target, or trained by pruning."""

from __future__ import annotations

import typer

__all__ = ["prune"]

prune = typer.Typer(
    name="prune",
    help="Prune random networks: to a given target, or by training which weights stay.",
    no_args_is_help=True,
)
