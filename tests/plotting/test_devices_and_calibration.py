"""Pictures of populations, of banks under other conditions, and of calibrations."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import UsefulSize
from rescircuit.plotting import plot_behaviour, plot_floors, plot_population, plot_useful_size, save_figure

mpl.use("Agg")  # draws without a screen
from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    plt.close("all")


def bars(axes):
    return sum(float(patch.get_height()) for patch in axes.patches)


def test_a_population_counts_every_component():
    poly = rc.Resistor(nominal=1e4, common=0.2, mismatch=0.01)
    factors = poly.sample(500, seed=3) / 1e4
    axes = plot_population(factors)
    assert bars(axes) == 500
    (label,) = axes.get_legend_handles_labels()[1]
    assert label == f"mean {100 * (factors.mean() - 1):+.2f} %, standard deviation {100 * factors.std():.2g} %"
    assert axes.get_xlabel() == "deviation from nominal (%)"


def test_several_populations_in_one_picture():
    axes = plot_population({"a": np.full(30, 1.1), "b": np.linspace(0.9, 1.0, 20)})
    assert bars(axes) == 50
    assert [label.split(":")[0] for label in axes.get_legend_handles_labels()[1]] == ["a", "b"]


def test_components_that_are_all_alike_have_a_picture_too():
    axes = plot_population(np.ones(7))
    assert bars(axes) == 7


def test_behaviour_shows_changes_from_the_value():
    bank = rc.Bank(resistances=[1e4, 2e4], coefficients=rc.Coefficients(tc1=1e-3, vc1=0.01, drift=0.02))
    found = rc.describe(bank, [True, True])
    panels = plot_behaviour(found)
    for panel, values, scale in zip(
        panels,
        (found.values_over_voltage, found.values_over_temperature, found.values_over_age),
        (100, 100, 100),
        strict=True,
    ):
        assert panel.lines[0].get_ydata() == pytest.approx(scale * (values / found.value - 1), abs=1e-9)
        assert panel.get_ylabel() == "change of conductance (%)"
    assert [panel.get_xlabel() for panel in panels] == ["voltage (V)", "temperature (°C)", "age (years)"]


def test_what_does_not_move_is_a_flat_line(tmp_path):
    found = rc.describe(rc.CapacitorBank(capacitances=[1e-12]), [True])
    panels = plot_behaviour(found)
    assert all(panel.get_ylim() == (-1.0, 1.0) for panel in panels)
    assert all("capacitance (ppm)" in panel.get_ylabel() for panel in panels)
    assert save_figure(panels, tmp_path / "flat.png").stat().st_size > 1000


def test_useful_sizes_show_both_causes_and_where_they_end():
    sizes = np.arange(1, 7)
    residual, error = 1e-6 * 0.5**sizes, np.full(6, 4e-8)
    useful = UsefulSize(
        n=5, sizes=sizes, residual=residual, standard_error=error, total=np.hypot(residual, error), within=0.1
    )
    axes = plot_useful_size(useful, 2e-5)
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert drawn["left by programming"] == pytest.approx(residual / 2e-5)
    assert drawn["left by measuring"] == pytest.approx(error / 2e-5)
    assert drawn["both"] == pytest.approx(np.hypot(residual, error) / 2e-5)
    assert "from 5 on" in axes.texts[0].get_text()
    assert axes.get_yscale() == "log"


def test_floors_show_medians_and_predictions():
    rng = np.random.default_rng(1)
    errors = {"8 bits": {n: rng.exponential(0.5**n, 99) for n in (8, 4)}, "12 bits": {4: rng.exponential(0.01, 99)}}
    axes = plot_floors(errors, {"8 bits": 1e-3})
    handles, labels = axes.get_legend_handles_labels()
    assert labels == ["8 bits", "12 bits"]
    assert list(handles[0].get_xdata()) == [4, 8]
    assert handles[0].get_ydata() == pytest.approx([np.median(errors["8 bits"][n]) for n in (4, 8)])
    dotted = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert [line.get_ydata()[0] for line in dotted] == [1e-3]


def test_factors_have_to_be_above_zero():
    with pytest.raises(rc.InputError, match="factors at index 0 must be finite numbers above 0"):
        plot_population([0.0, 1.0])
