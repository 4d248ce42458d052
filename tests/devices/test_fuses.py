"""Fuses and anti-fuses: blown once, and never again."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

import rescircuit as rc
from rescircuit.devices import AntiFuse, Fuse, OneTimeSwitches

KINDS = [Fuse(r_on=100.0, r_off=1e7), AntiFuse(r_on=100.0, r_off=1e7)]
SETTING = np.array([True, False, True, True])


@pytest.mark.parametrize("switch", KINDS)
def test_they_conduct_as_linear_switches(switch):
    ideal = rc.IdealSwitch(r_on=100.0, r_off=1e7)
    resistance, v_in, v_out = np.array([1e3, 1e4]), np.array([[-1.0], [0.3]]), np.array(0.1)
    for closed in (True, False, np.array([True, False])):
        ours, theirs = (s.branch(resistance, v_in, v_out, closed=closed) for s in (switch, ideal))
        assert [part.tolist() for part in ours] == [part.tolist() for part in theirs]
    assert switch.branch_current(resistance, np.array(5.0), closed=True).tolist() == [5.0 / 1100, 5.0 / 10100]
    switch.check_voltages(-5.0, 5.0)
    assert switch.at(85.0) is switch


def test_a_sample_has_lognormal_resistances():
    switch = AntiFuse(r_on=200.0, r_off=1e8, r_on_spread=0.2, r_off_spread=0.8)
    sampled = switch.sample(20_000, seed=2)
    assert stats.kstest(np.log(sampled.r_on / 200.0), stats.norm(0, 0.2).cdf).pvalue > 0.01
    assert stats.kstest(np.log(sampled.r_off / 1e8), stats.norm(0, 0.8).cdf).pvalue > 0.01
    assert sampled.r_on[5:9].tolist() == switch.sample(4, seed=2, start=5).r_on.tolist()
    endless = Fuse(r_on=100.0, r_off_spread=0.5).sample(3, seed=1)
    assert endless.r_off.tolist() == [math.inf] * 3


def test_they_are_made_all_alike():
    fuses, anti_fuses = (OneTimeSwitches.as_made(switch, (2, 3)) for switch in KINDS)
    assert fuses.closed.all()
    assert not anti_fuses.closed.any()
    for state in (fuses, anti_fuses):
        assert state.closed.shape == (2, 3)
        assert not state.blown.any()
        assert not state.programmed


@pytest.mark.parametrize(("switch", "blown"), [(KINDS[0], ~SETTING), (KINDS[1], SETTING)])
def test_blowing_gives_the_setting_and_leaves_the_former_state_alone(switch, blown):
    before = OneTimeSwitches.as_made(switch, 4)
    after = before.blow(SETTING)
    assert after.closed.tolist() == SETTING.tolist()
    assert after.blown.tolist() == blown.tolist()
    assert after.programmed
    assert not before.programmed
    assert not before.blown.any()


def test_a_setting_handed_over_is_kept_as_it_was():
    mask = SETTING.copy()
    state = OneTimeSwitches.as_made(KINDS[0], 4).blow(mask)
    mask[:] = False
    assert state.closed.tolist() == SETTING.tolist()
    with pytest.raises(ValueError, match="read-only"):
        state.closed[0] = False
    with pytest.raises(dataclasses.FrozenInstanceError):
        state.programmed = False


@pytest.mark.parametrize(
    ("switch", "mask", "says"),
    [
        (
            KINDS[0],
            [True] * 4,
            "got 'programmed, 1 of 4 fuses blown'. Switch 1 is blown, open for good; take unprogrammed",
        ),
        (KINDS[1], [True, True, False, True], "3 of 4 anti-fuses blown'. Switch 2 is blown, closed for good;"),
        (KINDS[0], [False] * 4, "1 of 4 fuses blown'. Nothing is blown a second time; take unprogrammed"),
        (KINDS[1], [True] * 4, "3 of 4 anti-fuses blown'. Nothing is blown a second time; take unprogrammed"),
        (KINDS[0], SETTING, "1 of 4 fuses blown'. They hold this setting already; take unprogrammed ones"),
    ],
)
def test_a_second_programming_is_refused_and_says_what_is_there(switch, mask, says):
    state = OneTimeSwitches.as_made(switch, 4).blow(SETTING)
    with pytest.raises(rc.InputError) as caught:
        state.blow(np.array(mask))
    assert str(caught.value).startswith("switches must be as made: each array is blown once, got 'programmed, ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert state.closed.tolist() == SETTING.tolist()


def test_the_place_in_an_array_of_banks_is_named():
    state = OneTimeSwitches.as_made(Fuse(), (2, 3)).blow(np.array([[True] * 3, [True, True, False]]))
    with pytest.raises(rc.InputError, match=r"Switch \(1, 2\) is blown, open for good"):
        state.blow(np.ones((2, 3), dtype=bool))


def test_a_programming_that_blows_none_was_one_all_the_same():
    state = OneTimeSwitches.as_made(Fuse(), 3).blow(np.ones(3, dtype=bool))
    assert state.programmed
    assert not state.blown.any()
    with pytest.raises(rc.InputError, match="0 of 3 fuses blown"):
        state.blow(np.zeros(3, dtype=bool))


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (
            lambda: OneTimeSwitches.as_made(rc.IdealSwitch(), 3),
            "switch must be a Fuse or an AntiFuse, got IdealSwitch()",
        ),
        (lambda: OneTimeSwitches(switch=rc.NMOS(w_over_l=1), closed=SETTING), "switch must be a Fuse or an AntiFuse"),
        (lambda: OneTimeSwitches(switch=Fuse(), closed=SETTING), "closed must be as made, all alike, where programmed"),
        (
            lambda: OneTimeSwitches(switch=Fuse(), closed=[1, 0]),
            "closed must be an array of booleans, got shape (2,) of",
        ),
        (lambda: OneTimeSwitches.as_made(Fuse(), 4).blow(SETTING[:2]), "mask must be of shape (4,), got shape (2,)"),
        (lambda: OneTimeSwitches.as_made(Fuse(), 4).blow([1, 0, 1, 1]), "mask must be an array of booleans"),
        (lambda: OneTimeSwitches.as_made(Fuse(), -4), "shape must be a whole number of at least 0"),
        (lambda: Fuse(r_on=1e3, r_off=10.0), "r_off must be above r_on (1000 ohm) at each switch, got 10.0"),
    ],
)
def test_bad_input_is_answered_in_one_line(act, says):
    with pytest.raises(rc.InputError) as caught:
        act()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_resistances_of_different_shapes_are_one_clear_line():
    with pytest.raises(rc.InputError, match=r"r_off must be of a shape that broadcasts with that of r_on, \(2,\)"):
        Fuse(r_on=[1.0, 2.0], r_off=[1e9, 1e9, 1e9])
