"""Which causes of error a chip is looked at with."""

from __future__ import annotations

from collections.abc import Iterable

from rescircuit.errors import InputError
from rescircuit.network.arrays import EFFECTS

__all__ = ["after_change", "checked_effects"]


def checked_effects(names: Iterable[str | Iterable[str]]) -> frozenset[str]:
    """Names of effects, one by one or in collections of them.

    Raises
    ------
    InputError
        For what is none of `EFFECTS`.
    """
    found: set[str] = set()
    for name in names:
        several = (name,) if isinstance(name, str) or not isinstance(name, Iterable) else name
        for each in several:
            if not isinstance(each, str) or each not in EFFECTS:
                raise InputError("effects", f"of {', '.join(EFFECTS)}", each)
            found.add(each)
    return frozenset(found)


def after_change(effects: frozenset[str], before: frozenset[str], after: frozenset[str]) -> frozenset[str]:
    """The effects that are on after what a chip brings has changed: those that were switched off stay off."""
    return after - (before - effects)
