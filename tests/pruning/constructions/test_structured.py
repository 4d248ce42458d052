"""Whole filters pruned: lemma 5.4.4, definition 5.3.1, lemma 5.4.5 and theorem 5.3.1 of da Cunha (2023), verified."""

import itertools
import math

import numpy as np
import pytest
from scipy.signal import correlate2d

from rescircuit.errors import InputError, SolutionError
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, MaxPool, Network
from rescircuit.pruning.constructions.filters import nearest_filters
from rescircuit.pruning.constructions.methods import construct
from rescircuit.pruning.constructions.structured import structured

RELU = Activation(kind="relu")


def tensors_of(found):
    return {tensor.name: tensor for tensor in found.tensors}


def single(seed=0, shape=(2, 2, 1, 2), **window):
    weight = np.random.default_rng(seed).uniform(-0.5, 0.5, shape)
    return Network([Conv(weight=weight, **window)], (shape[1] * window.get("groups", 1), 5, 6))


def deep(seed=0):
    rng = np.random.default_rng(seed)
    first = Conv(weight=rng.uniform(-0.5, 0.5, (2, 2, 1, 3)), padding=1, stride=2, name="one")
    second = Conv(weight=rng.uniform(-0.5, 0.5, (2, 1, 2, 2)), groups=2, padding=1, name="two")
    dense = Dense(weight=rng.uniform(-0.3, 0.3, (2, 8)), name="three")
    return Network(
        [first, RELU, MaxPool(kernel=2), second, RELU, MaxPool(kernel=2, stride=1), Flatten(), dense], (2, 6, 7)
    )


@pytest.mark.parametrize("seed", range(3))
def test_lemma_5_4_4(seed):
    """relu((V . S) * X) = (V . S)+ * X+ + (V . S)- * X-, for inputs of both signs, multiplied out by hand."""
    found = structured(single(seed), items=20, seed=seed)
    v = tensors_of(found)["conv.first.weight"]
    masked = (v.random * v.mask)[:, :, 0, 0]
    x = np.random.default_rng(seed).uniform(-1, 1, (2, 5, 6))
    rectified = found.network.layers[1](found.network.layers[0](x[None]))[0]
    plus = np.einsum("hc,cij->hij", np.maximum(masked, 0), np.maximum(x, 0))
    minus = np.einsum("hc,cij->hij", np.maximum(-masked, 0), np.maximum(-x, 0))
    assert np.abs(rectified - (plus + minus)).max() < 1e-13
    assert plus.any()
    assert minus.any()


def test_masks_are_blocked_and_filters_are_removed_whole():
    """Definition 5.3.1: filter l of V sees input floor(l / 2n) alone; what is removed goes from U as well, and all."""
    found = structured(single(), items=6)
    v, u = tensors_of(found)["conv.first.weight"], tensors_of(found)["conv.second.weight"]
    assert v.random.shape == (24, 2, 1, 1)
    assert u.random.shape == (2, 24, 1, 2)
    blocked = np.arange(24)[:, None] // 12 == np.arange(2)
    stays = found.removals[0].kept.reshape(24)
    assert np.array_equal(v.mask[:, :, 0, 0], blocked & stays[:, None])
    assert np.array_equal(u.mask, np.broadcast_to(stays[None, :, None, None], u.mask.shape))
    assert 0 < stays.sum() < 24
    assert (found.filters, found.removed) == (24, 24 - stays.sum())
    for part in found.tensors:
        assert np.array_equal(part.pruned, part.random * part.mask)
    assert np.array_equal(found.network.layers[2].weight, u.random * u.mask)


@pytest.mark.parametrize("size", [None, 3])
def test_the_filters_are_the_nearest(size):
    """Brute force over all subsets of the vectors U_k V_tk of one sign, of any size and of a given one."""
    target, n = single(1, shape=(1, 1, 2, 2)), 5
    found = structured(target, items=n, size=size, seed=4)
    v, u = (tensors_of(found)[f"conv.{part}.weight"].random for part in ("first", "second"))
    vectors = v[:, 0, 0, 0, None] * u[0].reshape(2 * n, 4)
    stays, goal = found.removals[0].kept.ravel(), target.layers[0].weight.ravel()
    reached = []
    for chosen in (v.ravel() > 0, v.ravel() < 0):
        settings = np.array(list(itertools.product((0, 1), repeat=int(chosen.sum()))))
        settings = settings if size is None else settings[settings.sum(axis=1) == size]
        best = np.abs(settings @ vectors[chosen] - goal).max(axis=1).min()
        reached.append(np.abs(stays[chosen] @ vectors[chosen] - goal).max())
        assert reached[-1] == pytest.approx(best, rel=1e-9)
        assert size is None or stays[chosen].sum() == size
    assert found.removals[0].distance == pytest.approx(max(reached), rel=1e-9)
    assert found.proved


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("domain", [(-1.0, 1.0), (0.0, 1.0), (-0.5, 2.0)])
def test_the_error_is_within_the_bound(seed, domain):
    rng = np.random.default_rng(seed)
    for target in (single(seed, padding=1), deep(seed)):
        found = structured(target, items=16, seed=seed, input_range=domain)
        x = np.concatenate(
            [rng.uniform(*domain, (100, *target.input_shape)), rng.choice(domain, (100, *target.input_shape))]
        )
        assert 0 < found.measured(x) <= found.bound == found.promised


