"""Inference on programmed tiles: converters, ranges, compiled maps, noise."""

from rescircuit.network.inference.analog import AnalogLayer, AnalogNetwork
from rescircuit.network.inference.ranges import calibration_rows

__all__ = ["AnalogLayer", "AnalogNetwork", "calibration_rows"]
