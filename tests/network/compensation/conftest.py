"""An array's map by plain nodal analysis, and the arrays that targets are looked for on."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

import rescircuit as rc


def nodal_map(cells, r_word, r_bit):
    """Effective conductances by Kirchhoff's current law at every node, word lines driven left, bit lines sensed below.

    A dense solution that shares nothing with the library: node (0, i, j) lies on word line i, (1, i, j) on bit line j.
    """
    m, n = cells.shape
    word, bit = np.arange(m * n).reshape(m, n), m * n + np.arange(m * n).reshape(m, n)
    laplacian = np.zeros((2 * m * n, 2 * m * n))
    branches = [(word, bit, cells), (word[:, :-1], word[:, 1:], 1 / r_word), (bit[:-1], bit[1:], 1 / r_bit)]
    for one, other, conductance in branches:
        g = np.broadcast_to(conductance, one.shape)
        for a, b, sign in ((one, one, 1), (other, other, 1), (one, other, -1), (other, one, -1)):
            np.add.at(laplacian, (a, b), sign * g)
    for ends, resistance in ((word[:, 0], r_word), (bit[-1], r_bit)):
        laplacian[ends, ends] += 1 / resistance
    sources = np.zeros((2 * m * n, m))
    sources[word[:, 0], np.arange(m)] = 1 / r_word
    return (np.linalg.solve(laplacian, sources)[bit[-1]] / r_bit).T


@pytest.fixture
def plain_map():
    return nodal_map


def laid_out(scheme, inputs, outputs, *, full_scale=1e-4, swing=0.5, off=0.0, seed=0):
    """A problem of :func:`predistorted` with random differences, as a mapping would lay it out."""
    rng = np.random.default_rng(seed)
    difference = rng.uniform(-1, 1, size=(inputs, outputs))
    difference *= swing * full_scale / np.abs(difference).max()
    if scheme == "offset":
        asked = np.full((inputs, outputs + 1), full_scale / 2)
        asked[:, 1:] += difference
        plus, minus = np.arange(1, outputs + 1), 0
    else:
        plus, minus = np.arange(0, 2 * outputs, 2), np.arange(1, 2 * outputs, 2)
        asked = np.empty((inputs, 2 * outputs))
        if scheme == "middle":
            asked[:, plus], asked[:, minus] = (full_scale + difference) / 2, (full_scale - difference) / 2
        else:
            asked[:, plus], asked[:, minus] = off + np.maximum(difference, 0), off + np.maximum(-difference, 0)
    keywords = {"plus": plus, "minus": minus, "low": off, "high": full_scale, "scheme": scheme}
    return SimpleNamespace(
        difference=difference, asked=asked, keywords=keywords, of=lambda g: g[:, plus] - g[:, np.atleast_1d(minus)]
    )


@pytest.fixture
def problem():
    return laid_out


def exact_map(cells, r_word, r_bit):
    return rc.Crossbar(cells, r_word, r_bit, threads=1).effective_conductances()


@pytest.fixture
def map_of():
    """The library's map as a function of the cells alone, for given wires."""
    return lambda r_word=2.0, r_bit=3.0: partial(exact_map, r_word=r_word, r_bit=r_bit)
