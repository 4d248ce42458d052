"""Genotypes of random genes: the best of all, and what their weights' error does to outputs."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network import Activation, Dense, Network
from rescircuit.pieces import Pieces
from rescircuit.plotting.theory.evolution import draw_evolution
from rescircuit.theory.evolution import _drawn, evolve_networks, network_outputs, output_bound
from rescircuit.theory.vector_laws import VectorLaw


def test_outputs_are_those_of_a_network():
    tensors = np.random.default_rng(1).uniform(-1, 1, (3, 2, 2, 2))
    inputs = np.random.default_rng(2).uniform(-1, 1, (5, 2))
    found = network_outputs(tensors, inputs)
    for tensor, outputs in zip(tensors, found, strict=True):
        network = Network([Dense(weight=tensor[0]), Activation(kind="relu"), Dense(weight=tensor[1])])
        np.testing.assert_allclose(outputs, network(inputs), rtol=1e-12)


@pytest.mark.parametrize("law", [VectorLaw(name="normal"), VectorLaw(name="sparse", beta=0.4)])
def test_genotypes_against_all_of_them(law):
    found = _drawn(law, 6, (2, 1), 3, 4, 9, 0, 5)
    genes, _ = law.draw(9, 0, 5, 6, 2)
    choices = np.array(list(itertools.product([0.0, 1.0], repeat=6)))
    for sample, targets, errors in zip(genes, found["targets"], found["weight_errors"], strict=True):
        for target, error in zip(targets, errors, strict=True):
            assert error == pytest.approx(np.abs(choices @ sample - target).max(axis=1).min(), abs=1e-12)
    if law.name == "sparse":
        assert (np.abs(genes) < 1).all()
        np.testing.assert_array_equal(found["useful"], (genes != 0).any(axis=2).sum(axis=1))


def test_outputs_are_within_what_the_weights_allow():
    assert output_bound(1, 2, 0.1) == pytest.approx(0.2)
    assert output_bound(2, 1, 0.1) == pytest.approx(1.1 * 0.1 + 0.1)
    # The worst case is met: all weights 1, each 0.1 too large, at the input of ones.
    off = network_outputs(np.full((2, 2, 2), 1.1), np.ones((1, 2))) - network_outputs(
        np.ones((2, 2, 2)), np.ones((1, 2))
    )
    assert output_bound(2, 2, 0.1) == pytest.approx(off.max())
    found = evolve_networks(items=[6, 10], shapes=[(2, 1), (1, 2)], samples=20)
    assert all(each.within_bound and each.output <= each.output_bound for each in found.errors)


def test_errors_tend_to_the_prediction():
    found = evolve_networks(items=[14], shapes=[(2, 1)], networks=4, samples=500, seed=3)
    (each,) = found.errors
    assert each.low / 1.02 <= each.given_total <= each.high * 1.02
    assert each.worst_low / 1.04 <= each.worst_given_total <= each.worst_high * 1.04
    assert each.covering < each.median < each.worst
    assert each.d == 2


def test_genes_that_are_zero_do_not_count():
    """Half of all genes of one weight are: sixteen are as good as eight or so that are not."""
    sparse = evolve_networks(items=[16], shapes=[(1, 1)], law="sparse", beta=0.5, networks=1, samples=300).errors[0]
    full = evolve_networks(items=[8], shapes=[(1, 1)], law="sparse", beta=1.0, networks=1, samples=300).errors[0]
    assert 0.4 < sparse.median / full.median < 2.0
    assert 0.6 < sparse.median / sparse.given_total < 2.0


def test_samples_depend_on_their_number_alone(monkeypatch, tmp_path):
    settings = {"items": [2, 8], "shapes": [(2, 1)], "networks": 3, "samples": 11, "seed": 6}
    settings |= {"law": "sparse", "beta": 0.3}  # of two genes both may be zero
    whole = evolve_networks(**settings).as_dict()
    monkeypatch.setattr("rescircuit.theory.vectors._MOST_AT_ONCE", 4)
    assert evolve_networks(**settings, pieces=Pieces(folder=tmp_path)).as_dict() == whole
    monkeypatch.setattr("rescircuit.theory.evolution.best_of_sizes", None)  # all is read
    assert evolve_networks(**settings, pieces=Pieces(folder=tmp_path)).as_dict() == whole


def test_findings_and_picture(tmp_path):
    found = evolve_networks(items=[6, 10], shapes=[(2, 1), (1, 2)], networks=2, samples=20)
    assert [len(table.rows) for table in found.tables()][:2] == [4, 4]
    assert found.arrays()["errors_output"].shape == (4,)
    assert found.errors[-1].reached[0].epsilon == 0.1
    assert any("No output, over 64 inputs" in remark for remark in found.remarks())
    assert all(math.isfinite(each.output_bound) for each in found.errors)
    (path,) = draw_evolution(found, tmp_path)
    assert path.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"shapes": [(1, 3)]}, "shapes must be networks of at most 8 weights"),
        ({"shapes": [(0, 1)]}, "shapes must be a whole number"),
        ({"shapes": []}, "shapes must be at least one"),
        ({"law": "nsn"}, "law must be normal or sparse"),
        ({"law": "sparse", "beta": 0.0}, "beta must be a probability"),
        ({"networks": 0}, "networks must be"),
        ({"inputs": 0}, "inputs must be"),
    ],
)
def test_what_is_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        evolve_networks(**{"items": [6], "samples": 2, **wrong})
