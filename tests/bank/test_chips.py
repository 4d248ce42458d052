"""Chips on the disk: what is saved is loaded, whole or in part, and what is no chip is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.chips import load_chip, load_chip_provenance, load_chip_shape, save_chip
from rescircuit.devices.coefficients import Coefficients
from rescircuit.devices.switches import NMOS, AntiFuse, Fuse, IdealSwitch, ThresholdSelector
from rescircuit.measured.checked_stores import open_checked_store
from rescircuit.measured.store_writing import save_checked_store

RNG = np.random.default_rng(2)
SHAPE = (3, 4, 5)
FAULTS = RNG.random((2, *SHAPE)) < 0.1
SWITCHES = [
    NMOS(w_over_l=10),
    NMOS(w_over_l=10, vto=RNG.uniform(0.35, 0.45, SHAPE), kp=RNG.uniform(1e-4, 2e-4, SHAPE), r_off=1e9),
    NMOS(w_over_l=10, vto=RNG.uniform(0.35, 0.45, SHAPE[-1])),
    IdealSwitch(),
    IdealSwitch(r_on=3.0, r_off=1e8),
    ThresholdSelector(v_threshold=0.5, r_off=RNG.uniform(1e8, 1e9, SHAPE)),
    Fuse(r_on=1.0),
    AntiFuse(r_on=RNG.uniform(1, 2, SHAPE), r_off=math.inf),
]


def refusal(function, *arguments, **options):
    with pytest.raises(rc.InputError) as caught:
        function(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def make(shape=SHAPE, **changes):
    options = {
        "resistances": RNG.uniform(1e4, 1e5, shape),
        "switch": IdealSwitch(r_on=10.0),
        "v_read": 0.2,
        "seed": 2**70,
        "chip": 3,
    }
    return rc.Bank(**options | changes)


def same(bank, other):
    assert np.array_equal(bank.resistances, other.resistances)
    assert np.array_equal(bank.on_conductances, other.on_conductances)
    assert np.array_equal(bank.off_conductances, other.off_conductances)
    for name in ("v_read", "seed", "chip", "temperature", "age"):
        assert getattr(bank, name) == getattr(other, name), name
    for name in ("tc1", "tc2", "vc1", "vc2", "drift", "drift_exponent"):
        assert np.array_equal(getattr(bank.coefficients, name), getattr(other.coefficients, name)), name
    for name in ("areas", "stuck_closed", "stuck_open"):
        one, two = getattr(bank, name), getattr(other, name)
        assert (one is None) == (two is None), name
        assert one is None or np.array_equal(one, two), name
    assert type(bank.switch) is type(other.switch)


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: type(switch).__name__)
def test_a_chip_reads_back(tmp_path, switch):
    bank = make(switch=switch)
    path = save_chip(bank, tmp_path / "chip.zarr", provenance={"process": "poly"}, chunk=5)
    same(load_chip(path), bank)
    assert load_chip_provenance(path) == {"process": "poly"}
    part = load_chip(path, banks=slice(4, 11))
    assert part.shape == (7,)
    assert np.array_equal(part.on_conductances, bank.on_conductances.reshape(-1, 5)[4:11])
    assert np.array_equal(part.off_conductances, bank.off_conductances.reshape(-1, 5)[4:11])


@pytest.mark.parametrize("shape", [(5,), (1, 5), (3, 5), (2, 1, 2, 5)])
def test_chips_of_any_shape(tmp_path, shape):
    bank = make(shape)
    same(load_chip(save_chip(bank, tmp_path / "chip.zarr", chunk=2)), bank)


def test_all_that_belongs_to_a_bank(tmp_path):
    bank = make(
        coefficients=Coefficients(tc1=RNG.normal(1e-3, 1e-4, SHAPE), tc2=1e-6, vc1=RNG.normal(0, 1e-4, 5), drift=0.01),
        areas=RNG.uniform(1e-12, 1e-11, 5),
        stuck_closed=FAULTS[0],
        stuck_open=FAULTS[1] & ~FAULTS[0],
    )
    loaded = load_chip(save_chip(bank, tmp_path / "chip.zarr"))
    same(loaded, bank)
    same(loaded.at(temperature=85.0, age=1e6), bank.at(temperature=85.0, age=1e6))
    mask = RNG.random(SHAPE) < 0.5
    assert np.array_equal(loaded.current(mask, 0.1), bank.current(mask, 0.1))
    hot = bank.at(temperature=85.0)
    same(load_chip(save_chip(hot, tmp_path / "hot.zarr")), hot)


def test_fuses_stay_blown(tmp_path):
    bank = make(switch=Fuse(r_on=1.0, r_off=1e9)).blow(FAULTS[0])
    loaded = load_chip(save_chip(bank, tmp_path / "chip.zarr"))
    assert loaded.one_time.programmed
    assert np.array_equal(loaded.one_time.closed, FAULTS[0])
    assert "as made: each array is blown once" in refusal(loaded.blow, FAULTS[1])
    assert np.array_equal(load_chip(tmp_path / "chip.zarr", banks=slice(2, 4)).one_time.closed, FAULTS[0, 0, 2:])


def test_a_sampled_chip(tmp_path):
    poly = rc.Resistor(nominal=10e3, tolerance=0.2, mismatch=0.01)
    bank = rc.Bank.sample(poly, n=6, seed=1, shape=(20,), switch=NMOS(w_over_l=10), chip=2)
    same(load_chip(save_chip(bank, tmp_path / "chip.zarr", chunk=7)), bank)


def test_what_cannot_be_saved(tmp_path):
    class Own(IdealSwitch):
        pass

    assert "a Bank, got 'int'. A network on a chip is saved by save_analog" in refusal(save_chip, 3, tmp_path / "a")
    assert "bank.switch must be one of NMOS, IdealSwitch" in refusal(save_chip, make(switch=Own()), tmp_path / "a")
    assert "provenance must be a dict or None" in refusal(save_chip, make(), tmp_path / "a", provenance="poly")
    save_chip(make(), tmp_path / "a")
    assert "path must be free" in refusal(save_chip, make(), tmp_path / "a")
    bank = make()
    save_chip(bank, tmp_path / "a", replace=True)
    same(load_chip(tmp_path / "a"), bank)


def test_what_is_no_chip(tmp_path):
    assert "store must be a whole store" in refusal(load_chip, tmp_path)
    save_checked_store(tmp_path / "a", {"x": np.ones(3)}, chunk_rows=2, provenance={})
    assert "store must be a chip (of kind 'chip 1')" in refusal(load_chip, tmp_path / "a")
    assert "Its kind is None." in refusal(load_chip_provenance, tmp_path / "a")


GOOD = {
    "kind": "chip 1", "shape": [4], "provenance": {}, "v_read": 0.1, "temperature": 27.0, "age": 0.0, "seed": None,
    "chip": None, "areas": None, "coefficients": {}, "switch": {"kind": "IdealSwitch"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shape": [5]}, "cannot reshape"),
        ({"shape": "x"}, "chip must be as save_chip writes it"),
        ({"v_read": -1}, "v_read must be a finite number above 0"),
        ({"v_read": "x"}, "v_read must be"),
        ({"switch": {"kind": "Path"}}, "'Path'"),
        ({"switch": {"kind": "IdealSwitch", "other": 3}}, "other"),
        ({"switch": {"kind": "IdealSwitch", "r_on": "x"}}, "r_on must be"),
        ({"switch": []}, "chip must be as save_chip writes it"),
        ({"coefficients": {"tc1": "x"}}, "tc1 must be"),
        ({"coefficients": {"tc1": [1, 2]}}, "chip must be as save_chip writes it"),
        ({"areas": [1, 2, -3]}, "areas at index (0, 2) must be"),
        ({"provenance": 3}, None),
    ],
)
def test_a_chip_that_somebody_else_sealed(tmp_path, changes, says):
    arrays = {"resistances": np.ones((4, 3))}
    path = save_checked_store(tmp_path / "a", arrays, chunk_rows=4, provenance=GOOD | changes)
    if says is None:
        assert "chip must be with its provenance" in refusal(load_chip_provenance, path)
    else:
        assert says in refusal(load_chip, path)


@pytest.mark.parametrize("shape", [None, "x", [None], [-2, -2], [4.0], [5]])
def test_a_shape_that_is_none(tmp_path, shape):
    arrays = {"resistances": np.ones((4, 3))}
    path = save_checked_store(tmp_path / "a", arrays, chunk_rows=4, provenance=GOOD | {"shape": shape})
    assert "chip must be with the shape of its array" in refusal(load_chip_shape, path)


def test_negative_resistances_in_a_store(tmp_path):
    path = save_checked_store(tmp_path / "a", {"resistances": -np.ones((4, 3))}, chunk_rows=4, provenance=GOOD)
    assert "resistances at index (0, 0) must be finite numbers above 0 (ohm), got -1.0" in refusal(load_chip, path)


def test_a_table_comes_back_with_its_card_and_its_certificate(tmp_path, tabulated):
    bank = make(switch=tabulated)
    path = save_chip(bank, tmp_path / "chip.zarr", chunk=5)
    loaded = load_chip(path)
    same(loaded, bank)
    assert loaded.switch.source == tabulated.source
    assert loaded.switch.characterisation == tabulated.characterisation
    part = load_chip(path, banks=slice(4, 11))
    assert np.array_equal(part.on_conductances, bank.on_conductances.reshape(-1, 5)[4:11])


def test_a_card_alone_is_not_saved(tmp_path, tabulated):
    says = refusal(save_chip, make(switch=tabulated.source), tmp_path / "a")
    assert says.endswith("TabulatedSwitch, got 'BSIM4Switch'. Characterise it first: rescircuit.spice.characterise.")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"owner": "me"}, "tabulated switch must be valid, got 'owner'. Extra inputs are not permitted."),
        ({"on": [[1.0]]}, "on must be of shape (48, 7)"),
        ({"v_out": ["x"]}, "tabulated switch must be valid, got 'v_out.0'. Input should be a valid number."),
        ({"card": {"version": "4.5", "parameters": {"x": 1.0}}}, "names of BSIM4 that ngspice 39 knows"),
        ({"card": {"version": "4.5", "parameters": {"toxe": 1.0}}}, "card_digest must be that of the card"),
    ],
)
def test_a_table_that_somebody_else_sealed(tmp_path, tabulated, changes, says):
    store = open_checked_store(save_chip(make(switch=tabulated), tmp_path / "a"))
    content = store.provenance | {"switch": store.provenance["switch"] | changes}
    path = save_checked_store(tmp_path / "b", store.read(), chunk_rows=4, provenance=content)
    assert says in refusal(load_chip, path)
