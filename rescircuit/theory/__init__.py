"""The theory of random subset sums: what it predicts for a bank, and a laboratory that measures what it promises."""

from rescircuit.theory.random_sums import conductance_moments, predicted_median_error

__all__ = ["conductance_moments", "predicted_median_error"]
