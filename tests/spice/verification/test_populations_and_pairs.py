"""Chips of many banks and pairs of banks: each current of each bank is ours, and a wrong one is named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices import Coefficients, Fuse
from rescircuit.errors import InputError
from rescircuit.spice import LIMITS, Level1Model

POLY = rc.Resistor(nominal=10e3, common=0.1, mismatch=0.01)
SWITCHES = {
    "perfect": (rc.IdealSwitch(), "linear"),
    "ideal": (rc.IdealSwitch(r_on=200.0, r_off=1e9), "linear"),
    "fuse": (Fuse(r_on=50.0, r_off=1e10), "linear"),
    "nmos": (rc.NMOS(w_over_l=10), "mos"),
    "leaky nmos": (rc.NMOS(w_over_l=10, i_threshold=1e-7, r_off=1e12), "mos"),
}


def assert_agrees(thing, **options):
    check = rc.verify(thing, **options)
    assert check.passed, check.summary()
    return check


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", [(3,), (2, 3)])
@pytest.mark.parametrize(("switch", "limit"), SWITCHES.values(), ids=SWITCHES)
def test_a_sampled_chip(switch, limit, shape, seed):
    """A setting for each bank, among them one that is all open."""
    bank = rc.Bank.sample(POLY, n=4, shape=shape, seed=seed, switch=switch)
    mask = np.random.default_rng(seed).random((*shape, 4)) < 0.5
    mask.reshape(-1, 4)[0] = False
    check = assert_agrees(bank, mask=mask, voltages=[0.0, 0.1, 0.5])
    assert check.limit == LIMITS[limit].relative
    count = int(np.prod(shape))
    assert check.compared == 3 * count
    assert check.agreements[0].errors.shape == (3, count)
    (mine,) = (each for each in check.agreements if each.name == "output_currents")
    assert mine.unit == "A"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", [(3,), (2, 2)])
def test_transistors_of_their_own(shape, seed):
    """Each branch has a threshold and a transconductance."""
    rng = np.random.default_rng(seed)
    own = {"vto": rng.normal(0.4, 0.02, (*shape, 3)), "kp": rng.normal(2e-4, 1e-5, (*shape, 3))}
    switch = rc.NMOS(w_over_l=10, **own)
    bank = rc.Bank(resistances=rng.uniform(5e3, 5e4, (*shape, 3)), switch=switch)
    check = assert_agrees(bank, mask=rng.random((*shape, 3)) < 0.6)
    assert check.deck.text.count(".model ") == own["vto"].size


SPREAD = {"vto_common": 0.01, "kp_common": 0.03, "vto_matching": 5e-9, "kp_matching": 1e-8}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_sampled_switches(shape, seed):
    """A Monte Carlo deck: the chip's resistors and its transistors, each as it was drawn."""
    bank = rc.Bank.sample(POLY, n=4, shape=shape, seed=seed, switch=rc.NMOS(w_over_l=10, **SPREAD))
    assert bank.switch.vto.shape == bank.resistances.shape
    check = assert_agrees(bank, mask=np.random.default_rng(seed).random((*shape, 4)) < 0.6)
    vto = {model.vto for model in check.deck.circuit.models if isinstance(model, Level1Model)}
    assert vto == set(bank.switch.vto.ravel().tolist())
    assert len(vto) == bank.resistances.size
    again = rc.Bank.sample(POLY, n=4, shape=shape, seed=seed, switch=rc.NMOS(w_over_l=10, **SPREAD))
    assert rc.deck(again).text == rc.deck(bank).text


def test_fuses_of_their_own():
    rng = np.random.default_rng(1)
    fuses = Fuse(r_on=rng.uniform(20, 80, (2, 3, 2)), r_off=1e10)
    bank = rc.Bank(resistances=rng.uniform(1e3, 1e4, (2, 3, 2)), switch=fuses)
    blown = bank.blow(rng.random((2, 3, 2)) < 0.5)
    assert_agrees(bank)
    assert assert_agrees(blown).deck.text != rc.verify(bank).deck.text


