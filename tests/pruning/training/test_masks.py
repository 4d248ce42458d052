"""Scores: what they choose, and what they learn, against PyTorch's automatic gradients and its optimiser."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rescircuit.devices.streams import Stream
from rescircuit.pruning.training import masks
from rescircuit.pruning.training.masks import EdgePopup, Probabilistic, new_scores


def floats(rng, size):
    return rng.normal(size=size).astype(np.float32)


def test_edge_popup_learns_as_pytorch_through_the_magnitude(torch):
    """Ramanujan's released code: the mask of |s|, its gradient handed to |s| unchanged, and torch.optim.SGD."""
    rng = np.random.default_rng(1)
    start = floats(rng, 50)
    scores = EdgePopup(start.copy(), 20)
    theirs = torch.nn.Parameter(torch.tensor(start))
    optimiser = torch.optim.SGD([theirs], lr=0.1, momentum=0.9, weight_decay=0.0005)
    for step in range(5):
        gradient = floats(rng, 50)
        rate = 0.1 / (step + 1)
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad()
        (theirs.abs() * torch.tensor(gradient)).sum().backward()
        optimiser.step()
        scores.learn(gradient, rate, 0.9, 0.0005)
        assert np.allclose(scores.scores, theirs.detach().numpy(), rtol=1e-5, atol=1e-6)
        scores.draw(step)
        assert set(np.flatnonzero(scores.mask)) == set(theirs.abs().topk(20).indices.tolist())


def test_probabilities_learn_as_pytorch_through_the_logistic_function(torch):
    rng = np.random.default_rng(2)
    start = floats(rng, 50)
    scores = Probabilistic(start.copy(), Stream(seed=1, source="chance"))
    theirs = torch.nn.Parameter(torch.tensor(start))
    optimiser = torch.optim.SGD([theirs], lr=2.0, momentum=0.5, weight_decay=0.01)
    for _ in range(5):
        gradient = floats(rng, 50)
        optimiser.zero_grad()
        (torch.sigmoid(theirs) * torch.tensor(gradient)).sum().backward()
        optimiser.step()
        scores.learn(gradient, 2.0, 0.5, 0.01)
        assert np.allclose(scores.scores, theirs.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_a_weight_stays_as_often_as_its_probability_says():
    """Three standard deviations of the binomial count, for each of nine probabilities; fixed seed."""
    wanted = np.linspace(0.1, 0.9, 9)
    size, steps = 2000, 20
    logits = np.repeat(np.log(wanted / (1 - wanted)), size).astype(np.float32)
    scores = Probabilistic(logits, Stream(seed=3, source="chance"))
    stayed = np.zeros(9)
    seen = set()
    for step in range(steps):
        scores.draw(step)
        stayed += scores.mask.reshape(9, size).sum(axis=1)
        seen.add(scores.mask.tobytes())
    trials = size * steps
    assert (np.abs(stayed / trials - wanted) < 3 * np.sqrt(wanted * (1 - wanted) / trials)).all()
    assert len(seen) == steps  # each step has a sample of its own,
    first = scores.mask.copy()
    scores.draw(0)
    scores.draw(steps - 1)
    assert np.array_equal(scores.mask, first)  # which is a function of its number


def test_probabilities_are_tested_as_asked_for():
    values = np.array([-100.0, -1.0, 0.0, 1.0, 100.0], np.float32)
    likelier = Probabilistic(values, Stream(seed=0, source="a"), resampled=False)
    likelier.draw_to_evaluate(0)
    assert likelier.mask.tolist() == [0, 0, 0, 1, 1]
    assert likelier.probability.tolist() == pytest.approx([0, 1 / (1 + math.e), 0.5, 1 / (1 + 1 / math.e), 1])
    sampled = Probabilistic(np.zeros(4000, np.float32), Stream(seed=0, source="a"), resampled=True)
    sampled.draw_to_evaluate(0)
    assert 1850 < sampled.mask.sum() < 2150
    tested = sampled.mask.copy()
    sampled.draw(0)
    assert not np.array_equal(sampled.mask, tested)  # no sample that was trained on


@pytest.mark.parametrize(("keep", "count"), [(0.5, 50), (0.333, 33), (1.0, 100), (0.001, 1)])
def test_edge_popup_keeps_exactly_its_share_and_at_least_one(keep, count):
    scores = new_scores("edge-popup", 100, keep=keep, fan_in=16, seed=0, name="0")
    scores.draw(0)
    assert scores.mask.sum() == count
    assert np.abs(scores.scores).max() <= 0.25  # 1 / sqrt(16)
    assert np.abs(scores.scores).mean() == pytest.approx(0.125, rel=0.2)


def test_probabilities_begin_at_the_share():
    scores = new_scores("probabilistic", 20_000, keep=0.2, fan_in=400, seed=0, name="0")
    scores.draw(0)
    assert scores.mask.mean() == pytest.approx(0.2, abs=0.01)
    other = new_scores("probabilistic", 20_000, keep=0.2, fan_in=400, seed=0, name="1")
    assert not np.array_equal(scores.scores, other.scores)


@pytest.mark.parametrize("name", ["_learn_magnitudes", "_learn_probabilities"])
def test_the_kernels_do_in_python_what_they_do_compiled(name):
    rng = np.random.default_rng(6)
    kernel = getattr(masks, name)
    more = (rng.random(20).astype(np.float32),) if name == "_learn_probabilities" else ()
    start, velocity, gradient = floats(rng, 20), floats(rng, 20), floats(rng, 20)
    start[3] = 0.0
    results = []
    for function in (kernel, kernel.py_func):
        own = start.copy(), velocity.copy()
        function(*own, gradient, *more, *map(np.float32, (0.1, 0.9, 0.01)))
        results.append(np.concatenate(own))
    assert np.allclose(*results, rtol=1e-6, atol=1e-7)
    assert not np.allclose(results[0][:20], start)
