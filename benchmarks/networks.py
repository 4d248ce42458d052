"""Networks on arrays: inference beside the same network's digital forward pass, and the mapping of a large one."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rescircuit as rc
from benchmarks.report import apart, seconds, show, table
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, MaxPool

Array = NDArray[np.float64]

IMAGES = 10_000
MOST_TIMES_SLOWER = 3  # what was asked of the array, against the digital forward pass
TILE, WIRE, DAC_BITS, ADC_BITS = 128, 1.0, 8, 10
LARGE = 5_000  # inputs and outputs of the layer of 25 million weights
BANK_SIZE = 12


def run() -> str:
    """All tables, in Markdown."""
    return "\n".join([_inference(), _stages(), _large()])


def lenet5(generator: np.random.Generator) -> rc.Network:
    """The LeNet-5 of da Cunha, Natale and Viennot (2022) with random weights: the time does not know them."""

    def weights(*shape: int) -> Array:
        return generator.normal(size=shape) / np.sqrt(np.prod(shape[1:]))

    layers: list[Any] = []
    for k, shape in enumerate([(6, 1, 5, 5), (16, 6, 5, 5)], start=1):
        layers += [Conv(weight=weights(*shape), padding=2, name=f"conv{k}")]
        layers += [Activation(kind="relu", name=f"relu{k}"), MaxPool(kernel=2, name=f"pool{k}")]
    layers.append(Flatten(name="flatten"))
    for k, shape in enumerate([(120, 784), (84, 120), (10, 84)], start=1):
        layers.append(Dense(weight=weights(*shape), name=f"fc{k}"))
        if k < 3:
            layers.append(Activation(kind="relu", name=f"relu{k + 2}"))
    return rc.Network(tuple(layers), input_shape=(1, 28, 28))


def images(generator: np.random.Generator, count: int) -> Array:
    """As many zeros as handwriting has, and white paper's brightest grey in each."""
    made = np.maximum(generator.uniform(-3.0, 1.0, size=(count, 1, 28, 28)), 0.0)
    made[:, 0, 0, 0] = 1.0
    return made


def _spec(**others: Any) -> rc.ArraySpec:
    return rc.ArraySpec(
        rows=TILE, cols=TILE, bank_size=BANK_SIZE, r_word_line=WIRE, r_bit_line=WIRE, dac_bits=DAC_BITS, **others
    )


def _inference() -> str:
    """10,000 images: digital by numpy and by PyTorch, and the array."""
    generator = np.random.default_rng(1)
    network, x = lenet5(generator), images(generator, IMAGES)
    mapped = partial(rc.map_network, network, seed=1, calibration_inputs=x[:500])
    cases = {
        "8-bit DAC, 10-bit ADC": mapped(_spec(adc_bits=ADC_BITS)),
        "the same, subtraction digital": mapped(_spec(adc_bits=ADC_BITS, subtraction="digital")),
        "the same, DAC in slices of 4 bits": mapped(_spec(adc_bits=ADC_BITS, converters=rc.Converters(slice_bits=4))),
        "the same, with read noise": mapped(_spec(adc_bits=ADC_BITS, conditions=rc.Conditions(read_noise=0.01))),
    }
    digital = seconds(lambda: network(x))
    rows = [["digital, numpy (ours), float64", show(digital), "1.00", ""]]
    for name, taken in _by_torch(network, x).items():
        rows.append([f"digital, {name}", show(taken), f"{taken / digital:.2f}", ""])
    for name, analog in cases.items():
        analog.compile()
        taken = seconds(lambda analog=analog: analog(x))
        asked = f"{MOST_TIMES_SLOWER}" if analog is cases["8-bit DAC, 10-bit ADC"] else ""
        rows.append([f"array: {name}", show(taken), f"{taken / digital:.2f}", asked])
    return (
        "## Inference\n\n"
        f"{IMAGES:,} images of 28 x 28 through a LeNet-5 (5 x 5 kernels, same padding, 107,786 parameters) on "
        f"{TILE} x {TILE} tiles of banks of {BANK_SIZE} with wires of {WIRE:g} ohm, {DAC_BITS}-bit DAC and "
        f"{ADC_BITS}-bit ADC. Both are bound by memory: the patches of the convolutions are copied once either way.\n\n"
        + table(["forward pass", "time", "times the digital one", "asked at most"], rows)
    )


