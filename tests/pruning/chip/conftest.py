"""Random chips for small networks, with wires that are felt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.network import ArraySpec
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, Network
from rescircuit.pruning.chip import random_chip

WIRES = {"r_word_line": 20.0, "r_bit_line": 15.0}


@pytest.fixture(scope="session")
def template():
    """Two dense layers, (7,) to (3,), on several tiles of 4 x 6."""
    return Network(
        [
            Dense(weight=np.zeros((5, 7)), name="first"),
            Activation(kind="relu"),
            Dense(weight=np.zeros((3, 5)), name="second"),
        ]
    )


@pytest.fixture(scope="session")
def convolution():
    """A convolution in groups and a dense layer, (4, 3, 3) to (2,)."""
    return Network(
        [
            Conv(weight=np.zeros((4, 2, 2, 2)), groups=2, name="conv"),
            Activation(kind="relu"),
            Flatten(),
            Dense(weight=np.zeros((2, 16)), name="fc"),
        ],
        (4, 3, 3),
    )


@pytest.fixture(scope="session")
def spec():
    """Tiles of 4 x 6 cells of 50 kΩ."""
    resistor = rc.load_process("polysilicon").make_resistor(50e3)
    plain = ArraySpec(rows=4, cols=6, bank_size=1, resistor=resistor, **WIRES)

    def made(**options):
        return replace(plain, **options)

    return made


@pytest.fixture(scope="session")
def chip_of(spec):
    """A random chip of a template."""

    def made(template, seed=3, signs="column", spread=None, **options):
        return random_chip(template, spec(**options), seed=seed, signs=signs, spread=spread)

    return made


@pytest.fixture(scope="session")
def masks_of():
    """Masks by the toss of a coin."""

    def made(chip, seed=1):
        rng = np.random.default_rng(seed)
        return {number: rng.random(shape) < 0.5 for number, shape in chip.mask_shapes.items()}

    return made
