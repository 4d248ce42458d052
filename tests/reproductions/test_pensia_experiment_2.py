"""Figure 4 of Pensia et al. (2020): which networks, which pieces, and what is said of them."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from rescircuit.network.layers import Scale
from rescircuit.reproductions import pensia_experiment_2 as experiment
from rescircuit.reproductions import pruned_curves, pruned_series
from rescircuit.reproductions.pensia_experiment_2 import FULL, QUICK, PensiaExperiment2
from rescircuit.reproductions.pruned_curves import Curve, Point
from rescircuit.reproductions.pruned_series import ARCHITECTURES, SERIES, Images, Trained

SMALL = replace(
    QUICK,
    architectures=(replace(ARCHITECTURES[0], hidden=(8,)),),
    pairs=2,
    keeps=(0.3, 0.6),
    epochs=(1, 2),
    sweep_epochs=1,
    dense_epochs=2,
    training_images=200,
)


def test_the_sizes_are_the_paper_s():
    """Section 5: 397,000 weights in the two-layer network, five pairs for each, and wide ones of as many."""
    sizes = [pruned_series.dense_weights(each.template()) for each in ARCHITECTURES]
    assert sizes == [397_000, 784 * 500 + 2 * 500 * 500 + 5000, 784 * 120 + 120 * 84 + 840]
    for architecture, size in zip(ARCHITECTURES, sizes, strict=True):
        wide = pruned_series.dense_weights(architecture.template(architecture.widened(5)))
        assert wide == pytest.approx(5 * size, rel=0.002)
    assert ARCHITECTURES[0].widened(5) == (2500,)
    assert FULL.epochs == (10, 20, 30, 50, 100)
    assert [each.published for each in SERIES] == [True, True, True, False, False]


def test_every_training_is_a_piece(given, monkeypatch):
    pytest.importorskip("torch", reason="needs PyTorch (make torch)")
    run, steps = given
    found = experiment.run_plan(run, SMALL)
    assert [each.series for each in found.curves] == [each.name for each in SERIES[:4]]
    for curve, size in zip(found.curves, (2 * 8 * 794, 2 * 8 * 794, 2 * 8 * 794, 8 * 794), strict=True):
        for point, keep in zip(curve.points, SMALL.keeps, strict=True):
            assert len(point.samples) == 2
            assert {each.size for each in point.samples} == {size}
            units = 2 * (784 + 8) if "structure" in curve.series else 0
            assert point.parameters == pytest.approx(keep * size + units, abs=1)
    assert len(found.dense["two layers"].samples) == 2
    assert ("two layers, trained weights", 2, 2) in steps
    assert not list(run.pieces.folder.glob("under-way-*"))
    monkeypatch.setattr(pruned_curves, "train_series", None)
    monkeypatch.setattr(pruned_curves, "train_dense", None)
    assert experiment.run_plan(run, SMALL) == found


def test_trained_weights_learn_digits():
    """A linear classifier reaches 95 % on this split."""
    pytest.importorskip("torch", reason="needs PyTorch (make torch)")
    from rescircuit.datasets import load_digits
    from rescircuit.pruning.training import Labelled, TrainingSettings, normalised, perceptron
    from rescircuit.reproductions.dense_training import trained_network

    digits = load_digits()
    parts = Labelled(x=digits.train_x, y=digits.train_y), Labelled(x=digits.test_x, y=digits.test_y)
    settings = TrainingSettings(epochs=6, batch=16)
    template, done = normalised(perceptron((64,), (30,), 10), 0.3, 0.35), []
    network, accuracies = trained_network(template, *parts, settings=settings, seed=1, report=done.append)
    assert accuracies[-1] > 0.95
    assert (network(digits.test_x).argmax(axis=1) == digits.test_y).mean() == pytest.approx(accuracies[-1], abs=0.003)
    assert done == [1, 2, 3, 4, 5, 6]
    (before,), (after,) = ([each for each in net.layers if isinstance(each, Scale)] for net in (template, network))
    np.testing.assert_allclose(after.scale, before.scale, rtol=1e-6)  # pixels are normalised as they were


def sample(accuracy, parameters=100, last=None):
    return Trained(
        accuracy=accuracy, last=accuracy if last is None else last, best_epoch=1, parameters=parameters, size=200
    )


def made(plan, identity, relu):
    """Findings with curves of these accuracies."""
    curves = tuple(
        Curve(
            architecture="two layers",
            series=series.name,
            published=series.published,
            points=tuple(
                Point(keep=keep, epochs=2, samples=(sample(each, int(100 * keep), each - 0.01),))
                for keep, each in zip(plan.keeps, values, strict=True)
            ),
        )
        for series, values in ((SERIES[0], identity), (SERIES[1], relu))
    )
    dense = {"two layers": Point(keep=1.0, epochs=2, samples=(sample(0.98),))}
    return PensiaExperiment2(plan=plan, dense=dense, curves=curves, images=60)


def test_tables_remarks_and_picture(tmp_path):
    plan = replace(SMALL, architectures=ARCHITECTURES[:1])
    found = made(plan, (0.95, 0.96), (0.90, 0.97))
    table = found.tables()[0].markdown()
    assert "| structure of figure 1c, ReLU | 200 | 97.00 | 96.00 | 60 | 2 | 90.00 | 97.00 |" in table
    assert "| trained weights | 100 | 98.00 | 98.00 | 100 | 2 |" in table
    remarks = "\n".join(found.remarks())
    assert "the best is 'structure of figure 1c, ReLU' with 97.00% (60 weights stay)" in remarks
    assert "95.00% with the identity and 90.00% with the ReLU, as the paper finds" in remarks
    assert "after the last epoch it is 1.00% less in the mean" in remarks
    assert "This is the quick setting" in remarks
    assert "The first 60 test images" in remarks
    assert "other than the paper finds" in "\n".join(made(plan, (0.9, 0.96), (0.95, 0.97)).remarks())
    full = "\n".join(made(replace(plan, epochs=FULL.epochs, sweep_epochs=10), (0.9, 0.96), (0.95, 0.97)).remarks())
    assert "Curves are swept with 10 epochs" in full
    (picture,) = found.draw(tmp_path)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert found.as_dict()["curves"][1]["points"][0]["keep"] == 0.3


def test_a_training_is_resumed_within(given):
    """Ended in the middle of a training, the next run goes on from its last epoch."""
    pytest.importorskip("torch", reason="needs PyTorch (make torch)")
    run, _ = given
    architecture, images = SMALL.architectures[0], Images(run, 100)

    def train(report):
        return pruned_series.train_series(
            architecture,
            SERIES[3],
            pairs=2,
            keep=0.5,
            epochs=3,
            seed=0,
            images=images,
            given=run,
            report=report,
        )

    def end(epoch):
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(end)
    assert len(list(run.pieces.folder.glob("under-way-*"))) == 1
    seen = []
    first = train(seen.append)
    assert seen == [1, 2, 3]
    assert train(lambda _: None) == first


@pytest.mark.skipif("RESCIRCUIT_DATA" not in os.environ, reason="needs MNIST in RESCIRCUIT_DATA")
def test_mnist_s_mean_and_deviation_are_what_it_is_normalised_by():
    pytest.importorskip("torch", reason="needs PyTorch (make torch)")
    from rescircuit.datasets import load_mnist

    pixels = load_mnist(None, "train", limit=10_000).x
    assert np.mean(pixels) == pytest.approx(pruned_series._MEAN, rel=0.02)
    assert np.std(pixels) == pytest.approx(pruned_series._DEVIATION, rel=0.02)
