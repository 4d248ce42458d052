"""Networks to be saved, and LeNet-5's arrays with random numbers."""

import numpy as np
import pytest

from rescircuit.network.layers import (
    Activation,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    Add,
    AvgPool,
    Conv,
    Dense,
    Flatten,
    MaxPool,
    Network,
    Scale,
)


@pytest.fixture
def lenet5_arrays():
    """Arrays with the names and shapes of a PyTorch state dictionary of LeNet-5, float32."""
    rng = np.random.default_rng(5)
    shapes = {"conv1": (6, 1, 5, 5), "conv2": (16, 6, 5, 5), "fc1": (120, 784), "fc2": (84, 120), "fc3": (10, 84)}
    arrays = {}
    for name, shape in shapes.items():
        arrays[f"{name}.weight"] = rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32)
        arrays[f"{name}.bias"] = rng.normal(0, 0.1, shape[0]).astype(np.float32)
    return arrays


@pytest.fixture
def all_kinds():
    """A network with every kind of layer and every field of theirs away from its default."""
    rng = np.random.default_rng(3)
    layers = [
        Conv(weight=rng.normal(size=(4, 1, 3, 2)), stride=(1, 2), padding=((1, 0), (2, 2)), groups=2, name="conv.1"),
        Scale(scale=rng.normal(size=4), shift=rng.normal(size=4), name="norm"),
        Activation(kind="leaky_relu", parameters=(0.2,), name="first"),
        Conv(weight=rng.normal(size=(4, 4, 3, 3)), padding=2, dilation=2, name="conv.2"),
        Activation(kind="silu"),
        Add(name="sum"),
        MaxPool(kernel=2, stride=1, padding=1, dilation=2, ceil_mode=True),
        AvgPool(kernel=(3, 2), padding=(1, 0), count_include_pad=False),
        AdaptiveMaxPool(output=(3, 2)),
        AdaptiveAvgPool(output=2),
        Flatten(start=1),
        Flatten(),
        Dense(weight=rng.normal(size=(6, 16)), bias=rng.normal(size=6), name="fc"),
        Activation(kind="log_softmax"),
    ]
    sources = [(-1,), (0,), (1,), (2,), (3,), (4, 2), *((k,) for k in range(5, 13))]
    return Network(layers, (2, 9, 8), sources)


@pytest.fixture
def signal():
    """A network over one axis of positions."""
    rng = np.random.default_rng(4)
    layers = [
        Conv(weight=rng.normal(size=(3, 2, 4)), padding=((2, 1),), name="c"),
        MaxPool(kernel=3, stride=2, axes=1),
        AdaptiveAvgPool(output=2, axes=1),
        Dense(weight=rng.normal(size=(2, 2)), name="fc"),
    ]
    return Network(layers, (2, 11))
