"""What experiments of the theory give."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from rescircuit.tables import Table

__all__ = ["Findings"]


class Findings(Protocol):
    """What an experiment has found, beside what the theorem says."""

    def tables(self) -> tuple[Table, ...]:
        """The figures, those of the theorem beside them, with error bars."""
        ...

    def remarks(self) -> tuple[str, ...]:
        """What agrees, what deviates, and why, in sentences."""
        ...

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """All figures by name, for those who go on computing."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """The settings, seed and figures, for JSON."""
        ...