def test_the_bound_is_reached_by_the_worst_input():
    """Of one layer it is exact where either sign's deviation is the larger at every weight, as with one weight."""
    target = Network([Conv(weight=[[[0.4]]])], (1, 1))
    found = structured(target, items=6, seed=1)
    worst = found.measured(np.reshape([-1.0, 1.0], (2, 1, 1)))
    assert worst == pytest.approx(found.bound, rel=1e-9)


def test_against_scipy_over_a_whole_picture():
    """U * relu(V * X) from the tensors alone, with what was removed left out."""
    target = single(2)
    found = structured(target, items=20)
    v, u = (tensors_of(found)[f"conv.{part}.weight"] for part in ("first", "second"))
    stays = np.flatnonzero(found.removals[0].kept.ravel())
    x = np.random.default_rng(2).uniform(-1, 1, (2, 5, 6))
    hidden = {k: np.maximum(v.random[k, k // 40, 0, 0] * x[k // 40], 0) for k in stays}
    by_hand = [sum(correlate2d(hidden[k], u.random[o, k], "valid") for k in stays) for o in range(2)]
    assert np.abs(found.network(x) - by_hand).max() < 1e-12
    assert np.abs(found.target(x) - by_hand).max() <= found.bound


@pytest.mark.parametrize("seed", range(2))
def test_the_network_without_the_removed_filters(seed):
    found = structured(deep(seed), items=10, seed=seed)
    small = found.compact()
    x = np.random.default_rng(seed).uniform(-1, 1, (20, 2, 6, 7))
    assert np.abs(small(x) - found.network(x)).max() < 1e-12
    assert small.weights < found.network.weights / 2
    ungrouped = found.removals[0]
    assert small.layers[0].weight.shape[0] == ungrouped.filters - ungrouped.removed


def test_inputs_that_are_never_negative_need_no_negative_weights():
    found = structured(deep(), items=24)
    for name, signed in (("one", True), ("two", False), ("three", False)):
        v = tensors_of(found)[f"{name}.first.weight"]
        assert (v.random[v.mask] < 0).any() == signed


def test_a_promise_is_kept_or_refused():
    target = single(3, shape=(1, 1, 1, 2))
    found = structured(target, 0.05)
    assert found.bound <= found.promised == 0.05
    with pytest.raises(SolutionError, match="More items"):
        structured(target, 1e-9, items=8)
    told = []
    named = construct("structured", target, 0.05, items=28, progress=told.append)
    assert named.bound == found.bound
    assert sum(told) == pytest.approx(1.0)


def test_what_is_reported():
    found = structured(single(), 5.0, items=12)
    (removal,) = found.removals
    assert removal.dimension == 4
    assert removal.theorem_items == pytest.approx(4**6 * math.log(4 * 2 / 5.0) ** 3)
    figures = found.as_dict()
    assert (figures["filters"], figures["removed"]) == (48, found.removed)
    assert found.removal_table().rows[0][:4] == ("conv", "4", "48", str(found.removed))
    assert found.table().title.endswith(f"; {found.removed} of 48 filters removed")
    assert found.sparsity == pytest.approx(1 - found.kept / (48 * 2 + 2 * 48 * 2))


def test_a_search_cut_short_says_so():
    vectors = np.random.default_rng(0).normal(size=(60, 4))
    found = nearest_filters(vectors, np.ones(4), time_limit=0.3)
    assert found.status == "best found"
    assert found.bound <= found.distance < 1.0
    assert np.abs(found.mask @ vectors - 1.0).max() == pytest.approx(found.distance, rel=1e-9)


def test_no_vectors_and_zero_vectors():
    nothing = nearest_filters(np.zeros((3, 2)), np.array([0.5, -1.0]))
    assert (nothing.distance, nothing.status, nothing.mask.any()) == (1.0, "optimal", False)
    some = nearest_filters(np.array([[0.0, 0.0], [0.5, -1.0]]), np.array([0.5, -1.0]))
    assert some.mask.tolist() == [False, True]
    assert some.distance == 0.0


def test_what_is_refused():
    with pytest.raises(InputError, match=r"at most 8 numbers for an input channel.*got \"9 in 'conv'\""):
        structured(single(shape=(1, 1, 3, 3)))
    with pytest.raises(InputError, match="at most 7 numbers"):
        structured(single(shape=(2, 1, 2, 2)), size=3)
    with pytest.raises(InputError, match="without biases"):
        structured(Network([Conv(weight=[[[0.5]]], bias=[0.1])], (1, 4)))
    with pytest.raises(InputError, match="size must be at most the"):
        structured(single(shape=(1, 1, 1, 2)), items=4, size=12)
    with pytest.raises(InputError, match="items"):
        structured(single(), items=0)
