"""Banks in files: what is saved comes back bit for bit, and each faulty field gets one line."""

from __future__ import annotations

import json
import math
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.bank.files import load_bank, save_bank

POSITIVE = st.floats(1e-300, 1e300)
SWITCHES = st.one_of(
    st.builds(
        rc.NMOS,
        w_over_l=POSITIVE,
        v_gate=st.floats(1.0, 10.0),
        vto=st.floats(0.0, 0.9),
        kp=POSITIVE,
        lambda_=st.floats(0.0, 1.0),
        gamma=st.floats(0.0, 1.0),
        phi=st.floats(0.1, 1.0),
        length=POSITIVE,
        r_off=POSITIVE | st.just(math.inf),
    ),
    st.builds(rc.IdealSwitch, r_on=st.floats(0.0, 1e3), r_off=st.floats(1e4, 1e300) | st.just(math.inf)),
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(POSITIVE, min_size=1, max_size=6),
    SWITCHES,
    st.floats(1e-6, 10.0),
    st.none() | st.integers(0, 2**128 - 1),
    st.data(),
)
def test_what_is_saved_comes_back_bit_for_bit(tmp_path_factory, resistances, switch, v_read, seed, data):
    bank = rc.Bank(resistances=np.array(resistances), switch=switch, v_read=v_read, seed=seed, chip=seed and 3)
    n = len(resistances)
    mask = data.draw(st.none() | st.lists(st.booleans(), min_size=n, max_size=n).map(np.array))
    path = tmp_path_factory.getbasetemp() / "bank.json"
    assert save_bank(bank, path, mask) == path
    read, setting = load_bank(path)
    assert read.resistances.tobytes() == bank.resistances.tobytes()
    assert read.switch == switch
    assert (read.v_read, read.seed, read.chip) == (v_read, seed, seed and 3)
    if mask is None:
        assert setting is None
    else:
        assert setting is not None
        assert setting.dtype == np.bool_
        assert np.array_equal(setting, mask)


@pytest.mark.parametrize("switch", [rc.NMOS(w_over_l=10, r_off=1e9), rc.IdealSwitch(r_on=50.0)])
def test_a_programmed_bank_conducts_the_same_after_its_return(tmp_path, switch):
    bank = rc.Bank.sample(rc.Resistor(nominal=10e3, tolerance=0.2), n=8, seed=7, switch=switch)
    setting = bank.program(0.4 * bank.full_scale)
    read, mask = load_bank(save_bank(bank, tmp_path / "bank.json", setting.mask))
    assert read.conductance(mask) == setting.conductance


def test_all_that_belongs_to_a_bank_comes_back(tmp_path):
    film = rc.Resistor(
        nominal=1e4,
        mismatch=0.01,
        tc1=1e-4,
        tc1_mismatch=1e-5,
        vc2=1e-5,
        geometry=rc.Geometry(sheet_resistance=200, width=1e-6),
    )
    switch = rc.NMOS(w_over_l=10, vto_matching=3e-9, side="driven", i_threshold=1e-7)
    faults = rc.Faults(stuck_open=0.3, stuck_closed=0.3)
    bank = rc.Bank.sample(film, n=9, seed=4, switch=switch, faults=faults)
    read, _ = load_bank(save_bank(bank, tmp_path / "bank.json"))
    assert np.array_equal(read.on_conductances, bank.on_conductances)
    assert np.array_equal(read.stuck_open, bank.stuck_open)
    assert np.array_equal(read.stuck_closed, bank.stuck_closed)
    assert read.switch == bank.switch
    assert read.area == bank.area
    warm, also = read.at(temperature=85.0), bank.at(temperature=85.0)
    assert np.array_equal(warm.on_conductances, also.on_conductances)
    with pytest.raises(rc.InputError, match="bank must be as it was made"):
        save_bank(warm, tmp_path / "warm.json")


@pytest.mark.parametrize("kind", [rc.Fuse, rc.AntiFuse])
def test_blown_fuses_stay_blown(tmp_path, kind):
    bank = rc.Bank(resistances=[1e3, 2e3, 3e3], switch=kind(r_on=10.0, r_off=1e9, r_on_spread=0.1).sample(3, seed=1))
    blown, _ = load_bank(save_bank(bank.blow([True, False, True]), tmp_path / "bank.json"))
    assert blown.one_time.closed.tolist() == [True, False, True]
    with pytest.raises(rc.InputError, match="blown once"):
        blown.blow([True, True, True])


