"""A table of currents against the law that it was made from."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rescircuit.devices import NMOS
from rescircuit.devices.switches.bsim4 import BSIM4Card, BSIM4Switch
from rescircuit.devices.switches.tabulated import Characterisation, TabulatedSwitch
from rescircuit.errors import InputError

SOURCE = BSIM4Switch(card=BSIM4Card(parameters=(("toxe", 3e-9),)), width=2e-6, length=2e-7)
CERTIFICATE = Characterisation(
    card_digest=SOURCE.card.digest, ngspice_version="39", temperature=27.0, on_error=0, off_error=0, bulk_current=0
)
# Something smooth, far from pinch-off; level 1's body effect has a kink where the source comes below the bulk.
LAW = NMOS(w_over_l=10, i_threshold=1e-7, gamma=0.0)
ACROSS = 0.005 * (np.arange(-12, 125) + 0.5)
OUT = np.linspace(0.0, 0.05, 9)


def tabulated(**fields):
    across, out = ACROSS[:, np.newaxis], OUT
    table = {
        name: LAW.branch(np.array(1e-9), across + out, out, closed=closed)[0] / across
        for name, closed in (("on", True), ("off", False))
    }
    whole = {"source": SOURCE, "v_ds": ACROSS, "v_out": OUT, **table, "characterisation": CERTIFICATE}
    return TabulatedSwitch(**{**whole, **fields})


@pytest.fixture(scope="module")
def table():
    return tabulated()


RESISTANCE = np.array([1e3, 1e5, 1e7])[:, np.newaxis, np.newaxis]
V_IN, V_OUT = np.array([0.0, 0.001, 0.03, 0.1, 0.33, 0.6])[:, np.newaxis], np.array([0.0, 0.013, 0.05])


@pytest.mark.parametrize("closed", [True, False])
def test_a_branch_is_that_of_the_law(table, closed):
    ours = table.branch(RESISTANCE, V_IN, V_OUT, closed=closed)
    theirs = LAW.branch(RESISTANCE, V_IN, V_OUT, closed=closed)
    for mine, exact in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(exact, rel=1e-6, abs=1e-18)


def test_flags_choose_switch_by_switch(table):
    closed = np.array([True, False, True])
    mixed = table.branch(np.full(3, 1e4), np.array(0.2), np.array(0.01), closed=closed)
    for k in range(3):
        alone = table.branch(np.array(1e4), np.array(0.2), np.array(0.01), closed=bool(closed[k]))
        assert [part[k] for part in mixed] == pytest.approx(list(alone), rel=1e-14)


@pytest.mark.parametrize("closed", [True, False])
def test_derivatives_are_those_of_its_own_currents(table, closed):
    rng = np.random.default_rng(3)
    v_in, v_out = rng.uniform(0.06, 0.6, 50), rng.uniform(0.005, 0.045, 50)
    resistance, step = np.full(50, 2e4), 1e-5
    _, d_in, d_out = table.branch(resistance, v_in, v_out, closed=closed)
    for derivative, shifts in ((d_in, (step, 0.0)), (d_out, (0.0, step))):
        up = table.branch(resistance, v_in + shifts[0], v_out + shifts[1], closed=closed)[0]
        down = table.branch(resistance, v_in - shifts[0], v_out - shifts[1], closed=closed)[0]
        assert derivative == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-15)


def test_without_voltage_there_is_no_current(table):
    for closed in (True, False):
        assert table.branch_current(np.array(1e4), np.array([0.0]), closed=closed).tolist() == [0.0]


def test_beyond_the_table_is_an_error_that_names_its_range(table):
    with pytest.raises(InputError, match=r"across the switch must be within .* -0.0575 to 0.6225 V .* 0 to 0.05 V"):
        table.branch_current(np.array(1e4), np.array(0.7), closed=False)
    assert table.branch_current(np.array(1e6), np.array(0.9), closed=True) > 0  # the resistor takes nearly all
    with pytest.raises(InputError, match="at the output must be within"):
        table.branch(np.array(1e4), np.array(0.2), np.array(0.06), closed=True)
    with pytest.raises(InputError, match="at least 0 V at an NMOS switch"):
        table.branch_current(np.array(1e4), np.array(-0.01), closed=True)
    with pytest.raises(InputError, match="across an open switch"):
        table.check_voltages(0.0, 0.7)


def test_it_holds_at_one_temperature(table):
    assert table.at(27.0) is table
    with pytest.raises(InputError, match=r"27 °C .* temperature=85"):
        table.at(85.0)
    assert (table.v_gate, table.area) == (SOURCE.v_gate, SOURCE.area)
    assert table.sample(4, seed=1) is table.part(0) is table


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": LAW}, "source must be a BSIM4Switch"),
        ({"characterisation": 3}, "characterisation must be a Characterisation"),
        (
            {"source": dataclasses.replace(SOURCE, card=BSIM4Card(parameters=()))},
            "card_digest must be that of the card",
        ),
        ({"source": SOURCE.at(85.0)}, "temperature must be that of the transistor in its characterisation, 85"),
        ({"v_out": OUT[:5]}, "v_out must be at least 6 voltages that rise"),
        ({"v_out": OUT[::-1]}, "v_out must be at least 6 voltages that rise"),
        ({"v_ds": ACROSS - 0.0025}, "not 0 V itself"),
        ({"v_ds": np.abs(ACROSS[0]) + 0.01 + ACROSS}, "on each side of 0 V"),
        ({"on": np.ones((2, 2))}, r"on must be of shape \(137, 9\)"),
        ({"off": np.zeros((137, 9))}, "above 0"),
        (
            {"off": np.exp(-30 * np.abs(ACROSS[:, np.newaxis])) * np.ones(9)},
            "off must be conductances of a current",
        ),
    ],
)
def test_tables_that_cannot_be_are_refused(fields, message):
    with pytest.raises(InputError, match=message):
        tabulated(**fields)


def test_what_it_keeps_cannot_be_changed(table):
    for name in ("v_ds", "v_out", "on", "off"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(table, name)[0] = 1.0
    assert dataclasses.replace(table).characterisation is CERTIFICATE
