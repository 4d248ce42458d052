"""The picture of a chip: what is drawn, against the table of its tiles."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

import rescircuit as rc
from rescircuit.network import ArraySpec, map_network
from rescircuit.network.arrays import placement_of
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, Network
from rescircuit.plotting import plot_placement, save_figure

mpl.use("Agg")  # draws without a screen
from matplotlib import pyplot as plt


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(1)
    return Network(
        [
            Conv(weight=rng.normal(size=(6, 2, 3, 3)), bias=np.ones(6), groups=2, name="conv"),
            Activation(kind="relu"),
            Flatten(),
            Dense(weight=rng.normal(size=(9, 96)), bias=np.ones(9), name="out"),
        ],
        input_shape=(4, 6, 6),
    )


@pytest.mark.parametrize(
    "fields", [{}, {"scheme": "offset", "bias": "word_line"}, {"positions_per_copy": 5}, {"rows": 128, "cols": 4}]
)
def test_every_tile_is_drawn_once_with_what_is_used_of_it(network, fields, tmp_path):
    spec = ArraySpec(**({"rows": 16, "cols": 8, "cells": "ideal"} | fields))
    analog = map_network(network, spec, seed=1)
    table = placement_of(analog.layers)
    axes = plot_placement(analog)
    empty, used, outlines = (axes.patches[k::3] for k in range(3))
    assert len(outlines) == len(table)
    for row, whole, part, outline in zip(table, empty, used, outlines, strict=True):
        area = part.get_width() * part.get_height() / (whole.get_width() * whole.get_height())
        assert area == pytest.approx(row.share)
        assert outline.get_xy() == whole.get_xy()
    places = {tuple(np.round(each.get_xy(), 9)) for each in outlines}
    assert len(places) == len(outlines)
    for k, one in enumerate(outlines):  # none overlap
        for other in outlines[k + 1 :]:
            apart = np.abs(np.subtract(one.get_xy(), other.get_xy())) + 1e-9
            assert apart[0] >= one.get_width() or apart[1] >= one.get_height()
    titles = [text.get_text() for text in axes.texts if ";" in text.get_text()]
    assert [title.split(":")[0] for title in titles] == ["conv", "out"]
    assert "2 groups" in titles[0]
    assert len(axes.lines) == sum(row.has_bias for row in table)
    assert f"{len(table)} tiles of {spec.rows} × {spec.cols}" in axes.get_title()
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names[:3] == ["conv", "out", "not used"]
    assert save_figure(axes, tmp_path / "chip.png").stat().st_size > 5000


def test_many_layers_are_named_in_their_place_only():
    layers = [Dense(weight=np.eye(2), name=f"fc{k}") for k in range(20)]
    axes = plot_placement(map_network(Network(layers), ArraySpec(rows=2, cols=4, cells="ideal"), seed=1))
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "and 6 more" in names
    assert sum(text.get_text().startswith("fc") for text in axes.texts) == 20
    plt.close(axes.figure)


def test_labels_cross_no_edge_and_pictures_have_no_empty_margins():
    rng = np.random.default_rng(2)
    layers = [Dense(weight=rng.normal(size=size), name=f"fc{k}") for k, size in enumerate([(100, 150), (10, 100)])]
    axes = plot_placement(map_network(Network(layers), ArraySpec(rows=64, cols=64, cells="ideal"), seed=1))
    axes.figure.canvas.draw()
    labels = [text for text in axes.texts if text.get_text().startswith("tile ")]
    assert len(labels) == 14
    used = [part.get_window_extent() for part in axes.patches[1::3]]
    for label in labels:
        box = label.get_window_extent()
        around = [part for part in used if part.overlaps(box)]
        assert all(part.containsx(box.x0) and part.containsx(box.x1) for part in around)
        assert all(part.containsy(box.y0) and part.containsy(box.y1) for part in around)
    high = axes.figure.get_size_inches()[1] * axes.figure.dpi
    assert axes.get_window_extent().height > 0.75 * high
    plt.close(axes.figure)


def test_what_is_no_chip_is_refused(network):
    with pytest.raises(rc.InputError, match="analog must be an AnalogNetwork, from map_network"):
        plot_placement(network)
