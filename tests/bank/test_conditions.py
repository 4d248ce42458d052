"""Banks at other temperatures, voltages and ages than those they were programmed at, and with faults."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import brentq

import rescircuit as rc
from rescircuit.devices.coefficients import THOUSAND_HOURS

POLY = rc.Resistor(nominal=10e3, mismatch=0.01, tc1=-250e-6, tc2=1e-7, tc1_mismatch=1e-5, drift=1e-3)
FILM = rc.Resistor(nominal=10e3, mismatch=0.01, geometry=rc.Geometry(sheet_resistance=200, width=1e-6))


def test_resistors_move_with_temperature_and_age():
    bank = rc.Bank.sample(POLY, n=8, seed=1)
    warm = bank.at(temperature=127.0, age=THOUSAND_HOURS)
    factor = (1 + bank.coefficients.tc1 * 100 + 1e-7 * 1e4) * 1.001
    assert warm.resistances == pytest.approx(bank.resistances * factor, rel=1e-15)
    assert (warm.temperature, warm.age) == (127.0, THOUSAND_HOURS)
    assert bank.at() is bank
    with pytest.raises(rc.InputError, match="bank must be as it was made, at 27 °C and new, got 'at 127 °C after"):
        warm.at(temperature=30.0)


def test_series_banks_and_pairs_move_too():
    string = rc.SeriesBank.sample(POLY, n=5, seed=1)
    assert string.at(temperature=77.0).resistances == pytest.approx(
        string.resistances * (1 + 50 * string.coefficients.tc1 + 2500e-7), rel=1e-15
    )
    pair = rc.DifferentialPair(positive=rc.Bank.sample(POLY, n=5, seed=1), negative=rc.Bank.sample(POLY, n=4, seed=2))
    mask = np.ones(9, bool)
    warm = pair.at(temperature=77.0)
    expected = warm.positive.conductance(mask[:5]) - warm.negative.conductance(mask[5:])
    assert warm.conductance(mask) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("switch", [rc.IdealSwitch(r_on=50.0, r_off=1e8), rc.NMOS(w_over_l=10)])
@pytest.mark.parametrize("voltage", [0.05, 0.5, 1.2])
def test_a_voltage_coefficient_acts_at_the_resistors_own_voltage(switch, voltage):
    """Against a bisection of Kirchhoff's law over the voltage between resistor and switch."""
    bank = rc.Bank(resistances=[8e3, 20e3], switch=switch, coefficients=rc.Coefficients(vc1=[0.01, -0.02], vc2=3e-3))
    for k, (ohm, vc1) in enumerate(((8e3, 0.01), (20e3, -0.02))):

        def excess(middle, ohm=ohm, vc1=vc1):
            own = voltage - middle
            wire = np.array(1e-9)  # next to no resistor: the switch alone
            through = float(switch.branch_current(wire, np.array(middle), closed=True))
            return own / (ohm * (1 + vc1 * abs(own) + 3e-3 * own**2)) - through

        middle = brentq(excess, 0.0, voltage, xtol=1e-15)
        own = voltage - middle
        expected = own / (ohm * (1 + vc1 * own + 3e-3 * own**2))
        mask = np.arange(2) == k
        leak = 0.0 if isinstance(switch, rc.NMOS) else voltage / 1e8
        assert bank.current(mask, voltage) == pytest.approx(expected, rel=1e-9 if leak == 0 else leak / expected + 1e-9)


