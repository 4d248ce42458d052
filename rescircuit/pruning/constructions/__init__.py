"""Random networks and the masks that prune them to a given target: the constructions behind the theorems.

This index loads each name from its home when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rescircuit.pruning.constructions.burkholz import burkholz
    from rescircuit.pruning.constructions.construction import Construction
    from rescircuit.pruning.constructions.methods import METHODS, Method, construct, random_target
    from rescircuit.pruning.constructions.pensia import pensia
    from rescircuit.pruning.constructions.precision import QuantisedNetwork, random_quantised_network
    from rescircuit.pruning.constructions.quantised import represent_exactly, represented_share
    from rescircuit.pruning.constructions.quantised_construction import QuantisedConstruction
    from rescircuit.pruning.constructions.removals import StructuredConstruction
    from rescircuit.pruning.constructions.tensors import PrunedTensor

__all__ = [
    "METHODS",
    "Construction",
    "Method",
    "PrunedTensor",
    "QuantisedConstruction",
    "QuantisedNetwork",
    "StructuredConstruction",
    "burkholz",
    "construct",
    "pensia",
    "random_quantised_network",
    "random_target",
    "represent_exactly",
    "represented_share",
]

_HOMES = {
    "burkholz": ("burkholz",),
    "construction": ("Construction",),
    "methods": (
        "METHODS",
        "Method",
        "construct",
        "random_target",
    ),
    "pensia": ("pensia",),
    "precision": ("QuantisedNetwork", "random_quantised_network"),
    "quantised": ("represent_exactly", "represented_share"),
    "quantised_construction": ("QuantisedConstruction",),
    "removals": ("StructuredConstruction",),
    "tensors": ("PrunedTensor",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
