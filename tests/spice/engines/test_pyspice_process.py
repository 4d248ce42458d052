"""Runs by PySpice: the program's numbers, by way of the shared library, and accepted under the same rules."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar.cells import BankCells, SelectedCells, SinhCells
from rescircuit.devices import Coefficients, ThresholdSelector
from rescircuit.devices.memristors import VTEAM, LinearDriftMemristor, Sine
from rescircuit.errors import InputError, MissingToolError, SpiceError
from rescircuit.spice import (
    LIMITS,
    Circuit,
    CurrentSource,
    GivenCharge,
    GivenCurrent,
    Resistor,
    TemperatureSweep,
    Transient,
    VoltageSource,
    bank_circuit,
    capacitor_bank_circuit,
    crossbar_circuit,
    memristor_circuit,
    relative_error,
    run_deck,
    series_bank_circuit,
    write_deck,
)
from rescircuit.spice.circuits.sources import SelectedSource
from rescircuit.spice.engines import pyspice_library, pyspice_process
from rescircuit.spice.engines.pyspice_library import LIBRARY_VARIABLE
from rescircuit.spice.engines.pyspice_process import run_pyspice
from rescircuit.spice.makers.pair import pair_circuit
from rescircuit.spice.makers.population import population_circuit
from rescircuit.spice.makers.settling import settling_circuit

N = 6
MASK = np.array([True, False, True, True, False, True])
RESISTANCES = 10e3 * 1.7 ** np.arange(N)
SAMPLES = [0.0, 0.1, 1 / 3]
CARD = rc.BSIM4Card.parse(
    ".model n nmos level=54 version=4.5 toxe=3n vth0=0.4 u0=0.04\n"
    "+ k1=0.5 k2=-0.01 vsat=1e5 ndep=2e17 nfactor=1.2 rdsw=150"
)
RNG = np.random.default_rng(8)
CELLS = RNG.uniform(1e-6, 1e-5, (4, 3))
INPUTS = RNG.uniform(0.0, 0.3, (5, 4))


def bank_behind(switch, **options):
    bank = rc.Bank(resistances=RESISTANCES, switch=switch, **options)
    return bank_circuit(bank, mask=MASK, voltages=SAMPLES)


def crossbar_of(cells):
    return crossbar_circuit(rc.NonlinearCrossbar(cells, 1.0, 2.0), voltages=INPUTS)


def banks_behind(switch):
    bank = rc.Bank(resistances=RNG.uniform(1e4, 1e6, (4, 3, 3)), switch=switch)
    return BankCells(bank=bank, mask=RNG.random((4, 3, 3)) < 0.6)


def capacitors(**coefficients):
    bank = rc.CapacitorBank(
        capacitances=100e-15 * 1.5 ** np.arange(N),
        switch=rc.IdealSwitch(r_on=1e3),
        c_off=1e-15,
        coefficients=Coefficients(**coefficients),
    )
    return capacitor_bank_circuit(bank, mask=MASK, voltages=[0.1, 0.5, -0.3])


def formulas():
    """Elements as a deck that is read back has them, with whole numbers as nodes."""
    return Circuit(
        elements=(
            VoltageSource(name="v_in", plus="1", minus="0", voltage=0.5),
            GivenCurrent(name="b_1", plus="1", minus="2", formula="1e-4 * sinh(v(1, 2) / 0.2)"),
            CurrentSource(name="i_1", plus="0", minus="2", current=1e-4),
            Resistor(name="r_1", plus="2", minus="0", resistance=1e3),
            GivenCharge(name="c_1", plus="2", minus="0", formula="1e-9 * v(2) * (1.0 + 0.1 * v(2))"),
        ),
        transient=Transient(stop=1e-5, max_step=1e-7),
    )


def pair():
    banks = [rc.Bank(resistances=k * RESISTANCES, switch=rc.NMOS(w_over_l=10)) for k in (1.0, 1.1)]
    both = rc.DifferentialPair(positive=banks[0], negative=banks[1])
    return pair_circuit(both, mask=np.concatenate([MASK, ~MASK]), voltages=SAMPLES)


def side_by_side():
    banks = rc.Bank(resistances=RNG.uniform(1e4, 1e6, (3, N)), switch=rc.NMOS(w_over_l=10))
    return population_circuit(banks, mask=MASK)


def settling_array():
    array = rc.Crossbar(CELLS[:2, :2], 100.0, 100.0)
    return settling_circuit(array, INPUTS[0, :2], c_word_line=1e-15, c_bit_line=2e-15, c_cell=1e-16)


COEFFICIENTS = Coefficients(tc1=1e-3, tc2=1e-7, vc1=1e-3, vc2=-5e-4)
SWEEP = TemperatureSweep(start=-40.0, stop=125.0, step=55.0)
CIRCUITS = {
    "parallel bank, transistors": (lambda: bank_behind(rc.NMOS(w_over_l=10, r_off=1e9)), "mos"),
    "parallel bank, ideal switches": (lambda: bank_behind(rc.IdealSwitch(r_on=50.0, r_off=1e9)), "linear"),
    "parallel bank, a card": (lambda: bank_behind(rc.BSIM4Switch(card=CARD, width=2e-6, length=180e-9)), "mos"),
    "parallel bank, threshold": (
        lambda: bank_behind(ThresholdSelector(r_on=500.0, r_off=1e9, v_threshold=1.0, v_hold=0.05)),
        "mos",
    ),
    "parallel bank, bent resistors": (lambda: bank_behind(rc.IdealSwitch(), coefficients=COEFFICIENTS), "mos"),
    "series bank": (
        lambda: series_bank_circuit(rc.SeriesBank(resistances=RESISTANCES), mask=MASK, voltages=SAMPLES),
        "linear",
    ),
    "capacitor bank": (lambda: capacitors(tc1=3e-5, vc1=1e-3, vc2=-5e-4), "charge"),
    "crossbar": (lambda: crossbar_circuit(rc.Crossbar(CELLS, 1.0, 2.0), voltages=INPUTS), "linear"),
    "crossbar of banks": (lambda: crossbar_of(banks_behind(rc.NMOS(w_over_l=10))), "mos"),
    "crossbar, sinh": (lambda: crossbar_of(SinhCells(conductances=CELLS, v_scale=0.25)), "sinh"),
    "crossbar, selectors": (
        lambda: crossbar_of(
            SelectedCells(cells=SinhCells(conductances=CELLS, v_scale=0.25), i_selector=1e-9, v_selector=0.05)
        ),
        "sinh",
    ),
    "memristor": (
        lambda: memristor_circuit(LinearDriftMemristor(), Sine(amplitude=1.2, frequency=1.0), 1.0, max_step=5e-3),
        "mos",
    ),
    "memristor, vteam": (
        lambda: memristor_circuit(VTEAM(window=2), Sine(amplitude=1.0, frequency=5e6), 2e-7, max_step=1e-9),
        "mos",
    ),
    "pair of banks": (pair, "mos"),
    "banks side by side": (side_by_side, "mos"),
    "settling array": (settling_array, "charge"),
    "formulas": (formulas, "mos"),
}


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """A function that puts a script in the place of PySpice's process; it runs in the run's own folder."""

    def install(script):
        program = tmp_path / "stand_in.py"
        program.write_text(script, encoding="utf-8")
        monkeypatch.setattr(pyspice_process.pyspice_worker, "__file__", str(program))

    return install


def assert_agree(circuit, limit):
    deck = write_deck(circuit)
    ours, theirs = run_deck(deck), run_pyspice(circuit)
    largest = max(float(np.abs(voltages).max()) for voltages in ours.node_voltages.values())
    pairs = (
        (ours.node_voltages, theirs.node_voltages, limit.floor_of_voltages(largest)),
        (ours.source_currents, theirs.source_currents, limit.current_floor),
    )
    for first, second, floor in pairs:
        assert first.keys() == second.keys()
        for name, values in first.items():
            assert values.shape == second[name].shape
            assert relative_error(second[name], values, floor).max() <= limit.relative, name
    assert ours.version.partition(".")[0] == theirs.version.partition(".")[0]
    assert ours.remarks == theirs.remarks
    if circuit.transient is None:
        assert theirs.times is None
    else:
        assert theirs.times == pytest.approx(ours.times, rel=1e-12)
    return theirs


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("case", CIRCUITS.values(), ids=CIRCUITS)
def test_both_ways_to_ngspice_agree(case):
    make, kind = case
    assert_agree(make(), LIMITS[kind])


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("temperature", "samples"), [(-40.123456789, 0.1), (SWEEP, 0.1), (SWEEP, SAMPLES)], ids=["cold", "swept", "both"]
)
def test_they_agree_over_temperature(temperature, samples):
    bank = rc.Bank(resistances=RESISTANCES, switch=rc.NMOS(w_over_l=10), coefficients=Coefficients(tc1=1e-3, tc2=1e-7))
    circuit = bank_circuit(bank, mask=MASK, voltages=samples, temperature=temperature)
    currents = assert_agree(circuit, LIMITS["mos"]).source_currents["v_out"]
    assert currents.size == np.size(samples) * (len(SWEEP.values) if temperature is SWEEP else 1)


@pytest.mark.usefixtures("library")
def test_subcircuits_in_subcircuits(nested):
    """In from 1 V: 2 kΩ to the joint, 2 kΩ on to the virtual ground, and 8 kΩ down."""
    result = assert_agree(nested, LIMITS["linear"])
    joint = 1.0 / 2e3 / (1 / 2e3 + 1 / 2e3 + 1 / 8e3)
    assert result.node_voltages["x_whole.joint"] == pytest.approx([joint], rel=1e-12)
    assert result.node_voltages["x_whole.x_right.middle"] == pytest.approx([joint / 2], rel=1e-12)
    assert result.source_currents["v_out"] == pytest.approx([joint / 2e3], rel=1e-12)


@pytest.mark.usefixtures("library")
def test_names_of_capital_letters_and_names_that_frighten_pyspice():
    elements = (
        VoltageSource(name="V_Error", plus="Error", minus="0", voltage=1.0),
        Resistor(name="R_warning", plus="Error", minus="pi", resistance=1e3),
        VoltageSource(name="v_e", plus="pi", minus="0", voltage=0.0),
    )
    result = assert_agree(Circuit(elements=elements), LIMITS["linear"])
    assert result.source_currents["V_Error"] == pytest.approx([-1e-3], rel=1e-12)


@pytest.mark.usefixtures("library")
def test_names_that_frighten_pyspice_in_the_list_before_a_transient(frightening):
    result = run_pyspice(frightening)
    assert result.node_voltages["Warning"] == pytest.approx(np.ones(len(result.times)), rel=1e-9)


@pytest.mark.usefixtures("library")
def test_many_samples_are_exact():
    voltages = tuple(np.random.default_rng(5).uniform(-1, 1, 2000).tolist())
    load = Resistor(name="r_1", plus="in", minus="0", resistance=1e3)
    swept = SelectedSource(name="b_in", plus="in", minus="0", voltages=voltages)
    result = run_pyspice(Circuit(elements=(swept, load)))
    assert np.abs(result.node_voltages["in"] - voltages).max() <= 4e-16


@pytest.mark.usefixtures("library")
def test_a_deck_is_run_by_its_circuit(divider):
    result = run_pyspice(write_deck(divider))
    assert result.node_voltages["middle"] == pytest.approx([0.75], rel=1e-14)
    assert re.fullmatch(r"\d+(\.\d+)?\+?", result.version)
    assert 0 < result.seconds < 60


@pytest.fixture
def run_with(divider, monkeypatch):
    """Runs the divider with one card more in PySpice's netlist, or with another netlist."""

    def run(card="", netlist=None):
        good = str(pyspice_process.to_pyspice(divider))
        with monkeypatch.context() as patch:
            patch.setattr(pyspice_process, "to_pyspice", lambda circuit: netlist or f"{good}{card}\n")
            return run_pyspice(divider)

    return run


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("card", "says"),
    [
        pytest.param(".model", "SIGSEGV", id="a card that kills the library"),
        pytest.param("m_1 in in 0 0 absent w=1e-6 l=1e-6", "absent", id="a model that does not exist"),
        pytest.param(".model sw nmos (level=1 nonsense=3)\nm_1 in in 0 0 sw", "ignored", id="an unknown parameter"),
        pytest.param("v_twin out 0 dc 1.0", "singular", id="a loop of sources"),
        pytest.param("i_1 0 lone 1.0\nc_1 lone 0 1e-12", "singular|gmin stepping", id="a current into nowhere"),
        pytest.param("r_3 middle", "set to 1 mOhm", id="a missing node"),
    ],
)
def test_a_circuit_that_goes_wrong_is_refused(run_with, card, says):
    with pytest.raises(SpiceError, match=says) as caught:
        run_with(card)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("library")