def test_numpys_scalars_are_saved_as_numbers(tmp_path):
    """A seed out of np.arange is as good as any."""
    switch = rc.NMOS(w_over_l=np.int64(10), vto=np.float32(0.25))  # type: ignore[arg-type]
    resistor = rc.Resistor(nominal=10e3, tolerance=0.2)
    bank = rc.Bank.sample(resistor, n=3, seed=np.int64(5), switch=switch)  # type: ignore[arg-type]
    read, _ = load_bank(save_bank(bank, tmp_path / "bank.json", [True, False, True]))  # type: ignore[arg-type]
    assert read.seed == 5
    assert read.switch == rc.NMOS(w_over_l=10, vto=0.25)


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        ([True], "mask must be 3 booleans, one a resistor, got shape (1,) of bool"),
        ([[True, True, True]], "got shape (1, 3) of bool"),
        ([1, 0, 1], "got shape (3,) of int"),
        (True, "got shape () of bool"),
    ],
)
def test_no_setting_is_saved_that_would_not_be_read(tmp_path, mask, says):
    bank = rc.Bank(resistances=np.ones(3))
    with pytest.raises(rc.InputError) as caught:
        save_bank(bank, tmp_path / "bank.json", mask)
    assert says in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_other_banks_are_not_saved(tmp_path):
    class Homemade:
        """A switch that no file describes."""

        def branch_current(self, resistance, voltage, *, closed):
            return voltage / resistance * closed

    with pytest.raises(rc.InputError, match=r"bank must be a single bank, of shape \(\), got shape \(2,\)"):
        save_bank(rc.Bank(resistances=np.ones((2, 3))), tmp_path / "bank.json")
    with pytest.raises(rc.InputError, match="bank must be of at most 4096 resistors, got 4097"):
        save_bank(rc.Bank(resistances=np.ones(4097)), tmp_path / "bank.json")
    with pytest.raises(
        rc.InputError,
        match=r"bank\.switch must be one of NMOS, IdealSwitch, .*ThresholdSelector, TabulatedSwitch, got 'Homemade'",
    ):
        save_bank(rc.Bank(resistances=np.ones(3), switch=Homemade()), tmp_path / "b.json")
    assert list(tmp_path.iterdir()) == []


def test_the_most_resistors_are_saved_and_read(tmp_path):
    bank = rc.Bank(resistances=np.geomspace(1e3, 1e6, 4096))
    assert load_bank(save_bank(bank, tmp_path / "bank.json"))[0].n == 4096


def good():
    return {
        "format": "rescircuit bank 1",
        "resistances": [1000.0, 2000.0],
        "switch": {"kind": "nmos", "w_over_l": 10, "vto": "400mV"},
        "v_read": 0.2,
        "mask": [True, False],
        "seed": 1,
        "chip": 2,
    }


def refusal(path):
    with pytest.raises(rc.InputError) as caught:
        load_bank(path)
    message = str(caught.value)
    assert "\n" not in message
    assert not any(word in message for word in ("Traceback", "pydantic", "Error", "error"))
    return message


@pytest.fixture
def write(tmp_path):
    def writer(content):
        path = tmp_path / "my bank.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return writer


def test_a_file_written_by_hand(write):
    bank, mask = load_bank(write(good()))
    assert bank.resistances.tolist() == [1000.0, 2000.0]
    assert bank.switch == rc.NMOS(w_over_l=10, vto=0.4)  # quantities as people write them
    assert (bank.v_read, bank.seed, bank.chip) == (0.2, 1, 2)
    assert mask is not None
    assert mask.tolist() == [True, False]


def test_the_least_that_a_file_must_say(write):
    bank, mask = load_bank(write({"format": "rescircuit bank 1", "resistances": [5], "switch": {"kind": "ideal"}}))
    assert bank.switch == rc.IdealSwitch()
    assert (bank.v_read, bank.seed, bank.chip, mask) == (0.1, None, None, None)


