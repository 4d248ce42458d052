"""What experiments of the theory give, and how figures with limits are told."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from rescircuit.tables import Table

__all__ = ["Findings", "known", "range_text", "with_limits"]


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
        """The settings, seed and figures, for JSON; as ``experiment`` the command, such as ``theory vectors``."""
        ...


def known(value: float) -> float | None:
    """None in place of what is infinite, for which JSON has no number and tables have no figure."""
    return value if math.isfinite(value) else None


def range_text(values: Any) -> str:
    """From the least to the largest, ``0.95 to 1.04``; one figure where both read alike."""
    least, largest = f"{np.min(values):.2f}", f"{np.max(values):.2f}"
    return least if least == largest else f"{least} to {largest}"


def with_limits(value: float, low: float, high: float, form: str = ".3g") -> str:
    """A figure and its limits as a cell of a table; where samples are too few for a limit, that is said."""
    if math.isinf(low) and math.isinf(high):
        return f"{value:{form}} (no limits)"
    if math.isinf(high):
        return f"{value:{form}} ({low:{form}} or more)"
    if math.isinf(low):
        return f"{value:{form}} ({high:{form}} or less)"
    return f"{value:{form}} ({low:{form}} to {high:{form}})"