def test_a_poisoned_circuit_leaves_the_next_alone(run_with):
    with pytest.raises(SpiceError, match="cannot recover"):
        run_with("r_3 in 0 {undefined}")
    assert run_with().node_voltages["middle"] == pytest.approx([0.75], rel=1e-14)


@pytest.mark.usefixtures("library")
def test_other_variables_than_those_asked_for_are_refused(run_with):
    with pytest.raises(SpiceError, match="middle"):
        run_with(netlist=".title t\nv_in in 0 1.0\nr_1 in out 1.0\nv_out out 0 0.0\n")


def test_a_library_that_is_not_there(divider, monkeypatch):
    monkeypatch.setenv(LIBRARY_VARIABLE, "/nowhere/libngspice.so")
    with pytest.raises(MissingToolError, match="libngspice0") as caught:
        run_pyspice(divider)
    assert "NGSPICE_LIBRARY_PATH is set to '/nowhere/libngspice.so'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_system_without_the_library(divider, monkeypatch):
    monkeypatch.delenv(LIBRARY_VARIABLE, raising=False)
    monkeypatch.setattr(pyspice_library, "_LIBRARIES", {"linux": ("libnothing.so",)})
    with pytest.raises(MissingToolError, match="apt-get install libngspice0"):
        run_pyspice(divider)


