"""Quantised networks represented exactly: against arithmetic in fractions, enumeration, and the papers' formulas."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError, SolutionError
from rescircuit.pruning.constructions import proved_subsets, quantised_construction
from rescircuit.pruning.constructions.counting import (
    expected_subsets,
    items_needed,
    parameter_bound,
    product_law,
    subsets_given,
)
from rescircuit.pruning.constructions.exact_subsets import exact_subsets
from rescircuit.pruning.constructions.precision import (
    QuantisedNetwork,
    drawn_integers,
    random_quantised_network,
    rounded_down,
)
from rescircuit.pruning.constructions.quantised import represent_exactly, represented_share
from rescircuit.subsetsum import subset_sum
from rescircuit.subsetsum.integers import count_subsets
from rescircuit.subsetsum.solution import BEST_FOUND


def in_fractions(network, inputs, parts):
    """The network's outputs in exact fractions, number by number, straight from definitions 3 to 6."""
    rows = []
    for row in inputs:
        values = [Fraction(int(x), parts) for x in row]
        last = len(network.weights) - 1
        for layer, (weight, of_layer, rounded) in enumerate(
            zip(network.weights, network.parts, network.rounded, strict=True)
        ):
            values = [sum(Fraction(int(w), of_layer) * x for w, x in zip(line, values, strict=True)) for line in weight]
            if layer < last:
                values = [max(x, Fraction(0)) for x in values]
            if rounded is not None:
                values = [Fraction(math.floor(x * rounded), rounded) for x in values]
        rows.append(values)
    return rows


def integers(seed, largest, shape):
    drawn = drawn_integers(Stream(seed=seed, source="test"), largest, int(np.prod(shape)))
    return drawn.reshape(shape)


@pytest.mark.parametrize(("parts", "to"), [(16, 4), (4, 16), (1000, 10), (7, 3), (2**40, 2**30)])
def test_rounding_is_downwards_on_any_grid(parts, to):
    values = np.array([-parts, -parts + 1, -1, 0, 1, 5, parts - 1, parts])
    expected = [math.floor(Fraction(int(x), parts) * to) for x in values]
    assert rounded_down(values, parts, to).tolist() == expected


@pytest.mark.parametrize(("parts", "rounded"), [(8, 16), (100, 10), (3 * 10**17, 10**18)])
def test_a_network_computes_in_whole_numbers(parts, rounded):
    weights = tuple(integers(k, min(parts, 2**40), shape) for k, shape in enumerate([(3, 4), (5, 3), (2, 5)]))
    network = QuantisedNetwork(weights=weights, parts=(parts,) * 3, rounded=(rounded, None, rounded))
    inputs = integers(9, 2**30, (6, 4))
    got, unit = network(inputs, 2**30)
    assert [[Fraction(int(x), unit) for x in row] for row in got] == in_fractions(network, inputs, 2**30)


def test_random_weights_are_uniform_on_their_grid():
    drawn = drawn_integers(Stream(seed=1, source="test"), 2, 50_000)
    counts = np.bincount(drawn + 2)
    assert counts.size == 5
    np.testing.assert_allclose(counts / 50_000, 0.2, atol=5 * math.sqrt(0.16 / 50_000))
    without = drawn_integers(Stream(seed=1, source="test"), 2, 50_000, zero=False)
    assert set(without.tolist()) == {-2, -1, 1, 2}


@pytest.mark.parametrize("method", ["pensia", "burkholz"])
@pytest.mark.parametrize(
    ("parts", "target_parts", "random_parts", "activations"),
    [(16, 16, 16, 64), (16, 4, 1 << 12, 8), (100, 10, 1000, 1000), (7, 7, 20, 5), (1, 1, 1, 4)],
)
def test_represented_exactly_to_the_last_bit(method, parts, target_parts, random_parts, activations):
    target = random_quantised_network((3, 3, 2), parts=target_parts, activations=activations, seed=3)
    made = represent_exactly(target, parts=parts, random_parts=random_parts, method=method, seed=5)
    inputs = integers(2, activations, (300, 3))
    assert made.differing(inputs, activations) == 0
    assert made.measured(inputs, activations) == made.bound == made.promised == 0.0
    # In fractions too, and at inputs finer than the activations.
    few = integers(4, 10**6, (2, 3))
    assert in_fractions(made.network, few, 10**6) == in_fractions(target, few, 10**6)
    # Nothing but the random weights times the masks.
    assert len(made.tensors) == (4 if method == "pensia" else 3)
    for tensor, weight in zip(made.tensors, made.network.weights, strict=True):
        assert tensor.mask.dtype == np.bool_
        np.testing.assert_array_equal(weight, np.where(tensor.mask, tensor.random, 0))
        assert np.abs(tensor.random).max() <= parts


def test_every_input_of_a_small_network():
    target = random_quantised_network((2, 2, 2), parts=8, activations=32, seed=8)
    every = np.array(list(product(range(-8, 9), repeat=2)))
    for method in ("pensia", "burkholz"):
        assert represent_exactly(target, parts=8, method=method).differing(every, 8) == 0
    assert len(np.unique(target(every, 8)[0], axis=0)) > 20  # the target is no constant


