"""Transistors as switches: placement, variation of their own, arrays of parameters, comparison."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import rescircuit as rc
from rescircuit.devices.streams import Stream

NMOS = rc.NMOS(w_over_l=10)
VARYING = rc.NMOS(w_over_l=10, vto_common=0.02, kp_common=0.04, vto_matching=5e-9, kp_matching=1e-8)


@pytest.mark.parametrize(
    ("side", "resistance", "change", "margin"),
    [
        ("ground", 1e3, -1.0e-2, 5e-4),
        ("ground", 1e4, -163e-6, 5e-7),
        ("ground", 1e5, -1.7e-6, 5e-8),
        ("driven", 1e3, -10e-2, 5e-3),
        ("driven", 1e4, -2.1e-2, 5e-4),
        ("driven", 1e5, -0.23e-2, 5e-5),
    ],
)
def test_a_conductance_moves_with_its_voltage_as_in_ngspice(side, resistance, change, margin):
    """From 0.1 to 0.5 V, measured with ngspice 39: the switch belongs on the virtual ground's side."""
    switch = rc.NMOS(w_over_l=10, side=side)
    low, high = (switch.branch_current(np.array(resistance), np.array(v), closed=True) / v for v in (0.1, 0.5))
    assert high / low - 1 == pytest.approx(change, abs=margin)


@pytest.mark.parametrize("closed", [True, False])
def test_a_driven_switch_is_the_same_branch_from_its_other_end(closed):
    """Kirchhoff's law with the level 1 of the middle node, the source, and both derivatives, at any signs."""
    switch = rc.NMOS(w_over_l=10, side="driven", r_off=1e7)
    rng = np.random.default_rng(2)
    resistance = 10.0 ** rng.uniform(1, 7, 400)
    v_in, v_out = rng.uniform(-1, 3, (2, 400))
    current, d_in, d_out = switch.branch(resistance, v_in, v_out, closed=closed)
    middle = v_out + resistance * current
    source, v_ds, sign = np.minimum(v_in, middle), np.abs(v_in - middle), np.sign(v_in - middle)
    root, raised = math.sqrt(0.7), np.where(source > 0, np.sqrt(0.7 + np.maximum(source, 0)), 0)
    body = 0.4 * (np.where(source > 0, raised, np.maximum(root + source / (2 * root), 0)) - root)
    overdrive = np.maximum((1.8 if closed else 0.0) - source - 0.4 - body, 0)
    v = np.minimum(v_ds, overdrive)
    channel = sign * (2e-3 * v * (overdrive - v / 2) * (1 + 0.02 * v_ds) + v_ds / 1e7)
    # Rounding of the middle node's voltage, some 1e-15 V, times the channel's conductance.
    assert channel == pytest.approx(current, rel=1e-9, abs=2e-17)
    h = 1e-6
    for slope, moved in ((d_in, (h, 0)), (d_out, (0, h))):
        ahead, behind = (
            switch.branch(resistance, v_in + s * moved[0], v_out + s * moved[1], closed=closed)[0] for s in (1, -1)
        )
        # A switch that opens within the difference, or changes its drain for its source, is off by a part of it.
        close = np.isclose(slope, (ahead - behind) / (2 * h), rtol=1e-5, atol=1e-11)
        assert close.mean() > 0.99
    assert (d_in >= 0).all()
    assert (d_out <= 0).all()


@pytest.mark.parametrize("side", ["ground", "driven"])
def test_the_current_rises_with_the_input_and_falls_with_the_output(side):
    switch = rc.NMOS(w_over_l=10, side=side, i_threshold=1e-7)
    v = np.linspace(-2, 4, 1201)
    for closed in (True, False):
        for resistance in (10.0, 1e4, 1e9):
            by_in = switch.branch(np.array(resistance), v, np.array(0.1), closed=closed)[0]
            by_out = switch.branch(np.array(resistance), np.array(0.1), v, closed=closed)[0]
            assert (np.diff(by_in) >= -1e-13 * np.abs(by_in[1:])).all()
            assert (np.diff(by_out) <= 1e-13 * np.abs(by_out[1:])).all()


def test_sampled_thresholds_and_transconductances_have_their_spreads():
    """One device's standard deviation is the pair's coefficient over sqrt(2 W L), W L = 10 (180 nm)²."""
    sampled = VARYING.sample(100_000, seed=3)
    sigma = 5e-9 / math.sqrt(2 * 10 * 180e-9**2)
    assert VARYING.area == pytest.approx(3.24e-13, rel=1e-12)
    die = 0.4 + 0.02 * Stream(seed=3, source="switch.vto.common").normal(1)[0]
    assert stats.kstest(sampled.vto, stats.norm(die, sigma).cdf).pvalue > 0.01
    assert np.std(sampled.vto) == pytest.approx(sigma, rel=0.01)
    die = 200e-6 * (1 + 0.04 * Stream(seed=3, source="switch.kp.common").normal(1)[0])
    assert stats.kstest(sampled.kp, stats.norm(die, die * 2 * sigma).cdf).pvalue > 0.01
    assert abs(np.corrcoef(sampled.vto, sampled.kp)[0, 1]) < 0.01