def test_a_library_that_is_another_one(divider, monkeypatch):
    monkeypatch.setenv(LIBRARY_VARIABLE, "libc.so.6" if sys.platform == "linux" else "libSystem.dylib")
    with pytest.raises(SpiceError, match="ngSpice_Init"):
        run_pyspice(divider)


@pytest.mark.usefixtures("library")
@pytest.mark.skipif(sys.platform != "linux", reason="the library's folder is found by /proc")
def test_a_library_by_its_path_with_pyspices_place_for_a_number(divider, monkeypatch, tmp_path):
    script = "import ctypes; ctypes.CDLL('libngspice.so.0'); print(open('/proc/self/maps').read())"
    maps = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    there = re.search(r"/\S*libngspice\S*", maps)
    assert there
    folder = tmp_path / "{braces}"
    folder.mkdir()
    (folder / "libngspice.so").symlink_to(there[0])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(LIBRARY_VARIABLE, "{braces}/libngspice{}.so")
    assert run_pyspice(divider).node_voltages["middle"] == pytest.approx([0.75], rel=1e-14)


def test_a_process_that_hangs_is_stopped_with_its_children(divider, worker, tmp_path):
    pids = tmp_path / "pids"
    child = f"import os, time; open({str(pids)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(60)"
    worker(f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {child!r}])\n{child}")
    with pytest.raises(SpiceError, match="stopped after 1 s"):
        run_pyspice(divider, timeout=1.0)
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 2
    until = time.monotonic() + 10
    while any(_runs(pid) for pid in started) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(_runs(pid) for pid in started)