def test_products_reach_a_finer_target_than_single_weights():
    target = random_quantised_network((2, 2, 1), parts=64, activations=64, seed=1)
    made = represent_exactly(target, parts=8, seed=2)
    assert made.differing(integers(1, 64, (50, 2)), 64) == 0
    with pytest.raises(InputError, match="of a precision that the sums of random weights have, got 64"):
        represent_exactly(target, parts=8, method="burkholz")


def test_more_items_hold_fewer():
    target = random_quantised_network((3, 2, 2), parts=4, activations=4, seed=1)
    few = represent_exactly(target, parts=4, method="burkholz", items=20, seed=9)
    more = represent_exactly(target, parts=4, method="burkholz", items=24, seed=9)
    small, large = few.tensors[0].random, more.tensors[0].random
    np.testing.assert_array_equal(small, large[: len(small)])
    small, large = (made.tensors[2].random.reshape(2, 2, -1) for made in (few, more))
    np.testing.assert_array_equal(small, large[:, :, :20])
    small = few.tensors[1].random.reshape(2, 20, 40, 3)
    np.testing.assert_array_equal(small, more.tensors[1].random.reshape(2, 24, 48, 3)[:, :20, :40])


def test_many_inputs_are_compared_in_parts(monkeypatch):
    target = random_quantised_network((2, 2), parts=8, activations=8, seed=1)
    made = represent_exactly(target, parts=8)
    wrong = dataclasses.replace(target, weights=(1 - np.abs(target.weights[0]),))
    object.__setattr__(made, "target", wrong)  # what no construction is, so that outputs differ
    inputs = integers(2, 8, (60, 2))
    whole = made.differing(inputs, 8), made.measured(inputs, 8)
    monkeypatch.setattr(quantised_construction, "_AT_ONCE", 7 * max(made.network.widths))
    assert whole == (made.differing(inputs, 8), made.measured(inputs, 8))
    assert min(whole) > 0


def test_networks_that_memory_would_not_hold():
    target = random_quantised_network((900, 900), parts=2, activations=2)
    with pytest.raises(InputError, match="items must be so few that the random network has at most"):
        represent_exactly(target, parts=2)
    with pytest.raises(InputError, match=r"widths must be those of at most 16,777,216 weights"):
        random_quantised_network((100_000, 100_000), parts=2, activations=2)


def test_too_few_items_are_said():
    target = random_quantised_network((4, 3, 2), parts=64, activations=64, seed=1)
    share = represented_share(target, parts=64, items=11, seed=1)
    assert 0.0 < share < 0.5
    with pytest.raises(SolutionError, match=r"weights without an exact subset, of 30: .*More items") as error:
        represent_exactly(target, parts=64, items=11, seed=1)
    assert error.value.residual == round(30 * (1 - share))
    assert represented_share(target, parts=64, items=30, seed=1) > share


def test_what_is_not_the_target_is_not_proved():
    target = random_quantised_network((2, 2), parts=8, activations=8, seed=1)
    made = represent_exactly(target, parts=8)
    other = dataclasses.replace(target, weights=(target.weights[0] + np.array([[0, 0], [0, 1]]),))
    with pytest.raises(SolutionError, match="differ from the target's: residual 2"):
        dataclasses.replace(made, target=other)
    with pytest.raises(InputError, match=r"network must be rounded as its target is, \(None, 8\)"):
        dataclasses.replace(made, network=dataclasses.replace(made.network, rounded=(8, 8)))
    with pytest.raises(InputError, match="the random tensors times their masks"):
        dataclasses.replace(made, network=dataclasses.replace(made.network, weights=made.network.weights[::-1]))


def test_figures_and_lower_bound():
    target = random_quantised_network((4, 4), parts=16, activations=16, seed=1)
    made = represent_exactly(target, parts=16, items=30, seed=1)
    assert made.lower_bound == pytest.approx(16 * math.log2(33))  # theorem 3 with p = 1
    assert parameter_bound(16, 16, 0.5) == pytest.approx(made.lower_bound - 1)
    assert made.size == 2 * 240 * 4
    assert made.overparameterisation == 120
    assert made.kept == sum(np.count_nonzero(weight) for weight in made.network.weights)
    assert made.lower_bound < made.not_zero < made.size
    figures = made.as_dict()
    assert figures["ratio"] == pytest.approx(made.not_zero / made.lower_bound)
    assert [figure["kept"] for figure in figures["tensors"]] == [tensor.kept for tensor in made.tensors]
    assert "in all" in made.table().markdown()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "malach"}, "method must be pensia or burkholz"),
        ({"parts": 0}, "parts must be a whole number from 1 to 65536"),
        ({"parts": 3}, "of a precision that the sums of random weights have"),
        ({"random_parts": 8}, "random_parts must be a whole number from 16"),
        ({"items": 65}, "items must be a whole number from 1 to 64"),
    ],
)
def test_what_cannot_be_done_is_refused(change, message):
    target = random_quantised_network((2, 2), parts=16, activations=4, seed=1)
    with pytest.raises(InputError, match=message):
        represent_exactly(target, **({"parts": 16} | change))