@pytest.mark.parametrize("switch", [rc.IdealSwitch(r_on=50.0), rc.NMOS(w_over_l=10)])
def test_derivatives_of_a_branch_with_voltage_coefficients(switch):
    bank = rc.Bank(resistances=[8e3, 20e3], switch=switch, coefficients=rc.Coefficients(vc1=0.02, vc2=-1e-3))
    step = 1e-6
    for item, (v_in, v_out) in itertools.product((0, 1), ((0.3, 0.0), (0.9, 0.05), (-0.1, 0.2))):

        def through(a, b, item=item):
            return float(bank.branch(np.array(a), np.array(b), closed=True, item=item)[0])

        _, d_in, d_out = bank.branch(np.array(v_in), np.array(v_out), closed=True, item=item)
        assert d_in == pytest.approx((through(v_in + step, v_out) - through(v_in - step, v_out)) / 2 / step, rel=1e-7)
        assert d_out == pytest.approx((through(v_in, v_out + step) - through(v_in, v_out - step)) / 2 / step, rel=1e-7)


def test_a_string_shares_its_voltage():
    """Currents of two unequal resistors with voltage coefficients, against a bisection."""
    string = rc.SeriesBank(resistances=[1e3, 4e3], coefficients=rc.Coefficients(vc1=[0.02, -0.01]))

    def excess(first):
        second = 1.0 - first
        return first / (1e3 * (1 + 0.02 * first)) - second / (4e3 * (1 - 0.01 * second))

    first = brentq(excess, 0.0, 1.0, xtol=1e-15)
    assert string.current([True, True], 1.0) == pytest.approx(first / (1e3 * (1 + 0.02 * first)), rel=1e-12)
    assert string.current([True, False], -0.5) == pytest.approx(-0.5 / (1e3 * 1.01), rel=1e-14)
    assert string.current([True, True], [0.0, 1.0])[0] == 0.0


def test_faults_stay_whatever_is_asked_for():
    stuck = {"stuck_closed": np.array([True, False, False, False]), "stuck_open": np.array([False, True, False, False])}
    bank = rc.Bank(resistances=[1e3, 2e3, 4e3, 8e3], **stuck)
    assert bank.conductance(np.zeros(4, bool)) == 1e-3
    assert bank.conductance(np.ones(4, bool)) == pytest.approx(1e-3 + 0.25e-3 + 0.125e-3, rel=1e-15)
    assert bank.full_scale == pytest.approx(1.375e-3, rel=1e-15)
    setting = bank.program(0.5e-3 + 1e-3)
    assert setting.mask.tolist() == [True, False, True, True]
    assert setting.conductance == bank.conductance(setting.mask)
    assert bank.program(1.5e-3, stuck_open=np.zeros(4, bool)).mask[1]
    with pytest.raises(rc.InputError, match="stuck_open must be of other switches than stuck_closed"):
        rc.Bank(resistances=[1e3], stuck_closed=[True], stuck_open=[True])
    with pytest.raises(rc.InputError, match=r"stuck_open must be booleans \(..., 1\)"):
        rc.Bank(resistances=[1e3], stuck_open=[1])


@pytest.mark.parametrize("kind", ["Fuse", "AntiFuse"])
def test_fuses_are_blown_once(kind):
    from rescircuit.devices import switches

    switch = getattr(switches, kind)(r_on=20.0, r_off=1e9)
    bank = rc.Bank(resistances=[1e3, 2e3, 4e3], switch=switch)
    setting = bank.program(1.2e-3)
    blown = bank.blow(setting.mask)
    assert blown.conductance(np.zeros(3, bool)) == setting.conductance == blown.conductance(np.ones(3, bool))
    with pytest.raises(rc.InputError, match="switches must be as made: each array is blown once"):
        blown.blow(~setting.mask)
    with pytest.raises(rc.InputError, match="bank must be one whose switches still move"):
        blown.program(1e-3)
    two = rc.Bank(resistances=[[1e3, 2e3], [3e3, 4e3]], switch=switch).blow([[True, False], [False, False]])
    assert two.part(0).conductance([False, False]) == pytest.approx(1 / 1020 + 1 / (2e3 + 1e9), rel=1e-15)
    with pytest.raises(rc.InputError, match="switch must be a Fuse or an AntiFuse"):
        rc.Bank(resistances=[1e3]).blow([True])
    with pytest.raises(rc.InputError, match="mask must be a setting that leaves stuck switches"):
        rc.Bank(resistances=[1e3], switch=switch, stuck_open=[True]).blow([True])


