"""Can a wrong number of ours pass? Our solvers with one thing wrong at a time, and the element that is named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.series import SeriesBank
from rescircuit.crossbar import BankCells
from rescircuit.devices import LinearDriftMemristor, Sine
from rescircuit.devices.coefficients import Coefficients
from rescircuit.devices.memristors import MemristorTransient, simulate_memristor
from rescircuit.network import ArraySpec, Dense, Network, map_network
from rescircuit.spice import Limit
from rescircuit.spice.circuits.analyses import TemperatureSweep
from rescircuit.spice.verification.cases.memristors import verify_memristor
from rescircuit.spice.verification.comparison import Agreement, Reference, agreements

RESISTANCES = np.array([1e4, 2e4, 4e4, 8e4])
SWITCHES = {
    "ideal": rc.IdealSwitch(r_on=100.0, r_off=1e9),
    "ground": rc.NMOS(w_over_l=10),
    "driven": rc.NMOS(w_over_l=10, side="driven"),
}
MASK = np.array([True, False, True, True])
PAIR = rc.DifferentialPair(
    positive=rc.Bank(resistances=RESISTANCES, switch=SWITCHES["ground"]),
    negative=rc.Bank(resistances=RESISTANCES[:2], switch=SWITCHES["ground"]),
)


@pytest.fixture
def mutate(monkeypatch):
    """A function that puts `change(right result, self, *arguments)` in the place of a method's result."""

    def put(owner, method, change):
        right = getattr(owner, method)
        monkeypatch.setattr(owner, method, lambda self, *given, **named: change(right(self, *given, **named), self))

    return put


def times(place, factor):
    """A change of one number of an array; of a single number, none."""

    def change(values, _):
        if np.ndim(values) <= len(place) - 1:
            return values
        values = np.array(values)
        values[place] *= factor
        return values

    return change


def failing(check):
    return [each.name for each in check.agreements if each.worst > each.limit]


@pytest.mark.parametrize("k", [0, 2, 3])
@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_a_millionth_of_one_resistor_is_named_at_its_branch(monkeypatch, switch, k):
    """Even where it carries a tenth of a current that is compared to 1e-7."""
    bank = rc.Bank(resistances=RESISTANCES, switch=switch)
    off = RESISTANCES.copy()
    off[k] *= 1 + 1e-6
    other = dataclasses.replace(bank, resistances=off)
    right = rc.Bank.branch
    assert rc.verify(bank, mask=MASK).passed

    def wrong(self, *given, item, **named):
        return right(other if item == k else self, *given, item=item, **named)

    monkeypatch.setattr(rc.Bank, "branch", wrong)
    check = rc.verify(bank, mask=MASK)
    assert failing(check) == ["inner_voltages"]
    assert check.element == f"x_bank.branch_{k}"


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_two_branches_whose_errors_cancel_are_found(monkeypatch, switch):
    """The bits of two equal branches exchanged: the same output current of another circuit."""
    bank = rc.Bank(resistances=[1e4, 2e4, 2e4], switch=switch)
    right = rc.Bank.branch
    swapped = {0: 0, 1: 2, 2: 1}
    mask = np.array([True, True, False])
    assert rc.verify(bank, mask=mask).passed

    def wrong(self, v_in, v_out, *, item, **_):
        return right(self, v_in, v_out, closed=mask[swapped[item]], item=item)

    monkeypatch.setattr(rc.Bank, "branch", wrong)
    check = rc.verify(bank, mask=mask)
    assert failing(check) == ["inner_voltages"]
    assert check.element in ("x_bank.branch_1", "x_bank.branch_2")


def test_a_joint_of_a_string_is_named(monkeypatch):
    """The same sum of other parts."""
    bank = SeriesBank(resistances=[1e3, 2e3, 5e3], switch=rc.IdealSwitch(r_on=10.0, r_off=1e9))
    check = rc.verify(bank)
    assert check.passed
    assert [each.name for each in check.agreements] == ["output_currents", "inner_voltages"]
    turned = bank.counted_resistances[::-1].copy()
    monkeypatch.setattr(SeriesBank, "counted_resistances", turned)
    check = rc.verify(dataclasses.replace(bank))
    assert failing(check) == ["inner_voltages"]
    assert check.element in ("x_bank.joint_0", "x_bank.joint_1")


