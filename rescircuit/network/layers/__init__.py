"""Layers in digital arithmetic and the networks that they form: what arrays are measured against."""

from rescircuit.network.layers.activations import ACTIVATIONS, Activation
from rescircuit.network.layers.layer import Layer, Shape
from rescircuit.network.layers.network import Network, checked_inputs
from rescircuit.network.layers.pooling import AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, MaxPool
from rescircuit.network.layers.shaping import Add, Flatten, Scale
from rescircuit.network.layers.weighted import Conv, Dense, WeightedLayer

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "AdaptiveAvgPool",
    "AdaptiveMaxPool",
    "Add",
    "AvgPool",
    "Conv",
    "Dense",
    "Flatten",
    "Layer",
    "MaxPool",
    "Network",
    "Scale",
    "Shape",
    "WeightedLayer",
    "checked_inputs",
]
