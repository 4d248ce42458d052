"""What the makers make breaks no electrical rule, in any setting: a check that cries wolf is not read."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank import CapacitorBank
from rescircuit.bank.series import SeriesBank
from rescircuit.crossbar import BankCells, NonlinearCrossbar, SelectedCells, SinhCells
from rescircuit.devices import (
    VTEAM,
    AntiFuse,
    BSIM4Card,
    BSIM4Switch,
    Coefficients,
    Fuse,
    LinearDriftMemristor,
    PiecewiseLinear,
    Sine,
    ThresholdSelector,
)
from rescircuit.errors import InputError
from rescircuit.spice import (
    bank_circuit,
    capacitor_bank_circuit,
    crossbar_circuit,
    memristor_circuit,
    series_bank_circuit,
)
from rescircuit.spice.circuits.rules import check_rules, electrical_check
from rescircuit.spice.makers.pair import pair_circuit
from rescircuit.spice.makers.population import population_circuit
from rescircuit.spice.makers.settling import settling_circuit

N = 5
CARD = BSIM4Card.parse(".model n nmos level=54 version=4.5 toxe=3n vth0=0.4 u0=0.04")
SWITCHES = {
    "nmos": rc.NMOS(w_over_l=10),
    "driven": rc.NMOS(w_over_l=10, side="driven"),
    "leaky": rc.NMOS(w_over_l=10, i_threshold=1e-7, r_off=1e12),
    "perfect": rc.IdealSwitch(),
    "conducting": rc.IdealSwitch(r_on=100.0),
    "ideal": rc.IdealSwitch(r_on=100.0, r_off=1e9),
    "selector": ThresholdSelector(r_on=500.0, r_off=1e9, v_threshold=1.0),
    "held": ThresholdSelector(r_on=500.0, v_threshold=1.0, v_hold=0.05),
    "fuse": Fuse(r_on=50.0, r_off=1e10),
    "antifuse": AntiFuse(r_on=50.0, r_off=1e11),
    "bsim4": BSIM4Switch(card=CARD, width=2e-6, length=180e-9),
}
EACH_SWITCH = pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)


def masks(*shape):
    """All open, all closed, one closed, and some at random."""
    rng = np.random.default_rng(7)
    yield np.zeros(shape, dtype=bool)
    yield np.ones(shape, dtype=bool)
    yield np.arange(np.prod(shape)).reshape(shape) == 1
    yield from (rng.random((3, *shape)) < 0.5)


def resistances(*shape):
    return np.random.default_rng(3).uniform(1e4, 1e5, shape)


@EACH_SWITCH
@pytest.mark.parametrize("bent", [False, True])
def test_banks(switch, bent):
    coefficients = Coefficients(vc1=1e-3) if bent else Coefficients()
    bank = rc.Bank(resistances=resistances(N), switch=switch, coefficients=coefficients)
    for mask in masks(N):
        for voltages in (0.1, [0.1, 0.2]):
            assert electrical_check(bank_circuit(bank, mask=mask, voltages=voltages)) == ()


@EACH_SWITCH
def test_pairs_and_populations(switch):
    banks = [rc.Bank(resistances=resistances(N) * factor, switch=switch) for factor in (1.0, 2.0)]
    pair = rc.DifferentialPair(positive=banks[0], negative=banks[1])
    many = rc.Bank(resistances=resistances(3, 2, N), switch=switch)
    for mask in masks(2 * N):
        assert electrical_check(pair_circuit(pair, mask=mask)) == ()
    for mask in masks(3, 2, N):
        assert electrical_check(population_circuit(many, mask=mask)) == ()


@pytest.mark.parametrize("switch", [rc.IdealSwitch(), rc.IdealSwitch(r_on=10.0), rc.IdealSwitch(r_on=10.0, r_off=1e9)])
def test_series_banks(switch):
    bank = SeriesBank(resistances=resistances(N), switch=switch)
    for mask in masks(N):
        if mask.any() or switch.r_on:
            assert electrical_check(series_bank_circuit(bank, mask=mask)) == ()


@pytest.mark.parametrize("c_off", [0.0, 1e-16])
@pytest.mark.parametrize("r_on", [0.0, 100.0])
def test_capacitor_banks(c_off, r_on):
    bank = CapacitorBank(capacitances=np.linspace(1e-15, 5e-15, N), switch=rc.IdealSwitch(r_on=r_on), c_off=c_off)
    for mask in masks(N):
        assert electrical_check(capacitor_bank_circuit(bank, mask=mask, voltages=[0.1, 0.3])) == ()


@pytest.mark.parametrize("wire", [0.0, 1.0])
@pytest.mark.parametrize("density", [0.3, 1.0])
def test_linear_crossbars(wire, density):
    rng = np.random.default_rng(11)
    for shape in [(1, 1), (1, 4), (4, 1), (5, 3)]:
        conductances = rng.uniform(1e-6, 1e-5, shape) * (rng.random(shape) <= density)
        for voltages in (np.full(shape[0], 0.1), np.full((3, shape[0]), 0.2)):
            circuit = crossbar_circuit(rc.Crossbar(conductances, wire, wire), voltages=voltages)
            assert electrical_check(circuit) == ()


def test_crossbars_with_lines_that_are_held_at_other_ends_or_at_none():
    rng = np.random.default_rng(13)
    for _ in range(30):
        m, n = rng.integers(2, 5, 2).tolist()
        ends = {
            "drive": rng.choice(["left", "right", "both", "floating"], m).tolist(),
            "sense": rng.choice(["bottom", "top", "both", "floating"], n).tolist(),
        }
        wire = rng.choice([0.0, 1.0])
        try:
            crossbar = rc.Crossbar(rng.uniform(1e-6, 1e-5, (m, n)), wire, wire, **ends)
        except InputError:  # nothing holds it
            continue
        assert electrical_check(crossbar_circuit(crossbar)) == ()


@pytest.mark.parametrize("wire", [0.0, 1.0])
@pytest.mark.parametrize("switch", [each for each in SWITCHES.values() if not isinstance(each, BSIM4Switch)])
def test_crossbars_of_banks(switch, wire):
    bank = rc.Bank(resistances=resistances(3, 2, N), switch=switch)
    for mask in masks(3, 2, N):
        crossbar = NonlinearCrossbar(BankCells(bank=bank, mask=mask), wire, wire)
        assert electrical_check(crossbar_circuit(crossbar)) == ()


def test_crossbars_of_banks_behind_selectors_and_of_other_cells():
    bank = rc.Bank(resistances=resistances(3, 2, N), switch=rc.NMOS(w_over_l=10))
    sinh = SinhCells(conductances=np.array([[1e-5, 0.0], [2e-5, 3e-5], [0.0, 0.0]]), v_scale=0.3)
    for inner in (sinh, *(BankCells(bank=bank, mask=mask) for mask in masks(3, 2, N))):
        for cells in (inner, SelectedCells(cells=inner, i_selector=1e-9, v_selector=0.1)):
            assert electrical_check(crossbar_circuit(NonlinearCrossbar(cells, 1.0, 1.0))) == ()


@pytest.mark.parametrize("model", [LinearDriftMemristor(window=1), VTEAM()])
def test_memristors(model):
    for waveform in (Sine(amplitude=1.0, frequency=1.0), PiecewiseLinear(times=(0.0, 1.0), voltages_at=(0.0, 1.0))):
        circuit = memristor_circuit(model, waveform, 1.0)
        check_rules(circuit)
        assert electrical_check(circuit) == ()


@pytest.mark.parametrize("c_cell", [0.0, 1e-16])
def test_crossbars_over_time(c_cell):
    crossbar = rc.Crossbar(np.random.default_rng(17).uniform(1e-6, 1e-5, (3, 4)), 1.0, 1.0)
    lines = {"c_word_line": 1e-15, "c_bit_line": 1e-15}
    assert electrical_check(settling_circuit(crossbar, np.full(3, 0.1), **lines, c_cell=c_cell)) == ()
