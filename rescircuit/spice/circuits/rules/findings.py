"""What the electrical rule check finds, and how much of it is listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["MOST_LISTED", "RULES", "Finding", "found", "listed", "some"]

# All rules in the order in which they are listed, and how grave it is to break them.
RULES = {
    "no-ground": "error",
    "deep-nesting": "error",
    "duplicate-name": "error",
    "floating-node": "error",
    "single-connection": "error",
    "undriven-node": "error",
    "current-cut": "error",
    "no-dc-path": "error",
    "shorted-source": "error",
    "voltage-loop": "error",
    "shorted-element": "warning",
    "unused-switch": "warning",
    "unused-port": "warning",
    "unused-model": "warning",
    "unused-subcircuit": "warning",
}

MOST_LISTED = 20  # findings of one rule
_NAMED = 3  # in a message, or one more, before it says "and so many more"
_MOST_NAMES = 20  # of nodes in a finding

_Place = TypeVar("_Place")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One breach of an electrical rule.

    Attributes
    ----------
    rule : str
        Which, one of ``RULES``.
    severity : "error" or "warning"
        An error leaves the circuit without a definite solution, or with another one than is meant, and no deck is
        written of it. A warning is most likely a mistake.
    names : tuple of str
        The elements and then the nodes concerned, of many nodes the first; inside instances by their full names,
        ``x_bank.r_0``.
    message : str
        What is wrong and what to do, in one line.
    """

    rule: str
    severity: str
    names: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        return f"{self.severity} {self.rule}: {self.message}"

    def as_dict(self) -> dict[str, str | list[str]]:
        """The finding as plain data, for machines."""
        return {"rule": self.rule, "severity": self.severity, "names": list(self.names), "message": self.message}


def found(rule: str, names: Iterable[str], message: str) -> Finding:
    """A finding with the rule's severity."""
    return Finding(rule=rule, severity=RULES[rule], names=tuple(names), message=message)


def listed(rule: str, places: Sequence[_Place], describe: Callable[[_Place], Finding]) -> list[Finding]:
    """A finding of `rule` for each of the first places, and one that counts those that are left out."""
    findings = [describe(place) for place in places[:MOST_LISTED]]
    left_out = len(places) - len(findings)
    if left_out > 0:
        findings.append(found(rule, (), f"There are {left_out:,} more findings of the rule {rule}."))
    return findings


def some(names: Sequence[str], count: int | None = None, *, shown: int = _NAMED) -> str:
    """The first of the names, and how many more there are of `count`; by default there are no others than these."""
    count = len(names) if count is None else count
    *most, last = names[: shown + 1]
    if count > shown + 1:
        return f"{', '.join(most)} and {count - len(most):,} more"
    return f"{', '.join(most)} and {last}" if most else last


def first_names(name: Callable[[int], str], numbers: Iterable[int]) -> list[str]:
    """The names of the first of these numbers."""
    return [name(number) for number, _ in zip(numbers, range(_MOST_NAMES), strict=False)]
