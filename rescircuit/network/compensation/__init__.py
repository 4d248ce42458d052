"""Programming that makes up for what an array does to weights: wires, and the errors of a column's cells."""

from rescircuit.network.compensation.attenuated import Scaling, Scheme
from rescircuit.network.compensation.columns import Absorption, absorbed
from rescircuit.network.compensation.moments import Moments, input_moments
from rescircuit.network.compensation.wires import Predistortion, predistorted

__all__ = [
    "Absorption",
    "Moments",
    "Predistortion",
    "Scaling",
    "Scheme",
    "absorbed",
    "input_moments",
    "predistorted",
]
