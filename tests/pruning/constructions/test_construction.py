"""A construction is a random network times masks, and says what it costs and how far it may be off."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from rescircuit.errors import InputError, SolutionError
from rescircuit.network import Activation, Dense, Network
from rescircuit.pruning import load_tensors, save_construction
from rescircuit.pruning.constructions import METHODS, Construction, PrunedTensor, construct, filters, random_target
from rescircuit.pruning.constructions import proved_subsets as proving
from rescircuit.pruning.constructions.gadgets import Blocks, chosen_subsets, uniform_weights
from rescircuit.pruning.constructions.item_counts import (
    PRODUCTS,
    SIGNED_PRODUCTS,
    UNIFORM,
    Counts,
    given_items,
    items_needed,
)
from rescircuit.subsetsum import subset_sum
from rescircuit.subsetsum.solution import BEST_FOUND

RANDOM = np.array([[0.5, -0.25, 0.75], [0.25, 1.0, -0.5]])
MASK = np.array([[True, False, True], [False, True, False]])


def made(**changes):
    """A layer of 2 x 3 pruned by hand."""
    tensor = PrunedTensor(name="only.weight", random=RANDOM.copy(), mask=MASK.copy())
    values = {
        "method": "by hand",
        "target": Network([Dense(weight=RANDOM * MASK + 0.125)]),
        "network": Network([Dense(weight=tensor.pruned, name="only")]),
        "tensors": (tensor,),
        "promised": 0.5,
        "bound": 0.375,
        "input_range": (-1.0, 1.0),
        "items": (1,),
        "seed": 0,
    }
    return Construction(**(values | changes))


def test_figures_of_one_made_by_hand():
    found = made()
    assert (found.size, found.kept, found.sparsity, found.target_size) == (6, 3, 0.5, 6)
    assert found.overparameterisation == 1.0
    assert found.measured([[1.0, 1.0, 1.0], [1.0, -1.0, 0.0]]) == 0.375  # three times 1/8, in exact binary fractions
    told = found.as_dict()
    assert json.loads(json.dumps(told)) == told | {"input_range": [-1.0, 1.0], "items": [1]} | {
        "tensors": [{"name": "only.weight", "shape": [2, 3], "kept": 3, "sparsity": 0.5}]
    }
    table = found.table()
    assert table.rows == (("only.weight", "2 x 3", "6", "3", "50.0%"), ("in all", "", "6", "3", "50.0%"))
    assert "error at most 0.375, 0.5 promised" in table.title


def test_biases_count_among_weights():
    bias = PrunedTensor(name="only.bias", random=np.array([0.5, 0.75]), mask=np.array([True, False]))
    pruned = Dense(weight=RANDOM * MASK, bias=bias.pruned, name="only")
    found = made(network=Network([pruned]), tensors=(*made().tensors, bias))
    assert (found.size, found.kept) == (8, 4)


def test_nothing_but_the_random_tensors_times_their_masks():
    nearly = np.nextafter(RANDOM * MASK, 1.0)
    with pytest.raises(InputError, match=r"only\.weight must be a random tensor times its mask"):
        made(network=Network([Dense(weight=nearly, name="only")]))
    with pytest.raises(InputError, match=r"only\.bias must be a random tensor times its mask"):
        made(network=Network([Dense(weight=RANDOM * MASK, bias=[0.0, 1e-300], name="only")]))
    with pytest.raises(InputError, match="tensors must be of"):
        made(network=Network([Dense(weight=RANDOM * MASK, name="another")]))


def test_a_bound_above_the_promise_is_no_construction():
    with pytest.raises(SolutionError, match=r"residual 0.375 is above the limit 0.25\. More items") as raised:
        made(promised=0.25)
    assert raised.value.residual == 0.375


@pytest.mark.parametrize("domain", [(1.0, -1.0), (0.0, 0.0), (0.0, np.inf), (-1e31, 0.0), 1.0, (0.0, 1.0, 2.0)])
def test_domains_that_are_none(domain):
    with pytest.raises(InputError, match="input_range must be"):
        made(input_range=domain)


def test_nothing_is_promised_outside_the_domain():
    with pytest.raises(InputError, match=r"inputs must be numbers from -1 to 1, got 1\.5"):
        made().measured([[1.0, 1.5, 0.0]])


def test_random_weights_are_uniform_and_more_of_them_begin_with_the_fewer():
    many = uniform_weights(7, "any", 4000, (5,))
    np.testing.assert_array_equal(uniform_weights(7, "any", 30, (5,)), many[:30])
    assert np.abs(many).max() < 1.0
    assert (many != 0.0).all()
    assert abs(many.mean()) < 0.02
    assert abs(many.var() - 1.0 / 3.0) < 0.01
    assert (uniform_weights(7, "any", 30, (5,), copy=1) != many[:30]).all()


def brute_force(items, target):
    """The least distance of any subset's sum, over all 2**n of them."""
    n = len(items)
    subsets = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return np.abs(subsets @ items - target).min()


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(("few", "tolerance"), [(44, 0.0), (4, 0.0), (6, 0.02)])
def test_subsets_are_the_closest(shared, few, tolerance):
    coefficients = uniform_weights(1, "a", 9, (3,)).T.copy()
    coefficients[1, ::2] = 0.0  # pruned
    random = uniform_weights(1, "b", 9, (4, 3)).transpose(1, 2, 0)
    if shared:
        random = np.repeat(random[:1], 4, axis=0)
    targets = uniform_weights(1, "w", 4, (3,))
    blocks = Blocks(coefficients=coefficients, targets=targets, counts=Counts(drawn=9, few=few, tolerance=tolerance))
    found = chosen_subsets(blocks, random, shared=shared)
    assert not found.mask[:, coefficients == 0.0].any()
    for row, block in np.ndindex(4, 3):
        items = random[row, block] * coefficients[block]
        distance = abs(items @ found.mask[row, block] - targets[row, block])
        assert distance == pytest.approx(abs(found.residual[row, block]), abs=1e-14)
        useful = items[items != 0.0]
        first, every = brute_force(useful[:few], targets[row, block]), brute_force(useful, targets[row, block])
        assert distance == pytest.approx(first if first <= tolerance else every, abs=1e-14)