def test_unusable_networks_are_refused():
    weight = np.array([[1, 2]])
    with pytest.raises(InputError, match="from -1 to 1 parts, got 2"):
        QuantisedNetwork(weights=(weight,), parts=(1,), rounded=(1,))
    with pytest.raises(InputError, match=r"weights\[1\] must be int64 of shape \(out, 1\)"):
        QuantisedNetwork(weights=(weight, weight), parts=(4, 4), rounded=(4, 4))
    network = QuantisedNetwork(weights=(weight,), parts=(4,), rounded=(None,))
    with pytest.raises(InputError, match="inputs must be whole numbers"):
        network([[0.5, 0.25]], 4)
    with pytest.raises(InputError, match="rounded outputs in every layer"):
        represent_exactly(network, parts=4)


def test_ctrl_c_is_no_weight_without_a_subset(monkeypatch):
    def ended(*given, **options):
        found = subset_sum(*given, **options)
        return dataclasses.replace(found, status=np.full(found.status.shape, BEST_FOUND))

    monkeypatch.setattr(proved_subsets, "subset_sum", ended)
    with pytest.raises(KeyboardInterrupt):
        represent_exactly(random_quantised_network((2, 2), parts=8, activations=8), parts=8)


def test_exact_subsets_are_those_of_enumeration():
    items = integers(3, 20, (200, 7))
    goals = integers(4, 30, (200,))
    mask, solved = exact_subsets(items, goals)
    every = np.array(list(product((0, 1), repeat=7)))
    np.testing.assert_array_equal(solved, ((items @ every.T) == goals[:, np.newaxis]).any(axis=1))
    np.testing.assert_array_equal((items * mask).sum(axis=1)[solved], goals[solved])
    assert not mask[~solved].any()
    assert not mask[items == 0].any()
    assert 20 < solved.sum() < 180


def test_the_law_of_products_is_that_of_enumeration():
    values = np.array([a * b for a in range(1, 6) for b in range(-5, 6)])
    np.testing.assert_allclose(product_law(5), np.bincount(values + 25, minlength=51) / values.size)


def test_expected_subsets_are_those_of_enumeration():
    values = [a * b for a in range(1, 3) for b in range(-2, 3)]  # ten equally likely products
    goals = [-4, -1, 0, 3, 7, 99]
    means = [np.mean([count_nonzero(pair, goal) for pair in product(values, repeat=3)]) for goal in goals]
    np.testing.assert_allclose(expected_subsets(product_law(2), 3, goals), means, atol=1e-12)


def count_nonzero(items, goal):
    """Subsets of the items that are not 0 with the sum `goal`."""
    kept = [item for item in items if item]
    return count_subsets(kept, goal) if kept else int(goal == 0)


def test_subsets_of_given_items_are_counted_to_a_few_percent():
    items = integers(1, 50, (300, 18))
    items[::3] *= 2  # a common divisor
    goals = integers(2, 150, (300,))
    exact = np.array([count_subsets([x for x in row if x], int(goal)) for row, goal in zip(items, goals, strict=True)])
    about = subsets_given(items, goals)
    assert ((goals % 2 != 0)[::3] == (about[::3] == 0)).all()
    many = exact > 100
    assert many.sum() > 100
    np.testing.assert_allclose(about[many], exact[many], rtol=0.25)
    assert about[many].sum() == pytest.approx(exact[many].sum(), rel=0.05)  # 1/18
    ends = np.array([[3, -2, 5, 0]] * 3)
    np.testing.assert_array_equal(subsets_given(ends, np.array([8, -2, 9])), [1.0, 1.0, 0.0])


def test_the_default_items_are_enough():
    target = random_quantised_network((4, 4, 4), parts=32, activations=32, seed=1)
    assert all(represented_share(target, parts=32, seed=seed) == 1.0 for seed in range(12))
    assert items_needed(100, 1024) > items_needed(10, 1024) > items_needed(10, 256)
    assert items_needed(10, 256, usable=0.25) > 2 * items_needed(10, 256)


def test_the_paper_s_number_of_copies_is_too_few():
    """Theorem 2 asks for log2(1 / delta) copies; that is kappa = 1, where a weight has less than one subset."""
    target = random_quantised_network((1, 1, 40), parts=1024, activations=8, seed=2)
    goals = target.weights[1].ravel()
    random = drawn_integers(Stream(seed=1, source="copies"), 1024, 400 * 20, zero=False).reshape(400, 20)
    share = [exact_subsets(random[:, :n], np.resize(goals, 400))[1].mean() for n in (10, 20)]
    assert share[0] < 0.5
    assert share[1] > 0.95
