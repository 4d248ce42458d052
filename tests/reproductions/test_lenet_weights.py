"""Figures 4.3 and 4.4: against PyTorch and brute force, and their published counterparts."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.datasets import load_mnist
from rescircuit.devices.streams import Stream
from rescircuit.reproductions import lenet_weights
from rescircuit.reproductions.lenet import load_lenet
from rescircuit.reproductions.lenet_weights import PUBLISHED, SampleSize

SMALL = tuple(replace(PUBLISHED[0], n=n) for n in (3, 9))
CONVOLUTIONAL = ("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias")


def flat(arrays):
    return np.concatenate([np.asarray(arrays[name], np.float64).ravel() for name in CONVOLUTIONAL])


@pytest.fixture
def torch_lenet():
    """The network in PyTorch: the convolutional section (k, 784) and the scores (k, 10)."""
    torch = pytest.importorskip("torch", reason="needs PyTorch")

    def run(arrays, x):
        p = {name: torch.tensor(np.asarray(array, np.float64)) for name, array in arrays.items()}
        h = torch.tensor(x)
        for k in ("conv1", "conv2"):
            h = torch.nn.functional.conv2d(h, p[f"{k}.weight"], p[f"{k}.bias"], padding=2)
            h = torch.nn.functional.max_pool2d(torch.relu(h), 2)
        h = section = h.flatten(1)
        for k in ("fc1", "fc2", "fc3"):
            h = torch.nn.functional.linear(h, p[f"{k}.weight"], p[f"{k}.bias"])
            h = h if k == "fc3" else torch.relu(h)
        return section.numpy(), h.numpy()

    return run


def test_the_network_is_the_file_s(given, parameters, torch_lenet):
    run, _ = given
    lenet = load_lenet(run.data_dir)
    images = load_mnist(run.data_dir, limit=30)
    section, scores = torch_lenet(parameters, images.x)
    outputs = lenet.network.run(images.x)
    assert np.abs(outputs[-1] - scores).max() < 1e-12
    assert np.abs(outputs[lenet.convolutional_layers - 1].reshape(30, -1) - section).max() < 1e-12
    assert lenet.convolutional.size == 2572
    assert np.array_equal(lenet.convolutional, flat(parameters))
    own = lenet.with_convolutional(lenet.convolutional)(images.x)
    assert np.array_equal(own, lenet.network(images.x))


def test_a_draw_is_what_brute_force_and_pytorch_make_of_it(given, parameters, torch_lenet):
    run, _ = given
    found = lenet_weights._run(run, SMALL[:1])
    images = load_mnist(run.data_dir, limit=run.images)
    wanted = flat(parameters)
    masks = np.array(list(product([0, 1], repeat=3)))
    own, scores = torch_lenet(parameters, images.x)
    assert found.accuracy == (scores.argmax(axis=1) == images.y).mean()
    for seed in range(2):
        items = 2 * Stream(seed=seed, source="reproductions.lenet-weights.3").uniform(3 * 2572).reshape(-1, 3) - 1
        assert items.min() < -0.99
        assert items.max() > 0.99
        sums = items @ masks.T
        best = np.take_along_axis(sums, np.abs(sums - wanted[:, None]).argmin(axis=1)[:, None], axis=1)[:, 0]
        changed, start = dict(parameters), 0
        for name in CONVOLUTIONAL:
            size = parameters[name].size
            changed[name] = best[start : start + size].reshape(parameters[name].shape)
            start += size
        section, scores = torch_lenet(changed, images.x)
        error = np.abs(section - own).max(axis=1)
        size = found.sizes[0]
        assert size.weight_error[seed] == pytest.approx(np.abs(best - wanted).max() / np.abs(wanted).max(), rel=1e-12)
        assert size.output_error[seed] == pytest.approx(error.max() / own.max(), rel=1e-9)
        assert size.image_error[seed] == pytest.approx((error / own.max(axis=1)).max(), rel=1e-9)
        assert size.accuracy[seed] == (scores.argmax(axis=1) == images.y).mean()


def test_it_goes_on_where_it_was_ended(given, monkeypatch):
    run, steps = given
    solve, calls = lenet_weights.subset_sum, []

    def counted(items, targets):
        calls.append(items.shape[1])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return solve(items, targets)

    monkeypatch.setattr(lenet_weights, "subset_sum", counted)
    with pytest.raises(KeyboardInterrupt):
        lenet_weights._run(run, SMALL)
    assert calls == [3, 3, 9]
    resumed = lenet_weights._run(run, SMALL)
    assert calls == [3, 3, 9, 9, 9]
    again = lenet_weights._run(run, SMALL)
    assert len(calls) == 5
    assert again.as_dict() == resumed.as_dict()
    lenet_weights._run(replace(run, images=59), SMALL[:1])  # other settings, other pieces
    assert len(calls) == 7
    assert all(done < total for _, done, total in steps)


def test_the_tables_and_words_say_where_the_published_draw_lies(given, tmp_path):
    run, _ = given
    findings = lenet_weights._run(replace(run, seeds=5), SMALL)
    weights, outputs, accuracy = findings.tables()
    assert [row[0] for row in weights.rows] == ["3", "9"]
    assert all(len(row) == len(table.columns) for table in (weights, outputs, accuracy) for row in table.rows)
    assert any("published weight error 0.89 is" in remark for remark in findings.remarks())
    json.dumps(findings.as_dict(), allow_nan=False)
    (picture,) = findings.draw(tmp_path)
    assert picture.stat().st_size > 10_000


def test_one_draw_is_not_ranked_and_fewer_images_are_told(given, tmp_path):
    findings = lenet_weights._run(replace(given[0], seeds=1), SMALL[:1])
    own, images, *_ = findings.remarks()
    assert own.startswith("1 draw for each n.")
    assert "of the first 60 test images, the published ones of all 10,000" in images
    words = " ".join(findings.remarks())
    assert "Fewer than 5 draws say nothing of where a published one lies among them." in words
    assert "the published weight error is 0.89, ours " in words
    assert not any(word in words for word in ("below", "above", "median"))
    assert [row[-2:] for table in findings.tables()[:2] for row in table.rows] == [("", "")] * 2
    assert findings.as_dict()["sizes"][0]["share_of_draws_below_published"]["weight_error"] is None
    assert findings.draw(tmp_path)[0].stat().st_size > 10_000
    complete = replace(findings, images=10_000)
    assert not any("first 10,000" in remark for remark in complete.remarks())


def test_verdicts():
    published = replace(PUBLISHED[0], weight_error=0.5, output_error=0.5)
    names = ("output_error", "image_error", "accuracy", "seconds")
    for errors, verdict, share in (
        ([0.1, 0.2, 0.3, 0.6, 0.7], "ordinary, above the median", 0.6),
        ([0.1, 0.2, 0.6, 0.7, 0.8, 0.9], "ordinary, below the median", 1 / 3),
        ([0.1, 0.2, 0.3, 0.4, 0.45], "above all", 1.0),
        ([0.6, 0.7, 0.8, 0.9, 1.0], "below all", 0.0),
        ([0.6, 0.7, 0.8, 0.9], "", 0.0),
    ):
        values = {name: np.ones(len(errors)) for name in names}
        size = SampleSize(published=published, weight_error=np.array(errors), **values)
        assert (size.verdict("weight_error"), size.share_below("weight_error")) == (verdict, share)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda arrays: arrays.pop("fc2.bias"), "fc2.bias of lenet5-mnist.npz must be there"),
        (lambda arrays: arrays.update({"conv1.weight": np.zeros((6, 1, 3, 3))}), "must be of shape (6, 1, 5, 5)"),
        (lambda arrays: arrays["fc1.weight"].fill(np.nan), "must be finite numbers, got nan"),
        (lambda arrays: arrays.update({"fc3.bias": np.array(["a"] * 10)}), "must be finite numbers"),
    ],
)
def test_another_file_is_refused(data_dir, parameters, change, says):
    arrays = {name: array.copy() for name, array in parameters.items()}
    change(arrays)
    np.savez(data_dir / "lenet5-mnist.npz", **arrays)
    with pytest.raises(rc.InputError) as refused:
        load_lenet(data_dir)
    assert says in str(refused.value)


def test_without_the_file_it_says_which_is_missing(tmp_path):
    with pytest.raises(rc.InputError, match=r"one with lenet5-mnist\.npz, the published network"):
        load_lenet(tmp_path)


@pytest.mark.skipif(
    not (Path(os.environ.get("RESCIRCUIT_DATA", "")) / "lenet5-mnist-published.json").is_file(),
    reason="RESCIRCUIT_DATA names no folder with the published network and its figures",
)
def test_the_published_figures_are_those_of_the_file():
    """And the definition of the weight error is the one that gives the published one at n = 10 to the last bit."""
    folder = Path(os.environ["RESCIRCUIT_DATA"])
    table = json.loads((folder / "lenet5-mnist-published.json").read_text())["table"]
    for row, published in zip(table, PUBLISHED, strict=True):
        assert row["sample_size"] == published.n
        assert row["max_relative_weight_error"] == published.weight_error
        assert row["max_relative_output_error_test"] == published.output_error
        assert row["test_accuracy"] == published.accuracy
    magnitudes = np.abs(load_lenet(folder).convolutional).astype(np.float32)
    assert np.float32(PUBLISHED[1].weight_error) in magnitudes / magnitudes.max()
