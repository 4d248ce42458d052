"""The handwritten digits that come with scikit-learn, and a perceptron trained on them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array

__all__ = ["Digits", "load_digits", "train_perceptron"]


@dataclass(frozen=True, kw_only=True)
class Digits:
    """1,797 scanned digits of 8 x 8 pixels (Alpaydin and Kaynak 1998), three quarters of them to train on.

    Attributes
    ----------
    train_x, test_x : array (k, 64)
        Pixels, 0 to 1.
    train_y, test_y : int array (k,)
        The digits.
    """

    train_x: Array
    train_y: NDArray[np.int_]
    test_x: Array
    test_y: NDArray[np.int_]


def load_digits() -> Digits:
    """The digits, split once and for all, each digit evenly."""
    from sklearn.datasets import load_digits as bundled
    from sklearn.model_selection import train_test_split

    data: Any = bundled()
    train_x, test_x, train_y, test_y = map(
        np.asarray,
        train_test_split(data.data / 16.0, data.target, test_size=0.25, random_state=0, stratify=data.target),
    )
    return Digits(train_x=train_x, train_y=train_y, test_x=test_x, test_y=test_y)


def train_perceptron(digits: Digits, *, hidden: int = 32, seed: int = 0) -> Any:
    """A fitted scikit-learn ``MLPClassifier`` with one hidden layer of `hidden` rectified units."""
    from sklearn.neural_network import MLPClassifier

    # alpha keeps weights even, which a chip with one scale a layer likes; tol lets it converge in a second.
    model = MLPClassifier(hidden_layer_sizes=(hidden,), alpha=1e-3, max_iter=2000, tol=1e-3, random_state=seed)
    interrupted = "Training interrupted by user"  # scikit-learn's warning for Ctrl-C, with a half-fitted model
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=interrupted)
        try:
            return model.fit(digits.train_x, digits.train_y)
        except UserWarning as warning:
            if interrupted not in str(warning):
                raise
            raise KeyboardInterrupt from None
