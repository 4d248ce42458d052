"""Published experiments, done again on the published data and laid beside the published figures."""

from rescircuit.reproductions.reproducing import REPRODUCTIONS, Reproduced, find_reproduction, reproduce
from rescircuit.tables import Table

__all__ = ["REPRODUCTIONS", "Reproduced", "Table", "find_reproduction", "reproduce"]