@pytest.mark.parametrize("law", [UNIFORM, PRODUCTS], ids=["uniform", "products"])
@pytest.mark.parametrize(("tolerance", "weight"), [(0.01, 0.2), (0.001, 0.2), (0.01, 0.9)])
def test_so_many_items_are_needed_as_random_ones_show(law, tolerance, weight):
    found = items_needed(tolerance, np.full(1, weight), law, argument="epsilon")
    rng = np.random.default_rng(1)

    def missed(count):
        items = rng.uniform(-1.0, 1.0, (4000, count))
        items = items * rng.uniform(-1.0, 1.0, (4000, count)) if law is PRODUCTS else items
        return np.mean(np.abs(subset_sum(items, np.full(4000, weight)).residual) > tolerance)

    assert missed(found.few) < 0.012  # 1 % for a weight alone, and 5e-3 for most of many
    assert missed(found.drawn) < 0.012
    assert missed(found.drawn - 6) > 0.012  # and not more than needed


def test_rules_for_items():
    weights = np.linspace(-0.3, 0.3, 100)
    counts = [items_needed(tolerance, weights, UNIFORM, argument="epsilon").drawn for tolerance in (1e-2, 1e-4, 1e-6)]
    assert counts == sorted(counts)
    assert 10 <= counts[2] - counts[0] <= 18  # 13.3 bits closer
    signed = items_needed(1e-2, weights, SIGNED_PRODUCTS, argument="epsilon")
    plain = items_needed(1e-2, weights, PRODUCTS, argument="epsilon")
    assert signed.few == plain.few
    assert 2 * plain.drawn < signed.drawn < 3 * plain.drawn
    assert items_needed(0.1, 0.1 * weights, UNIFORM, argument="epsilon").drawn == 1  # pruned weights are close enough
    with pytest.raises(InputError, match="epsilon must be so large that subsets of 44 numbers"):
        items_needed(1e-14, weights, UNIFORM, argument="epsilon")
    with pytest.raises(InputError, match="epsilon must be so large"):
        items_needed(0.1, 30.0 * weights, UNIFORM, argument="epsilon")
    assert given_items((3, 4), 2) == (3, 4)
    assert given_items(7, 2) == (7, 7)
    for wrong in (0, 1.5, (1, 2, 3), "12"):
        with pytest.raises(InputError, match="items must be"):
            given_items(wrong, 2)