def _by_torch(network: rc.Network, x: Array) -> dict[str, float]:
    if importlib.util.find_spec("torch") is None:
        return {}
    import torch

    taken = {}
    module = rc.to_torch(network)
    for kind in (torch.float64, torch.float32):
        model, inputs = module.to(kind), torch.from_numpy(x).to(kind)
        with torch.no_grad():
            taken[f"PyTorch, {str(kind).removeprefix('torch.')}"] = seconds(partial(model, inputs))
    return taken


def _stages() -> str:
    """What comes before the first inference."""
    generator = np.random.default_rng(1)
    network, x = lenet5(generator), images(generator, 500)
    weights = sum(network.layers[k].weight.size for k in network.weighted)
    rows = []
    for name, options in {
        "banks, one after the other": {},
        "banks, jointly": {"pairs": "joint"},
        "banks, calibrated": {"calibration": rc.ReadOut()},
        "memristors, written and verified": {"cells": "memristors"},
        "single resistors": {"cells": "resistors"},
    }.items():
        if options.get("cells") == "memristors":
            options["memristor"] = rc.load_process("pcm").make_memristor()
        spec = _spec(adc_bits=ADC_BITS, **options)
        rc.map_network(network, spec, seed=1, calibration_inputs=x)
        start = perf_counter()
        analog = rc.map_network(network, spec, seed=2, calibration_inputs=x)
        mapped = perf_counter()
        analog.compile()
        compiled = perf_counter()
        each = (mapped - start) / weights
        rows.append([name, show(mapped - start), show(each), show(compiled - mapped), f"{len(analog.tiles)}"])
    return (
        "## Before the first inference\n\n"
        f"The same network's {weights:,} weights: cells sampled and programmed, and each tile's exact map with its "
        "wires.\n\n" + table(["cells", "mapped", "a weight", "tiles compiled", "tiles"], rows)
    )


@dataclass(frozen=True, kw_only=True)
class _Cost:
    mapped: float
    compiled: float
    inferred: float
    tiles: int


def _large() -> str:
    """A layer of 25 million weights, in a process of its own."""
    cost, memory = apart(_large_cost)
    weights = LARGE * LARGE
    rows = [
        ["sampled and programmed", show(cost.mapped), show(cost.mapped / weights)],
        [f"{cost.tiles:,} tiles compiled with their wires", show(cost.compiled), show(cost.compiled / weights)],
        ["100 inputs", show(cost.inferred), ""],
    ]
    return (
        f"## A network of {weights / 1e6:g} million weights\n\n"
        f"One layer of {LARGE:,} x {LARGE:,}, pairs of banks of {BANK_SIZE} on {TILE} x {TILE} tiles; peak memory of "
        f"the process {memory}. What bounds it: two banks a weight are sampled, twice (for the common scale, then to "
        "be programmed), and programmed in the order of their tiles; kept are each cell's conductance, its setting, "
        "packed, and after compilation its effective conductance and bend. Compilation is bound by the bend: each "
        "branch with its switch closed and open, at two voltages.\n\n" + table(["work", "time", "a weight"], rows)
    )


def _large_cost() -> _Cost:
    generator = np.random.default_rng(1)
    weight = generator.normal(size=(LARGE, LARGE)) / np.sqrt(LARGE)
    spec = _spec(adc_bits=ADC_BITS)
    rc.map_network(rc.Network((Dense(weight=weight[:64, :64]),)), spec, seed=1)  # compiles the kernels
    network, x = rc.Network((Dense(weight=weight),)), np.abs(generator.normal(size=(100, LARGE))) / 4
    start = perf_counter()
    analog = rc.map_network(network, spec, seed=1, calibration_inputs=np.minimum(x, 1.0))
    mapped = perf_counter()
    analog.compile()
    compiled = perf_counter()
    analog(np.minimum(x, 1.0))
    inferred = perf_counter()
    return _Cost(
        mapped=mapped - start, compiled=compiled - mapped, inferred=inferred - compiled, tiles=len(analog.tiles)
    )
