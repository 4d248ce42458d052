"""Convolutional networks by pruning: lemma 4.2.1, lemma 4.2.2 and theorem 4.2.3 of da Cunha (2023), verified."""

import itertools
import os

import numpy as np
import pytest
from scipy.signal import correlate2d

from rescircuit.errors import InputError, SolutionError
from rescircuit.network.layers import Activation, Add, AvgPool, Conv, Dense, Flatten, MaxPool, Network
from rescircuit.pruning.constructions.convolutional import KERNELS_FIRST, POINTS_FIRST, convolutional
from rescircuit.pruning.constructions.methods import construct

ORDERS = (KERNELS_FIRST, POINTS_FIRST)
RELU = Activation(kind="relu")


def tensors_of(found):
    return {tensor.name: tensor for tensor in found.tensors}


def corners(rng, found, count=200):
    """Inputs from the domain's corners and from within."""
    low, high = found.input_range
    shape = (count, *found.target.input_shape)
    return np.concatenate([rng.choice([low, high], shape), rng.uniform(low, high, shape)])


@pytest.fixture
def network():
    """Strides, padding, groups, pools, biases and a dense layer."""

    def made(seed, *, biases=True):
        rng = np.random.default_rng(seed)
        bias = (lambda count: rng.uniform(-0.3, 0.3, count)) if biases else (lambda _: None)
        return Network(
            [
                Conv(weight=rng.uniform(-0.5, 0.5, (4, 2, 3, 3)), bias=bias(4), padding=1, stride=2, name="one"),
                RELU,
                MaxPool(kernel=2),
                Conv(weight=rng.uniform(-0.5, 0.5, (6, 2, 2, 2)), bias=bias(6), groups=2, dilation=2, name="two"),
                RELU,
                AvgPool(kernel=2),
                Flatten(),
                Dense(weight=rng.uniform(-0.5, 0.5, (3, 6)), bias=bias(3), name="three"),
            ],
            input_shape=(2, 18, 18),
        )

    return made


def test_a_single_kernel_by_hand():
    """Lemma 4.2.1 with scipy's correlation: V * relu((U . S) * X), and L_ijk = sum_t V_t U_ijkt S_ijkt."""
    rng = np.random.default_rng(0)
    kernel = rng.uniform(-0.4, 0.4, (2, 3, 3))
    found = convolutional(Network([Conv(weight=kernel[None], name="k")], (2, 8, 8)), 0.05, seed=3)
    u, v = (tensors_of(found)[f"k.{part}.weight"] for part in ("first", "second"))
    pruned_u, pruned_v = u.random * u.mask, (v.random * v.mask).ravel()
    x = rng.uniform(0, 1, (2, 8, 8))
    hidden = [sum(correlate2d(x[k], each[k], "valid") for k in range(2)) for each in pruned_u]
    by_hand = sum(weight * np.maximum(each, 0.0) for weight, each in zip(pruned_v, hidden, strict=True))
    wanted = sum(correlate2d(x[k], kernel[k], "valid") for k in range(2))
    assert np.abs(found.network(x)[0] - by_hand).max() < 1e-13
    assert np.abs(found.target(x)[0] - wanted).max() < 1e-13
    assert np.abs(by_hand - wanted).max() <= found.bound <= 0.05
    combined = np.einsum("t,tkij->kij", pruned_v, pruned_u)
    assert np.abs(combined - kernel).max() == pytest.approx(found.residual, rel=1e-6)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("order", "domain"), [(KERNELS_FIRST, (0.0, 1.0)), (POINTS_FIRST, (-1.0, 1.0))])
def test_the_error_is_within_the_bound_and_the_bound_within_the_promise(network, order, domain, seed):
    epsilon = (0.3, 0.001)[seed]
    found = convolutional(network(seed), epsilon, order=order, input_range=domain, seed=seed)
    measured = found.measured(corners(np.random.default_rng(seed), found))
    assert 0 < measured <= found.bound <= found.promised == epsilon
    assert len(found.items) == 3
    assert found.proved


