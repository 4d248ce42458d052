"""The programming problem: which subset of given numbers sums closest to a target. It knows nothing of circuits."""

from rescircuit.subsetsum.codebook import Codebook
from rescircuit.subsetsum.problem import LARGEST_N
from rescircuit.subsetsum.programming import subset_sum
from rescircuit.subsetsum.solution import Solution

__all__ = ["LARGEST_N", "Codebook", "Solution", "subset_sum"]
