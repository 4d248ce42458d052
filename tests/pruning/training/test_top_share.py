"""The largest scores, against sorting."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.pruning.training import top_share
from rescircuit.pruning.training.top_share import TopShare


def by_sorting(scores, count):
    """A stable sort: of equal magnitudes the first."""
    mask = np.zeros(scores.size, np.float32)
    mask[np.argsort(-np.abs(scores), kind="stable")[:count]] = 1
    return mask


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("count", [1, 37, 500, 999])
def test_it_is_what_sorting_gives_while_scores_move_a_little_a_lot_and_jump(tied, count):
    rng = np.random.default_rng(count)
    scores = rng.normal(size=1000).astype(np.float32)
    top, mask = TopShare(scores.size, count), np.empty(1000, np.float32)
    for step in range(60):
        scores += (1e-4 if step % 10 else 0.3) * rng.normal(size=1000).astype(np.float32)
        if step == 30:
            scores *= np.float32(50.0)
        if tied:
            scores = np.round(4 * scores) / np.float32(4)
        top.choose(scores, mask)
        assert np.array_equal(mask, by_sorting(scores, count))
    assert top.missed >= 2  # the first time, and when all grew


def test_scores_that_move_little_are_found_in_the_bracket():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=20_000).astype(np.float32)
    top, mask = TopShare(scores.size, 10_000), np.empty(20_000, np.float32)
    for _ in range(50):
        scores += 1e-5 * rng.normal(size=scores.size).astype(np.float32)
        top.choose(scores, mask)
        assert mask.sum() == 10_000
    assert top.missed == 1


def test_equal_scores_and_zeros_of_both_signs():
    scores = np.array([0.0, -2.0, -0.0, 2.0, 2.0, 0.0], np.float32)
    mask = np.empty(6, np.float32)
    for count, expected in ((2, [0, 1, 0, 1, 0, 0]), (4, [1, 1, 0, 1, 1, 0]), (0, [0] * 6), (6, [1] * 6)):
        TopShare(6, count).choose(scores, mask)
        assert mask.tolist() == expected


def test_the_kernels_do_in_python_what_they_do_compiled():
    rng = np.random.default_rng(4)
    bits = np.round(rng.normal(size=300), 1).astype(np.float32).view(np.int32)
    low, high = np.sort(bits & 0x7FFFFFFF)[[100, 200]]
    found = [np.zeros(300, np.int32) for _ in range(2)]
    masks = [np.zeros(300, np.float32) for _ in range(4)]
    counts = [kernel(bits, low, high, room) for kernel, room in zip(both(top_share._count), found, strict=True)]
    assert counts[0] == counts[1]
    assert np.array_equal(*found)
    for k, equal_ones in enumerate((-1, 3)):
        for kernel, mask in zip(both(top_share._write_mask), masks[2 * k :], strict=False):
            kernel(bits, low, equal_ones, mask)
        assert np.array_equal(masks[2 * k], masks[2 * k + 1])
        assert 0 < masks[2 * k].sum() < 300


def both(kernel):
    return kernel, kernel.py_func


def test_wrong_sizes_are_refused():
    with pytest.raises(InputError, match="count must be a whole number from 0 to 4, got 5"):
        TopShare(4, 5)
    with pytest.raises(InputError, match="scores must be 4 numbers in float32"):
        TopShare(4, 2).choose(np.zeros(4), np.zeros(4, np.float32))