def test_matching_follows_pelgroms_law():
    """The logarithm of the spread falls by half that of the area."""
    widths = np.array([1.0, 10.0, 100.0])
    spreads = [np.std(rc.NMOS(w_over_l=w, vto_matching=5e-9).sample(50_000, seed=1).vto) for w in widths]
    assert np.polyfit(np.log(widths), np.log(spreads), 1)[0] == pytest.approx(-0.5, abs=1e-9)
    with_length = rc.NMOS(w_over_l=1, length=1.8e-6, vto_matching=5e-9).sample(50_000, seed=1)
    assert np.std(with_length.vto) == pytest.approx(spreads[0] / 10, rel=1e-9)


def test_dies_differ_by_their_common_part():
    dies = [rc.NMOS(w_over_l=10, vto_common=0.02, kp_common=0.04).sample(4, seed=1, chip=k) for k in range(2000)]
    vto, kp = np.array([die.vto for die in dies]), np.array([die.kp for die in dies])
    assert vto.shape == (2000,)  # a number, the same for all switches of a die
    assert stats.kstest(vto, stats.norm(0.4, 0.02).cdf).pvalue > 0.01
    assert stats.kstest(kp, stats.norm(200e-6, 8e-6).cdf).pvalue > 0.01


def test_samples_do_not_depend_on_their_chunks():
    whole = VARYING.sample((6, 5), seed=9, chip=2)
    for start, count in ((0, 7), (7, 13), (20, 10)):
        part = VARYING.sample(count, seed=9, chip=2, start=start)
        assert part.vto.tolist() == whole.vto.ravel()[start : start + count].tolist()
        assert part.kp.tolist() == whole.kp.ravel()[start : start + count].tolist()


def test_a_sample_has_its_variation_behind_it():
    sampled = VARYING.sample(3, seed=1)
    assert sampled.sample(3, seed=2) is sampled
    assert NMOS.sample((2, 3), seed=1) is NMOS
    assert sampled.vto.flags.writeable is False
    with pytest.raises(ValueError, match="read-only"):
        sampled.vto[0] = 1.0


@pytest.mark.parametrize("side", ["ground", "driven"])
@pytest.mark.parametrize("temperature", [27.0, 85.0])
def test_arrays_of_parameters_broadcast_with_resistances(side, temperature):
    """Each branch is that of a transistor of its own, open and closed, and parts are parts."""
    switch = rc.NMOS(
        w_over_l=10, vto_matching=5e-9, kp_matching=1e-8, i_threshold=1e-7, side=side, temperature=temperature
    )
    sampled = switch.sample((4, 3), seed=5)
    resistance = np.array([1e3, 1e4, 1e5])
    for closed in (True, False):
        whole = sampled.branch(resistance, np.array(0.3), np.array(0.05), closed=closed)
        assert [part.shape for part in whole] == [(4, 3)] * 3
        for i, k in ((0, 0), (2, 1), (3, 2)):
            alone = rc.NMOS(
                w_over_l=10,
                i_threshold=1e-7,
                side=side,
                temperature=temperature,
                vto=float(sampled.vto[i, k]),
                kp=float(sampled.kp[i, k]),
            )
            assert sampled.part((i, k)) == alone.part(...)
            expected = alone.branch(resistance[k], np.array(0.3), np.array(0.05), closed=closed)
            assert [float(part[i, k]) for part in whole] == pytest.approx([float(x) for x in expected], rel=1e-13)
        column = sampled.part((..., 1)).branch(resistance[1], np.array(0.3), np.array(0.05), closed=closed)
        assert column[0].tolist() == pytest.approx(whole[0][:, 1].tolist(), rel=1e-13)


def test_arrays_broadcast_where_an_open_switch_is_linear():
    switch = rc.NMOS(w_over_l=10, vto=[0.3, 0.4, 0.5], r_off=1e6)
    currents = switch.branch(np.array(1e3), np.array(0.1), np.array(0.0), closed=False)
    assert [part.shape for part in currents] == [(3,)] * 3
    assert currents[0] == pytest.approx(np.full(3, 0.1 / 1.001e6), rel=1e-14)


def test_transistors_compare_by_their_parameters():
    a, b = (rc.NMOS(w_over_l=10, vto=[0.3, 0.4]) for _ in range(2))
    assert a == b
    assert hash(a) == hash(b)
    assert a != rc.NMOS(w_over_l=10, vto=[0.3, 0.5])
    assert a != rc.NMOS(w_over_l=10)
    assert rc.NMOS(w_over_l=10) == NMOS
    assert hash(rc.NMOS(w_over_l=10)) == hash(NMOS)
    assert rc.NMOS(w_over_l=10) != rc.IdealSwitch()
    assert len({NMOS, rc.NMOS(w_over_l=10), NMOS.at(85.0)}) == 2


