"""The verdict: a limit for each quantity, the worst place and its element, and what is no number."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar import BankCells
from rescircuit.spice import LIMITS, Limit, Verification, run_deck
from rescircuit.spice.verification.comparison import Agreement, Reference, agreements, compared

VALUES = np.array([[1.0, -2.0, 4.0], [8.0, 1e-6, 32.0]])
PLAIN = Reference(
    values=VALUES,
    unit="A",
    axes=("bank",),
    element=lambda place: f"v_{place[-1]}",
    floor=1e-3,
    limit=Limit(relative=1e-9),
)


def changed(place, factor):
    values = VALUES.copy()
    values[place] *= factor
    return values


def test_equal_values_agree():
    one = Agreement.of("currents", VALUES, PLAIN)
    assert one.worst == 0.0
    assert one.compared == 6
    assert one.errors.shape == VALUES.shape
    assert (one.unit, one.limit) == ("A", 1e-9)


@pytest.mark.parametrize("place", list(np.ndindex(2, 3)))
def test_the_worst_place_is_found(place):
    one = Agreement.of("currents", changed(place, 1 + 1e-6), PLAIN)
    assert one.place == place
    assert one.element == f"v_{place[1]}"
    assert one.label == f"currents[{place[0]}, {place[1]}]"
    assert one.ours == VALUES[place] * (1 + 1e-6)
    assert one.theirs == VALUES[place]
    expected = 1e-6 * abs(VALUES[place]) / max(abs(VALUES[place]), 1e-3)
    assert one.worst == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_infinitely_wrong(value):
    ours = VALUES.copy()
    ours[1, 2] = value
    one = Agreement.of("currents", ours, PLAIN)
    assert one.worst == np.inf
    assert one.place == (1, 2)


def test_what_is_not_there_is_not_compared():
    there = np.array([True, False, True])
    one = Agreement.of("currents", changed((0, 1), 2.0), dataclasses.replace(PLAIN, compared=there))
    assert one.worst == 0.0
    assert one.compared == 4
    nothing = Agreement.of("currents", VALUES * np.nan, dataclasses.replace(PLAIN, compared=False))
    assert (nothing.worst, nothing.compared) == (0.0, 0)


def test_one_point_may_stand_for_all_samples():
    """Where nothing that is driven has samples, ngspice brings one point."""
    one = Agreement.of("currents", np.repeat(VALUES[:1], 4, axis=0), dataclasses.replace(PLAIN, values=VALUES[:1]))
    assert one.worst == 0.0
    assert one.errors.shape == (4, 3)
    wrong = np.repeat(VALUES[:1], 4, axis=0)
    wrong[3, 1] *= 2.0
    assert Agreement.of("currents", wrong, dataclasses.replace(PLAIN, values=VALUES[:1])).place == (3, 1)


def test_shapes_that_do_not_fit_are_no_agreement():
    with pytest.raises(ValueError, match="shape"):
        Agreement.of("currents", VALUES[:, :2], PLAIN)


@pytest.fixture
def result(divider):
    return run_deck(rc.spice.write_deck(divider))


def verdict(ours, theirs, result, divider):
    return compared(ours, theirs, result=result, deck=rc.spice.write_deck(divider))


def test_each_quantity_has_a_limit_of_its_own(result, divider):
    """The worst is the one farthest beyond its own limit, not the one with the largest error."""
    rough = dataclasses.replace(PLAIN, limit=Limit(relative=1e-3), unit="V")
    ours = {"fine": changed((0, 0), 1 + 1e-8), "rough": changed((1, 2), 1 + 1e-4)}
    check = verdict(ours, {"fine": PLAIN, "rough": rough}, result, divider)
    assert not check.passed
    assert check.worst.name == "fine"
    assert (check.limit, check.quantity, check.element) == (1e-9, "fine[0, 0]", "v_0")
    assert check.max_relative_error == pytest.approx(1e-8, rel=1e-6)
    assert check.compared == 12
    ours["fine"] = VALUES
    assert verdict(ours, {"fine": PLAIN, "rough": rough}, result, divider).passed
    ours["rough"] = changed((1, 2), 1.01)
    check = verdict(ours, {"fine": PLAIN, "rough": rough}, result, divider)
    assert not check.passed
    assert check.worst.name == "rough"


def test_a_missing_quantity_is_an_error(result, divider):
    with pytest.raises(KeyError, match="fine"):
        verdict({}, {"fine": PLAIN}, result, divider)
    assert agreements({"fine": VALUES}, {"fine": PLAIN})[0].name == "fine"


def test_a_limit_is_kept_and_not_a_hair_more(result, divider):
    edge = dataclasses.replace(PLAIN, limit=Limit(relative=0.5), floor=0.0)
    assert verdict({"a": changed((0, 0), 1.5)}, {"a": edge}, result, divider).passed
    assert not verdict({"a": changed((0, 0), np.nextafter(1.5, 2))}, {"a": edge}, result, divider).passed


def test_a_table_and_a_report(result, divider):
    rough = dataclasses.replace(PLAIN, limit=Limit(relative=1e-3), unit="V")
    check = verdict(
        {"fine": changed((0, 0), 1 + 1e-8), "rough": VALUES}, {"fine": PLAIN, "rough": rough}, result, divider
    )
    assert check.rows() == [
        ("fine", "6", "1.0e-08", "1e-09", "v_0", "1.00000001 A", "1 A"),
        ("rough", "6", "0.0e+00", "1e-03", "v_0", "1 V", "1 V"),
    ]
    report = json.loads(json.dumps(check.as_dict()))
    assert report["passed"] is False
    assert report["element"] == "v_0"
    assert report["engine"] == "ngspice"
    assert [each["name"] for each in report["quantities"]] == ["fine", "rough"]
    assert report["quantities"][0] == {
        "name": "fine",
        "unit": "A",
        "compared": 6,
        "max_relative_error": pytest.approx(1e-8, rel=1e-6),
        "limit": 1e-9,
        "place": [0, 0],
        "axes": ["sample", "bank"],
        "element": "v_0",
        "ours": pytest.approx(1.00000001, rel=1e-15),
        "theirs": 1.0,
    }
    assert "fine[0, 0], v_0 (limit 1e-09)" in check.summary()
    assert check.summary().startswith(f"ngspice {result.version} DISAGREES: 12 numbers")


def wrong_by(monkeypatch, owner, method, name, place, factor=1 + 1e-6):
    """Our solver, with one number of one quantity off."""
    right = getattr(owner, method)

    def wrong(self, *arguments):
        solution = right(self, *arguments)
        values = getattr(solution, name).copy()
        values[place] *= factor
        return dataclasses.replace(solution, **{name: values})

    monkeypatch.setattr(owner, method, wrong)


VOLTAGES = np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]])
NAMED = [
    ("output_currents", (1, 1), "v_sense_1"),
    ("input_currents", (0, 2), "b_drive_2"),
    ("word_line_voltages", (1, 2, 1), "word_2_1"),
    ("bit_line_voltages", (0, 1, 0), "bit_1_0"),
]


@pytest.mark.parametrize(("name", "place", "element"), NAMED)
def test_a_millionth_of_one_number_of_a_crossbar_is_named(monkeypatch, name, place, element):
    """In each quantity: its place, and the source or the node there."""
    wrong_by(monkeypatch, rc.Crossbar, "solve", name, place)
    crossbar = rc.Crossbar(np.full((3, 2), 1e-4), 50.0, 50.0)
    check = rc.verify(crossbar, voltages=VOLTAGES)
    assert not check.passed
    assert (check.worst.name, check.worst.place, check.element) == (name, place, element)
    assert [each.name for each in check.agreements if each.worst > each.limit] == [name]


@pytest.mark.parametrize(("name", "place", "element"), NAMED)
def test_a_millionth_behind_transistors_is_named(monkeypatch, name, place, element):
    wrong_by(monkeypatch, rc.NonlinearCrossbar, "solve", name, place)
    bank = rc.Bank(resistances=np.full((3, 2, 1), 1e4), switch=rc.NMOS(w_over_l=10))
    crossbar = rc.NonlinearCrossbar(BankCells(bank=bank, mask=[True]), 50.0, 50.0)
    check = rc.verify(crossbar, voltages=VOLTAGES)
    assert not check.passed
    assert (check.worst.name, check.worst.place, check.element) == (name, place, element)


BANK = rc.Bank(resistances=[1e4, 2e4], switch=rc.NMOS(w_over_l=10))


@pytest.mark.parametrize(
    ("thing", "method", "element"),
    [
        (BANK, "current", "v_out"),
        (rc.SeriesBank(resistances=[1e3, 2e3]), "current", "v_out"),
        (rc.CapacitorBank(capacitances=[1e-13, 2e-13], switch=rc.IdealSwitch(r_on=1e3)), "charge", "c_charge"),
    ],
)
def test_a_millionth_of_a_bank_s_number_is_named(monkeypatch, thing, method, element):
    right = getattr(type(thing), method)
    monkeypatch.setattr(type(thing), method, lambda self, *given: right(self, *given) * (1 + 1e-6))
    check = rc.verify(thing, voltages=[0.1, 0.2])
    assert not check.passed
    assert check.element == element
    assert check.max_relative_error == pytest.approx(1e-6, rel=1e-2)


def test_what_ngspice_got_wrong_is_found_too():
    """The other way round: a resistor of the deck that is not the bank's."""
    bank = rc.Bank(resistances=[1e4, 2e4])
    check = rc.verify(bank)
    other = rc.deck(dataclasses.replace(bank, resistances=np.array([1e4 * (1 + 1e-6), 2e4])))
    result = run_deck(other)
    reference = Reference(
        values=result.source_currents["v_out"],
        unit="A",
        element=lambda _: "v_out",
        floor=LIMITS["linear"].floor_of_currents(),
        limit=LIMITS["linear"],
    )
    found = Agreement.of("output_currents", bank.current(np.ones(2, bool), np.array([0.1])), reference)
    assert check.passed
    assert found.worst == pytest.approx(1e-6 * 2 / 3, rel=1e-3)
    assert found.worst > found.limit


def test_a_verification_says_what_ran():
    check = rc.verify(BANK)
    assert isinstance(check, Verification)
    assert check.engine == "ngspice"
    assert check.ngspice_version
    assert check.seconds > 0
    assert check.deck.text == rc.deck(BANK, voltages=[0.025, 0.05, 0.1, 0.2]).text
    assert check.remarks == ()
    assert not math.isnan(check.max_relative_error)