@pytest.mark.parametrize("order", ORDERS)
def test_the_bound_is_reached_by_the_worst_input(order):
    """Of one layer interval arithmetic is exact: 1 where an entry of the kernel is too large, 0 where too small."""
    rng = np.random.default_rng(1)
    kernel = rng.uniform(-0.4, 0.4, (1, 2, 3))
    found = convolutional(Network([Conv(weight=kernel)], (2, 3)), 0.1, order=order)
    gap = np.array([found.network(x) - found.target(x) for x in np.eye(6).reshape(6, 2, 3)]).ravel()
    worst = max(found.measured([(sign * gap > 0).reshape(2, 3).astype(float)]) for sign in (1, -1))
    assert worst == pytest.approx(found.bound, rel=1e-6)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_pruned_network_in_pytorch(network, order, seed):
    torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")
    found = convolutional(network(seed), 0.05, order=order, seed=seed)
    pruned = {name: torch.tensor(each.random * each.mask) for name, each in tensors_of(found).items()}
    x = np.random.default_rng(seed).uniform(0, 1, (5, 2, 18, 18))

    def two(y, name, **window):
        first, second = ({}, window) if order == POINTS_FIRST else (window, {})
        groups = window.get("groups", 1)
        hidden = torch.nn.functional.conv2d(
            y, pruned[f"{name}.first.weight"], pruned[f"{name}.first.bias"], **first | {"groups": groups}
        )
        return torch.nn.functional.conv2d(
            torch.relu(hidden), pruned[f"{name}.second.weight"], **second | {"groups": groups}
        )

    y = torch.max_pool2d(torch.relu(two(torch.tensor(x), "one", padding=1, stride=2)), 2)
    y = torch.nn.functional.avg_pool2d(torch.relu(two(y, "two", dilation=2, groups=2)), 2).flatten(1)
    hidden = torch.relu(y @ pruned["three.first.weight"].T + pruned["three.first.bias"])
    assert np.abs(found.network(x) - (hidden @ pruned["three.second.weight"].T).numpy()).max() < 1e-12


def test_masks_of_kernels_first():
    """No negative entry of U stays, and T is the block-diagonal matrix of section 4.4.2, for each group of channels."""
    rng = np.random.default_rng(2)
    target = Network([Conv(weight=rng.uniform(-0.3, 0.3, (4, 1, 3)), bias=[0.1, 0, -0.2, 0.1], groups=2)], (2, 7))
    found = convolutional(target, 0.05, items=40)
    parts = tensors_of(found)
    u, v, bias = parts["conv.first.weight"], parts["conv.second.weight"], parts["conv.first.bias"]
    assert u.random.shape == (160, 1, 3)
    assert v.random.shape == (4, 80, 1)
    assert (u.random[u.mask] > 0).all()
    assert (bias.random[bias.mask] > 0).all()
    blocks = np.kron(np.tile(np.eye(2, dtype=bool), (2, 1)), np.ones((1, 40), bool))
    assert np.array_equal(v.mask[:, :, 0], blocks)
    for part in found.tensors:
        assert part.mask.dtype == np.bool_
        assert (np.abs(part.random) < 1).all()
        assert np.array_equal(part.pruned, part.random * part.mask)
    layers = {layer.name: layer for _, layer in found.network.weighted_layers}
    assert np.array_equal(layers["conv.first"].weight, u.random * u.mask)
    assert np.array_equal(layers["conv.second"].weight, v.random * v.mask)


@pytest.mark.parametrize("signed", [False, True])
def test_masks_of_points_first(signed):
    """Each channel of V takes one input only, or only the constant; entries of U alone are chosen."""
    rng = np.random.default_rng(2)
    target = Network([Conv(weight=rng.uniform(-0.3, 0.3, (2, 3, 2)), bias=[0.1, -0.2])], (3, 7))
    found = convolutional(target, 0.2, items=40, order=POINTS_FIRST, input_range=(-1 if signed else 0, 1))
    parts = tensors_of(found)
    v, bias = parts["conv.first.weight"], parts["conv.first.bias"]
    own = np.repeat(np.eye(4, 3, dtype=bool), 40, axis=0)
    assert np.array_equal(v.mask[:, :, 0], own if signed else own & (v.random[:, :, 0] > 0))
    assert np.array_equal(bias.mask, (np.arange(160) >= 120) & (bias.random > 0))
    u = parts["conv.second.weight"]
    assert u.mask.shape == (2, 160, 2)
    assert 0 < u.kept < u.size / 2


@pytest.mark.parametrize("order", ORDERS)
def test_each_subset_is_the_nearest(order):
    """Brute force over all subsets of the products that the random tensors have for a weight."""
    rng = np.random.default_rng(3)
    kernel, n = rng.uniform(-0.5, 0.5, (2, 2, 2)), 9
    found = convolutional(Network([Conv(weight=kernel)], (2, 4)), 9.0, items=n, order=order)
    first, second = (tensors_of(found)[f"conv.{part}.weight"].random for part in ("first", "second"))
    for o, c, tap in np.ndindex(kernel.shape):
        if order == KERNELS_FIRST:
            entering, leaving = first[o * n : (o + 1) * n, c, tap], second[o, o * n : (o + 1) * n, 0]
        else:
            entering, leaving = first[c * n : (c + 1) * n, c, 0], second[o, c * n : (c + 1) * n, tap]
        items = (np.maximum(entering, 0) * leaving)[entering > 0]
        sums = [np.dot(items, chosen) for chosen in itertools.product((0, 1), repeat=items.size)]
        best = np.abs(np.array(sums) - kernel[o, c, tap]).min()
        one = np.zeros((2, 4))
        one[c, tap] = 1.0
        assert abs((found.network(one) - found.target(one))[o, 0]) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("order", ORDERS)
