"""rescircuit: programmable conductances from imprecise resistors, crossbars of them, and their proof in ngspice.

This index names the public face; each name, and each module, is loaded from its home when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rescircuit.bank import (
        Bank,
        Behaviour,
        CapacitorBank,
        CapacitorSetting,
        DifferentialPair,
        PairSetting,
        SeriesBank,
        SeriesSetting,
        Setting,
        describe,
    )
    from rescircuit.crossbar import Crossbar, CrossbarSolution, NonlinearCrossbar, effective_conductances
    from rescircuit.devices import (
        NMOS,
        AntiFuse,
        Capacitor,
        Coefficients,
        CorrelatedField,
        Empirical,
        Faults,
        Fuse,
        Geometry,
        Gradient,
        IdealSwitch,
        LogNormal,
        Normal,
        OneTimeSwitches,
        Placement,
        Process,
        Resistor,
        ThresholdSelector,
        Truncated,
        Uniform,
        Variation,
        load_process,
    )
    from rescircuit.errors import InputError, MissingToolError, RescircuitError, SolutionError, SpiceError
    from rescircuit.network import (
        AnalogNetwork,
        ArraySpec,
        Network,
        from_sklearn,
        load_network,
        map_network,
        save_network,
    )
    from rescircuit.quantities import format_quantity, parse_quantity
    from rescircuit.spice import Deck, Verification, deck, verify
    from rescircuit.subsetsum import Codebook, Solution, subset_sum
    from rescircuit.subsetsum.integers import count_subsets
    from rescircuit.subsetsum.vectors import VectorSolution, vector_subset_sum

_HOMES = {
    "bank": (
        "Bank",
        "Behaviour",
        "CapacitorBank",
        "CapacitorSetting",
        "DifferentialPair",
        "PairSetting",
        "SeriesBank",
        "SeriesSetting",
        "Setting",
        "describe",
    ),
    "crossbar": (
        "Crossbar",
        "CrossbarSolution",
        "NonlinearCrossbar",
        "effective_conductances",
    ),
    "devices": (
        "AntiFuse",
        "Capacitor",
        "Coefficients",
        "CorrelatedField",
        "Empirical",
        "Faults",
        "Fuse",
        "Geometry",
        "Gradient",
        "IdealSwitch",
        "LogNormal",
        "NMOS",
        "Normal",
        "OneTimeSwitches",
        "Placement",
        "Process",
        "Resistor",
        "ThresholdSelector",
        "Truncated",
        "Uniform",
        "Variation",
        "load_process",
    ),
    "errors": (
        "InputError",
        "MissingToolError",
        "RescircuitError",
        "SolutionError",
        "SpiceError",
    ),
    "network": (
        "AnalogNetwork",
        "ArraySpec",
        "Network",
        "from_sklearn",
        "load_network",
        "map_network",
        "save_network",
    ),
    "quantities": (
        "format_quantity",
        "parse_quantity",
    ),
    "spice": (
        "Deck",
        "Verification",
        "deck",
        "verify",
    ),
    "subsetsum": (
        "Codebook",
        "Solution",
        "subset_sum",
    ),
    "subsetsum.integers": ("count_subsets",),
    "subsetsum.vectors": (
        "VectorSolution",
        "vector_subset_sum",
    ),
}
_SUBMODULES = {home.partition(".")[0] for home in _HOMES} | {
    "calibration",
    "checks",
    "compiled",
    "datasets",
    "demo",
    "files",
    "measured",
    "plotting",
    "theory",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "NMOS",
    "AnalogNetwork",
    "AntiFuse",
    "ArraySpec",
    "Bank",
    "Behaviour",
    "Capacitor",
    "CapacitorBank",
    "CapacitorSetting",
    "Codebook",
    "Coefficients",
    "CorrelatedField",
    "Crossbar",
    "CrossbarSolution",
    "Deck",
    "DifferentialPair",
    "Empirical",
    "Faults",
    "Fuse",
    "Geometry",
    "Gradient",
    "IdealSwitch",
    "InputError",
    "LogNormal",
    "MissingToolError",
    "Network",
    "NonlinearCrossbar",
    "Normal",
    "OneTimeSwitches",
    "PairSetting",
    "Placement",
    "Process",
    "RescircuitError",
    "Resistor",
    "SeriesBank",
    "SeriesSetting",
    "Setting",
    "Solution",
    "SolutionError",
    "SpiceError",
    "ThresholdSelector",
    "Truncated",
    "Uniform",
    "Variation",
    "VectorSolution",
    "Verification",
    "count_subsets",
    "deck",
    "describe",
    "effective_conductances",
    "format_quantity",
    "from_sklearn",
    "load_network",
    "load_process",
    "map_network",
    "parse_quantity",
    "save_network",
    "subset_sum",
    "vector_subset_sum",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
