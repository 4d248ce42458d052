"""``rescircuit theory``: the laboratory of random subset sums."""

from __future__ import annotations

import typer

__all__ = ["theory"]

theory = typer.Typer(
    name="theory",
    help="Measure what the theory of random subset sums promises, beside its theorems.",
    no_args_is_help=True,
)
