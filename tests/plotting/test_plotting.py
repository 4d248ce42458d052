"""Pictures: they show the numbers given, say what the axes are, and leave no open figure behind."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex

import rescircuit as rc
from rescircuit.crossbar import ir_drop
from rescircuit.crossbar.topology import wired
from rescircuit.plotting import (
    QUANTITIES,
    plot_array,
    plot_effective_conductances,
    plot_programming_error,
    plot_wires,
    save_figure,
)
from rescircuit.plotting.figures import prefixed_unit

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


CROSSBAR = rc.Crossbar(10 ** RNG.uniform(-5, -4, (4, 3)), 5.0, 3.0, r_driver=20.0, r_sense=500.0)
SOLUTION = CROSSBAR.solve(RNG.uniform(0.3, 0.4, (2, 4)))


def marked(axes):
    """Row and column of the cell with the ring."""
    (column,), (row,) = axes.lines[0].get_data()
    return int(row), int(column)


VALUES = {
    "ir_drop": (lambda s: 100 * ir_drop(s).relative[0], "IR drop / voltage applied (%)"),
    "word_line_voltage": (lambda s: 1e3 * s.word_line_voltages[0], "word-line voltage (mV)"),
    "bit_line_voltage": (lambda s: 1e3 * s.bit_line_voltages[0], "bit-line voltage (mV)"),
    "current": (lambda s: 1e6 * s.device_currents[0], "current through cells (µA)"),
    "power": (
        lambda s: 1e6 * (s.device_currents * (s.word_line_voltages - s.bit_line_voltages))[0],
        "power in cells (µW)",
    ),
}


@pytest.mark.parametrize("quantity", VALUES)
def test_a_heat_map_shows_the_first_of_a_batch_with_its_unit(quantity):
    assert set(VALUES) == set(QUANTITIES)
    values, label = VALUES[quantity]
    axes = plot_array(SOLUTION, quantity)
    assert axes.images[0].get_array().data == pytest.approx(values(SOLUTION), rel=1e-12)
    panel, bar = axes.figure.axes
    assert panel is axes
    assert bar.get_ylabel() == label
    assert axes.get_xlabel() == "bit line, sensed at the bottom"
    assert axes.get_ylabel() == "word line, driven from the left"
    assert (axes.get_xticks().tolist(), axes.get_yticks().tolist()) == ([0, 1, 2], [0, 1, 2, 3])
    left, right, bottom, top = axes.images[0].get_extent()
    assert (left, right, bottom, top) == (-0.5, 2.5, 3.5, -0.5)  # the first word line is the top row


@pytest.mark.parametrize("sample", [0, 1])
def test_the_worst_cell_is_marked_and_named(sample):
    drop = np.abs(ir_drop(SOLUTION).relative[sample])
    axes = plot_array(SOLUTION, sample=sample)
    row, column = marked(axes)
    assert drop[row, column] == drop.max()
    assert axes.get_title().endswith(f"{100 * drop.max():.4g} % at word line {row}, bit line {column}")
    lost = SOLUTION.driver_voltages[sample][:, np.newaxis] - SOLUTION.word_line_voltages[sample]
    assert lost[marked(plot_array(SOLUTION, "word_line_voltage", sample=sample))] == lost.max()


def test_cells_without_a_value_are_left_grey():
    solution = rc.Crossbar(np.full((3, 3), 1e-5), 5.0, 5.0, drive=["left", "floating", "both"]).solve([0.1, 0, 0.1])
    axes = plot_array(solution)
    assert axes.images[0].get_array().mask.tolist() == [[False] * 3, [True] * 3, [False] * 3]
    assert marked(axes)[0] != 1
    assert axes.get_ylabel() == "word line, connected each in its own way"
    quantities = plot_array(solution, "word_line_voltage")
    assert not np.ma.getmaskarray(quantities.images[0].get_array()).any()


@pytest.mark.parametrize(
    ("ends", "label"),
    [
        ({"drive": "right"}, "word line, driven from the right"),
        ({"drive": "both"}, "word line, driven from both sides"),
        ({"sense": "top"}, "bit line, sensed at the top"),
        ({"sense": "both"}, "bit line, sensed at both ends"),
    ],
)
@pytest.mark.parametrize("picture", [plot_array, plot_wires])
def test_pictures_say_where_lines_end(picture, ends, label):
    axes = picture(rc.Crossbar([[1e-4, 1e-4]], 1.0, 1.0, **ends).solve([0.1]))
    assert label in (axes.get_xlabel(), axes.get_ylabel())


def test_mixed_signs_have_white_for_zero():
    solution = rc.Crossbar(np.full((2, 2), 1e-5), 5.0, 5.0).solve([0.1, -0.05])
    image = plot_array(solution, "current").images[0]
    low, high = image.get_clim()
    assert low == -high
    assert high == pytest.approx(1e9 * solution.device_currents.max(), rel=1e-12)  # nA


def any_solution(m, n):
    """Voltages of a size that arrays have, which no array needs to be solved for."""
    words, bits = 0.1 - 0.01 * RNG.uniform(0, 1, (1, m, n)), 0.01 * RNG.uniform(0, 1, (1, m, n))
    through = 1e-6 * (words - bits)
    return rc.CrossbarSolution.of(
        wired((m, n), 1.0, 1.0, 0.0, 0.0, "left", "bottom"),
        *(np.full((1, m), 0.1), np.zeros((1, n)), words, bits, through),
        (through.sum(axis=-1), through.sum(axis=-2)),
        batch=(),
        kcl_residual=0.0,
        current_error=0.0,
        condition=lambda: 1.0,
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (1024, 1024)])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_heat_maps_of_any_size_are_pictures(tmp_path, shape, quantity):
    path = save_figure(plot_array(any_solution(*shape), quantity), tmp_path / "array.png")
    assert path.stat().st_size > 5000


def test_a_drawing_shows_wires_cells_and_ends():
    axes = plot_wires(SOLUTION, sample=1)
    dots, lines = axes.collections[1], axes.collections[0]
    assert dots.get_array().data == pytest.approx(1e6 * np.abs(SOLUTION.device_currents[1]).ravel(), rel=1e-12)
    assert dots.get_offsets().tolist() == [[j, i] for i in range(4) for j in range(3)]
    words, bits = SOLUTION.word_wire_currents[1][:, :-1], SOLUTION.bit_wire_currents[1][1:]  # no wires at open ends
    drawn = np.sort(np.abs(np.concatenate([words.ravel(), bits.ravel()])))
    assert np.sort(lines.get_array().data) == pytest.approx(1e6 * drawn, rel=1e-12, abs=1e-9)
    assert len(lines.get_segments()) == 4 * 3 + 4 * 3
    order = np.argsort(lines.get_array())
    assert (np.diff(np.array(lines.get_linewidths())[order]) >= 0).all()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["source", "virtual ground"]
    labels = {bar.get_ylabel() for bar in axes.figure.axes[1:]}
    assert labels == {"size of the current through cells (µA)", "size of the current in wires (µA)"}


def test_floating_lines_are_dashed_and_broken_wires_left_out():
    along = np.full((3, 3), 2.0)
    along[0, 1] = np.inf
    ends = {"drive": ["left", "floating", "both"], "sense": ["bottom", "both"]}
    axes = plot_wires(rc.Crossbar(np.full((3, 2), 1e-4), along, 2.0, **ends).solve([0.1, 0.0, 0.2]))
    lines = axes.collections[0]
    flat = [segment for segment in lines.get_segments() if segment[0][1] == segment[1][1]]
    assert sorted(int(segment[0][1]) for segment in flat) == [0, 1, 2, 2, 2]
    dashed = [dashes is not None for _, dashes in lines.get_linestyle()]
    assert sum(dashed) == 1
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["source", "virtual ground", "floating line"]


def test_open_cells_are_hollow():
    cells = np.full((3, 2), 1e-4)
    cells[1, 0] = 0.0
    axes = plot_wires(rc.Crossbar(cells, 2.0, 2.0).solve([0.1, 0.2, 0.1]))
    rings = axes.collections[2]
    assert rings.get_offsets().tolist() == [[0, 1]]
    assert rings.get_facecolor().tolist() == [[1.0, 1.0, 1.0, 1.0]]
    assert axes.get_legend().get_texts()[-1].get_text() == "open cell"


def test_without_a_drop_there_is_no_circle():
    axes = plot_array(rc.Crossbar(np.full((3, 2), 1e-4)).solve([0.1, 0.2, 0.1]))
    assert not axes.lines
    assert axes.get_title() == "IR drop / voltage applied"


@pytest.mark.parametrize("shape", [(1, 1), (1, 32), (32, 32)])
def test_drawings_of_small_arrays_are_pictures(tmp_path, shape):
    solution = rc.Crossbar(np.full(shape, 1e-6), 1.0, 1.0).solve(np.zeros(shape[0]))  # and without any current
    assert save_figure(plot_wires(solution), tmp_path / "array.svg").stat().st_size > 5000


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (lambda: plot_array(SOLUTION, "heat"), "quantity must be one of 'ir_drop', 'word_line_voltage', "),
        (lambda: plot_array(SOLUTION, sample=2), "sample must be a whole number from 0 to 1, got 2"),
        (lambda: plot_wires(SOLUTION, sample=-1), "sample must be a whole number from 0 to 1, got -1"),
        (
            lambda: plot_wires(rc.Crossbar(np.ones((2, 33))).solve([1, 1])),
            r"the array must be of at most 32 lines .* got shape \(2, 33\). plot_array shows larger ones",
        ),
        (
            lambda: plot_array(rc.Crossbar([[1.0]], sense="floating").solve([1.0])),
            "the array must be with a driven word line and a sensed bit line",
        ),
    ],
)
def test_what_cannot_be_drawn_leaves_no_figure(picture, says):
    with pytest.raises(rc.InputError, match=says):
        picture()
    assert plt.get_fignums() == []


def test_arrays_are_drawn_on_ones_own_axes():
    figure, (left, right) = plt.subplots(1, 2)
    assert plot_array(SOLUTION, axes=left) is left
    assert plot_wires(SOLUTION, axes=right) is right
    assert len(left.images) == 1
    assert len(right.collections) == 2
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize(
    ("largest", "factor", "unit"),
    [
        (0.0, 1.0, "A"),
        (1.0, 1.0, "A"),
        (0.999, 1e3, "mA"),
        (4.2e-5, 1e6, "µA"),
        (1e-30, 1e18, "aA"),
        (2e15, 1e-12, "TA"),
    ],
)
def test_prefixes_leave_one_to_three_digits(largest, factor, unit):
    assert prefixed_unit(largest, "A") == (pytest.approx(factor, rel=1e-15), unit)
