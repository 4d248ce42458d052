"""Why a chip differs from its network: each cause alone, all but each, and all together."""

from rescircuit.network.explaining.explanation import CAUSES, Explanation
from rescircuit.network.explaining.measuring import explain
from rescircuit.network.explaining.runs import LayerError, Run
from rescircuit.network.explaining.suggestions import Suggestion

__all__ = ["CAUSES", "Explanation", "LayerError", "Run", "Suggestion", "explain"]