def test_a_programmed_population_gives_its_conductances_in_ngspice():
    bank = rc.Bank.sample(POLY, n=8, shape=(2, 2), seed=1, switch=rc.NMOS(w_over_l=10))
    setting = bank.program(np.array([[1e-4, 2e-4], [3e-4, 4e-4]]))
    check = assert_agrees(bank, setting=setting)
    result = rc.spice.run_deck(rc.deck(bank, setting=setting))
    measured = [result.source_currents[f"v_out_{k}"][0] / bank.v_read for k in range(4)]
    assert measured == pytest.approx(setting.conductance.ravel().tolist(), rel=1e-7)
    assert check.deck.text == rc.verify(bank, mask=setting.mask).deck.text


def test_faults_of_the_chip_are_in_its_deck():
    bank = rc.Bank.sample(POLY, n=3, shape=(4,), seed=2, switch=rc.NMOS(w_over_l=10))
    stuck = np.random.default_rng(3).random((4, 3)) < 0.3
    faulty = dataclasses.replace(bank, stuck_closed=stuck, stuck_open=~stuck & (np.arange(3) == 2))
    assert stuck.any()
    assert_agrees(faulty, mask=[True, False, True])
    asked = np.broadcast_to([True, False, True], (4, 3))
    assert rc.deck(faulty, mask=asked).text == rc.deck(bank, mask=faulty.actual_mask(asked)).text


@pytest.mark.parametrize("temperature", [-40.0, 85.0])
def test_a_chip_at_another_temperature(temperature):
    bank = rc.Bank(
        resistances=np.random.default_rng(0).uniform(1e4, 1e5, (2, 2, 3)),
        switch=rc.NMOS(w_over_l=10),
        coefficients=Coefficients(tc1=1e-3, vc1=1e-3),
    )
    check = assert_agrees(bank, temperature=temperature)
    assert f" temp={temperature!r}\n" in check.deck.text
    assert_agrees(bank.at(temperature=temperature))


def test_a_wrong_current_of_one_bank_is_named(monkeypatch):
    right = rc.Bank.current

    def wrong(self, mask, voltage):
        currents = right(self, mask, voltage)
        if currents.shape != (2, 2, 3):
            return currents
        currents = currents.copy()
        currents[1, 1, 2] *= 1 + 1e-6
        return currents

    monkeypatch.setattr(rc.Bank, "current", wrong)
    for switch in (rc.IdealSwitch(), rc.NMOS(w_over_l=10)):
        bank = rc.Bank.sample(POLY, n=4, shape=(2, 3), seed=1, switch=switch)
        check = rc.verify(bank, voltages=[0.1, 0.2])
        assert not check.passed
        assert check.max_relative_error == pytest.approx(1e-6, rel=1e-2)
        assert (check.quantity, check.element) == ("output_currents[1, 5]", "v_out_5")


def pair(positive=(1e4, 2e4, 5e4), negative=(1.5e4, 4e4), switch=None, other=None, **options):
    switch = rc.IdealSwitch(r_on=50.0) if switch is None else switch
    return rc.DifferentialPair(
        positive=rc.Bank(resistances=positive, switch=switch, **options),
        negative=rc.Bank(resistances=negative, switch=other or switch, **options),
    )


@pytest.mark.parametrize("sizes", [(3, 3), (4, 2), (1, 5), (1, 1)])
@pytest.mark.parametrize(("switch", "limit"), SWITCHES.values(), ids=SWITCHES)
def test_a_pair(switch, limit, sizes):
    rng = np.random.default_rng(sum(sizes))
    banks = [rng.uniform(1e4, 1e5, n) for n in sizes]
    thing = pair(*banks, switch=switch)
    check = assert_agrees(thing, mask=rng.random(sum(sizes)) < 0.6, voltages=[0.0, 0.05, 0.1, 0.5])
    assert check.limit == LIMITS[limit].relative
    currents = check.agreements[:3]
    assert [each.name for each in currents] == ["positive_currents", "negative_currents", "difference_currents"]
    assert sum(each.compared for each in currents) == 12