def _runs(pid):
    """Whether it does; an orphan that nobody has yet taken leave of does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


HONEST = """
import pathlib, struct
print("** ngspice-39 : a stand-in")
variables = ["v(in)", "v(middle)", "v(out)", "i(v_in)", "i(v_out)"]
values = [1.0, 0.75, 0.0, -2.5e-4, 2.5e-4]
plot, said, content = "Operating Point", "", None
CHANGE
print(said)
listed = "".join(f"\\t{k}\\t{name}\\tvoltage\\n" for k, name in enumerate(variables))
counts = f"No. Variables: {len(variables)}\\nNo. Points: {len(values) // 5}\\n"
header = f"Title: t\\nPlotname: {plot}\\nFlags: real\\n{counts}Variables:\\n{listed}Binary:\\n"
content = header.encode() + struct.pack(f"{len(values)}d", *values) if content is None else content
pathlib.Path("out.raw").write_bytes(content)
"""


@pytest.mark.parametrize("noise", ["said = 'lots of noise\\n' * 10_000", "import warnings; warnings.warn('of Python')"])
def test_the_honest_answer_of_a_stand_in_is_accepted(divider, worker, noise):
    worker(HONEST.replace("CHANGE", noise))
    result = run_pyspice(divider)
    assert result.node_voltages["middle"].tolist() == [0.75]
    assert result.source_currents["v_in"].tolist() == [-2.5e-4]
    assert result.version == "39"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("said = 'Warning: singular matrix:  check node lone'", "complained.*singular matrix"),
        ("said = 'Note: Starting dynamic gmin stepping'", "complained.*gmin stepping"),
        ("import sys; sys.stderr.write('Error on line 3')", "complained.*Error on line 3"),
        ("raise SystemExit(3)", "exit status 3"),
        ("raise RuntimeError('of its own')", "RuntimeError: of its own"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("raise SystemExit(0)", "without a raw file"),
        ("content = b'garbage'", "raw file"),
        ("content = b''", "raw file"),
        ("values[1] = float('nan')", r"v\(middle\).*not finite"),
        ("values += values", "at most|2 points where 1"),
        ("values.pop()", "raw file"),
        ("variables[1] = 'v(mittel)'", r"other variables.*v\(mittel\)"),
        ("variables[1] = 'v(in)'", "twice"),
        ("plot = 'DC transfer characteristic'", "DC transfer characteristic"),
    ],
)
def test_a_dishonest_answer_is_refused(divider, worker, change, says):
    worker(HONEST.replace("CHANGE", change))
    with pytest.raises(SpiceError, match=says) as caught:
        run_pyspice(divider)
    assert "\n" not in str(caught.value)


def test_a_library_without_a_version_is_refused(divider, worker):
    worker(HONEST.replace("ngspice-39", "something").replace("CHANGE", ""))
    with pytest.raises(SpiceError, match="does not state a version"):
        run_pyspice(divider)


def test_the_process_is_alone(divider, worker, tmp_path, monkeypatch):
    """Its folder holds its job and an empty .spiceinit, which keeps ngspice from that of the home folder."""
    seen = tmp_path / "seen"
    monkeypatch.setenv("SPICE_SCRIPTS", "/somewhere")
    look = f"""
