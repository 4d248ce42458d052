"""PySpice's simulator of a circuit: the library is found, and temperatures and tolerances are the circuit's."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from rescircuit.errors import InputError
from rescircuit.spice import pyspice_simulator, write_deck
from rescircuit.spice.engines import pyspice_simulator as module
from rescircuit.spice.engines import pyspice_worker

DIVIDER = """
import rescircuit as rc
from rescircuit.spice import Circuit, Resistor, VoltageSource, pyspice_simulator, write_deck
circuit = Circuit(elements=(
    VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0),
    Resistor(name="r_1", plus="in", minus="middle", resistance=1e3, tc1=1e-3),
    Resistor(name="r_2", plus="middle", minus="out", resistance=3e3, tc1=1e-3),
    VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0),
), temperature_celsius=127.0, nominal_temperature_celsius=27.0)
"""


def said_by(script):
    """What a process of its own prints, for the library may end it."""
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.usefixtures("library")
def test_the_example_of_the_documentation():
    """200 kΩ from the input to the virtual ground: 1 µA at 0.2 V, half of it at 0.1 V."""
    example = """
import rescircuit as rc
bank = rc.Bank(resistances=[100e3, 200e3, 400e3])
simulator = rc.spice.pyspice_simulator(rc.deck(bank, mask=[False, True, False], voltages=0.2))
before = simulator.operating_point()
simulator.circuit["V_in"].dc_value = 0.1
analysis = simulator.operating_point()
print(float(before.branches["v_out"][0]), float(analysis.branches["v_out"][0]))
"""
    before, after = map(float, said_by(example))
    assert before == pytest.approx(1e-6, rel=1e-9)
    assert after == pytest.approx(0.5e-6, rel=1e-9)


@pytest.mark.usefixtures("library")
def test_temperatures_are_those_of_the_circuit():
    """Both resistors are 1.1 times as large, 100 K above nominal: 1 V over 4.4 kΩ, and over 4 kΩ after a change."""
    script = f"""{DIVIDER}
simulator = pyspice_simulator(write_deck(circuit))
print(float(simulator.operating_point().branches["v_out"][0]))
simulator.temperature = 27.0
print(float(simulator.operating_point().branches["v_out"][0]))
swept = simulator.dc(temp=slice(27, 127, 100))
print(*map(float, swept.branches["v_out"]))
"""
    assert [float(word) for word in said_by(script)] == pytest.approx(
        [1 / 4.4e3, 1 / 4e3, 1 / 4e3, 1 / 4.4e3], rel=1e-9
    )


@pytest.mark.usefixtures("library")
def test_samples_are_swept_and_inner_nodes_come():
    """Behind its switch of 10 kΩ, the branch of 200 kΩ: 20 of 21 parts of the voltage over the resistor."""
    script = """
import rescircuit as rc
bank = rc.Bank(resistances=[100e3, 200e3], switch=rc.IdealSwitch(r_on=10e3, r_off=1e9))
deck = rc.deck(bank, mask=[False, True], voltages=[0.0, 0.21, 0.42])
analysis = rc.spice.pyspice_simulator(deck).dc(V_sample_index=slice(0, 2, 1))
print(*map(float, analysis.nodes["x_bank.branch_1"]))
"""
    assert [float(word) for word in said_by(script)] == pytest.approx([0.0, 0.01, 0.02], rel=1e-9, abs=1e-15)


@pytest.mark.usefixtures("library")
def test_a_library_that_the_user_has_set_stays():
    script = f"""{DIVIDER}
from PySpice.Spice.NgSpice.Shared import NgSpiceShared
from rescircuit.spice.engines.pyspice_library import library_names
from rescircuit.spice.engines.pyspice_worker import loadable
NgSpiceShared.LIBRARY_PATH = loadable(library_names())[:-1] + "{{{{}}}}" + loadable(library_names())[-1]
chosen = NgSpiceShared.LIBRARY_PATH
first, second = pyspice_simulator(circuit), pyspice_simulator(circuit)
print(NgSpiceShared.LIBRARY_PATH == chosen, first.ngspice is second.ngspice)
"""
    assert said_by(script.replace("{{}}", "{}")) == ["True", "True"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_library_that_is_not_there_is_told_of(when):
    """Whether PySpice has read the variable, as it does when it is loaded, or not."""
    script = f"""{DIVIDER}
import os
os.environ.pop("NGSPICE_LIBRARY_PATH", None)
if {when == "after"}:
    import PySpice.Spice.NgSpice.Shared
os.environ["NGSPICE_LIBRARY_PATH"] = "/nowhere/libngspice.so"
try:
    pyspice_simulator(circuit)
except rc.MissingToolError as error:
    print("told" if "is set to '/nowhere/libngspice.so', which cannot be loaded" in str(error) else error)
"""
    assert said_by(script) == ["told"]


def test_settings_are_those_of_the_deck(divider):
    swept = dataclasses.replace(divider, temperature_celsius=-40.0, nominal_temperature_celsius=25.0)
    temperatures, options = module.simulator_settings(write_deck(swept))
    assert temperatures == {"temperature": -40.0, "nominal_temperature": 25.0}
    assert {key: float(value) for key, value in options.items()} == {
        "reltol": 1e-9,
        "vntol": 1e-12,
        "abstol": 1e-18,
        "gmin": 1e-18,
    }


class Silent:
    """In the place of PySpice's library: words on its standard error, and what PySpice makes of them."""

    def __init__(self):
        self._stderr, self._error_in_stderr, self._error_in_stdout = [], None, None

    def hear(self, line):
        self._stderr.append(line)
        self._error_in_stderr = self._error_in_stderr or not line.startswith("Warning:")
        assert self.send_char(f"stderr {line}", 0) == 0


@pytest.mark.parametrize(
    ("lines", "failed"),
    [
        (["Using SPARSE 1.3 as Direct Linear Solver"], False),
        (["Note: No compatibility mode selected!", "Warning: of something"], False),
        (["Error: no such device"], True),
        (["Error: no such device", "Note: of something"], True),
    ],
)
def test_a_note_is_no_failure_and_hides_none(monkeypatch, lines, failed):
    pytest.importorskip("PySpice")
    monkeypatch.setattr("PySpice.Spice.NgSpice.Shared.NgSpiceShared", Silent)
    library = pyspice_worker.library_class()()
    for line in lines:
        library.hear(line)
    assert library._error_in_stderr is failed


def test_what_is_no_sound_circuit_is_refused_before_the_library_is_loaded(divider, monkeypatch):
    monkeypatch.setattr(module, "_library", lambda: pytest.fail("it was loaded"))
    with pytest.raises(InputError, match=r"circuit must be a Circuit or a Deck.*rc\.deck\(bank\)\.circuit"):
        pyspice_simulator("v_in in 0 1")
    with pytest.raises(InputError, match="alone"):
        pyspice_simulator(dataclasses.replace(divider, elements=divider.elements[:-1]))