# (where, the value put there, what the error must say); `...` takes the field away
FAULTS = [
    ("format", ..., "'format'. Field required"),
    ("format", "rescircuit bank 2", "'format'. Input should be 'rescircuit bank 1'"),
    ("resistances", ..., "'resistances'. Field required"),
    ("resistances", [], "'resistances'. List should have at least 1 item"),
    ("resistances", [1.0] * 4097, "'resistances'. List should have at most 4096 items"),
    ("resistances", [1.0, -1.0], "resistances at index 1 must be finite numbers above 0 (ohm), got -1.0"),
    ("resistances", [1.0, 0.0], "resistances at index 1"),
    ("resistances", [1.0, math.nan], "'resistances.1'. Input should be a finite number"),
    ("resistances", [math.inf, 1.0], "'resistances.0'. Input should be a finite number"),
    ("resistances", [10**400, 1.0], "'resistances.0'. Input should be a finite number"),
    ("resistances", [True, 1.0], "'resistances.0'. Input should be a valid number"),
    ("resistances", ["1000", 1.0], "'resistances.0'. Input should be a valid number"),
    ("resistances", [[1.0], [1.0]], "'resistances.0'. Input should be a valid number"),
    ("resistances", 1.0, "'resistances'. Input should be a valid"),
    ("switch", ..., "'switch'. Field required"),
    ("switch", "nmos", "'switch'. Input should be"),
    ("switch.kind", ..., "'switch'. Unable to extract tag"),
    ("switch.kind", "pmos", "'switch'. Input tag 'pmos'"),
    ("switch.kind", "two\nlines", "'switch'. Input tag 'two lines'"),
    ("switch.w_over_l", ..., "'switch.w_over_l'. Field required"),
    ("switch.w_over_l", -1, "w_over_l must be a finite number above 0, got -1.0"),
    ("switch.w_over_l", "1M", "'switch.w_over_l'. value must be a number, such as 0.2, 20% or 10k, got '1M'. M is"),
    ("switch.w_over_l", 10**400, "'switch.w_over_l'. value must be a number"),
    ("switch.w_over_l", True, "'switch.w_over_l'. value must be a number"),
    ("switch.vto", "1ohm", "'switch.vto'. value must be a quantity in V, such as 0.5V, got '1ohm'"),
    ("switch.vto", 5, "v_gate must be above the threshold vto (5 V)"),
    ("switch.r_on", 5, "'switch.r_on'. Extra inputs are not permitted"),
    ("switch.lambda_", 5, "'switch.lambda_'. Extra inputs are not permitted"),
    ("v_read", 0, "v_read must be a finite number above 0 (V), got 0.0"),
    ("v_read", "0.1", "'v_read'. Input should be a valid number"),
    ("v_read", math.inf, "'v_read'. Input should be a finite number"),
    ("mask", [True], "my bank.json: mask must be 2 booleans, one a resistor, got '1'"),
    ("mask", [True] * 3, "my bank.json: mask must be 2 booleans, one a resistor, got '3'"),
    ("mask", [], "my bank.json: mask must be 2 booleans"),
    ("mask", [1, 0], "'mask.0'. Input should be a valid boolean"),
    ("mask", [True, "off"], "'mask.1'. Input should be a valid boolean"),
    ("mask", "10", "'mask'. Input should be a valid"),
    ("seed", 1.5, "'seed'. Input should be a valid integer"),
    ("seed", "1", "'seed'. Input should be a valid integer"),
    ("chip", True, "'chip'. Input should be a valid integer"),
    ("owner", "me", "'owner'. Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("place", "value", "says"), FAULTS)
def test_each_faulty_field_is_one_line(write, place, value, says):
    content = good()
    *parents, field = place.split(".")
    section = content[parents[0]] if parents else content
    if value is ...:
        del section[field]
    else:
        section[field] = value
    assert says in refusal(write(content))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the text'. Invalid JSON"),
        (b"{", "the text'. Invalid JSON"),
        (b"\xff\xfe", "the text'. Invalid JSON"),
        (b"[" * 100_000, "the text'. Invalid JSON"),
        (b"[]", "the text'. Input should be an object"),
        (b"null", "the text'. Input should be an object"),
    ],
)
def test_what_is_no_bank_at_all(write, content, says):
    message = refusal(write(content))
    assert message.startswith("my bank.json must be a valid bank file, got '")
    assert says in message


def test_a_large_file_is_not_even_read(write, monkeypatch):
    path = write(b" " * (2**24 + 1))
    monkeypatch.setattr(type(path), "read_bytes", lambda *_: pytest.fail("read"))
    assert "file must be a bank of at most 16777216 bytes" in refusal(path)


def test_files_that_are_none(tmp_path):
    assert refusal(tmp_path / "absent.json").endswith("No such file or directory.")
    assert refusal(tmp_path).endswith("Is a directory.")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_ends_in_a_bank_or_one_line(tmp_path_factory, data):
    text = json.dumps(good())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text = text[:place] + data.draw(st.sampled_from(string.printable)) + text[place + 1 :]
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_text(text)
    try:
        bank, _ = load_bank(path)
    except rc.InputError as error:
        assert "\n" not in str(error)
    else:
        assert (bank.resistances > 0).all()


def test_switches_that_do_not_leak_and_spread_come_back(tmp_path):
    """JSON has no infinity."""
    fuse = rc.devices.Fuse(r_on=10.0, r_on_spread=0.1, r_off_spread=0.3)
    bank = rc.Bank.sample(rc.Resistor(nominal=1e4), n=3, seed=1, switch=fuse)
    read, _ = load_bank(save_bank(bank, tmp_path / "bank.json"))
    assert read.switch == bank.switch
    assert np.isinf(read.switch.r_off).all()