def test_random_numbers_know_nothing_of_the_target(order):
    rng = np.random.default_rng(4)
    few, many, other = (
        convolutional(Network([Conv(weight=scale * rng.uniform(-1, 1, (2, 1, 2)))], (1, 5)), 9.0, items=n, order=order)
        for scale, n in ((0.5, 6), (0.5, 8), (0.1, 6))
    )
    for a, b in zip(few.tensors, other.tensors, strict=True):
        assert np.array_equal(a.random, b.random)
    for a, b in zip(few.tensors, many.tensors, strict=True):  # more items of a seed begin with the fewer
        assert set(a.random.ravel()) < set(b.random.ravel())


def test_biases_next_to_padding():
    """A bias is there at the borders too, where a kernel lies on padding in part: at an inner position, or refused."""
    rng = np.random.default_rng(5)
    same = Network([Conv(weight=rng.uniform(-0.3, 0.3, (2, 1, 3, 3)), bias=[0.4, -0.3], padding=1)], (1, 5, 5))
    for order in ORDERS:
        found = convolutional(same, 0.02, order=order)
        assert np.abs(found.network(np.zeros((1, 5, 5))) - np.reshape([0.4, -0.3], (2, 1, 1))).max() < found.bound
    wide = Network([Conv(weight=rng.uniform(-0.3, 0.3, (2, 1, 2, 2)), bias=[0.4, -0.3], padding=1)], (1, 4, 4))
    assert convolutional(wide, 0.02).bound <= 0.02
    with pytest.raises(InputError, match="padding of layer 'conv' must be such that"):
        convolutional(wide, 0.02, order=POINTS_FIRST)


def test_what_is_refused(network):
    target = network(0)
    with pytest.raises(InputError, match="both signs are for the order 'points first'"):
        convolutional(target, 0.1, input_range=(-1, 1))
    bare = Network([target.layers[0], Conv(weight=np.ones((1, 4, 1, 1)), name="next")], (2, 18, 18))
    with pytest.raises(InputError, match="what may be negative at layer 'next'"):
        convolutional(bare, 0.1)
    with pytest.raises(InputError, match=r"of Conv, Dense, relu, pools and Flatten, got .tanh"):
        convolutional(Network([target.layers[0], Activation(kind="tanh")], (2, 18, 18)), 0.1)
    branches = Network([Activation(kind="relu"), Add()], (2,), sources=((-1,), (-1, 0)))
    with pytest.raises(InputError, match="a chain"):
        convolutional(branches, 0.1)
    with pytest.raises(InputError, match="order"):
        convolutional(target, 0.1, order="both")
    with pytest.raises(InputError, match="epsilon"):
        convolutional(target, 0.0)
    with pytest.raises(InputError, match="items"):
        convolutional(target, 0.1, items=(3, 4))
    with pytest.raises(SolutionError, match="More items a weight come closer"):
        convolutional(target, 0.01, items=6)


def test_by_name_and_with_progress(network):
    told = []
    found = construct("convolutional", network(1), 0.1, progress=told.append)
    assert found.input_range == (0.0, 1.0)
    assert sum(told) == pytest.approx(1.0)
    signed = construct("convolutional-points", network(1), 0.5)
    assert (signed.method, signed.input_range) == ("convolutional, points first", (-1.0, 1.0))


def test_the_published_lenet_s_convolutions():
    """Of section 4.3; there figure 4.4 has relative errors close to 1e-3 with 20 numbers a weight."""
    if "RESCIRCUIT_DATA" not in os.environ:
        pytest.skip("RESCIRCUIT_DATA names no folder with the published LeNet-5")
    from rescircuit.reproductions.lenet import load_lenet

    lenet = load_lenet()
    section = Network(lenet.network.layers[: lenet.convolutional_layers], lenet.network.input_shape)
    found = convolutional(section, 0.1)
    assert found.target_size == 2572
    measured = found.measured(np.random.default_rng(0).uniform(0, 1, (20, 1, 28, 28)))
    assert measured < found.bound <= 0.1
