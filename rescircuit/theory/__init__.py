"""The theory of random subset sums: what it predicts for a bank, and a laboratory that measures what it promises.

This index loads each name from its home when it is first used, so that a part does not load the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rescircuit.theory.covered import covered_volumes
    from rescircuit.theory.energies import measure_energies
    from rescircuit.theory.evolution import evolve_networks
    from rescircuit.theory.fixed_size import best_of_sizes
    from rescircuit.theory.gaps import worst_errors
    from rescircuit.theory.hopfield import measure_hopfield
    from rescircuit.theory.intervals import mean_interval, median_interval, quantile_interval, wilson_interval
    from rescircuit.theory.partition_theory import critical_ratio, moments_of_solutions, partition_probability
    from rescircuit.theory.partitions import measure_partitions
    from rescircuit.theory.populations import LAWS, Population, ResistorPopulation, measured_population, population
    from rescircuit.theory.quantised_sums import measure_quantised_sums
    from rescircuit.theory.quantised_theory import expected_subsets, subset_sum_probability
    from rescircuit.theory.random_sums import conductance_moments, predicted_median_error
    from rescircuit.theory.representation import measure_representation
    from rescircuit.theory.sizing import required_size
    from rescircuit.theory.sizing_study import study_sizing
    from rescircuit.theory.subset_sums import measure_errors
    from rescircuit.theory.vectors import vector_errors
    from rescircuit.theory.volumes import measure_volumes

__all__ = [
    "LAWS",
    "Population",
    "ResistorPopulation",
    "best_of_sizes",
    "conductance_moments",
    "covered_volumes",
    "critical_ratio",
    "evolve_networks",
    "expected_subsets",
    "mean_interval",
    "measure_energies",
    "measure_errors",
    "measure_hopfield",
    "measure_partitions",
    "measure_quantised_sums",
    "measure_representation",
    "measure_volumes",
    "measured_population",
    "median_interval",
    "moments_of_solutions",
    "partition_probability",
    "population",
    "predicted_median_error",
    "quantile_interval",
    "required_size",
    "study_sizing",
    "subset_sum_probability",
    "vector_errors",
    "wilson_interval",
    "worst_errors",
]

_HOMES = {
    "covered": ("covered_volumes",),
    "energies": ("measure_energies",),
    "evolution": ("evolve_networks",),
    "fixed_size": ("best_of_sizes",),
    "gaps": ("worst_errors",),
    "hopfield": ("measure_hopfield",),
    "intervals": ("mean_interval", "median_interval", "quantile_interval", "wilson_interval"),
    "partition_theory": ("critical_ratio", "moments_of_solutions", "partition_probability"),
    "partitions": ("measure_partitions",),
    "populations": ("LAWS", "Population", "ResistorPopulation", "measured_population", "population"),
    "quantised_sums": ("measure_quantised_sums",),
    "quantised_theory": ("expected_subsets", "subset_sum_probability"),
    "random_sums": ("conductance_moments", "predicted_median_error"),
    "representation": ("measure_representation",),
    "sizing": ("required_size",),
    "sizing_study": ("study_sizing",),
    "subset_sums": ("measure_errors",),
    "vectors": ("vector_errors",),
    "volumes": ("measure_volumes",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
