"""The rule about names: no two alike, where ngspice ignores the case of letters.

A :class:`~rescircuit.spice.Circuit` refuses such names when it is made, and those of models and subcircuits together,
so the rule is for what makes circuits of a text. Names inside instances cannot meet others: ngspice calls the resistor
``r_a`` inside ``x_b`` ``r.x_b.r_a`` and a node there ``x_b.node``, and no name of ours has a dot in it.
"""

from __future__ import annotations

from collections.abc import Iterable

from rescircuit.spice.circuits.rules.findings import Finding, found, listed, some

__all__ = ["duplicate_names"]


def duplicate_names(names: Iterable[str], *, kind: str = "elements") -> tuple[Finding, ...]:
    """Names that occur more than once, whatever the case of their letters.

    Parameters
    ----------
    names : iterable of str
        Of all elements, or of all nodes without their repetitions, or of all models and subcircuits.
    kind : str
        What has these names, for the message.

    Returns
    -------
    tuple of Finding
        Of the rule duplicate-name, one for each name, with all its spellings.
    """
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(name.lower(), []).append(name)

    def duplicate(spellings: list[str]) -> Finding:
        distinct = list(dict.fromkeys(spellings))
        message = (
            f"{len(spellings)} {kind} are called {some(distinct)}, one name to ngspice, which ignores case: give them "
            "different ones."
        )
        return found("duplicate-name", distinct, message)

    return tuple(listed("duplicate-name", [each for each in alike.values() if len(each) > 1], duplicate))
