"""Series banks, capacitor banks and pairs in files: bit for bit there and back, and one line for each fault."""

from __future__ import annotations

import json
import math
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.bank.files import _LARGEST_FILE, load_bank, save_bank
from rescircuit.bank.tabulated_files import _MOST_ENTRIES

POSITIVE = st.floats(1e-300, 1e300)
SEEDS = st.none() | st.integers(0, 2**128 - 1)
R_ON = st.floats(0.0, 1e3)
IDEAL = st.builds(rc.IdealSwitch, r_on=R_ON, r_off=st.floats(1e4, 1e300) | st.just(math.inf), area=st.floats(0, 1))
TIGHT = st.builds(rc.IdealSwitch, r_on=R_ON)


@st.composite
def fields(draw, n):
    """What all banks of `n` components have."""
    signed = st.floats(-1e-3, 1e-3)
    return {
        "coefficients": rc.devices.Coefficients(
            tc1=np.array(draw(st.lists(signed, min_size=n, max_size=n))),
            vc1=draw(signed),
            drift=draw(signed),
            drift_exponent=draw(st.floats(0, 2)),
        ),
        "areas": draw(st.none() | st.lists(POSITIVE, min_size=n, max_size=n)),
        "seed": draw(SEEDS),
        "chip": draw(SEEDS),
    }


@st.composite
def banks(draw, form):
    values = draw(st.lists(POSITIVE, min_size=1, max_size=5))
    own = draw(fields(len(values)))
    if form == "series":
        return rc.SeriesBank(resistances=values, switch=draw(IDEAL), **own)
    if form == "capacitor":
        return rc.CapacitorBank(
            capacitances=values, switch=draw(TIGHT), c_off=draw(st.just(0.0) | st.floats(0, 1e300)), **own
        )
    n = len(values)
    stuck = draw(st.none() | st.lists(st.booleans(), min_size=n, max_size=n))
    return rc.Bank(resistances=values, switch=draw(IDEAL), v_read=0.25, stuck_open=stuck, **own)


@st.composite
def pairs(draw):
    return rc.DifferentialPair(positive=draw(banks("parallel")), negative=draw(banks("parallel")))


def parts(bank):
    """Everything in a bank, as bytes where it is numbers."""
    if isinstance(bank, rc.DifferentialPair):
        return {side: parts(getattr(bank, side)) for side in ("positive", "negative")}
    found = {name: getattr(bank, name) for name in ("switch", "seed", "chip", "temperature", "age")}
    optional = [getattr(bank, name, None) for name in ("areas", "stuck_open", "stuck_closed")]
    arrays = [bank.values, *(part for part in optional if part is not None)]
    numbers = [getattr(bank, name) for name in ("c_off", "v_read") if hasattr(bank, name)]
    moved = [getattr(bank.coefficients, name) for name in ("tc1", "tc2", "vc1", "vc2", "drift", "drift_exponent")]
    return {
        "type": type(bank),
        **found,
        "bytes": [np.asarray(part).tobytes() for part in (*arrays, *numbers, *moved)],
        "given": [part is not None for part in optional],
    }