import json, os
contents = {{name: os.path.getsize(name) for name in os.listdir()}}
state = [contents, os.environ["HOME"] == os.getcwd(), "SPICE_SCRIPTS" in os.environ]
pathlib.Path({str(seen)!r}).write_text(json.dumps(state))
"""
    worker(HONEST.replace("CHANGE", look))
    run_pyspice(divider)
    contents, at_home, handed_on = json.loads(seen.read_text())
    assert set(contents) == {"job.json", ".spiceinit"}
    assert contents[".spiceinit"] == 0
    assert (at_home, handed_on) == (True, False)


@pytest.mark.usefixtures("library")
def test_nothing_is_left_behind(divider, monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    run_pyspice(divider)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan"), 1e9, "1"])
def test_a_timeout_that_is_none_is_refused(divider, timeout):
    with pytest.raises(InputError, match="timeout must be"):
        run_pyspice(divider, timeout=timeout)


def test_a_circuit_that_breaks_a_rule_is_refused(divider):
    with pytest.raises(InputError, match="alone"):
        run_pyspice(dataclasses.replace(divider, elements=divider.elements[:-1]))


def test_what_is_no_circuit_is_refused():
    with pytest.raises(InputError, match="circuit must be a Circuit or a Deck, got None"):
        run_pyspice(None)
