"""``simulate memristor`` and its picture: the library's numbers, and one line for an error."""

from __future__ import annotations

import json
import sys

import matplotlib as mpl
import numpy as np
import pytest

from rescircuit.cli.app import main
from rescircuit.devices.memristors import VTEAM, LinearDriftMemristor, PiecewiseLinear, Sine, simulate_memristor
from rescircuit.errors import InputError
from rescircuit.files import read_csv
from rescircuit.plotting import plot_hysteresis
from rescircuit.spice import LIMITS, Limit, memristor_circuit, write_deck
from rescircuit.spice.verification.cases.memristors import verify_memristor

mpl.use("Agg")  # draws without a screen
from matplotlib import pyplot as plt


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run ``simulate memristor`` in an empty folder; returns (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["rescircuit", "simulate", "memristor", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    plt.close("all")


def test_numbers_file_and_picture_are_the_library_s(run, tmp_path):
    files = ("--out", "loop.csv", "--plot", "loop.png")
    code, out, err = run("--amplitude", "1.2V", "--frequency", "1Hz,4Hz", "--periods", 3, *files, "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    rows = read_csv("loop.csv")
    assert rows.shape == (2 * 6001, 5)
    for k, frequency in enumerate((1.0, 4.0)):
        wave = Sine(amplitude=1.2, frequency=frequency)
        mine = simulate_memristor(LinearDriftMemristor(), wave, 3 / frequency, points=6001)
        report = answer["runs"][k]
        assert report["frequency_hertz"] == frequency
        assert report["loop_area_watt"] == mine.loop_area(2 / frequency)
        assert report["energy_per_period_joule"] == mine.energy(2 / frequency)
        assert report["least_resistance_ohm"] == mine.resistance[4000:].min()
        assert report["largest_current_ampere"] == np.abs(mine.current[4000:]).max()
        part = rows[6001 * k : 6001 * (k + 1)]
        expected = [np.full(6001, frequency), mine.time, mine.voltage, mine.current, mine.state]
        assert np.array_equal(part, np.column_stack(expected))
    assert answer["ngspice"] is None
    assert answer["files"] == ["loop.csv", "loop.png"]
    assert (tmp_path / "loop.png").read_bytes().startswith(b"\x89PNG")


def test_ngspice_confirms_both_models(run):
    for options in (("--model", "hp", "--amplitude", "1.2V"), ("--model", "vteam")):
        code, out, err = run(*options, "--ngspice")
        assert (code, err) == (0, "")
        assert "loop area" in out
        assert "agrees" in out
    code, out, _ = run("--ngspice", "--json", "--window-exponent", 2, "--r-on", "200ohm", "--r-off", "20k")
    assert code == 0
    assert json.loads(out)["ngspice"][0]["passed"] is True


def test_the_bench_is_written_as_a_deck(run, tmp_path):
    options = ("--model", "vteam", "--frequency", "2megHz", "--initial-state", 0.4, "--periods", 3)
    code, out, err = run(*options, "--deck", "bench.cir", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["files"] == ["bench.cir"]
    bench = memristor_circuit(VTEAM(), Sine(amplitude=1.0, frequency=2e6), 1.5e-6, 0.4)
    assert (tmp_path / "bench.cir").read_text() == write_deck(bench).text


def test_exit_code_1_says_that_ngspice_differs(run, monkeypatch):
    monkeypatch.setitem(LIMITS, "memristor", Limit(relative=1e-15))
    code, out, _ = run("--ngspice")
    assert code == 1
    assert "DISAGREES" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "pcm"), "--model must be hp or vteam"),
        (("--amplitude", "0V"), "--amplitude must be a finite number above 0"),
        (("--amplitude", "1Hz"), "--amplitude must be a quantity in V"),
        (("--amplitude", "1e30V"), "--amplitude must be of voltages and a duration"),
        (("--frequency", "1Hz,"), "--frequency must be a quantity in Hz"),
        (("--frequency", "1,2,3,4,5"), "--frequency must be at most 4 frequencies"),
        (("--frequency", "1e-30Hz"), "--frequency must be from 1e-15"),
        (("--periods", "0"), "--periods must be a whole number from 1 to 200"),
        (("--initial-state", "2"), "--initial-state must be from 0"),
        (("--r-on", "20k"), "--r-off must be above r_on"),
        (("--r-on", "1M"), "--r-on must be a quantity in ohm"),
        (("--window-exponent", "101"), "--window-exponent must be a whole number from 0 to 100"),
        (("--window-exponent", "-1"), "--window-exponent must be a whole number from 0 to 100"),
        (("--timeout", "5"), "--timeout must be left out without --ngspice, got 5.0"),
        (("--deck", "loop.png"), "--deck must be a deck's name, such as array.cir, got 'loop.png'"),
        (("--deck", "none/bench.cir"), "--deck must be in a folder that can be written to"),
        (("--out", "loop.txt"), "--out must be a file's name in .csv"),
        (("--deck", "bench.cir", "--frequency", "1,2"), "--deck must be left out with several frequencies"),
        (("--deck", "bench.csv"), "--deck must be a deck's name, such as array.cir, got 'bench.csv'"),
        (("--plot", "nowhere/loop.png"), "--plot must be in a folder that can be written to"),
        (("--ngspice", "--timeout", "0"), "--timeout must be a finite number above 0"),
    ],
)
def test_slips_get_one_line_and_leave_no_file(run, tmp_path, options, message):
    code, out, err = run("--out", "kept.csv", *options) if "--out" not in options else run(*options)
    assert code == 2
    assert out == ""
    assert err.startswith(f"rescircuit: {message}")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_help_shows_an_example(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "rescircuit simulate memristor --model hp" in " ".join(out.split())


def test_the_picture_shows_the_loops_with_their_units_and_ngspice_s_points():
    runs = [simulate_memristor(LinearDriftMemristor(), Sine(amplitude=1.2, frequency=f), 2 / f) for f in (1.0, 5.0)]
    checks = [verify_memristor(each) for each in runs]
    loop, course = plot_hysteresis(runs, checks)
    first, marks = loop.get_lines()[:2]
    assert first.get_xdata() == pytest.approx(runs[0].voltage)
    assert first.get_ydata() == pytest.approx(1e6 * runs[0].current)
    assert set(marks.get_xdata()) <= set(checks[0].voltages)
    assert len(marks.get_xdata()) >= 40
    assert (loop.get_xlabel(), loop.get_ylabel()) == ("voltage (V)", "current (µA)")
    assert course.get_xlabel() == "time / period"
    assert course.get_lines()[2].get_xdata()[-1] == pytest.approx(2.0)
    names = [text.get_text() for text in loop.get_legend().get_texts()]
    assert names[0::2] == ["1 Hz", "5 Hz"]
    assert all(name.startswith("ngspice, off by ") for name in names[1::2])


def test_one_transient_of_another_waveform_keeps_its_own_time():
    ramp = PiecewiseLinear(times=[0.0, 1e-7, 3e-7], voltages_at=[0.0, 0.3, -0.3])
    loop, course = plot_hysteresis(simulate_memristor(VTEAM(), ramp, 4e-7))
    assert course.get_xlabel() == "time (ns)"
    assert course.get_lines()[0].get_xdata()[-1] == pytest.approx(400.0)
    assert loop.get_legend().get_texts()[0].get_text() == "up to 300 mV"


def test_the_picture_refuses_what_it_cannot_show():
    one = simulate_memristor(LinearDriftMemristor(), Sine(amplitude=1.0, frequency=1.0), 1.0)
    with pytest.raises(InputError, match="transients must be 1 to 4 transients, got '5 of them'"):
        plot_hysteresis([one] * 5)
    with pytest.raises(InputError, match="checks must be 2, one for each transient"):
        plot_hysteresis([one, one], [])
