"""The programming problem: which subset of given numbers sums closest to a target. It knows nothing of circuits."""

from rescircuit.subsetsum.problem import LARGEST_N, Solution, subset_sum

__all__ = ["LARGEST_N", "Solution", "subset_sum"]