def test_a_programmed_pair_gives_its_conductance_in_ngspice():
    both = rc.Bank.sample(POLY, n=6, shape=(2,), seed=3, switch=rc.NMOS(w_over_l=10))
    thing = rc.DifferentialPair(positive=both.part((0,)), negative=both.part((1,)))
    for target in (-1e-4, 0.0, 1.5e-4):
        setting = thing.program(target)
        check = assert_agrees(thing, setting=setting)
        assert check.deck.text == rc.verify(thing, mask=setting.mask).deck.text
        result = rc.spice.run_deck(rc.deck(thing, setting=setting, voltages=0.1))
        assert result.node_voltages["difference"][0] / 0.1 == pytest.approx(float(setting.difference), abs=1e-11)


@pytest.mark.parametrize("temperature", [-40.0, 125.0])
def test_a_pair_at_another_temperature(temperature):
    thing = pair(switch=rc.NMOS(w_over_l=10), coefficients=Coefficients(tc1=1e-3, tc2=1e-6))
    assert_agrees(thing, temperature=temperature)
    assert_agrees(thing.at(temperature=temperature))


def test_one_side_alone_conducts():
    check = assert_agrees(pair(switch=rc.NMOS(w_over_l=10)), mask=[True, True, False, False, False])
    negative = next(each for each in check.agreements if each.name == "negative_currents")
    assert abs(negative.theirs) < 1e-12


@pytest.mark.parametrize(("side", "named"), [("positive", "v_positive"), ("negative", "v_negative")])
def test_a_wrong_current_of_one_side_is_named(monkeypatch, side, named):
    thing = pair(switch=rc.NMOS(w_over_l=10))
    right = rc.Bank.current

    def wrong(self, mask, voltage):
        currents = right(self, mask, voltage)
        return currents * (1 + 1e-6) if self.n == getattr(thing, side).n and np.ndim(currents) else currents

    monkeypatch.setattr(rc.Bank, "current", wrong)
    check = rc.verify(thing)
    assert not check.passed
    failing = {each.element for each in check.agreements if each.worst > each.limit}
    assert failing - {"r_difference"} == {named}
    assert check.max_relative_error == pytest.approx(1e-6, rel=1e-2)


@pytest.mark.parametrize("function", [rc.deck, rc.verify])
@pytest.mark.parametrize(
    ("thing", "options", "message"),
    [
        (pair(), {"mask": [True] * 4}, "mask"),
        (pair(), {"bit_line_voltages": 0.1}, "bit_line_voltages must be left out for a DifferentialPair"),
        (pair(), {"setting": rc.Bank(resistances=[1e4]).program(1e-4)}, "setting must be one of a DifferentialPair"),
        (
            pair(),
            {"mask": [True] * 5, "setting": pair().program(1e-5)},
            "mask must be left out when a setting is given",
        ),
        (pair([[1e4]], [[1e4]]), {}, r"pair must be a single pair, of shape \(\)"),
        (pair().at(temperature=85.0), {"temperature": 27.0}, "as it was made"),
        (rc.Bank(resistances=np.ones((2, 3))), {"mask": np.ones((3, 3), bool)}, "mask must be booleans that broadcast"),
        (rc.Bank(resistances=np.ones((2, 3))), {"bit_line_voltages": 0.1}, "bit_line_voltages must be left out"),
        (rc.SeriesBank(resistances=np.ones((2, 3))), {}, "a single bank"),
    ],
)
def test_what_does_not_fit_is_refused(function, thing, options, message):
    with pytest.raises(InputError, match=message) as caught:
        function(thing, **options)
    assert "\n" not in str(caught.value)


def test_negative_inputs_are_refused_where_switches_are_transistors():
    for thing in (pair(switch=rc.NMOS(w_over_l=10)), rc.Bank(resistances=[[1e4]], switch=rc.NMOS(w_over_l=10))):
        with pytest.raises(InputError, match="at least 0 V at an NMOS switch"):
            rc.verify(thing, voltages=[0.1, -0.1])