def test_parts_of_an_array_of_banks():
    made = rc.Bank.sample(POLY, n=4, seed=1, shape=(3, 2), switch=rc.NMOS(w_over_l=10, vto_matching=3e-9))
    bank = rc.Bank(
        resistances=made.resistances,
        coefficients=made.coefficients,
        switch=made.switch,
        stuck_open=np.arange(24).reshape(3, 2, 4) == 7,
    )
    for part, place in (
        (bank.part((..., 1)), (slice(None), 1)),
        (bank.part(2), (2,)),
        (bank.part(slice(1, 3)), (slice(1, 3),)),
    ):
        assert np.array_equal(part.resistances, bank.resistances[place])
        assert np.array_equal(part.coefficients.tc1, bank.coefficients.tc1[place])
        assert np.array_equal(part.on_conductances, bank.on_conductances[place])
    assert bank.part((0, 1)).stuck_open.tolist() == [False, False, False, True]


def test_banks_come_out_the_same_in_any_chunking():
    everything = {"n": 6, "seed": 9, "switch": rc.NMOS(w_over_l=10, vto_matching=3e-9), "shape": (7,)}
    whole = rc.Bank.sample(POLY, **everything)
    later = rc.Bank.sample(POLY, **{**everything, "shape": (3,)}, start=4)
    assert np.array_equal(later.resistances, whole.resistances[4:])
    assert np.array_equal(later.coefficients.tc1, whole.coefficients.tc1[4:])
    assert np.array_equal(later.on_conductances, whole.on_conductances[4:])


def test_the_area_is_that_of_resistors_and_switches():
    bank = rc.Bank.sample(FILM, n=12, seed=1, switch=rc.NMOS(w_over_l=10, length=180e-9), nominals="equal")
    assert bank.area == pytest.approx(12 * (50e-12 + 10 * 180e-9**2), rel=1e-12)
    assert rc.Bank.sample(POLY, n=3, seed=1).area is None


def test_27_degrees_are_those_of_the_switches_too():
    """A transistor that was described at 85 °C is brought to the bank's temperature, and the resistors stay."""
    cold = rc.Bank.sample(POLY, n=4, seed=1, switch=rc.NMOS(w_over_l=10))
    hot = rc.Bank.sample(POLY, n=4, seed=1, switch=rc.NMOS(w_over_l=10, temperature=85.0))
    assert hot.at().switch == cold.switch
    assert np.array_equal(hot.at().at(temperature=125.0).on_conductances, cold.at(temperature=125.0).on_conductances)
    found, expected = (rc.describe(bank, np.ones(4, bool)) for bank in (hot, cold))
    assert np.array_equal(found.values_over_temperature, expected.values_over_temperature)
    assert found.value == expected.value


@pytest.mark.parametrize("switch", [rc.IdealSwitch(r_on=100.0, r_off=1e6), rc.NMOS(w_over_l=10)])
def test_large_voltage_coefficients_come_to_rest(switch):
    """Factors of several ohms an ohm: their last bits go to and fro, and are no failure."""
    coefficients = rc.Coefficients(vc1=[0.05, 0.3, -0.05], vc2=[1e-3, 0.0, 2e-3])
    bank = rc.Bank(resistances=[1e3, 5e3, 2e4], switch=switch, coefficients=coefficients)
    string = rc.SeriesBank(
        resistances=[1e3, 5e3, 2e4], switch=rc.IdealSwitch(r_on=100.0, r_off=1e6), coefficients=coefficients
    )
    voltages = np.linspace(0.1, 9.9, 60)
    for part in range(3):
        mask = np.arange(3) == part
        currents = np.array([bank.current(mask, float(v)) for v in voltages])
        assert (np.diff(currents) > 0).all()
    currents = np.array([string.current([True, False, True], float(v)) for v in voltages])
    assert (np.diff(currents) > 0).all()