def test_a_transistors_text_says_what_is_not_by_default():
    assert repr(rc.NMOS(w_over_l=10, side="driven")) == "NMOS(w_over_l=10, side='driven')"
    assert repr(rc.NMOS(w_over_l=10, vto=[0.3, 0.4])) == "NMOS(w_over_l=10, vto=<shape (2,)>)"
    assert repr(rc.IdealSwitch(r_on=5.0)) == "IdealSwitch(r_on=5.0)"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"side": "top"}, 'side must be "ground" or "driven", got \'top\''),
        ({"vto": [0.3, -0.1]}, "vto at index (1,) must be a finite number of at least 0 (V), got -0.1"),
        ({"vto": [[0.3], [math.nan]]}, "vto at index (1, 0) must be a finite number of at least 0 (V)"),
        ({"vto": ["a", "b"]}, "vto must be a finite number of at least 0 (V), got shape (2,) of str"),
        ({"vto": []}, "vto must be a finite number of at least 0 (V), got shape (0,)"),
        ({"kp": [1e-4, 0.0]}, "kp at index (1,) must be a finite number above 0 (A/V²), got 0.0"),
        ({"vto": [0.3, 1.9]}, "v_gate must be above the threshold vto (1.9 V), got 1.8"),
        ({"vto_common": -0.1}, "vto_common must be a finite number of at least 0 (V), got -0.1"),
        ({"vto_matching": math.inf}, "vto_matching must be a finite number of at least 0 (V·m)"),
        ({"kp_common": 0.1}, "kp_common must be a standard deviation of at least 0 and below 0.1, got 0.1"),
        ({"kp_common": "4%"}, "kp_common must be a standard deviation"),
        ({"kp_matching": 1e-7}, "kp_matching must be below 8.04984e-08 m at a gate of 3.24e-13 m², got 1e-07"),
        ({"swing": 0.9}, "swing must be a slope factor of at least 1, got 0.9"),
        ({"i_threshold": -1e-7}, "i_threshold must be a finite number of at least 0 (A), got -1e-07"),
        ({"temperature": -300.0}, "temperature must be a temperature above -273.15 °C, got -300.0"),
        ({"temperature": None}, "temperature must be a temperature above -273.15 °C, got None"),
    ],
)
def test_transistors_outside_their_range_are_refused(fields, says):
    with pytest.raises(rc.InputError) as caught:
        rc.NMOS(**{"w_over_l": 10, **fields})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_samples_that_no_switch_could_be_are_refused_with_their_place():
    with pytest.raises(
        rc.InputError, match=r"vto at index \(\d+,\) must be a finite number of at least 0 \(V\), got -"
    ):
        rc.NMOS(w_over_l=1, vto=0.01, vto_matching=5e-9).sample(100, seed=1)
    with pytest.raises(rc.InputError, match=r"v_gate must be above the threshold vto \(0\.4\d+ V\), got 0\.41"):
        rc.NMOS(w_over_l=1, v_gate=0.41, vto_matching=5e-9).sample(100, seed=1)
    for bad in ({"shape": -1}, {"shape": 2.5}, {"seed": -1}, {"chip": -1}, {"start": -1}):
        for switch in (NMOS, VARYING, rc.IdealSwitch()):
            with pytest.raises(rc.InputError, match=rf"{next(iter(bad))} must be a whole number"):
                switch.sample(**{"shape": 2, "seed": 1, **bad})


def test_an_index_beyond_the_switches_is_refused():
    with pytest.raises(rc.InputError, match="index must be one that fits the switches' parameters, got 7"):
        rc.NMOS(w_over_l=10, vto=[0.3, 0.4]).part(7)
    assert NMOS.part(7) is NMOS


def test_arrays_are_spread_to_the_shape_of_a_bank():
    switch = rc.NMOS(w_over_l=10, vto=[0.3, 0.4, 0.5])
    spread = switch.spread_to((2, 3))
    assert spread.vto.tolist() == [[0.3, 0.4, 0.5]] * 2
    assert spread.part((1, 2)).vto == 0.5
    assert spread.spread_to((2, 3)) is spread
    assert NMOS.spread_to((2, 3)) is NMOS
    with pytest.raises(
        rc.InputError, match=r"vto must be a number or an array that broadcasts to \(2, 4\), got shape \(3,\)"
    ):
        switch.spread_to((2, 4))


def test_voltages_of_sources_are_checked():
    NMOS.check_voltages(0.0, 5.0)
    with pytest.raises(rc.InputError, match=r"voltage must be at least 0 V at an NMOS switch, got -0.2"):
        NMOS.check_voltages(-0.2, 0.5)
    rc.IdealSwitch().check_voltages(-5.0, 5.0)


def test_ideal_switches_are_the_same_everywhere():
    switch = rc.IdealSwitch(r_on=5.0, area=1e-12)
    assert switch.at(125.0) is switch
    assert switch.sample((2, 3), seed=1) is switch
    assert switch.part((..., 1)) is switch
    assert switch.area == 1e-12
    with pytest.raises(rc.InputError, match="area must be a finite number of at least 0"):
        rc.IdealSwitch(area=-1.0)
    with pytest.raises(rc.InputError, match="temperature must be a temperature above"):
        switch.at(-274.0)
