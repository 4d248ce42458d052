"""``rescircuit design`` of every form: sampled, programmed, written, and confirmed by ngspice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.files import load_bank

PROCESS = """
name = "mine"
summary = "made up"

[resistor]
common = "10%"
mismatch = "1%"
tc1 = "100ppm"
source = "made up"

[capacitor]
density = "1fF/um2"
common = "15%"
mismatch = "0.5%"
vc1 = "200ppm"
source = "made up"

[switch]
kind = "ideal"
r_on = 200
source = "made up"
"""
FORMS = {
    "series": ["--form", "series", "--target", "40kohm", "--r-on", "50ohm"],
    "series in siemens": ["--form", "series", "--target", "25uS"],
    "capacitor": ["--form", "capacitor", "--target", "0.3pF"],
    "pair": ["--form", "pair", "--target=-200uS", "--v-read", "0.2V"],
}


@pytest.fixture
def mine(run):
    """The options of a process with ideal switches, whose file is in the folder that `run` has made its own."""
    assert callable(run)
    Path("mine.toml").write_text(PROCESS)
    return ["--process", "mine.toml", "--n", 6]


@pytest.mark.parametrize("options", FORMS.values(), ids=FORMS)
def test_what_is_designed_is_confirmed_by_ngspice(run, mine, options):
    code, out, err = run("design", *mine, *options, "--out", "made")
    assert code == 0, err
    assert err == f"Written: {Path('made/bank.json')}, {Path('made/bank.cir')}\n"
    assert "no setting comes closer than" in out
    bank, mask = load_bank("made/bank.json")
    assert rc.verify(bank, mask=mask).passed
    assert Path("made/bank.cir").read_text() == rc.deck(bank, mask=mask).text
    assert json.loads(run("verify", "made/bank.json", "--json")[1])["passed"]
    assert run("export", "made/bank.json")[1] == Path("made/bank.cir").read_text()


def answer(run, *options):
    code, out, err = run("design", *options, "--json")
    assert code == 0, err
    return json.loads(out), err


def best(values, target):
    """What comes closest to `target` among `values`, one a setting."""
    return float(values[np.argmin(np.abs(values - target))])


def every_mask(n):
    return np.array(np.meshgrid(*[[False, True]] * n, indexing="ij")).reshape(n, -1).T


def test_a_series_bank_is_the_best_of_all_settings(run, mine):
    found, err = answer(run, *mine, *FORMS["series"])
    assert err == ""
    resistor = rc.load_process("mine.toml").make_resistor(10e3)
    bank = rc.SeriesBank.sample(resistor, n=6, seed=1, switch=rc.IdealSwitch(r_on=50.0))
    assert found["form"] == "series"
    assert found["resistances_ohm"] == bank.resistances.tolist()
    assert found["r_on_ohm"] == 50.0
    assert found["resistance_ohm"] == pytest.approx(best(bank.resistance(every_mask(6)), 40e3), rel=1e-12)
    assert found["resistance_ohm"] == pytest.approx(bank.resistance(np.array(found["mask"])), rel=1e-12)
    assert found["error_ohm"] == pytest.approx(found["resistance_ohm"] - 40e3, abs=1e-8)
    assert found["bound_ohm"] == abs(found["error_ohm"])
    assert found["conductance_siemens"] == pytest.approx(1 / found["resistance_ohm"], rel=1e-15)
    assert found["full_scale_ohm"] == bank.full_scale
    assert not {"v_read_volt", "target_siemens"} & set(found)


def test_a_series_bank_s_conductance_may_be_asked_for(run, mine):
    found, _ = answer(run, *mine, *FORMS["series in siemens"])
    resistor = rc.load_process("mine.toml").make_resistor(10e3)
    bank = rc.SeriesBank.sample(resistor, n=6, seed=1, switch=rc.IdealSwitch(r_on=200.0))  # the process's own
    assert found["r_on_ohm"] == 200.0
    assert found["conductance_siemens"] == pytest.approx(best(1 / bank.resistance(every_mask(6)), 25e-6), rel=1e-12)
    assert found["resistance_ohm"] == pytest.approx(1 / found["conductance_siemens"], rel=1e-15)
    code, out, _ = run("design", *mine, *FORMS["series in siemens"])
    assert code == 0
    assert "target       25 uS" in out
    assert "full scale   " in out
    assert "kΩ" in out


def test_a_capacitor_bank_is_the_best_of_all_settings(run, mine):
    found, err = answer(run, *mine, *FORMS["capacitor"])
    assert err == ""
    capacitor = rc.load_process("mine.toml").make_capacitor(100e-15)
    bank = rc.CapacitorBank.sample(capacitor, n=6, seed=1, switch=rc.IdealSwitch(r_on=200.0))
    assert found["capacitances_farad"] == bank.capacitances.tolist()
    assert found["capacitance_farad"] == pytest.approx(best(bank.capacitance(every_mask(6)), 0.3e-12), rel=1e-12)
    assert found["error_farad"] == pytest.approx(found["capacitance_farad"] - 0.3e-12, abs=1e-24)
    assert found["full_scale_farad"] == bank.full_scale


def test_a_pair_is_the_best_of_all_settings(run, mine):
    found, err = answer(run, *mine, *FORMS["pair"])
    assert err == ""
    alone, _ = answer(run, *mine, "--target", "200uS", "--v-read", "0.2V")
    assert found["positive_resistances_ohm"] == alone["resistances_ohm"]  # the first bank of the same chip
    banks = [
        rc.Bank(resistances=found[f"{side}_resistances_ohm"], switch=rc.IdealSwitch(r_on=200.0), v_read=0.2)
        for side in ("positive", "negative")
    ]
    sums = [bank.conductance(every_mask(6)) for bank in banks]
    assert found["difference_siemens"] == pytest.approx(
        best(np.subtract.outer(*sums).ravel(), -200e-6), rel=1e-9
    )  # of 4096 settings
    parts = [found[f"{side}_conductance_siemens"] for side in ("positive", "negative")]
    assert parts[0] - parts[1] == pytest.approx(found["difference_siemens"], rel=1e-12)
    assert found["v_read_volt"] == 0.2
    assert len(found["mask"]) == 12


def test_tables_have_units_and_fit_80_columns(run, mine):
    expected = {
        "series": ["A series bank of 6 on mine", "in the string", "bypass", "resistance   ", "kΩ, 2", " Ω"],
        "capacitor": ["A capacitor bank of 6 on mine", "capacitance  ", "c_5", " fF", "full scale   "],
        "pair": [
            "A differential pair of banks of 6 on mine",
            "negative r_5",
            "difference   -",
            "at 200 mV: ",
            " less ",
        ],
    }
    for form, words in expected.items():
        code, out, _ = run("design", *mine, *FORMS[form])
        assert code == 0
        assert max(map(len, out.splitlines())) <= 80
        for word in (*words, ", chip 0 of seed 1\n"):
            assert word in out


def test_help_fits_80_columns_and_cuts_nothing_off(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run("design", "--help")
    assert code == 0
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= 80
    for words in ("--form", "--r-on", "10k, of capacitors 100fF", "parallel, series, capacitor, or pair"):
        assert words in out


def test_switches_that_are_not_linear_are_replaced_with_a_remark(run):
    line = ("--form", "series", "--n", 5, "--target", "20kohm")
    found, err = answer(run, *line, "--process", "thesis")
    assert err == "The switches of thesis are not linear: ideal ones of 0 Ω take their place, others with --r-on.\n"
    assert found["r_on_ohm"] == 0.0
    found, err = answer(run, *line, "--process", "thesis", "--r-on", "0")
    assert (found["r_on_ohm"], err) == (0.0, "")


def test_faults_of_a_process_are_left_out_of_series_banks_with_a_remark(run):
    Path("mine.toml").write_text(PROCESS + '\n[faults]\nstuck_open = "50%"\nsource = "made up"\n')
    _, err = answer(run, "--process", "mine.toml", *FORMS["series"])
    assert err == "The faults of mine are those of switches in parallel banks, and are left out.\n"
    found, err = answer(run, "--process", "mine.toml", "--n", 8, *FORMS["pair"])
    assert err == ""
    assert len(found["mask"]) == 16


def test_a_short_has_no_deck_and_no_conductance(run, mine, refused):
    short = ("design", *mine, "--form", "series", "--target", "0ohm", "--r-on", "0")
    found, _ = answer(run, *short[1:])
    assert (found["resistance_ohm"], found["conductance_siemens"]) == (0.0, None)
    assert "resistance   0 Ω\n" in run(*short)[1]
    assert "mask must be a setting with a resistance" in refused(*short, "--out", "made")


def test_a_pair_of_fuses_is_blown(run):
    fuses = PROCESS.replace('kind = "ideal"\nr_on = 200', 'kind = "fuse"\nr_on = 200\nr_off = "1G"')
    Path("fuses.toml").write_text(fuses)
    code, _, err = run("design", "--process", "fuses.toml", "--n", 4, *FORMS["pair"], "--blow", "--out", "made")
    assert code == 0, err
    pair, mask = load_bank("made/bank.json")
    blown = np.concatenate([pair.positive.one_time.closed, pair.negative.one_time.closed])
    assert blown.tolist() == mask.tolist()
    assert rc.verify(pair, mask=mask).passed


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--target", "1"], "The target is above the full scale: take more resistors or a smaller nominal."),
        (["--form", "series", "--target", "1G"], "The target is above the full scale: take more resistors or a larger"),
        (["--form", "series", "--target", "1nS"], "The target's resistance is above the full scale: take more"),
        (["--form", "capacitor", "--target", "1nF"], "above the full scale: take more capacitors or a larger nominal."),
        (["--form", "pair", "--target", "-1"], "The target is above the full scale of the negative bank: take more"),
        (["--form", "pair", "--target", "1"], "The target is above the full scale of the positive bank: take more"),
    ],
)
def test_targets_out_of_reach_are_told(run, mine, options, says):
    code, _, err = run("design", *mine, *options)
    assert code == 0
    assert says in err
    assert err.count("\n") == 1


MISTAKES = [
    (["--form", "ladder", "--target", "1mS"], "--form must be one of parallel, series, capacitor, pair, got 'ladder'"),
    (["--form", "series", "--target", "5V"], "--target must be a quantity in ohm, such as 10k or 4.7k, got '5V'"),
    (["--form", "series", "--target", "12V S"], "--target must be a quantity in S, such as 120uS"),
    (["--form", "series", "--target", "-5k"], "--target must be finite numbers of at least 0 (ohm), got -5000.0"),
    (["--form", "series", "--target", "-5uS"], "--target must be finite numbers of at least 0 (S)"),
    (["--form", "capacitor", "--target", "1uS"], "--target must be a quantity in F, such as 10pF, got '1uS'"),
    (["--form", "capacitor", "--target", "1F"], "F is farad to people and femto to SPICE"),
    (["--form", "capacitor", "--target", "1pF", "--nominal", "10kohm"], "--nominal must be a quantity in F"),
    (["--form", "capacitor", "--target", "1pF", "--nominal", "-1pF"], "--nominal must be a finite number above 0"),
    (["--form", "pair", "--target", "5kohm"], "--target must be a quantity in S"),
    (["--form", "pair", "--target", "1uS", "--n", "33"], "--n must be a whole number from 1 to 32, got 33"),
    (["--form", "series", "--target", "1uS", "--n", "41"], "at most 40 "),
    (["--form", "series", "--target", "1k", "--n", "65"], "--n must be a whole number from 1 to 64, got 65"),
    (["--form", "series", "--target", "1k", "--v-read", "0.1V"], "--v-read must be left out for a series bank"),
    (["--form", "capacitor", "--target", "1p", "--v-read", "0.1V"], "--v-read must be left out for a capacitor bank"),
    (["--form", "pair", "--target", "1uS", "--r-on", "5"], "--r-on must be left out for a differential pair, got '5'"),
    (["--target", "1uS", "--r-on", "5"], "--r-on must be left out for a bank, got '5'"),
    (["--form", "pair", "--target", "1uS", "--time-limit", "5"], "--time-limit must be left out for a differential"),
    (["--form", "series", "--target", "1k", "--blow"], "--blow must be left out for a series bank"),
    (["--form", "pair", "--target", "1uS", "--blow"], "--blow must be left out for switches that are set again"),
    (["--form", "series", "--target", "1k", "--r-on", "5V"], "--r-on must be a quantity in ohm"),
    (["--form", "series", "--target", "1k", "--r-on", "-5"], "--r-on must be a finite resistance of at least 0 (ohm)"),
    (["--form", "series", "--target", "1k", "--nominal", "1e-20"], "--nominal must be a value from 1e-12"),
    (["--form", "pair", "--target", "1uS", "--v-read", "0"], "--v-read must be a finite number above 0 (V)"),
    (["--form", "series", "--target", "1k", "--seed", "-1"], "--seed must be a whole number from 0"),
    (["--form", "series", "--target", "1k", "--pitch", "-1um"], "--pitch must be"),
    (["--form", "series", "--target", ""], "--target must be a quantity in ohm"),
    (["--target", "1uS", "--nominal", ""], "--nominal must be a quantity in ohm"),
]


@pytest.mark.parametrize(("options", "says"), MISTAKES)
def test_bad_input_is_one_line(refused, mine, options, says):
    assert says in refused("design", *mine, *options, "--out", "made")


def test_a_refusal_is_one_line_without_a_remark(refused):
    assert "--pitch must be a length" in refused("design", "--form", "series", "--target", "1k", "--pitch", "-1um")


def test_processes_that_cannot_make_it_are_refused(refused, tmp_path):
    capacitors = ("design", "--form", "capacitor", "--target", "1pF", "--process")
    assert "--process must be one with capacitors, got 'polysilicon'. It has resistors." in refused(
        *capacitors, "polysilicon"
    )
    (tmp_path / "leaky.toml").write_text(PROCESS.replace("r_on = 200", 'r_on = 200\nr_off = "1G"'))
    assert "--process must be one whose switches do not leak (r_off), for capacitors, got 'mine'" in refused(
        *capacitors, "leaky.toml"
    )
