"""Suggestions in words: each with what it is predicted to reach, or among those that may help."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from rescircuit.network.explaining.explanation import percent
from rescircuit.network.explaining.suggestions import suggestions

if TYPE_CHECKING:
    from rescircuit.network.explaining.explanation import Explanation

__all__ = ["advice", "in_all"]


def advice(explanation: Explanation, cause: str) -> str:
    """Sentences on what to change: what brings the cause's own part down, how far, and what that leaves in all."""
    return " ".join(_sentences(explanation, cause))


def in_all(explanation: Explanation, cause: str, smaller: float) -> float:
    """The error of all together when the part of its square that goes with a cause is so many times smaller in rms."""
    together, rest = explanation.together.error, explanation.without[cause].error
    return math.sqrt(rest**2 + max(together**2 - rest**2, 0.0) / smaller**2)


def _sentences(explanation: Explanation, cause: str) -> Iterator[str]:
    found = suggestions(explanation, cause)
    predicted = sorted((each for each in found if each.smaller is not None), key=lambda each: -(each.smaller or 0.0))
    for smaller, several in groupby(predicted, key=lambda each: each.smaller or 1.0):
        words = ", or ".join(each.words for each in several)
        own = percent(explanation.alone[cause].error / smaller)
        total = percent(in_all(explanation, cause, smaller))
        yield f"To bring its own part down to {own}, some {total} in all: {words}."
    if open_ones := [each.words for each in found if each.smaller is None]:
        lead = "May help too" if predicted else "May help"
        yield f"{lead}, how far is for a simulation to say: {'; '.join(open_ones)}."