@pytest.mark.parametrize("form", ["series", "capacitor", "pair"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_is_saved_comes_back_bit_for_bit(tmp_path_factory, form, data):
    bank = data.draw(pairs() if form == "pair" else banks(form))
    mask = data.draw(st.none() | st.lists(st.booleans(), min_size=bank.n, max_size=bank.n).map(np.array))
    path = tmp_path_factory.getbasetemp() / f"{form}.json"
    assert save_bank(bank, path, mask) == path
    assert json.loads(path.read_text())["form"] == form
    read, setting = load_bank(path)
    assert parts(read) == parts(bank)
    assert (setting is None) == (mask is None)
    assert mask is None or np.array_equal(setting, mask)
    again = path.read_bytes()
    assert save_bank(read, path, setting).read_bytes() == again


def test_a_parallel_bank_s_file_has_no_form(tmp_path):
    """As before there were others; the form may be written all the same."""
    path = save_bank(rc.Bank(resistances=[1e3]), tmp_path / "bank.json")
    content = json.loads(path.read_text())
    assert "form" not in content
    path.write_text(json.dumps({**content, "form": "parallel"}))
    assert type(load_bank(path)[0]) is rc.Bank


def test_a_programmed_bank_of_each_form_is_the_same_after_its_return(tmp_path):
    poly = rc.Resistor(nominal=10e3, common=0.1, mismatch=0.01, tc1=1e-4, vc2=1e-5)
    mim = rc.Capacitor(nominal=1e-13, mismatch=0.01, density=1e-3, vc1=1e-3)
    series = rc.SeriesBank.sample(poly, n=6, seed=1, switch=rc.IdealSwitch(r_on=20.0, r_off=1e9))
    capacitors = rc.CapacitorBank.sample(mim, n=6, seed=1, switch=rc.IdealSwitch(r_on=1e3), c_off=1e-16)
    fuse = rc.devices.Fuse(r_on=100.0, r_on_spread=0.1, r_off_spread=0.3)
    both = rc.Bank.sample(poly, n=5, seed=2, shape=2, switch=fuse)
    pair = rc.DifferentialPair(positive=both.part(0), negative=both.part(1).blow([True, False, True, True, False]))
    cases = [
        (series, series.program_resistance(2e4).mask, "current"),
        (capacitors, capacitors.program(2e-13).mask, "charge"),
        (pair, np.arange(10) % 3 == 0, "current"),
    ]
    for bank, mask, moved in cases:
        read, setting = load_bank(save_bank(bank, tmp_path / "bank.json", mask))
        for at in (27.0, 85.0):
            there, here = (getattr(each.at(temperature=at), moved)(mask, 0.3) for each in (read, bank))
            assert there == here
        assert read.area == bank.area
        assert rc.deck(read, mask=setting).text == rc.deck(bank, mask=mask).text


def test_other_banks_are_not_saved(tmp_path):
    linear, bank = rc.SeriesBank(resistances=[1.0, 2.0]), rc.Bank(resistances=[1.0])
    pair = rc.DifferentialPair(positive=bank, negative=bank)
    large = rc.CapacitorBank(capacitances=np.ones(4097))
    refusals = [
        (rc.SeriesBank(resistances=np.ones((2, 3))), None, "a single bank, of shape (), got shape (2,)"),
        (rc.DifferentialPair(positive=rc.Bank(resistances=np.ones((4, 1))), negative=bank), None, "got shape (4,)"),
        (linear.at(temperature=85.0), None, "bank must be as it was made"),
        (pair.at(age=1e6), None, "positive bank must be as it was made"),
        (linear, [True], "mask must be 2 booleans, one a resistor, got shape (1,) of bool"),
        (pair, [True, False, True], "mask must be 2 booleans, one a resistor, got shape (3,) of bool"),
        (rc.CapacitorBank(capacitances=[1.0]), [1], "mask must be 1 booleans, one a capacitor, got shape (1,) of int"),
        (large, None, "bank must be of at most 4096 capacitors, got 4097"),
        (rc.Crossbar(np.ones((1, 1))), None, "bank must be a Bank, a SeriesBank, a CapacitorBank or a Differential"),
    ]
    for thing, mask, says in refusals:
        with pytest.raises(rc.InputError) as caught:
            save_bank(thing, tmp_path / "bank.json", mask)
        assert says in str(caught.value)
    assert list(tmp_path.iterdir()) == []


GOOD = {
    "series": {
        "format": "rescircuit bank 1",
        "form": "series",
        "resistances": [1000.0, 2000.0],
        "switch": {"kind": "ideal", "r_on": "50ohm"},
        "mask": [True, False],
    },
    "capacitor": {
        "format": "rescircuit bank 1",
        "form": "capacitor",
        "capacitances": [1e-13, 2e-13],
        "switch": {"kind": "ideal", "r_on": 50},
        "c_off": 1e-16,
        "mask": [True, False],
        "seed": 1,
        "chip": 2,
    },
    "pair": {
        "format": "rescircuit bank 1",
        "form": "pair",
        "positive": {"resistances": [1000.0], "switch": {"kind": "nmos", "w_over_l": 10}, "v_read": 0.2},
        "negative": {"resistances": [3000.0, 2000.0], "switch": {"kind": "ideal"}, "v_read": 0.2},
        "mask": [True, False, True],
    },
}


@pytest.fixture
def write(tmp_path):
    def writer(content):
        path = tmp_path / "my bank.json"
        path.write_text(json.dumps(content))
        return path

    return writer


def test_files_written_by_hand(write):
    bank, mask = load_bank(write(GOOD["series"]))
    assert (type(bank), bank.switch) == (rc.SeriesBank, rc.IdealSwitch(r_on=50.0))
    assert bank.resistance(mask) == pytest.approx(1000 + 2000 * 50 / 2050, rel=1e-15)
    bank, mask = load_bank(write(GOOD["capacitor"]))
    assert (type(bank), bank.c_off, bank.seed, bank.chip) == (rc.CapacitorBank, 1e-16, 1, 2)
    assert bank.capacitance(mask) == pytest.approx(1e-13 + 1 / (1 / 2e-13 + 1 / 1e-16), rel=1e-15)
    bank, mask = load_bank(write(GOOD["pair"]))
    assert type(bank) is rc.DifferentialPair
    assert (bank.positive.n, bank.negative.n, bank.v_read) == (1, 2, 0.2)
    assert mask is not None
    assert bank.conductance(mask) == bank.positive.conductance([True]) - 1 / 2000


# (form, where, the value put there, what the error must say); `...` takes the field away
FAULTS = [
    ("series", "form", "ladder", "'form'. Input should be 'parallel', 'series', 'capacitor' or 'pair'"),
    ("series", "form", ["series"], "'form'. Input should be"),
    ("series", "form", None, "'form'. Input should be"),
    ("series", "form", "two\nlines", "'form'. Input should be"),
    ("series", "form", "capacitor", "'capacitances'. Field required"),
    ("series", "form", "pair", "'positive'. Field required"),
    ("series", "format", "rescircuit bank 2", "'format'. Input should be 'rescircuit bank 1'"),
    ("series", "switch", {"kind": "nmos", "w_over_l": 10}, "switch must be an IdealSwitch in a series bank, got NMOS"),
    ("series", "switch.r_off", 1, "r_off must be above r_on (50 ohm), got 1.0"),
    ("series", "switch.r_on", -1, "r_on must be a finite resistance of at least 0 (ohm)"),
    ("series", "switch_arrays", {"r_on": [1.0, 2.0]}, "'switch_arrays'. Extra inputs are not permitted"),
    ("series", "v_read", 0.1, "'v_read'. Extra inputs are not permitted"),
    ("series", "stuck_open", [True, False], "'stuck_open'. Extra inputs are not permitted"),
    ("series", "c_off", 0.0, "'c_off'. Extra inputs are not permitted"),
    ("series", "resistances", [1.0, -1.0], "resistances at index 1 must be finite numbers above 0 (ohm), got -1.0"),
    ("series", "resistances", [1.0, math.nan], "'resistances.1'. Input should be a finite number"),
    ("series", "resistances", [1.0] * 4097, "'resistances'. List should have at most 4096 items"),
    ("series", "mask", [True], "my bank.json: mask must be 2 booleans, one a resistor, got '1'"),
    ("series", "areas", [1e-12], "my bank.json: areas must be 2 numbers, one a resistor, got '1'"),
    ("series", "coefficients", {"tc1": [1e-3]}, None),  # one for all
    ("series", "coefficients", {"tc1": [1e-3] * 3}, "tc1 must be of a shape that broadcasts to (2,)"),
    ("capacitor", "capacitances", ..., "'capacitances'. Field required"),
    ("capacitor", "capacitances", [], "'capacitances'. List should have at least 1 item"),
    ("capacitor", "capacitances", [1e-13, 0.0], "capacitances at index 1 must be finite numbers above 0 (F), got 0.0"),
    ("capacitor", "capacitances", ["1pF", 1e-13], "'capacitances.0'. Input should be a valid number"),
    ("capacitor", "resistances", [1.0, 2.0], "'resistances'. Extra inputs are not permitted"),
    ("capacitor", "switch.r_off", 1e9, "switch must be one without leakage (r_off = inf) in a capacitor bank"),
    ("capacitor", "switch", {"kind": "fuse"}, "switch must be an IdealSwitch in a capacitor bank, got Fuse"),
    ("capacitor", "c_off", -1e-16, "c_off must be a finite number of at least 0 (F)"),
    ("capacitor", "c_off", math.inf, "'c_off'. Input should be a finite number"),
    ("capacitor", "c_off", "1fF", "'c_off'. Input should be a valid number"),
    ("capacitor", "mask", [True] * 3, "my bank.json: mask must be 2 booleans, one a capacitor, got '3'"),
    ("capacitor", "mask", [1, 0], "'mask.0'. Input should be a valid boolean"),
    ("capacitor", "seed", 1.5, "'seed'. Input should be a valid integer"),
    ("pair", "negative", ..., "'negative'. Field required"),
    ("pair", "negative", [1.0], "'negative'. Input should be an object"),
    ("pair", "negative.v_read", 0.1, "negative must be read at the same voltage, 0.2 V, got '0.1 V'"),
    ("pair", "negative.mask", [True, True], "'negative.mask'. Extra inputs are not permitted"),
    ("pair", "negative.format", "rescircuit bank 1", "'negative.format'. Extra inputs are not permitted"),
    ("pair", "negative.resistances", [1.0, 0.0], "negative resistances at index 1 must be finite numbers above 0"),
    ("pair", "negative.areas", [1.0], "my bank.json: negative areas must be 2 numbers, one a resistor, got '1'"),
    ("pair", "positive.stuck_open", [True] * 2, "my bank.json: positive stuck_open must be 1 booleans"),
    ("pair", "positive.blown", [True], "positive blown must be left out where switches are no fuses, got 'nmos'"),
    ("pair", "positive.switch.w_over_l", "1M", "'positive.switch.w_over_l'. value must be a number"),
    ("pair", "positive.switch.kind", "pmos", "'positive.switch'. Input tag 'pmos'"),
    ("pair", "positive.switch_arrays", {"x": [1.0]}, "positive switch_arrays must be of parameters of the switch"),
    ("pair", "resistances", [1.0], "'resistances'. Extra inputs are not permitted"),
    ("pair", "mask", [True] * 2, "my bank.json: mask must be 3 booleans, one a resistor, got '2'"),
    ("pair", "mask", [True] * 8193, "'mask'. List should have at most 8192 items"),
]


@pytest.mark.parametrize(("form", "place", "value", "says"), FAULTS)
def test_each_faulty_field_is_one_line(write, form, place, value, says):
    content = json.loads(json.dumps(GOOD[form]))
    *parents, field = place.split(".")
    section = content
    for parent in parents:
        section = section[parent]
    if value is ...:
        del section[field]
    else:
        section[field] = value
    path = write(content)
    if says is None:
        assert load_bank(path)[0].n == 2
        return
    with pytest.raises(rc.InputError) as caught:
        load_bank(path)
    message = str(caught.value)
    assert says in message
    assert message.startswith("my bank.json")
    assert "\n" not in message
    assert "pydantic" not in message


@pytest.mark.parametrize("form", GOOD)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_damage_ends_in_a_bank_or_one_line(tmp_path_factory, form, data):
    text = json.dumps(GOOD[form])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text = text[:place] + data.draw(st.sampled_from(string.printable)) + text[place + 1 :]
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_text(text)
    try:
        bank, mask = load_bank(path)
    except rc.InputError as error:
        assert "\n" not in str(error)
    else:
        assert mask is None or mask.shape == (bank.n,)


def test_the_largest_pair_that_can_be_saved_can_be_read(tmp_path, tabulated):
    """Both banks with all that differs from resistor to resistor, beside two tables as large as they may be."""
    some = np.geomspace(1.23456789e-20, 9.87654321e20, 4096)
    spread = rc.devices.Coefficients(**{name: 1e-5 / (1 + np.arange(4096.0)) for name in ("tc1", "tc2", "vc1", "vc2")})
    bank = rc.Bank(resistances=some, switch=tabulated, coefficients=spread, areas=some, stuck_open=some < 1)
    pair = rc.DifferentialPair(positive=bank, negative=bank)
    path = save_bank(pair, tmp_path / "pair.json", np.ones(8192, bool))
    assert load_bank(path)[0].n == 8192
    table = len(json.dumps(tabulated.on.tolist() + tabulated.off.tolist(), indent=2)) / (2 * tabulated.on.size)
    assert path.stat().st_size + 2 * 2 * _MOST_ENTRIES * 1.3 * table < _LARGEST_FILE