def test_a_table_comes_back_with_its_card_and_its_certificate(tmp_path, tabulated):
    bank = rc.Bank(resistances=[1e4, 2e4, 4e4], switch=tabulated)
    setting = bank.program(9e-5)
    read, mask = load_bank(save_bank(bank, tmp_path / "bank.json", setting.mask))
    assert read.on_conductances.tobytes() == bank.on_conductances.tobytes()
    assert read.conductance(mask) == pytest.approx(setting.conductance, rel=1e-15)
    assert read.switch.source == tabulated.source
    assert read.switch.characterisation == tabulated.characterisation
    for name in ("v_ds", "v_out", "on", "off"):
        assert getattr(read.switch, name).tobytes() == getattr(tabulated, name).tobytes()
    assert rc.deck(read, mask=mask).text == rc.deck(bank, mask=mask).text


def test_a_card_alone_is_not_saved(tmp_path, tabulated):
    with pytest.raises(rc.InputError, match=r"got 'BSIM4Switch'\. Characterise it first"):
        save_bank(rc.Bank(resistances=[1e4], switch=tabulated.source), tmp_path / "bank.json")


def test_a_table_that_files_have_no_room_for(tmp_path, tabulated, monkeypatch):
    bank = rc.Bank(resistances=[1e4], switch=tabulated)
    path = save_bank(bank, tmp_path / "bank.json")
    monkeypatch.setattr("rescircuit.bank.tabulated_files._MOST_ENTRIES", 100)
    says = "table of the switch must be of at most 100 conductances, got 336"
    with pytest.raises(rc.InputError, match=says):
        save_bank(bank, tmp_path / "other.json")
    with pytest.raises(rc.InputError, match=says):
        load_bank(path)


TABLE_FAULTS = [
    ("switch.card.parameters.toxe", "3n", "'switch.card.parameters.toxe'. Input should be a valid number"),
    ("switch.card.parameters.toxe", math.inf, "'switch.card.parameters.toxe'. Input should be a finite number"),
    ("switch.card.parameters.toxe", 4e-9, "card_digest must be that of the card"),
    ("switch.card.parameters.include", 1.0, "parameters must be names of BSIM4 that ngspice 39 knows"),
    ("switch.card.version", "9", "version must be one of BSIM4"),
    ("switch.card", ..., "'switch.card'. Field required"),
    ("switch.width", -1.0, "width must be a finite number above 0 (m)"),
    ("switch.temperature", 85.0, "temperature must be that of the transistor in its characterisation, 85"),
    ("switch.v_ds", [1.0], "v_ds must be at least 6 voltages"),
    ("switch.v_ds", [0.0] * 50_001, "'switch.v_ds'. List should have at most 50000 items"),
    ("switch.v_ds.3", math.nan, "'switch.v_ds.3'. Input should be a finite number"),
    ("switch.on.3", [1.0], "on must be finite numbers (S) in a rectangular array"),
    ("switch.on", [[1.0]], "on must be of shape (48, 7)"),
    ("switch.off.3.2", 0.0, "'switch.off.3.2'. Input should be greater than 0"),
    ("switch.off.3.2", True, "'switch.off.3.2'. Input should be a valid number"),
    ("switch.off.3.2", 1e3, "off must be conductances of a current that rises"),
    ("switch.characterisation.bulk_current", -1.0, "'switch.characterisation.bulk_current'. Input should be"),
    ("switch.characterisation.remarks", "x", "'switch.characterisation.remarks'. Input should be a valid"),
    ("switch.owner", "me", "'switch.owner'. Extra inputs are not permitted"),
    ("switch_arrays", {"on": [1.0, 2.0]}, "switch_arrays must be left out for a tabulated switch"),
    ("switch", {"kind": "bsim4", "card": "nmos.mod"}, "'switch'. Input tag 'bsim4'"),
]


@pytest.mark.parametrize(("place", "value", "says"), TABLE_FAULTS)
def test_each_faulty_field_of_a_table_is_one_line(tmp_path, write, tabulated, place, value, says):
    bank = rc.Bank(resistances=[1e4, 2e4], switch=tabulated)
    content = json.loads(save_bank(bank, tmp_path / "whole.json").read_text())
    *parents, field = (int(part) if part.isdecimal() else part for part in place.split("."))
    section = content
    for parent in parents:
        section = section[parent]
    if value is ...:
        del section[field]
    else:
        section[field] = value
    assert says in refusal(write(content))
