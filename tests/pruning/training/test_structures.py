"""Figure 1c: the effective weights that are trained, against the two layers that they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.layers import Activation, Dense, Network

pytestmark = pytest.mark.usefixtures("torch")


@pytest.mark.parametrize(("relu", "signed"), [(False, True), (True, True), (True, False)])
def test_effective_weights_are_the_explicit_two_layers(torch, relu, signed):
    from rescircuit.pruning.training.structures import Gadgets

    rng = np.random.default_rng(1)
    model = Gadgets(rng.normal(size=(7, 3)), rng.normal(size=(4, 7, 3)), relu=relu, signed=signed)
    assert model.mask_shape == (3, 4, 7)
    mask = rng.random(model.mask_shape) < 0.6
    layer = Dense(weight=np.zeros((4, 7)), bias=rng.normal(size=4), name="fc")
    explicit = Network(model.pruned(layer, mask))
    assert [type(each) for each in explicit.layers] == [Dense, *([Activation] if relu else []), Dense]
    assert np.count_nonzero(explicit.layers[0].weight) == 21  # one unit for each input and pair
    assert np.count_nonzero(explicit.layers[-1].weight) == mask.sum()
    x = rng.normal(size=(50, 7)) if signed else rng.random((50, 7))
    weight = model.weight(torch.tensor(mask, dtype=torch.float32))
    driven = model.inputs(torch.tensor(x, dtype=torch.float32))
    ours = (driven @ weight.T).numpy() + layer.bias
    assert np.abs(ours - explicit(x)).max() < 1e-5
    # and by hand: sum over the paths b relu(a x)
    paths = np.maximum(0, x[:, :, None] * model.first) if relu else x[:, :, None] * model.first
    by_hand = np.einsum("nik,oik,koi->no", paths, model.second, mask) + layer.bias
    assert np.abs(ours - by_hand).max() < 1e-5


@pytest.mark.parametrize(("relu", "signed"), [(False, True), (True, True), (True, False)])
def test_gradients_are_pytorchs(torch, relu, signed):
    from rescircuit.pruning.training import structures
    from rescircuit.pruning.training.structures import Gadgets

    rng = np.random.default_rng(2)
    model = Gadgets(rng.normal(size=(5, 2)), rng.normal(size=(3, 5, 2)), relu=relu, signed=signed)
    mask = torch.tensor(rng.random(model.mask_shape), dtype=torch.float32, requires_grad=True)
    x = torch.tensor(rng.normal(size=(6, 5)) if signed else rng.random((6, 5)), dtype=torch.float32)
    y = torch.tensor(rng.normal(size=(6, 3)), dtype=torch.float32)
    ((model.inputs(x) @ model.weight(mask).T - y) ** 2).sum().backward()
    first, second = torch.tensor(model.first), torch.tensor(model.second)
    other = mask.detach().clone().requires_grad_()
    paths = x[:, :, None] * first
    out = torch.einsum("nik,oik,koi->no", torch.relu(paths) if relu else paths, second, other)
    ((out - y) ** 2).sum().backward()
    assert torch.allclose(mask.grad, other.grad, rtol=1e-4, atol=1e-4)
    # the kernels' Python twins
    slopes = rng.normal(size=(3, len(model._parts), 5)).astype(np.float32)
    results = []
    for share, add in (
        (structures._share_slopes, structures._sum_paths),
        (structures._share_slopes.py_func, structures._sum_paths.py_func),
    ):
        gradient, weight = np.zeros(model.mask_shape, np.float32), np.zeros_like(slopes)
        share(slopes, model._paths, model._parts, gradient)
        add(mask.detach().numpy(), model._paths, model._parts, weight)
        results.append(np.concatenate([gradient.ravel(), weight.ravel()]))
    assert np.allclose(*results, rtol=1e-5, atol=1e-6)


def test_every_dense_layer_gets_a_structure_that_knows_the_sign_of_its_inputs():
    from rescircuit.pruning.training import gadget_models, lenet5, normalised, perceptron

    plain = gadget_models(perceptron((8,), (6, 5), 4), pairs=3, relu=True, seed=0, signed_inputs=False)
    assert [model.mask_shape for model in plain.values()] == [(3, 6, 8), (3, 5, 6), (3, 4, 5)]
    assert [model.signed for model in plain.values()] == [False, False, False]
    behind = gadget_models(normalised(perceptron((8,), (6,), 4), 0.1, 0.3), pairs=3, relu=True, seed=0)
    assert [model.signed for model in behind.values()] == [True, False]
    convolutional = gadget_models(lenet5(hidden=(6, 5)), pairs=2, relu=True, seed=0)
    assert [model.signed for model in convolutional.values()] == [False, False, False]
    again = gadget_models(perceptron((8,), (6, 5), 4), pairs=3, relu=False, seed=0)
    assert all(np.array_equal(a.second, b.second) for a, b in zip(plain.values(), again.values(), strict=True))
    # a is of variance 2, b of 2 / (in pairs)
    assert np.std(convolutional[7].first) == pytest.approx(np.sqrt(2), rel=0.1)
    assert np.std(convolutional[7].second) == pytest.approx(np.sqrt(2 / (784 * 2)), rel=0.1)


def test_arrays_that_do_not_fit_are_refused():
    from rescircuit.pruning.training.structures import Gadgets

    with pytest.raises(InputError, match="first and second must be of shapes"):
        Gadgets(np.zeros((3, 2)), np.zeros((4, 5, 2)), relu=False)
