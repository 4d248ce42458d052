"""Circuits over time: sources that change, capacitors, subcircuits, and what counts as a whole transient."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import pytest

from rescircuit.errors import InputError, SpiceError
from rescircuit.spice import (
    Behavioural,
    Capacitor,
    Circuit,
    Instance,
    PiecewiseLinearSource,
    Resistor,
    SelectedSource,
    SineSource,
    Subcircuit,
    Transient,
    VoltageSource,
    run_deck,
    to_pyspice,
    write_deck,
)

TAU = 1e-4  # second: 1 kΩ and 100 nF
LOAD = (
    Resistor(name="r_1", plus="in", minus="out", resistance=1e3),
    Capacitor(name="c_1", plus="out", minus="0", capacitance=1e-7),
)
STEADY = VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0)
SINE = SineSource(name="v_in", plus="in", minus="0", amplitude=1.0, frequency=1e3, offset=0.25, phase=30.0)
RAMP = PiecewiseLinearSource(name="v_in", plus="in", minus="0", times=(0.0, 2e-4, 4e-4), voltages=(0.0, 1.0, -1.0))
MILLISECOND = Transient(stop=1e-3, max_step=1e-6)


def circuit_of(source, transient=MILLISECOND, load=LOAD):
    return Circuit(elements=(source, *load), transient=transient)


def test_a_deck_with_all_cards():
    charged = (LOAD[0], dataclasses.replace(LOAD[1], initial_voltage=0.25))
    deck = write_deck(circuit_of(SINE, load=charged))
    assert deck.text == (
        "rescircuit circuit\n"
        "v_in in 0 sin(0.25 1.0 1000.0 0.0 0.0 30.0)\n"
        "r_1 in out 1000.0\n"
        "c_1 out 0 1e-07 ic=0.25\n"
        ".options reltol=1e-06 vntol=1e-12 abstol=1e-18 gmin=1e-18 tnom=27.0 temp=27.0\n"
        ".tran 1e-06 0.001 0.0 1e-06 uic\n"
        ".save v(in) v(out) i(v_in)\n"
        ".end\n"
    )
    assert deck.plot == "Transient Analysis"
    assert deck.variables == {"time", "v(in)", "v(out)", "i(v_in)"}
    assert deck.points == 1000
    assert "v_in in 0 pwl(0.0 0.0 0.0002 1.0 0.0004 -1.0)\n" in write_deck(circuit_of(RAMP)).text


@pytest.mark.parametrize("initial", [None, 0.0, 0.25, -2.0])
def test_a_capacitor_charges_exponentially(initial):
    load = (LOAD[0], dataclasses.replace(LOAD[1], initial_voltage=initial))
    result = run_deck(write_deck(circuit_of(STEADY, load=load)))
    start = initial or 0.0
    expected = 1.0 + (start - 1.0) * np.exp(-result.times / TAU)
    assert result.node_voltages["out"] == pytest.approx(expected, abs=2e-5)
    assert -1e3 * result.source_currents["v_in"] == pytest.approx(1.0 - expected, abs=2e-5)
    assert 0 < result.times[0] < 1e-6
    assert result.times[-1] == pytest.approx(1e-3, rel=1e-12)


def test_a_sine_behind_an_rc():
    result = run_deck(write_deck(circuit_of(SINE)))
    t, w, phase = result.times, 2 * math.pi * 1e3, math.radians(30.0)
    assert result.node_voltages["in"] == pytest.approx(0.25 + np.sin(w * t + phase), abs=1e-12)
    size, lag = 1.0 / math.hypot(1.0, w * TAU), math.atan(w * TAU)
    particular = 0.25 + size * np.sin(w * t + phase - lag)
    at_zero = 0.25 + size * math.sin(phase - lag)
    assert result.node_voltages["out"] == pytest.approx(particular - at_zero * np.exp(-t / TAU), abs=1e-5)


def test_the_trapezoidal_error_falls_with_the_square_of_the_step():
    errors = []
    for step in (4e-6, 1e-6):
        result = run_deck(write_deck(circuit_of(SINE, Transient(stop=1e-3, max_step=step))))
        fine = run_deck(write_deck(circuit_of(SINE, Transient(stop=1e-3, max_step=1e-7))))
        errors.append(abs(result.node_voltages["out"][-1] - fine.node_voltages["out"][-1]))
    assert errors[1] < errors[0] / 8


def test_from_the_operating_point_and_from_a_later_time():
    transient = Transient(stop=1e-3, max_step=1e-6, start=5e-4, use_initial_conditions=False)
    result = run_deck(write_deck(circuit_of(STEADY, transient)))
    assert result.node_voltages["out"] == pytest.approx(np.ones(len(result.times)), abs=1e-12)
    assert 5e-4 <= result.times[0] <= 5.01e-4


def test_a_ramp_follows_its_corners():
    result = run_deck(write_deck(circuit_of(RAMP)))
    expected = np.interp(result.times, RAMP.times, RAMP.voltages)
    assert result.node_voltages["in"] == pytest.approx(expected, abs=1e-12)


@dataclass(frozen=True, kw_only=True)
class Rate(Behavioural):
    """A state's rate of change as a current into its capacitor of 1 F: one over a second, by the input's voltage."""

    driver: str

    @property
    def expression(self):
        return f"-v({self.driver})"

    @property
    def reads(self):
        return (self.driver,)

    @property
    def direct_paths(self):
        return ()


INTEGRATOR = (
    Rate(name="b_rate", plus="state", minus="0", driver="in"),
    Capacitor(name="c_state", plus="state", minus="0", capacitance=1.0, initial_voltage=0.5),
)


def test_a_state_that_nothing_but_its_charge_holds():
    sine = dataclasses.replace(SINE, offset=0.0, phase=0.0)
    result = run_deck(write_deck(circuit_of(sine, load=INTEGRATOR)))
    w = 2 * math.pi * 1e3
    assert result.node_voltages["state"] == pytest.approx(0.5 + (1 - np.cos(w * result.times)) / w, abs=2e-9)


def test_such_a_state_has_no_operating_point():
    with pytest.raises(InputError, match="node state"):
        write_deck(circuit_of(STEADY, transient=None, load=INTEGRATOR))


PAIR = Subcircuit(
    name="pair",
    ports=("a", "b"),
    elements=(
        Resistor(name="r_1", plus="a", minus="m", resistance=1000.0),
        Resistor(name="r_2", plus="m", minus="b", resistance=3000.0),
    ),
)
PAIRED = Circuit(
    elements=(
        STEADY,
        Instance(name="x_1", ports=("in", "out"), model="pair"),
        VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0),
    ),
    models=(PAIR,),
)


def test_a_subcircuit():
    assert run_deck(write_deck(PAIRED)).source_currents["v_out"] == pytest.approx([2.5e-4], rel=1e-12)


def test_all_of_it_can_be_handed_to_pyspice():
    netlist = str(to_pyspice(circuit_of(SINE, load=(*LOAD, *INTEGRATOR))))
    for line in (
        "V_in in 0 sin(0.25 1.0 1000.0 0.0 0.0 30.0)",
        "B_rate state 0 I=-v(in)",
        "C_state state 0 1.0 ic=0.5",
    ):
        assert line.lower() in netlist.lower()
    paired = str(to_pyspice(PAIRED)).lower()
    assert ".subckt pair a b\nr_1 a m 1000.0\nr_2 m b 3000.0\n.ends pair\n" in paired
    assert "x_1 in out pair" in paired


@pytest.mark.parametrize(
    ("thing", "field", "value"),
    [
        (SINE, "frequency", 0.0),
        (SINE, "amplitude", math.nan),
        (SINE, "phase", "30 ; .control"),
        (RAMP, "times", (0.0, 1.0)),
        (RAMP, "times", (1e-4, 2e-4, 4e-4)),
        (RAMP, "times", (0.0, 2e-4, 2e-4)),
        (RAMP, "times", (0.0, -2e-4, 4e-4)),
        (RAMP, "voltages", (0.0, 1.0, math.inf)),
        (LOAD[1], "capacitance", 0.0),
        (LOAD[1], "initial_voltage", math.inf),
        (PAIRED.elements[1], "ports", ()),
        (PAIRED.elements[1], "ports", ("in", "a b")),
        (PAIRED.elements[1], "model", "pair r=1"),
        (MILLISECOND, "stop", 0.0),
        (MILLISECOND, "start", 1e-3),
        (MILLISECOND, "max_step", 2e-3),
        (MILLISECOND, "max_step", 1e-12),
        (MILLISECOND, "use_initial_conditions", 1),
        (MILLISECOND, "relative_tolerance", 0.1),
    ],
)
def test_what_cannot_be_is_refused_by_name(thing, field, value):
    with pytest.raises(InputError, match=field if field != "times" else "times|voltages"):
        dataclasses.replace(thing, **{field: value})


def test_what_does_not_go_together_is_refused():
    selected = SelectedSource(name="b_in", plus="in", minus="0", voltages=(0.0, 1.0))
    with pytest.raises(InputError, match="PiecewiseLinearSource"):
        circuit_of(selected)
    with pytest.raises(InputError, match="v_in changes over time"):
        circuit_of(SINE, transient=None)
    with pytest.raises(InputError, match="a Transient"):
        circuit_of(STEADY, transient=1e-3)
    charged = (LOAD[0], dataclasses.replace(LOAD[1], initial_voltage=0.25))
    at_rest = dataclasses.replace(MILLISECOND, use_initial_conditions=False)
    with pytest.raises(InputError, match="initial_voltage of c_1"):
        circuit_of(STEADY, at_rest, charged)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (np.linspace(1e-9, 1e-3, 900), "900 points"),
        (np.linspace(1e-9, 9e-4, 1500), "0.0009 s"),
        (np.linspace(1e-5, 1e-3, 1500), "from 1e-05 s"),
        (np.append(np.linspace(1e-9, 1e-3, 1500), 1e-3), "backwards"),
        (np.append(np.linspace(1e-9, 5e-4, 1500), np.linspace(5.02e-4, 1e-3, 1500)), "longer steps"),
    ],
)
def test_a_transient_that_is_not_whole_is_not_used(stand_in, tmp_path, times, message):
    names = ["time", "v(in)", "v(out)", "i(v_in)"]
    listed = "".join(f"\t{k}\t{name}\tvoltage\n" for k, name in enumerate(names))
    header = f"Title: x\nPlotname: Transient Analysis\nFlags: real\nNo. Variables: 4\nNo. Points: {len(times)}\n"
    values = np.column_stack([times, *np.zeros((3, len(times)))])
    raw = tmp_path / "made.raw"
    raw.write_bytes(f"{header}Variables:\n{listed}Binary:\n".encode() + values.tobytes())
    stand_in(f"cp {raw} out.raw")
    with pytest.raises(SpiceError, match=message):
        run_deck(write_deck(circuit_of(STEADY)))
