"""Networks on tiles laid out by hand, with cells whose errors are given: no chance, and nothing of the mapping."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from rescircuit.network.arrays import ArraySpec, Tile
from rescircuit.network.inference import AnalogLayer, AnalogNetwork, calibration_rows
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, MaxPool, Network

MIDDLE, UNIT = 5e-6, 1e-6  # siemens: where pairs stand, and what a weight of 1 is at most away from it


@dataclass(frozen=True, kw_only=True, eq=False)
class GivenCells:
    """Cells that conduct what was asked for, but for a factor, a bend and a relative read noise."""

    targets: np.ndarray
    factor: float = 1.0
    bend: float = 0.0
    noise: float = 0.0
    kind: str = field(default="ideal")

    @property
    def programmed(self):
        return self.targets * self.factor

    believed = programmed

    def conductances(self, effects, *, asked, targets):
        wanted = targets if "wires" in effects else asked
        return wanted + (self.programmed - self.targets if "programming" in effects else 0.0)

    def curvature(self):
        return np.full(self.targets.shape, self.bend)

    def read_noise(self, conductances):
        return np.full(conductances.shape, self.noise) if self.noise else 0.0


def lines_of(weight, scale, scheme):
    """Conductances (i, lines) of weights (i, o), and the lines that each output takes."""
    outputs = np.arange(weight.shape[1])
    if scheme == "offset":  # the reference in the middle
        place = len(outputs) // 2
        plus = outputs + (outputs >= place)
        cells = np.full((len(weight), len(outputs) + 1), MIDDLE)
        cells[:, plus] += weight * scale
        return cells, plus, np.full(len(outputs), place)
    cells = np.zeros((len(weight), 2 * len(outputs)))
    if scheme == "one_side":
        cells[:, 0::2], cells[:, 1::2] = np.maximum(weight * scale, 0), np.maximum(-weight * scale, 0)
    else:
        cells[:, 0::2], cells[:, 1::2] = MIDDLE + weight * scale / 2, MIDDLE - weight * scale / 2
    return cells, 2 * outputs, 2 * outputs + 1


def tiles_of(weighted, spec, scale, full_scale, copies, cells):
    """A layer's tiles, group by group and copy by copy."""
    width = spec.cols - 1 if spec.scheme == "offset" else spec.cols // 2
    for group, matrix in enumerate(weighted.matrices):
        size = matrix.shape[1]
        scales = scale[group * size : (group + 1) * size]
        bias = weighted.bias[group * size : (group + 1) * size] / full_scale
        for copy in range(copies):
            for i in range(0, len(matrix), spec.rows):
                for o in range(0, size, width):
                    inputs, outputs = slice(i, min(i + spec.rows, len(matrix))), slice(o, min(o + width, size))
                    weight = matrix[inputs, outputs]
                    if spec.bias == "word_line" and i == 0:
                        weight = np.concatenate([weight, bias[outputs][np.newaxis]])
                    asked, plus, minus = lines_of(weight, scales[outputs], spec.scheme)
                    yield Tile(
                        inputs=inputs,
                        outputs=outputs,
                        group=group,
                        copy=copy,
                        plus=plus,
                        minus=minus,
                        asked=asked,
                        targets=asked,
                        cells=GivenCells(targets=asked, **cells),
                        first_cell=0,
                    )


def on_tiles(network, spec, *, calibration=None, seed=1, full_scale=None, **cells):
    """A network on a chip; `cells` are those of `GivenCells`."""
    samples = None if calibration is None else network.run(np.asarray(calibration, float))
    layers = []
    for number in network.weighted:
        weighted, source = network.layers[number], network.sources[number][0]
        x = None
        if samples is not None:
            x = np.asarray(calibration, float) if source < 0 else samples[source]
        bound = full_scale or (1.0 if x is None else float(np.abs(x).max()))
        positions = weighted.positions(network.source_shapes(number)[0])
        copies = 1 if spec.positions_per_copy is None else -(-positions // spec.positions_per_copy)
        scale = np.full(weighted.outputs, UNIT)
        if spec.scaling == "column":
            scale = UNIT * (1.0 + np.arange(weighted.outputs) / weighted.outputs)
        layers.append(
            AnalogLayer(
                number=number,
                weighted=weighted,
                tiles=tuple(tiles_of(weighted, spec, scale, bound, copies, cells)),
                siemens_per_weight=scale,
                input_full_scale=bound,
                cell_full_scale=2 * MIDDLE,
                calibration_inputs=None if x is None else calibration_rows(weighted, x),
                spec=spec,
            )
        )
    return AnalogNetwork(network=network, layers=tuple(layers), spec=spec, seed=seed, chip=0)


@pytest.fixture(scope="session")
def chip():
    """Makes a network on tiles: ``chip(network, calibration=, full_scale=, factor=, bend=, noise=, **spec)``."""

    def make(network, **arguments):
        own = {name: arguments.pop(name) for name in list(arguments) if name in CHIP}
        return on_tiles(network, ArraySpec(**{"rows": 8, "cols": 6, "cells": "ideal"} | arguments), **own)

    return make


CHIP = ("calibration", "seed", "full_scale", "factor", "bend", "noise")


@pytest.fixture(scope="session")
def small_network():
    """Two dense layers with a ReLU between them, of these sizes."""

    def make(inputs=20, hidden=11, outputs=3, seed=0):
        rng = np.random.default_rng(seed)
        return Network(
            (
                Dense(weight=rng.normal(size=(hidden, inputs)), bias=rng.normal(size=hidden), name="first"),
                Activation(kind="relu"),
                Dense(weight=rng.normal(size=(outputs, hidden)), bias=rng.normal(size=outputs), name="second"),
            )
        )

    return make


@pytest.fixture(scope="session")
def convolutional():
    """A small network of grouped, strided, dilated and padded convolutions, and dense layers."""
    rng = np.random.default_rng(3)
    return Network(
        (
            Conv(weight=rng.normal(size=(4, 2, 3, 3)), bias=rng.normal(size=4), padding=1, name="conv1"),
            Activation(kind="tanh"),
            MaxPool(kernel=2),
            Conv(weight=rng.normal(size=(6, 2, 2, 2)), bias=rng.normal(size=6), groups=2, dilation=2, name="conv2"),
            Activation(kind="relu"),
            Flatten(),
            Dense(weight=rng.normal(size=(3, 6 * 2 * 3)), bias=rng.normal(size=3), name="fc"),
        ),
        input_shape=(2, 8, 10),
    )
