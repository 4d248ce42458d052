"""What commands that train masks tell of their epochs: as they go, and in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rescircuit.cli.console import print_table

if TYPE_CHECKING:
    from rescircuit.pruning.training import TrainedMasks
    from rescircuit.pruning.training.trained import Epoch

__all__ = ["print_epochs", "telling"]


def telling(report: Callable[..., None], epochs: int) -> Callable[[Epoch], None]:
    """What tells a progress bar of each of so many epochs, of whose first it is told at once."""
    report(f"epoch 1 of {epochs}", 0, epochs)
    return lambda each: report(f"epoch {each.epoch} of {epochs}: {each.accuracy:.2%}", each.epoch, epochs)


def print_epochs(found: TrainedMasks) -> None:
    """A table with a row for each epoch."""
    rows = [[str(each.epoch), f"{each.loss:.4f}", f"{each.accuracy:.2%}"] for each in found.history]
    print_table("Training", ["epoch", "loss", "test accuracy"], rows)
