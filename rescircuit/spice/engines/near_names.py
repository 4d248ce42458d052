"""Names near to one that is not there, for the messages that say so."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from heapq import nsmallest
from operator import eq

__all__ = ["near_names"]

_SHOWN = 5
_COMPARED = 1000  # each takes some 20 microseconds; an array has millions of names


def near_names(wanted: object, names: Collection[str]) -> str:
    """The names that resemble `wanted` most, in one phrase that counts the others: ``"v(out), v(in) and 7 more"``."""
    text = str(wanted)[:200].lower()
    compared = names if len(names) <= _COMPARED else nsmallest(_COMPARED, names, key=lambda name: _distance(text, name))
    by_lower = {name.lower(): name for name in compared}
    shown = [by_lower[name] for name in get_close_matches(text, by_lower, n=_SHOWN, cutoff=0.0)]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _distance(text: str, name: str) -> tuple[int, int]:
    """Roughly how far apart they are: by the letters in the same places, then by their lengths."""
    return -sum(map(eq, text, name.lower())), abs(len(text) - len(name))
