"""Small problems to train masks on."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def torch():
    return pytest.importorskip("torch", reason="needs PyTorch (make torch)")


@pytest.fixture(scope="session")
def digits(torch):  # noqa: ARG001 - skips without it
    """The digits of scikit-learn, as what is learnt from and what is tested."""
    from rescircuit.datasets import load_digits
    from rescircuit.pruning.training import Labelled

    data = load_digits()
    return Labelled(x=data.train_x, y=data.train_y), Labelled(x=data.test_x, y=data.test_y)


@pytest.fixture(scope="session")
def squares(torch):  # noqa: ARG001 - skips without it
    """Images (1, 8, 8) of four classes that differ in which quarter is bright."""
    from rescircuit.pruning.training import Labelled

    rng = np.random.default_rng(5)
    parts = []
    for count in (256, 64):
        y = rng.integers(0, 4, count)
        x = 0.3 * rng.random((count, 1, 8, 8))
        for k, label in enumerate(y):
            row, column = 4 * (label // 2), 4 * (label % 2)
            x[k, 0, row : row + 4, column : column + 4] += 0.7
        parts.append(Labelled(x=x, y=y))
    return tuple(parts)