@pytest.mark.parametrize("temperature", [85.0, TemperatureSweep(start=-40.0, stop=80.0, step=60.0)])
@pytest.mark.parametrize("thing", [rc.Bank(resistances=RESISTANCES, switch=SWITCHES["ground"]), PAIR])
def test_inner_voltages_at_other_temperatures(thing, temperature):
    warm = Coefficients(tc1=1e-3, tc2=1e-6)
    if isinstance(thing, rc.DifferentialPair):
        sides = (thing.positive, thing.negative)
        thing = rc.DifferentialPair(
            **{
                name: dataclasses.replace(bank, coefficients=warm)
                for name, bank in zip(("positive", "negative"), sides, strict=True)
            }
        )
    else:
        thing = dataclasses.replace(thing, coefficients=warm)
    check = rc.verify(thing, voltages=[0.1, 0.3], temperature=temperature)
    assert check.passed, check.summary()
    inner = check.agreements[-1]
    assert inner.name == "inner_voltages"
    points = 2 if temperature == 85.0 else 6
    assert inner.compared == points * thing.n


def test_resistors_that_follow_their_voltages_have_their_currents_compared_alone():
    bank = rc.Bank(
        resistances=RESISTANCES, switch=rc.IdealSwitch(r_on=100.0, r_off=1e9), coefficients=Coefficients(vc1=1e-3)
    )
    check = rc.verify(bank)
    assert check.passed
    assert [each.name for each in check.agreements] == ["output_currents"]


@pytest.mark.parametrize("factor", [-1.0, 1 + 1e-5])
def test_a_wrong_difference_of_a_pair_is_found(mutate, factor):
    """What the pair itself says is compared, not only its two banks."""
    assert rc.verify(PAIR).passed
    mutate(rc.DifferentialPair, "current", lambda current, _: factor * current)
    check = rc.verify(PAIR)
    assert failing(check) == ["difference_currents"]
    assert check.element == "r_difference"


def test_the_temperature_s_law_off_by_a_millionth_is_found(mutate):
    bank = rc.Bank(resistances=RESISTANCES, switch=SWITCHES["ground"], coefficients=Coefficients(tc1=1e-3))
    assert rc.verify(bank, temperature=85.0).passed
    mutate(Coefficients, "at", lambda factor, _: factor * (1 + 1e-6))
    assert not rc.verify(bank, temperature=85.0).passed


def test_one_capacitor_s_charge_in_one_sample_is_found(mutate):
    bank = rc.CapacitorBank(capacitances=[1e-13, 2e-13, 4e-13], switch=rc.IdealSwitch(r_on=1e3))
    voltages = [0.1, 0.3, 0.2]
    assert rc.verify(bank, voltages=voltages).passed
    mutate(rc.CapacitorBank, "charge", times((1,), 1 + 1e-6))
    check = rc.verify(bank, voltages=voltages)
    assert check.worst.place == (1,)
    assert not check.passed


@pytest.mark.parametrize("place", [(0, 0, 0), (2, 1, 2)])
def test_one_bank_of_a_population_in_one_sample_is_named(mutate, place):
    switch = rc.NMOS(w_over_l=10, vto_matching=5e-9, kp_matching=1e-8)
    poly = rc.Resistor(nominal=1e5, mismatch=0.01)
    banks = rc.Bank.sample(poly, n=4, seed=1, shape=(2, 3), switch=switch)
    mutate(rc.Bank, "current", times(place, 1 + 1e-6))
    check = rc.verify(banks, voltages=[0.1, 0.2, 0.3])
    number = 3 * place[1] + place[2]
    assert not check.passed
    assert check.element == f"v_out_{number}"
    assert check.worst.place == (place[0], number)


def test_a_bank_s_leak_is_known_to_a_thousandth(mutate):
    """1 pA of an open transistor: an absolute tolerance too wide would let it pass."""
    bank = rc.Bank(resistances=[1e4], switch=rc.NMOS(w_over_l=10, r_off=1e11))
    assert rc.verify(bank, mask=[False], voltages=[0.1]).passed
    mutate(rc.Bank, "current", lambda current, _: current * (1 + 1e-3))
    check = rc.verify(bank, mask=[False], voltages=[0.1])
    assert check.worst.theirs == pytest.approx(1e-12, rel=1e-3)
    assert not check.passed


