"""What the theory of random subset sums predicts for a bank."""

from rescircuit.theory.random_sums import conductance_moments, predicted_median_error

__all__ = ["conductance_moments", "predicted_median_error"]
