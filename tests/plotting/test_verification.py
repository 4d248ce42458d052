"""The picture of a verification: every error where it belongs, the limits, and what has no place on an axis."""

from __future__ import annotations

import dataclasses

import matplotlib as mpl
import numpy as np
import pytest

import rescircuit as rc
from rescircuit.plotting import save_figure
from rescircuit.plotting.verification import plot_verification
from rescircuit.spice import Limit, relative_error, write_deck
from rescircuit.spice.verification.comparison import Reference, Verification, agreements

mpl.use("Agg")  # draws without a screen
from matplotlib import pyplot as plt

RNG = np.random.default_rng(6)
DECK = rc.deck(rc.Bank(resistances=[1e4]))


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    plt.close("all")


def made_up(**quantities):
    """A verification of these pairs of (ours, theirs), with a limit of 1e-9."""
    theirs = {
        name: Reference(
            values=b, unit="A", element=lambda place: f"v_{place[-1]}", floor=1e-12, limit=Limit(relative=1e-9)
        )
        for name, (_, b) in quantities.items()
    }
    return Verification(
        agreements=agreements({name: a for name, (a, _) in quantities.items()}, theirs),
        engine="ngspice",
        ngspice_version="39",
        seconds=0.1,
        deck=DECK,
    )


def off_by(shape, errors):
    """Two arrays whose relative errors are these."""
    theirs = RNG.uniform(1, 2, shape)
    return theirs * (1 + errors), theirs


def test_curves_are_the_sorted_errors_under_their_limit():
    pairs = {
        "few": off_by((7,), 10 ** RNG.uniform(-14, -11, 7)),
        "many": off_by((50,), 10 ** RNG.uniform(-14, -11, 50)),
    }
    few, many = plot_verification(made_up(**pairs))
    for panel, (ours, theirs) in zip((few, many), pairs.values(), strict=True):
        drawn, limit = panel.get_lines()
        expected = np.sort(relative_error(ours, theirs, 1e-12))[::-1]
        assert drawn.get_ydata() == pytest.approx(expected, rel=1e-12)
        assert list(drawn.get_xdata()) == list(range(1, expected.size + 1))
        assert set(limit.get_ydata()) == {1e-9}
        low, high = panel.get_ylim()
        assert low < expected.min()
        assert high > 1e-9
        assert panel.get_yscale() == "log"
    assert (few.get_xscale(), many.get_xscale()) == ("linear", "log")
    assert few.get_title() == "few: 7 numbers"
    assert many.get_xlabel() == "numbers, the largest error first"
    assert few.figure.get_suptitle() == "ngspice 39 agrees: 57 numbers"


def test_maps_are_the_largest_errors_over_the_last_two_axes():
    errors = 10 ** RNG.uniform(-14, -11, (3, 4, 5))
    errors[:, 2, 2] = 0
    errors[1, 3, 4] = 1e-10
    ours, theirs = off_by((3, 4, 5), errors)
    check = made_up(line=off_by((3, 1), np.full((3, 1), 1e-13)), volts=(ours, theirs))
    _, _, heat = plot_verification(check)
    shown = heat.images[0].get_array()
    expected = relative_error(ours, theirs, 1e-12).max(axis=0)
    assert shown.mask.tolist() == (expected == 0).tolist()
    assert shown.compressed() == pytest.approx(expected[expected > 0], rel=1e-12)
    ring = heat.get_lines()[0]
    assert (ring.get_ydata()[0], ring.get_xdata()[0]) == (3, 4)
    assert heat.get_title() == "worst at volts[1, 3, 4], v_4"
    assert (heat.get_ylabel(), heat.get_xlabel()) == ("second index", "third index")


def test_what_has_no_place_on_an_axis_is_counted():
    ours, theirs = off_by((4, 5), 1e-12)
    ours[0] = theirs[0]
    ours[3, 1] = np.nan
    curve, heat = plot_verification(check := made_up(mixed=(ours, theirs)))
    assert not check.passed
    assert curve.get_title() == "mixed: 20 numbers, 5 exactly equal, 1 infinitely wrong"
    assert len(curve.get_lines()[0].get_ydata()) == 14
    assert curve.get_lines()[0].get_xdata()[0] == 2  # behind the infinite one
    assert np.isfinite(heat.images[0].get_array().compressed()).all()
    assert curve.figure.get_suptitle() == "ngspice 39 DISAGREES: 20 numbers"


@pytest.mark.parametrize("wrong", [0.0, np.nan])
def test_nothing_but_equal_or_endless_errors_can_be_drawn(tmp_path, wrong):
    theirs = RNG.uniform(1, 2, (3, 4))
    panels = plot_verification(made_up(all=(theirs + wrong, theirs)))
    assert len(panels) == (2 if wrong else 1)
    assert panels[0].get_ylim()[0] < 1e-15
    assert save_figure(panels, tmp_path / "a.png").stat().st_size > 1000
    assert plt.get_fignums() == []


def test_a_real_array_is_drawn_as_it_was_compared(tmp_path):
    crossbar = rc.Crossbar(10 ** RNG.uniform(-6, -5, (4, 3)), 1.0, 1.0)
    check = rc.verify(crossbar, engine="nodal")
    panels = plot_verification(check)
    assert [panel.get_title().partition(":")[0] for panel in panels[:4]] == [each.name for each in check.agreements]
    assert "SuperLU" in panels[0].figure.get_suptitle()
    assert save_figure(panels, tmp_path / "check.svg").read_text(encoding="utf-8").startswith("<?xml")
    late = dataclasses.replace(check, agreements=check.agreements[:1], deck=write_deck(check.deck.circuit))
    assert len(plot_verification(late)) <= 2