def test_by_name():
    target = random_target((3, 2), seed=5)
    for name in METHODS:
        found = construct(name, target, 0.5, items=30, seed=2, input_range=(0.0, 1.0))
        assert (found.target, found.seed) == (target, 2)
        assert found.measured([[1.0, 1.0, 1.0], [0.0, 1.0, 0.5]]) <= found.bound <= 0.5
    with pytest.raises(InputError, match="method must be one of pensia"):
        construct("lottery", target, 0.5)


@pytest.mark.parametrize("name", METHODS)
def test_layers_of_zeros_and_what_float64_does_not_hold(name):
    half, none = Dense(weight=[[0.5]], name="one"), Dense(weight=[[0.0]], name="two")
    for layers in ([none, half], [half, none], [none]):
        relus = [Activation(kind="relu", name=f"relu{number}") for number in range(len(layers))]
        chain = [layer for pair in zip(layers, relus, strict=True) for layer in pair]
        for epsilon in (1e-3, 1e30):
            found = construct(name, Network(chain), epsilon, items=24, input_range=(0.0, 1.0))
            assert found.measured([[1.0]]) <= found.bound <= epsilon
    for epsilon in (1e-31, 1e31):
        with pytest.raises(InputError, match="epsilon must be from 1e-30 to 1e\\+30"):
            construct(name, Network([half]), epsilon, input_range=(0.0, 1.0))
    with pytest.raises(InputError, match='target must be of weights up to 1e\\+30, got "1e\\+200 '):
        construct(name, Network([Dense(weight=[[1e200]], name="huge")]), 0.1, input_range=(0.0, 1.0))


@pytest.mark.parametrize("name", METHODS)
def test_ctrl_c_leaves_no_construction(monkeypatch, name):
    """A solver that is ended gives the best it has; no construction is to be made of that, nor a failure of it."""

    def ended(*given, **options):
        found = subset_sum(*given, **options)
        return dataclasses.replace(found, status=np.full_like(found.status, BEST_FOUND, dtype="U10"))

    monkeypatch.setattr(filters if name == "structured" else proving, "subset_sum", ended)
    with pytest.raises(KeyboardInterrupt):
        construct(name, Network([Dense(weight=[[0.5]])]), 0.1, items=24, input_range=(0.0, 1.0))


def test_random_targets():
    target = random_target((4, 8, 2), seed=3)
    assert [layer.weight.shape for _, layer in target.weighted_layers] == [(8, 4), (2, 8)]
    assert all(np.abs(layer.weight).max() <= layer.weight.shape[1] ** -0.5 for _, layer in target.weighted_layers)
    for wrong in (4, (4,), (4, 0), (60_000, 60_000)):
        with pytest.raises(InputError, match="sizes must be"):
            random_target(wrong)


def test_tensors_and_masks_in_a_file(tmp_path):
    found = made()
    path = save_construction(found, tmp_path / "masks.npz")
    (tensor,) = load_tensors(path)
    assert tensor.name == "only.weight"
    np.testing.assert_array_equal(tensor.random, RANDOM)
    np.testing.assert_array_equal(tensor.mask, MASK)
    with np.load(path) as arrays:
        np.testing.assert_array_equal(arrays["target.0.weight"], found.target.weighted_layers[0][1].weight)
        assert json.loads(str(arrays["figures"]))["bound"] == found.bound
    with pytest.raises(InputError, match=r"file's name in \.npz"):
        save_construction(found, tmp_path / "masks.pt")


@pytest.mark.parametrize(
    "arrays",
    [
        {"w": RANDOM},
        {"w.random": RANDOM},
        {"w.random": RANDOM, "w.mask": MASK.astype(float)},
        {"w.random": RANDOM, "w.mask": MASK[:1]},
    ],
)
def test_files_that_hold_no_masks(tmp_path, arrays):
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(InputError, match=r"must be (an archive|truth values)"):
        load_tensors(tmp_path / "bad.npz")
