"""Networks of any layers come back from their layer file as they were."""

from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rescircuit.errors import InputError
from rescircuit.network.files.layer_text import layers_of, layers_text
from rescircuit.network.files.networks import network_arrays, network_of
from rescircuit.network.files.sections import INPUT
from rescircuit.network.layers import (
    ACTIVATIONS,
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

SIZES = st.integers(1, 3)
NUMBERS = st.floats(-1e6, 1e6)
FIRST = st.sampled_from("abzABZ019_")
NAMES = st.builds(str.__add__, FIRST, st.text("abzABZ019_-:", max_size=5)).filter(lambda name: name != INPUT)
PARAMETERS = {
    "leaky_relu": st.tuples(NUMBERS),
    "elu": st.tuples(NUMBERS),
    "hardtanh": st.tuples(NUMBERS, NUMBERS).map(sorted).map(tuple),
    "softplus": st.tuples(st.floats(1e-3, 1e6), NUMBERS),
    "hardsigmoid": st.tuples(NUMBERS, NUMBERS),
}


def arrays(draw, *shape):
    return np.random.default_rng(draw(st.integers(0, 99))).normal(size=shape)


def per_axis(draw, values, axes):
    """One value for all axes, or one for each."""
    return draw(st.one_of(values, st.lists(values, min_size=axes, max_size=axes).map(tuple)))


def windows(draw, axes):
    pairs = st.lists(st.tuples(SIZES, SIZES), min_size=axes, max_size=axes).map(tuple)
    return {
        "stride": per_axis(draw, SIZES, axes),
        "padding": draw(st.one_of(st.just(0), pairs)) if draw(st.booleans()) else per_axis(draw, SIZES, axes),
        "dilation": per_axis(draw, SIZES, axes),
    }


def dense(draw, shape):
    outputs = draw(SIZES)
    return Dense(weight=arrays(draw, outputs, shape[-1]), bias=arrays(draw, outputs), name=draw(NAMES))


def conv(draw, shape):
    groups = draw(st.sampled_from([n for n in range(1, shape[0] + 1) if shape[0] % n == 0]))
    kernel = draw(st.tuples(*[SIZES] * (len(shape) - 1)))
    weight = arrays(draw, groups * draw(SIZES), shape[0] // groups, *kernel)
    return Conv(weight=weight, groups=groups, name=draw(NAMES), **windows(draw, len(kernel)))


def pool(draw, shape):
    axes = len(shape) - 1
    options = {"kernel": draw(st.tuples(*[st.integers(1, 4)] * axes)), "ceil_mode": draw(st.booleans())}
    options |= windows(draw, axes) | {"name": draw(NAMES)}
    if draw(st.booleans()):
        return MaxPool(**options)
    return AvgPool(count_include_pad=draw(st.booleans()), **options)


def adaptive(draw, shape):
    kind = draw(st.sampled_from([AdaptiveAvgPool, AdaptiveMaxPool]))
    return kind(output=draw(st.tuples(*[SIZES] * (len(shape) - 1))), name=draw(NAMES))


def activation(draw, shape):
    kind = draw(st.sampled_from(ACTIVATIONS))
    axes = st.tuples(st.integers(-len(shape), len(shape) - 1))
    parameters = axes if kind.endswith("softmax") else PARAMETERS.get(kind, st.just(()))
    return Activation(kind=kind, parameters=draw(st.one_of(st.just(()), parameters)), name=draw(NAMES))


def scale(draw, shape):
    return Scale(scale=arrays(draw, shape[0]), shift=arrays(draw, shape[0]), name=draw(NAMES))


def flatten(draw, shape):
    return Flatten(start=draw(st.integers(0, len(shape) - 1)), name=draw(NAMES))


@st.composite
def networks(draw):
    """Up to six layers behind one another, each of which a sum with an array of the same shape may follow."""
    shapes = [draw(st.one_of(st.tuples(SIZES, st.integers(3, 9)), st.tuples(SIZES, st.integers(3, 9), SIZES)))]
    layers, sources = [], []

    def append(layer, *taken):
        if layer.name not in {each.name for each in layers}:
            try:
                shapes.append(layer.output_shape(*(shapes[k + 1] for k in taken)))
            except InputError:  # a window that does not fit
                return
            layers.append(layer)
            sources.append(taken)

    append(Activation(kind="identity", name="first"), -1)
    for _ in range(draw(st.integers(0, 6))):
        makers = [dense, activation, scale, flatten, *([conv, pool, adaptive] if len(shapes[-1]) > 1 else [])]
        append(draw(st.sampled_from(makers))(draw, shapes[-1]), len(layers) - 1)
        same = [k - 1 for k, shape in enumerate(shapes) if shape == shapes[-1]]
        if draw(st.booleans()):
            append(Add(name=draw(NAMES)), len(layers) - 1, draw(st.sampled_from(same)))
    return Network(layers, shapes[0], sources)


def same(one, other):
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return type(one) is type(other) and one == other


@settings(max_examples=150, deadline=None)
@given(networks())
def test_all_fields_of_all_layers_come_back(network):
    text = layers_text(network)
    loaded = network_of("net.npz", network_arrays(network), layers_of("net.toml", text.encode()))
    assert (loaded.input_shape, loaded.sources, loaded.shapes) == (network.input_shape, network.sources, network.shapes)
    for one, other in zip(network.layers, loaded.layers, strict=True):
        assert type(one) is type(other)
        for field in fields(one):
            assert same(getattr(one, field.name), getattr(other, field.name)), field.name
    assert layers_text(loaded) == text