@pytest.mark.parametrize("cells", ["linear", "banks"])
def test_one_sample_for_all_is_no_agreement(mutate, cells):
    """Two equal inputs, of which only the first was solved: numbers that fit, in a shape that does not."""
    array = rc.Crossbar(np.full((3, 2), 1e-4), 5.0, 5.0)
    if cells == "banks":
        bank = rc.Bank(resistances=np.full((3, 2, 1), 1e4), switch=rc.NMOS(w_over_l=10))
        array = rc.NonlinearCrossbar(BankCells(bank=bank, mask=[True]), 5.0, 5.0)
    mutate(
        type(array),
        "solve",
        lambda found, _: dataclasses.replace(found, output_currents=found.output_currents[:1]),
    )
    with pytest.raises(ValueError, match=r"output_currents: our shape \(1, 2\) is not the reference's shape \(2, 2\)"):
        rc.verify(array, voltages=[[0.1, 0.2, 0.3]] * 2)


def test_a_charge_of_one_sample_for_all_is_no_agreement(mutate):
    bank = rc.CapacitorBank(capacitances=[1e-13], switch=rc.IdealSwitch(r_on=1e3))
    mutate(rc.CapacitorBank, "charge", lambda charge, _: charge if np.ndim(charge) == 0 else charge[:1])
    with pytest.raises(ValueError, match="charges: our shape"):
        rc.verify(bank, voltages=[0.1, 0.1])


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (3,), (1,), (), (2, 3, 1), (1, 2, 3), (4, 3)])
def test_shapes_that_would_broadcast_are_no_agreement(shape):
    plain = Reference(values=np.zeros((2, 3)), unit="A", element=lambda _: "v", floor=1.0, limit=Limit(relative=1e-9))
    with pytest.raises(ValueError, match="shape"):
        Agreement.of("currents", np.zeros(shape), plain)


def test_a_quantity_that_only_we_have_is_no_agreement():
    plain = Reference(values=np.zeros(1), unit="A", element=lambda _: "v", floor=1.0, limit=Limit(relative=1e-9))
    with pytest.raises(KeyError, match="forgotten"):
        agreements({"a": np.zeros(1), "forgotten": np.ones(1)}, {"a": plain})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_number_inside_a_bank_is_infinitely_wrong(mutate, value):
    bank = rc.Bank(resistances=RESISTANCES, switch=SWITCHES["ground"])
    mutate(rc.Bank, "branch", lambda found, _: (found[0] * value, *found[1:]))
    with np.errstate(invalid="ignore"):
        check = rc.verify(bank, voltages=[0.1])
    assert not check.passed
    assert check.max_relative_error == np.inf


@pytest.fixture(scope="module")
def tile():
    weight = np.random.default_rng(3).normal(size=(2, 4))
    network = Network([Dense(weight=weight, bias=np.zeros(2))])
    spec = ArraySpec(rows=4, cols=4, bank_size=5, r_word_line=1.0, r_bit_line=1.0)
    return map_network(network, spec, seed=1).tile(cells="conductances")


@pytest.mark.parametrize("factor", [-1.0, 1 + 1e-6])
def test_the_product_that_inference_takes_is_compared(mutate, tile, factor):
    """It is not the solution with all its voltages, but the array's effective conductances."""
    assert rc.verify(tile).passed
    mutate(rc.Crossbar, "__rmatmul__", lambda found, _: factor * found)
    check = rc.verify(tile)
    assert failing(check) == ["weighted_sums"]
    assert check.element in ("r_sum_0", "r_sum_1")


@pytest.mark.parametrize(
    ("change", "quantity"),
    [
        (lambda v, i, x: (-v, i, x), "voltage"),
        (lambda v, i, x: (v, -i, x), "current"),
        (lambda v, i, x: (v, 1e30 * i, x), "current"),
        (lambda v, i, x: (v, i, x + 2e-3), "state"),
        (lambda v, i, x: (v, i, x * np.nan), "state"),
    ],
)
def test_what_is_wrong_of_a_memristor_is_named(mutate, change, quantity):
    """Each in turn, relative to what ngspice finds and not to a full scale that is wrong itself."""
    transient = simulate_memristor(LinearDriftMemristor(window=1), Sine(amplitude=1.0, frequency=1.0), 0.5, 0.3)
    check = verify_memristor(transient)
    assert check.passed, check.summary()
    assert [each.name for each in check.agreements] == ["voltage", "current", "state"]
    right = check.voltages
    mutate(MemristorTransient, "at", lambda found, _: change(*found))
    check = verify_memristor(transient)
    assert failing(check) == [quantity]
    assert check.max_relative_error > 1.9e-3
    assert (check.voltages == right).all()  # ngspice's, as is said
