"""Pictures: they show the numbers given, say what the axes are, and leave no open figure behind."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex

import rescircuit as rc
from rescircuit.plotting import plot_effective_conductances, plot_programming_error, save_figure

mpl.use("Agg")  # draws without a screen
from matplotlib import pyplot as plt

RNG = np.random.default_rng(1)
ERRORS = {
    "thesis": {n: RNG.exponential(2.0**-n, 200) for n in (8, 4, 12)},  # in no particular order
    "polysilicon": {n: RNG.exponential(0.5 * 2.0**-n, 200) for n in (4, 8)},
}
PREDICTIONS = {"thesis": {12: 2.0**-12, 4: 2.0**-4, 8: 2.0**-8}, "polysilicon": {4: 0.03, 8: 0.002}}


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    plt.close("all")


def artist(axes, label) -> Any:
    """The artist that the legend calls `label`."""
    handles, labels = axes.get_legend_handles_labels()
    return handles[labels.index(label)]


def test_programming_errors_show_median_range_worst_and_theory():
    axes = plot_programming_error(ERRORS, PREDICTIONS)
    for process, by_size in ERRORS.items():
        sizes = sorted(by_size)
        values = [np.sort(by_size[n]) for n in sizes]
        points, _, (bars,) = artist(axes, f"{process}: median, 5 to 95 %")
        # of 200 sorted values: medians between the 100th and the 101st, ranges by linear interpolation
        assert points.get_ydata() == pytest.approx([v[99:101].mean() for v in values], rel=1e-12)
        low = [v[9] + 0.95 * (v[10] - v[9]) for v in values]
        high = [v[189] + 0.05 * (v[190] - v[189]) for v in values]
        drawn = [segment[:, 1].tolist() for segment in bars.get_segments()]
        assert np.array(drawn) == pytest.approx(np.column_stack([low, high]), rel=1e-12)
        worst = artist(axes, f"{process}: worst")
        assert worst.get_ydata() == pytest.approx([v[-1] for v in values], rel=1e-15)
        for line in (points, worst):
            assert line.get_xdata() == pytest.approx(sizes, abs=0.1)  # side by side, still at their size
        theory = artist(axes, f"{process}: theory (median)")
        assert list(theory.get_xdata()) == sizes
        assert list(theory.get_ydata()) == [PREDICTIONS[process][n] for n in sizes]
        assert len({to_hex(line.get_color()) for line in (points, worst, theory)}) == 1


def test_programming_errors_say_what_they_are():
    axes = plot_programming_error(ERRORS)
    assert axes.get_yscale() == "log"
    assert axes.get_xlabel() == "resistors in a bank, n"
    assert axes.get_ylabel() == "programming error / full scale"
    assert axes.get_xticks().tolist() == [4, 8, 12]
    legend = axes.get_legend()
    assert legend is not None
    assert sorted(text.get_text() for text in legend.get_texts()) == [
        "polysilicon: median, 5 to 95 %",
        "polysilicon: worst",
        "thesis: median, 5 to 95 %",
        "thesis: worst",
    ]
    assert len(axes.containers) == 2  # no theory was given, none is drawn
    assert not any("theory" in str(line.get_label()) for line in axes.lines)


def test_processes_are_told_apart_by_colour_and_place():
    axes = plot_programming_error(ERRORS)
    first, second = (artist(axes, f"{process}: worst") for process in ERRORS)
    assert first.get_color() != second.get_color()
    assert not set(first.get_xdata()) & set(second.get_xdata())


def test_ones_own_axes_are_drawn_on():
    figure, (left, middle, right) = plt.subplots(1, 3)
    assert plot_programming_error(ERRORS, axes=middle) is middle
    assert len(middle.containers) == 2
    assert not left.lines
    panels = plot_effective_conductances(np.ones((2, 3)), np.ones((2, 3)), axes=(left, right))
    assert list(panels) == [left, right]
    assert [len(panel.images) for panel in (left, middle, right)] == [1, 0, 1]
    assert plt.get_fignums() == [figure.number]


IDEAL = np.array([[1e-6, 2e-6, 0.0], [4e-6, 5e-6, 8e-6]])
LOSS = np.array([[-10.0, -20.0, 0.0], [-5.0, -1.0, -50.0]])


def test_effective_conductances_show_what_is_programmed_and_what_is_lost():
    panels = plot_effective_conductances(IDEAL, IDEAL * (1 + LOSS / 100))
    programmed, lost = (panel.images[0] for panel in panels)
    assert programmed.get_array().data == pytest.approx(1e6 * IDEAL, rel=1e-14)
    assert lost.get_array().data == pytest.approx(LOSS, abs=1e-12)
    assert [panel.get_title() for panel in panels] == [
        "programmed conductance (µS)",
        "effective against programmed (%)",
    ]
    for panel in panels:
        assert panel.get_xlabel() == "bit line, sensed at the bottom"
        assert panel.get_ylabel() == "word line, driven from the left"
    # a colour bar beside each, and no figure besides
    assert len(panels[0].figure.axes) == 4
    assert plt.get_fignums() == [panels[0].figure.number]


def test_losses_alone_fill_the_scale_and_gains_make_it_symmetric():
    losses = plot_effective_conductances(IDEAL, IDEAL * (1 + LOSS / 100))[1].images[0]
    assert losses.get_clim() == pytest.approx((-50.0, 0.0))
    both = plot_effective_conductances(IDEAL, IDEAL * (1 + (LOSS + 30) / 100))[1].images[0]
    assert both.get_clim() == pytest.approx((-29.0, 29.0))
    assert both.cmap(0.5)[:3] == pytest.approx((1.0, 1.0, 1.0), abs=0.05)  # white: no change


def test_wordlines_run_down_and_bitlines_across():
    """The first word line is the top row: an array is drawn as it is printed."""
    panel = plot_effective_conductances(IDEAL, IDEAL)[0]
    left, right, bottom, top = panel.images[0].get_extent()
    assert (left, right) == (-0.5, 2.5)
    assert (bottom, top) == (1.5, -0.5)


@pytest.mark.parametrize(
    ("ideal", "effective", "says"),
    [
        (IDEAL, IDEAL.T, r"effective must be of the shape of ideal, \(2, 3\), in two dimensions, got shape \(3, 2\)"),
        (IDEAL[0], IDEAL[0], "in two dimensions"),
        (IDEAL[np.newaxis], IDEAL[np.newaxis], "in two dimensions"),
        (IDEAL, np.full((2, 3), np.nan), r"effective at index \(0, 0\) must be finite numbers \(S\)"),
        (np.empty((0, 3)), np.empty((0, 3)), "ideal must be finite numbers"),
        ("abc", IDEAL, "ideal must be finite numbers"),
    ],
)
def test_wrong_shapes_are_refused_and_leave_no_figure(ideal, effective, says):
    with pytest.raises(rc.InputError, match=says):
        plot_effective_conductances(ideal, effective)
    assert plt.get_fignums() == []


SIGNATURES = {"png": b"\x89PNG\r\n\x1a\n", "PNG": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-", "svg": b"<?xml"}


@pytest.mark.parametrize("suffix", SIGNATURES)
def test_a_saved_figure_is_a_picture_and_closed(tmp_path, suffix):
    axes = plot_programming_error(ERRORS, PREDICTIONS)
    path = tmp_path / f"errors.{suffix}"
    assert save_figure(axes, path) == path
    assert path.read_bytes().startswith(SIGNATURES[suffix])
    assert path.stat().st_size > 5000
    assert plt.get_fignums() == []
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_saved_picture_is_not_blank(tmp_path):
    save_figure(plot_effective_conductances(IDEAL, IDEAL * 0.9), tmp_path / "array.png")
    pixels = plt.imread(tmp_path / "array.png")
    assert pixels.shape[1] > 2 * pixels.shape[0]  # two panels side by side
    assert len(np.unique(np.round(255 * pixels[..., :3]) @ [65536, 256, 1])) > 50  # colours
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", ["picture.xyz", "picture", "picture.", ".png"])
def test_a_suffix_that_is_no_format_is_refused(tmp_path, name):
    """Without one Matplotlib would choose another name, and an empty file would take the one asked for."""
    axes = plot_programming_error(ERRORS)
    with pytest.raises(rc.InputError, match="path must be the name of a picture, such as figure"):
        save_figure(axes, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    assert plt.get_fignums() == []


def test_a_figure_is_closed_even_where_it_cannot_be_saved(tmp_path):
    axes = plot_programming_error(ERRORS)
    with pytest.raises(rc.InputError, match="path must be in a folder that can be written to"):
        save_figure(axes, tmp_path / "absent" / "picture.png")
    assert plt.get_fignums() == []