def test_blown_banks_have_the_full_scale_of_what_still_closes_and_faults_stay_faults():
    from rescircuit.devices import Fuse, OneTimeSwitches

    fuse = Fuse(r_off=1e9)
    blown = rc.Bank(resistances=[1e3, 2e3], switch=fuse).blow([True, False])
    assert blown.full_scale == blown.conductance([True, True]) == pytest.approx(1e-3 + 1 / (2e3 + 1e9), rel=1e-15)
    whole = OneTimeSwitches.as_made(fuse, (2,))
    broken = rc.Bank(resistances=[1e3, 2e3], switch=fuse, one_time=whole, stuck_open=[True, False])
    assert broken.conductance([True, True]) == pytest.approx(0.5e-3 + 1 / (1e3 + 1e9), rel=1e-15)


SAMPLED = rc.Bank.sample(POLY, n=4, seed=1, shape=(3, 2))
STRINGS = rc.SeriesBank.sample(POLY, n=4, seed=1, shape=(3,))
CAPACITORS = rc.CapacitorBank(capacitances=np.full((3, 4), 1e-13))
TWO = np.ones((2, 4), bool)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rc.Bank.sample(rc.Capacitor(nominal=1e-12), n=3, seed=1), "component must be a Resistor for a Bank"),
        (lambda: rc.CapacitorBank.sample(POLY, n=3, seed=1), "component must be a Capacitor for a CapacitorBank"),
        (lambda: rc.Bank.sample(POLY, n=3, seed=1, switch=None), "switch must be a switch, such as NMOS"),
        (lambda: rc.Bank.sample(POLY, n=3, seed=1, switch=rc.NMOS), "switch must be a switch, such as NMOS"),
        (lambda: rc.Bank(resistances=[1e3], switch=rc.NMOS), "switch must be a switch, such as NMOS"),
        (lambda: rc.Bank.sample(POLY, n=3, seed=1, faults=0.1), "faults must be Faults, such as"),
        (lambda: rc.Bank.sample(POLY, n=3, seed=1, shape=1.5), "shape must be a whole number of at least 1"),
        (lambda: rc.Bank(resistances=[1e3], temperature=float("nan")), "temperature must be a temperature above"),
        (lambda: rc.Bank(resistances=[1e3], age=-1.0), "age must be a finite number of at least 0 (s)"),
        (lambda: SAMPLED.part(9), "index must be of banks of shape (3, 2), got 9"),
        (lambda: SAMPLED.part((0, 0, 0)), "index must be of banks of shape (3, 2)"),
        (lambda: SAMPLED.actual_mask(np.ones((7, 4), bool)), "mask must be of a shape that broadcasts"),
        (lambda: SAMPLED.slope(np.ones((7, 4), bool)), "mask must be of a shape that broadcasts"),
        (lambda: SAMPLED.slope(np.ones(4, bool), float("nan")), "voltage must be finite numbers (V)"),
        (lambda: STRINGS.resistance(TWO), "mask must be of a shape that broadcasts against the banks' (3,)"),
        (lambda: STRINGS.current(TWO, 0.1), "mask must be of a shape that broadcasts against the banks' (3,)"),
        (lambda: STRINGS.current(np.ones(4, bool), [0.1, 0.2]), "voltage must be of a shape that broadcasts"),
        (lambda: CAPACITORS.capacitance(TWO), "mask must be of a shape that broadcasts against the banks' (3,)"),
        (lambda: CAPACITORS.settling_time("1e-3"), "tolerance must be a finite number"),
    ],
)
def test_bad_input_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_parts_by_an_array_of_numbers():
    assert np.array_equal(SAMPLED.part(np.array([2, 0])).resistances, SAMPLED.resistances[[2, 0]])
