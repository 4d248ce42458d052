"""Banks over a sweep of temperatures in one run: each current is that of the bank at that temperature."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices import Coefficients, ThresholdSelector
from rescircuit.errors import InputError
from rescircuit.spice import LIMITS, TemperatureSweep

SWEEP = TemperatureSweep(start=-40, stop=125, step=15)
RESISTANCES = np.array([1e4, 2.2e4, 4.7e4])
WARM = {"tc1": np.array([8e-4, 9e-4, 7e-4]), "tc2": -3e-7}
BENT = {"vc1": 1e-3, "vc2": -5e-4}
MASK = np.array([True, False, True])
VOLTAGES = np.array([0.0, 0.1, 0.25, 0.5])
IDEAL, NMOS = rc.IdealSwitch(r_on=100.0, r_off=1e9), rc.NMOS(w_over_l=10)


def bank(switch, **coefficients):
    return rc.Bank(resistances=RESISTANCES, switch=switch, coefficients=Coefficients(**coefficients))


def series(**coefficients):
    return rc.SeriesBank(resistances=RESISTANCES, switch=IDEAL, coefficients=Coefficients(**coefficients))


def pair(switch):
    return rc.DifferentialPair(positive=bank(switch, **WARM), negative=rc.Bank(resistances=[1.5e4, 3e4], switch=switch))


def population(switch):
    resistances = np.random.default_rng(1).uniform(1e4, 5e4, (2, 2, 3))
    return rc.Bank(resistances=resistances, switch=switch, coefficients=Coefficients(**WARM))


THINGS = {
    "nmos": (bank(NMOS, **WARM), "mos", 12),
    "nmos, bent": (bank(NMOS, **WARM, **BENT), "mos", 12),
    "driven nmos": (bank(rc.NMOS(w_over_l=10, side="driven"), **WARM), "mos", 12),
    "leaky nmos": (bank(rc.NMOS(w_over_l=10, r_off=1e9), **WARM), "mos", 12),
    "each its own": (bank(rc.NMOS(w_over_l=10, vto=np.array([0.38, 0.4, 0.43])), **WARM), "mos", 12),
    "ideal": (bank(IDEAL, **WARM), "linear", 12),
    "ideal, bent": (bank(IDEAL, **WARM, **BENT), "sinh", 12),
    "held": (bank(ThresholdSelector(r_on=500.0, v_threshold=1.0, v_hold=0.05), **WARM), "sinh", 12),
    "series": (series(**WARM), "linear", 12),
    "series, bent": (series(**WARM, **BENT), "sinh", 12),
    "pair": (pair(IDEAL), "linear", 36),
    "pair behind nmos": (pair(NMOS), "mos", 36),
    "population": (population(IDEAL), "linear", 48),
    "population behind nmos": (population(NMOS), "mos", 48),
}


def mask_of(thing):
    return np.append(MASK, [True, False]) if isinstance(thing, rc.DifferentialPair) else MASK


@pytest.mark.parametrize("voltages", [0.3, VOLTAGES], ids=["one input", "verifying"])
@pytest.mark.parametrize(("thing", "limit", "count"), THINGS.values(), ids=THINGS)
def test_each_temperature_agrees(thing, limit, count, voltages):
    mask = np.broadcast_to(MASK, thing.resistances.shape) if getattr(thing, "shape", ()) else mask_of(thing)
    check = rc.verify(thing, mask=mask, voltages=voltages, temperature=SWEEP)
    assert check.passed, check.summary()
    assert check.limit == LIMITS[limit].relative
    currents = [each for each in check.agreements if each.name.endswith("_currents")]
    assert sum(each.compared for each in currents) == count * np.size(voltages)
    assert check.deck.shape == (12, np.size(voltages))
    assert "temp -40.0 125.0 15.0\n" in check.deck.text


@pytest.mark.parametrize(("thing", "limit"), [(bank(IDEAL, **WARM), "linear"), (bank(NMOS, **WARM), "mos")])
def test_a_sweep_is_what_single_temperatures_are(thing, limit):
    swept = rc.spice.run_deck(rc.deck(thing, mask=MASK, voltages=VOLTAGES, temperature=SWEEP))
    assert swept.source_currents["v_out"].shape == (12, 4)
    for k, celsius in enumerate(SWEEP.values):
        alone = rc.spice.run_deck(rc.deck(thing, mask=MASK, voltages=VOLTAGES, temperature=celsius))
        for name in ("x_bank.branch_0", "x_bank.branch_1"):
            assert swept.node_voltages[name][k] == pytest.approx(alone.node_voltages[name], rel=1e-8, abs=1e-12)
        expected = pytest.approx(alone.source_currents["v_out"], rel=LIMITS[limit].relative, abs=1e-15)
        assert swept.source_currents["v_out"][k] == expected


def test_what_is_compared_moves():
    """The agreement is no accident of coefficients too small to see."""
    currents = rc.spice.run_deck(rc.deck(bank(NMOS, **WARM), temperature=SWEEP)).source_currents["v_out"][:, 0]
    assert (np.diff(currents) < 0).all()
    assert currents[-1] < 0.9 * currents[0]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("voltages", [0.3, [0.1, 0.3]])
def test_pyspice_sweeps_the_same_temperatures(voltages):
    for thing in (bank(NMOS, **WARM), bank(IDEAL, **WARM)):
        check = rc.verify(thing, voltages=voltages, temperature=SWEEP, engine="pyspice")
        assert check.passed, check.summary()
        assert check.agreements[0].compared == 12 * np.size(voltages)


@pytest.mark.parametrize("voltages", [0.3, [0.1, 0.3]])
@pytest.mark.parametrize("thing", [bank(IDEAL, **WARM), series(**WARM), population(IDEAL)])
def test_the_deck_s_text_has_the_same_temperatures(thing, voltages):
    check = rc.verify(thing, voltages=voltages, temperature=SWEEP, engine="nodal")
    assert check.passed, check.summary()
    assert check.max_relative_error < 1e-13


def test_a_wrong_temperature_is_found(monkeypatch):
    """One of twelve, a thousandth of a kelvin off."""
    right = rc.Bank.at

    def wrong(self, *, temperature=None, **options):
        return right(self, temperature=50.001 if temperature == 50.0 else temperature, **options)

    monkeypatch.setattr(rc.Bank, "at", wrong)
    check = rc.verify(bank(NMOS, **WARM), voltages=[0.1, 0.2], temperature=SWEEP)
    assert not check.passed
    assert check.worst.place[0] == 6


LEAKING = bank(rc.NMOS(w_over_l=10, i_threshold=1e-7), **WARM)
STEEP = rc.Bank(resistances=RESISTANCES, coefficients=Coefficients(tc1=-0.04, tc2=4e-4))


@pytest.mark.parametrize("function", [rc.deck, rc.verify])
@pytest.mark.parametrize(
    ("thing", "options", "message"),
    [
        (LEAKING, {"mask": MASK}, "°C, for which b_leak_1 was made"),
        (population(rc.NMOS(w_over_l=10, i_threshold=1e-7)), {"mask": MASK}, "°C, for which b_leak_1 was made"),
        (bank(NMOS, **WARM).at(temperature=85.0), {}, "bank must be as it was made"),
        (bank(IDEAL, tc1=-0.02), {}, "temperature must be within the range in which the coefficients"),
        (
            STEEP,
            {"temperature": TemperatureSweep(start=27, stop=127, step=10)},
            "resistance of r_0 at 77 °C must be above 0 ohm",
        ),
        (rc.CapacitorBank(capacitances=[1e-13]), {}, "temperature must be one number for a CapacitorBank"),
        (rc.Crossbar([[1e-4]]), {}, "temperature must be left out for a Crossbar"),
        (bank(IDEAL), {"temperature": (-40.0, 125.0)}, "temperature must be"),
        (bank(IDEAL), {"temperature": "-40 to 125"}, "temperature must be"),
    ],
)
def test_what_has_no_such_sweep_is_refused(function, thing, options, message):
    with pytest.raises(InputError, match=message) as caught:
        function(thing, **{"temperature": SWEEP, **options})
    assert "\n" not in str(caught.value)


def test_closed_transistors_that_would_leak_have_one():
    """What their open ones leak is written for one temperature; of closed ones nothing is."""
    assert rc.verify(LEAKING, temperature=SWEEP).passed
