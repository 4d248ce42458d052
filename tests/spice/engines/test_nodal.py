"""Linear circuits solved natively, as circuits and as text: closed forms, rational arithmetic and ngspice agree."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.errors import InputError, RescircuitError, SolutionError
from rescircuit.spice import (
    LIMITS,
    Capacitor,
    Circuit,
    CurrentMirror,
    CurrentSource,
    Instance,
    Resistor,
    SelectedSource,
    SinhConductor,
    Subcircuit,
    TemperatureSweep,
    Transient,
    VoltageSource,
    crossbar_circuit,
    relative_error,
    run_deck,
    write_deck,
)
from rescircuit.spice.circuits.census import LazyElements
from rescircuit.spice.engines.nodal.circuits import solve_circuit
from rescircuit.spice.engines.nodal.decks import solve_deck

LINEAR = LIMITS["linear"]


def resistor(name, plus, minus, resistance, **coefficients):
    return Resistor(name=f"r_{name}", plus=plus, minus=minus, resistance=resistance, **coefficients)


def source(name, plus, minus, voltage):
    return VoltageSource(name=f"v_{name}", plus=plus, minus=minus, voltage=voltage)


def current(name, plus, minus, ampere):
    return CurrentSource(name=f"i_{name}", plus=plus, minus=minus, current=ampere)


def mirror(name, plus, minus, controlling, gain):
    return CurrentMirror(name=f"f_{name}", plus=plus, minus=minus, source=controlling, gain=gain)


def stamps(e):
    """What an element puts into the rational equations: row, column and value; None is the right-hand side."""
    own = f"i:{e.name}"
    for node, sign in ((e.plus, 1), (e.minus, -1)):
        if isinstance(e, Resistor):
            yield node, e.plus, sign / Fraction(e.resistance)
            yield node, e.minus, -sign / Fraction(e.resistance)
        elif isinstance(e, VoltageSource):
            yield node, own, sign
            yield own, node, sign
        elif isinstance(e, CurrentSource):
            yield node, None, -sign * Fraction(e.current)
        else:
            yield node, f"i:{e.source}", sign * Fraction(e.gain)
    if isinstance(e, VoltageSource):
        yield own, None, Fraction(e.voltage)


def exact(circuit):
    """Voltages and source currents of a flat circuit in rational numbers, by elimination in dense equations."""
    names = [*circuit.nodes, *(f"i:{e.name}" for e in circuit.sources), None]
    place = {name: k for k, name in enumerate(names)}
    size = len(names) - 1
    rows = [[Fraction(0)] * (size + 1) for _ in range(size)]
    for row, column, value in (stamp for e in circuit.elements for stamp in stamps(e)):
        if "0" not in (row, column):
            rows[place[row]][place[column]] += value
    for k in range(size):
        pivot = next(i for i in range(k, size) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for i in set(range(size)) - {k}:
            rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    found = {name: rows[k][size] for name, k in place.items() if name is not None}
    return {n: found[n] for n in circuit.nodes}, {e.name: found[f"i:{e.name}"] for e in circuit.sources}


def assert_exact(circuit, relative):
    """Within `relative` of the exact numbers, each by itself, or within five roundings of the largest."""
    solution = solve_circuit(circuit)
    voltages, currents = exact(circuit)
    assert set(solution.node_voltages) == set(voltages)
    assert set(solution.source_currents) == set(currents)
    at = {"0": Fraction(0), **voltages}
    resistors = (e for e in circuit.elements if isinstance(e, Resistor))
    flowing = max(abs(at[e.plus] - at[e.minus]) / Fraction(e.resistance) for e in resistors)
    pairs = (
        (solution.node_voltages, voltages, max(map(abs, at.values()))),
        (solution.source_currents, currents, flowing),
    )
    for found, expected, largest in pairs:
        for name, value in expected.items():
            assert found[name].shape == (1,)
            allowed = Fraction(relative) * abs(value) + Fraction(1e-15) * largest
            assert abs(Fraction(float(found[name][0])) - value) <= allowed, name
    return solution


def assert_as_ngspice(solution, circuit):
    result = run_deck(write_deck(circuit))
    largest = max(np.abs(v).max() for v in result.node_voltages.values())
    for node, voltages in result.node_voltages.items():
        error = relative_error(solution.node_voltages[node], voltages, LINEAR.floor_of_voltages(largest))
        assert error.max() <= LINEAR.relative, node
    terms = max(np.abs(i).max() for i in result.source_currents.values())
    for name, currents in result.source_currents.items():
        error = relative_error(solution.source_currents[name], currents, LINEAR.floor_of_currents(terms))
        assert error.max() <= LINEAR.relative, name


def random_circuit(seed, nodes=9):
    """A tree of resistors and floating sources from ground, more resistors across it, currents and mirrors."""
    rng = np.random.default_rng(seed)
    names = ["0", *(f"n_{k}" for k in range(1, nodes))]
    elements = []
    for k in range(1, nodes):
        parent = names[int(rng.integers(k))]
        if k in (1, 4, 5):  # 4 and 5 may hang on one another
            ends = (names[k], parent) if rng.random() < 0.5 else (parent, names[k])
            elements.append(source(k, *ends, float(rng.uniform(-1, 1))))
        else:
            elements.append(resistor(k, names[k], parent, float(10 ** rng.uniform(2, 5))))
    for k in range(nodes, 2 * nodes):
        plus, minus = rng.choice(nodes, 2, replace=False)
        elements.append(resistor(k, names[plus], names[minus], float(10 ** rng.uniform(2, 5))))
    for k in range(2):
        plus, minus = rng.choice(nodes, 2, replace=False)
        elements.append(current(k, names[plus], names[minus], float(rng.uniform(-1e-3, 1e-3))))
        plus, minus = rng.choice(nodes, 2, replace=False)
        elements.append(mirror(k, names[plus], names[minus], f"v_{(4, 1)[k]}", float(rng.uniform(-0.4, 0.4))))
    return Circuit(elements=tuple(elements), open_ends=frozenset(names[1:]))


@pytest.fixture(scope="module")
def crossbar():
    """An array of 24 x 24 with wires, three inputs, and its native solution."""
    array = rc.Crossbar(np.random.default_rng(5).uniform(1e-6, 1e-5, (24, 24)), r_word_line=1.0, r_bit_line=1.0)
    voltages = np.random.default_rng(6).uniform(-0.2, 0.2, (3, 24))
    return array, voltages, array.solve(voltages)


# --- closed forms


def test_a_divider(divider):
    solution = solve_circuit(divider)
    assert solution.node_voltages["middle"] == pytest.approx([0.75], rel=1e-15)
    assert solution.source_currents["v_out"] == pytest.approx([0.25e-3], rel=1e-15)
    assert solution.source_currents["v_in"] == pytest.approx([-0.25e-3], rel=1e-15)
    assert solution.residual <= 1e-16
    assert solution.imbalance <= 1e-15
    assert 0 < solution.error <= 1e-15
    assert solution.condition == pytest.approx(1.0)  # one unknown
    assert "SuperLU" in solution.method


def test_voltages_and_currents_are_shown_in_a_line(divider):
    solution = solve_circuit(divider)
    assert repr(solution.node_voltages) == "<3 voltages: in, middle, out>"
    assert repr(solution.source_currents) == "<2 currents: v_in, v_out>"
    bridge = [Resistor(name=f"r_{k}", plus="in", minus="0", resistance=1e3) for k in range(2)]
    one = solve_circuit(Circuit(elements=(divider.elements[0], *bridge)))
    assert repr(one.node_voltages) == "<1 voltage: in>"


def test_many_voltages_are_shown_in_part(crossbar):
    array, *_ = crossbar
    voltages = solve_circuit(crossbar_circuit(array)).node_voltages
    first = ", ".join(list(voltages)[:6])
    assert repr(voltages) == f"<1,200 voltages: {first}, ...>"


def test_names_of_another_case_are_found(divider):
    solution = solve_circuit(divider)
    assert solution.node_voltages["MIDDLE"].tolist() == solution.node_voltages["middle"].tolist()
    assert solution.source_currents["V_Out"] == pytest.approx([0.25e-3], rel=1e-15)
    assert "Middle" in solution.node_voltages
    assert list(solution.node_voltages) == ["in", "middle", "out"]


@pytest.mark.parametrize("name", ["midle", None, 0])
def test_a_name_that_is_not_there_is_told_with_those_near(divider, name):
    voltages = solve_circuit(divider).node_voltages
    assert name not in voltages
    assert voltages.get(name) is None
    with pytest.raises(KeyError) as caught:
        voltages[name]
    (said,) = caught.value.args
    assert said.startswith(f"no voltage has the name {name!r}; there are ")
    assert {"in", "middle", "out"} == set(said.partition("there are ")[2].split(", "))


def test_a_ladder_of_equal_resistors_has_the_fibonacci_numbers():
    rungs = 30
    names = ["in", *(f"n_{k}" for k in range(1, rungs + 1))]
    elements = [source("in", "in", "0", 1.0)]
    for k in range(1, rungs + 1):
        elements += [resistor(f"s_{k}", names[k - 1], names[k], 1.0), resistor(f"p_{k}", names[k], "0", 1.0)]
    solution = solve_circuit(Circuit(elements=tuple(elements)))
    fibonacci = [0, 1]
    while len(fibonacci) < 2 * rungs + 3:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    for k in range(rungs + 1):
        expected = fibonacci[2 * (rungs - k) + 1] / fibonacci[2 * rungs + 1]
        assert solution.node_voltages[names[k]] == pytest.approx([expected], rel=1e-14)
    drawn = fibonacci[2 * rungs] / fibonacci[2 * rungs + 1]
    assert solution.source_currents["v_in"] == pytest.approx([-drawn], rel=1e-14)


@pytest.mark.parametrize("last", [600.0, 601.0])
def test_a_bridge_with_a_floating_sense(last):
    elements = (
        source("in", "in", "0", 3.0),
        resistor("1", "in", "left", 100.0),
        resistor("2", "left", "0", 200.0),
        resistor("3", "in", "right", 300.0),
        resistor("4", "right", "0", last),
        resistor("5", "left", "tap", 50.0),
        source("sense", "tap", "right", 0.0),
    )
    circuit = Circuit(elements=elements)
    solution = solve_circuit(circuit)
    expected = float(exact(circuit)[1]["v_sense"])
    assert expected == 0.0 if last == 600.0 else abs(expected) > 1e-6
    assert solution.source_currents["v_sense"] == pytest.approx([expected], rel=1e-14, abs=1e-17)


@pytest.mark.parametrize("seed", range(12))
def test_random_circuits_in_rational_numbers(seed):
    solution = assert_exact(random_circuit(seed), 1e-12)
    assert solution.imbalance <= 1e-14


def test_small_currents_through_long_wires_keep_their_digits():
    """Wires of 1 mohm before cells of 1 to 3 Gohm: of the voltages' differences doubles hold no digit."""
    elements = [source("in", "w_0", "0", 0.1)]
    for k in range(6):
        elements.append(resistor(f"w_{k}", f"w_{k}", f"w_{k + 1}", 1e-3))
        elements.append(resistor(f"c_{k}", f"w_{k + 1}", f"b_{k + 1}", 1e9 * (1 + k / 3)))
        elements.append(resistor(f"b_{k}", f"b_{k + 1}", f"b_{k}", 1e-3))
    elements.append(source("out", "b_0", "0", 0.0))
    assert_exact(Circuit(elements=tuple(elements)), 1e-15)


# --- laws


def test_superposition():
    circuit = random_circuit(3)
    names = [e.name for e in circuit.elements if isinstance(e, VoltageSource | CurrentSource)]
    parts = []
    for kept in names:
        elements = []
        for e in circuit.elements:
            silent = {VoltageSource: "voltage", CurrentSource: "current"}.get(type(e))
            elements.append(dataclasses.replace(e, **{silent: 0.0}) if silent and e.name != kept else e)
        parts.append(solve_circuit(dataclasses.replace(circuit, elements=tuple(elements))))
    whole = solve_circuit(circuit)
    for node in circuit.nodes:
        total = sum(part.node_voltages[node][0] for part in parts)
        assert total == pytest.approx(whole.node_voltages[node][0], rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("seed", range(4))
def test_powers_add_up_to_nothing(seed):
    circuit = random_circuit(seed)
    solution = solve_circuit(circuit)
    at = {"0": 0.0, **{node: v[0] for node, v in solution.node_voltages.items()}}
    through = {name: i[0] for name, i in solution.source_currents.items()}
    powers = []
    for e in circuit.elements:
        across = at[e.plus] - at[e.minus]
        if isinstance(e, Resistor):
            powers.append(across**2 / e.resistance)
        elif isinstance(e, VoltageSource):
            powers.append(across * through[e.name])
        else:
            flowing = e.current if isinstance(e, CurrentSource) else e.gain * through[e.source]
            powers.append(across * flowing)
    assert sum(powers) == pytest.approx(0.0, abs=1e-14 * sum(map(abs, powers)))


def test_samples_are_single_runs():
    circuit = random_circuit(1)
    inputs = tuple(np.random.default_rng(8).uniform(-1, 1, 5).tolist())

    def driven(e, voltages):
        if e.name == "v_1":
            return SelectedSource(name="b_1", plus=e.plus, minus=e.minus, voltages=voltages)
        mirrored = isinstance(e, CurrentMirror) and e.source == "v_1"
        return dataclasses.replace(e, source="b_1") if mirrored else e

    def solved(*voltages):
        return solve_circuit(
            dataclasses.replace(circuit, elements=tuple(driven(e, voltages) for e in circuit.elements))
        )

    together = solved(*inputs)
    for k, value in enumerate(inputs):
        single = solved(value, value)
        constant = tuple(dataclasses.replace(e, voltage=value) if e.name == "v_1" else e for e in circuit.elements)
        plain = solve_circuit(dataclasses.replace(circuit, elements=constant))
        for node in circuit.nodes:
            assert together.node_voltages[node][k] == pytest.approx(plain.node_voltages[node][0], rel=1e-13)
            assert single.node_voltages[node] == pytest.approx([plain.node_voltages[node][0]] * 2, rel=1e-13)
        assert together.source_currents["b_1"][k] == pytest.approx(plain.source_currents["v_1"][0], rel=1e-13)


def test_blocks_of_samples_make_no_difference(crossbar, monkeypatch):
    array, voltages, _ = crossbar
    circuit = crossbar_circuit(array, voltages=voltages)
    whole = solve_circuit(circuit)
    monkeypatch.setattr("rescircuit.spice.engines.nodal.system._VALUES_AT_ONCE", 1)
    single = solve_circuit(circuit)
    for name, currents in whole.source_currents.items():
        assert single.source_currents[name] == pytest.approx(currents, rel=1e-13)


# --- ngspice


@pytest.mark.parametrize("seed", [20, 21, 22])
def test_random_circuits_as_ngspice(seed):
    circuit = random_circuit(seed)
    assert_as_ngspice(solve_circuit(circuit), circuit)


def hierarchical():
    """Two dividers with a mirror inside each, in a subcircuit that is in another, at three temperatures."""
    inner = Subcircuit(
        name="inner",
        ports=("a", "b"),
        elements=(
            resistor("1", "a", "middle", 1e3, tc1=1e-3),
            source("sense", "middle", "low", 0.0),
            resistor("2", "low", "b", 2e3, tc1=-5e-4, tc2=1e-6),
            mirror("1", "0", "a", "v_sense", 0.25),
        ),
        open_ends=frozenset(("a", "b")),
    )
    outer = Subcircuit(
        name="outer",
        ports=("a", "b"),
        elements=(
            Instance(name="x_1", ports=("a", "between"), model="inner"),
            Instance(name="x_2", ports=("between", "b"), model="inner"),
        ),
    )
    return Circuit(
        elements=(
            SelectedSource(name="b_in", plus="in", minus="0", voltages=(0.1, 0.5)),
            Instance(name="x_both", ports=("in", "out"), model="outer"),
            resistor("load", "out", "0", 500.0, tc1=2e-3),
            Capacitor(name="c_load", plus="out", minus="0", capacitance=1e-12),
        ),
        models=(inner, outer),
        temperatures=TemperatureSweep(start=0.0, stop=100.0, step=50.0),
        nominal_temperature_celsius=25.0,
        probes=("x_both.between", "x_both.x_2.low"),
    )


def test_subcircuits_samples_and_temperatures_as_ngspice():
    circuit = hierarchical()
    solution = solve_circuit(circuit)
    assert solution.node_voltages["out"].shape == (3, 2)
    assert_as_ngspice(solution, circuit)
    assert {"b_in", "x_both.x_1.v_sense", "x_both.x_2.v_sense"} == set(solution.source_currents)


def test_temperatures_without_coefficients_are_all_alike(divider):
    circuit = dataclasses.replace(divider, temperatures=TemperatureSweep(start=0.0, stop=100.0, step=25.0))
    assert solve_circuit(circuit).node_voltages["middle"].tolist() == [[0.75]] * 5


def test_a_crossbar_as_its_solver_and_ngspice_from_the_circuit_and_from_the_text(crossbar):
    array, voltages, native = crossbar
    circuit = crossbar_circuit(array, voltages=voltages)
    deck = write_deck(circuit)
    for solution in (solve_circuit(circuit), solve_deck(deck.text)):
        assert_as_ngspice(solution, circuit)
        found = np.stack([solution.source_currents[f"v_sense_{j}"] for j in range(24)], axis=-1)
        terms = np.abs(native.device_currents).sum(axis=-2)
        assert np.abs(found - native.output_currents).max() <= 1e-13 * terms.max()
        words = np.stack([solution.node_voltages[f"word_3_{j}"] for j in range(24)], axis=-1)
        assert words == pytest.approx(native.word_line_voltages[:, 3], rel=1e-13, abs=1e-15)


# --- decks


def test_one_digit_in_one_resistor_is_found(crossbar):
    array, voltages, native = crossbar
    text = rc.deck(array, voltages=voltages).text
    line = next(line for line in text.split("\n") if line.startswith("r_cell_17_5 "))
    digit = line.index(".") - 4
    altered = f"{line[:digit]}{(int(line[digit]) + 1) % 10}{line[digit + 1 :]}"
    expected = native.output_currents[:, 5]
    for deck, same in ((text, True), (text.replace(line, altered), False)):
        error = relative_error(solve_deck(deck).source_currents["v_sense_5"], expected, LINEAR.floor_of_currents())
        assert (error.max() <= LINEAR.relative) == same


@pytest.mark.parametrize("make", [hierarchical, lambda: random_circuit(2), lambda: random_circuit(11)])
def test_a_deck_is_its_circuit(make):
    circuit = make()
    ours, theirs = solve_circuit(circuit), solve_deck(write_deck(circuit).lines())
    assert list(theirs.node_voltages) == [*circuit.nodes, *circuit.probes]
    assert list(theirs.source_currents) == [each.name for each in circuit.sources]
    for node, voltages in theirs.node_voltages.items():
        assert voltages == pytest.approx(ours.node_voltages[node], rel=1e-13)
    for name, currents in theirs.source_currents.items():
        assert currents == pytest.approx(ours.source_currents[name], rel=1e-13)


def test_a_deck_from_a_file_and_with_other_case(divider, tmp_path):
    deck = write_deck(dataclasses.replace(divider, comment="A divider", notes={"r_1": "The first"}))
    path = deck.write(tmp_path / "divider.cir")
    assert solve_deck(path).node_voltages["middle"].tolist() == [0.75]
    mixed = deck.text.replace("r_1 in middle", "R_1 IN Middle").replace(" 0 dc", " GND DC")
    assert solve_deck(mixed).node_voltages["middle"].tolist() == [0.75]


def test_a_deck_gives_what_it_saves(divider):
    text = write_deck(divider).text
    start = text.index(".save")
    solution = solve_deck(f"{text[:start]}.save v(middle)\n+ i(v_out)\n.end\n")
    assert list(solution.node_voltages) == ["middle"]
    assert list(solution.source_currents) == ["v_out"]


def test_what_is_no_deck(divider, tmp_path):
    with pytest.raises(InputError, match="a file that can be read"):
        solve_deck(tmp_path / "none.cir")
    (tmp_path / "other.cir").write_bytes("rescircuit circuit\n* \u03a9\n".encode())
    with pytest.raises(InputError, match="plain characters"):
        solve_deck(tmp_path / "other.cir")
    with pytest.raises(InputError, match="title"):
        solve_deck("")
    with pytest.raises(InputError, match=r"lines\(\)"):
        solve_deck(write_deck(divider))


@given(st.lists(st.tuples(st.integers(20, 600), st.sampled_from("0123456789eE+-. \n*#.abrvxf()=,_;$"))))
@settings(max_examples=100, deadline=None)
def test_decks_with_wrong_letters_are_solved_or_refused_in_one_line(changes):
    letters = list(write_deck(hierarchical()).text)
    for place, letter in changes:
        letters[place % len(letters)] = letter
    try:
        solution = solve_deck("".join(letters))
    except RescircuitError as refusal:
        assert "\n" not in str(refusal)
    else:
        assert all(np.isfinite(voltages).all() for voltages in solution.node_voltages.values())


ELEMENTS = "rescircuit circuit\nv_in in 0 dc 1.0\nr_1 in out 1000.0\nr_2 out 0 1000.0\n"
ANALYSIS = ".op\n.save v(out) i(v_in)\n.end\n"


def test_the_deck_that_the_next_tests_alter():
    assert solve_deck(ELEMENTS + ANALYSIS).node_voltages["out"].tolist() == [0.5]


@pytest.mark.parametrize(
    "line",
    [
        "r_3 out 0 1k",
        "r_3 out 0 1_000",
        "r_3 out 0 nan",
        "r_3 out 0 0x10",
        "r_3 out 0 0.0",
        "r_3 out 0 -1.0",
        "r_3 out 0 1e999",
        "r_3 out 1000.0",
        "r_3 out 0 1000.0 m=2",
        "r_3 out 0 1000.0 tc1=1e999",
        "r_1 out 0 1000.0",
        "R_1 out 0 1000.0",
        "v_3 out 0 1.0",
        "v_3 out 0 dc 1.0 ac 1.0",
        "v_3 out 0 dc 1e999",
        "b_3 out 0 i = v(in)",
        "b_3 out 0 v = pwl(v(in), 0.0, 0.0, 1.0, 1.0)",
        "b_3 out 0 v = pwl(v(in), 0.0, 0.0, 0.0, 1.0)",
        "e_3 out 0 in 0 2.0",
        "m_3 out in 0 0 nmos",
        "d_3 out 0 diode",
        "x_3 out 0 none",
        "*#shell touch here",
        "*ng_script",
        " r_3 out 0 1000.0",
        "\tr_3 out 0 1000.0",
        "r_3 out 0 1000.0; echo",
        "r_3 out 0 1000.0\r",
        ".control",
        ".include other.cir",
        ".param x=1",
        ".model switch nmos",
        ".tran 1e-6 1e-3",
        ".options klu",
        ".options rshunt=1e6",
        ".options temp=hot",
        ".save v(nowhere)",
        ".save i(r_1)",
        ".save all",
        ".save v(out",
        ".op",
        ".dc v_in 0.0 1.0 0.5",
        ".subckt one",
        ".subckt one a a",
        ".subckt one a 0",
        ".subckt one a gnd",
        ".subckt one a r=1k",
        ".ends one",
        ".end now",
        "\u03a9_1 in 0 5.0",
        "0",
    ],
)
def test_a_line_that_is_not_understood_is_refused_with_its_number(line):
    with pytest.raises(InputError, match=r"^line [4567] of the deck|no such path") as refusal:
        solve_deck(f"{ELEMENTS}{line}\n{ANALYSIS}")
    if not line.startswith((".op", ".dc")):  # the one behind it is one too many
        assert "line 5 " in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_continuations_belong_to_the_line_above():
    for line in ("+ tc1=1e-3", "+ 5.0 +", "+5.0", "\n+ 5.0"):
        number = 6 + line.count("\n")
        with pytest.raises(InputError, match=f"^line {number} of the deck"):
            solve_deck(f"{ELEMENTS}* A comment\n{line}\n{ANALYSIS}")
    solution = solve_deck(f"{ELEMENTS}r_3 out\n+ 0\n+ 500.0\n{ANALYSIS}")
    assert solution.node_voltages["out"] == pytest.approx([0.25], rel=1e-15)


@pytest.mark.parametrize(
    ("analysis", "said"),
    [
        (".op\n.save v(out)\n", r"\.end"),
        (".save v(out)\n.end\n", r"\.op or \.dc"),
        (".op\n.end\n", r"\.save"),
        (".op\n.save v(out)\n.end\nr_3 out 0 1.0\n", "line 8"),
        ("f_1 out 0 v_none 1.0\n.op\n.save v(out)\n.end\n", "v_none"),
        (".dc v_none 0.0 1.0 1.0\n.save v(out)\n.end\n", "line 5"),
        (".dc v_in 0.0 1.0 0.0\n.save v(out)\n.end\n", "line 5"),
        (".dc v_in 0.0 1.0 1e-9\n.save v(out)\n.end\n", "line 5"),
        (".dc v_in 1.0 0.0 1.0\n.save v(out)\n.end\n", "line 5"),
        (".dc temp 0.0 1.0 1.0 v_in 0.0 1.0 1.0\n.save v(out)\n.end\n", "line 5"),
        (".dc v_in 0.0 1.0 1.0 v_in 0.0 1.0 1.0\n.save v(out)\n.end\n", "two different things"),
        (".dc temp 0.0 1.0 1.0 temp 0.0 1.0 1.0\n.save v(out)\n.end\n", "two different things"),
        ("b_1 a 0 v = pwl(v(in), 0.0, 0.0, 1.0, 1.0)\nr_a a 0 1.0\n.dc v_in 0.0 2.0 1.0\n.save v(a)\n.end\n", "line 5"),
        (
            "b_1 a 0 v = pwl(v(out), 0.0, 0.0, 1.0, 1.0)\nr_a a 0 1.0\n.dc v_in 0.0 1.0 1.0\n.save v(a)\n.end\n",
            "line 5",
        ),
        (".subckt s a\nr_1 a 0 1.0\n.op\n.save v(out)\n.end\n", "line 7"),
        (".subckt s a\nr_1 a 0 1.0\n.ends t\n.op\n.save v(out)\n.end\n", "line 7"),
        (".subckt s a\nx_1 a s\n.ends s\nx_1 out s\n.op\n.save v(out)\n.end\n", "line 6"),
        ("r_1 in out 5.0\n.op\n.save v(out)\n.end\n", "line 5"),
        ("r_3 a b 5.0\n.op\n.save v(out)\n.end\n", "node a"),
        ("v_3 in 0 dc 1.0\n.op\n.save v(out)\n.end\n", "source v_3"),
    ],
)
def test_a_deck_that_is_not_whole_or_contradicts_itself_is_refused(analysis, said):
    with pytest.raises(InputError, match=said):
        solve_deck(ELEMENTS + analysis)


def test_subcircuits_of_subcircuits_without_end_are_refused_before_they_are_placed():
    text = "rescircuit circuit\n.subckt s_0 a\nr_1 a 0 1.0\n.ends s_0\n"
    for k in range(1, 30):
        text += f".subckt s_{k} a\nx_1 a s_{k - 1}\nx_2 a s_{k - 1}\n.ends s_{k}\n"
    shallow, deep = (f"{text}v_in in 0 dc 1.0\nx_1 in {name}\n.op\n.save i(v_in)\n.end\n" for name in ("s_6", "s_29"))
    assert solve_deck(shallow).source_currents["v_in"] == pytest.approx([-64.0], rel=1e-14)
    with pytest.raises(InputError, match="line 122 of the deck must be among the first 20,000,000 elements"):
        solve_deck(deep)


def test_lines_that_are_no_text_are_refused():
    with pytest.raises(InputError, match="line 2 of the deck must be text, got 1"):
        solve_deck(["rescircuit circuit\n", 1])


def test_a_swept_source_that_nothing_follows():
    deck = f"{ELEMENTS}.dc v_in 0.0 2.0 0.5\n.save v(out)\n.end\n"
    assert solve_deck(deck).node_voltages["out"] == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0], rel=1e-15)


def test_more_values_than_memory_is_meant_to_hold():
    deck = f"{ELEMENTS}.dc v_in 0.0 1.0 1e-6 temp 0.0 1e3 1.0\n.save v(out)\n.end\n"
    with pytest.raises(InputError, match="Take fewer samples"):
        solve_deck(deck)


# --- what is refused


@pytest.mark.parametrize(
    ("element", "said"),
    [
        (resistor("3", "a", "b", 1.0), "node a must be joined to ground.*1 other node"),
        (current("3", "a", "in", 1e-3), "node a must be joined to ground"),
        (Capacitor(name="c_3", plus="a", minus="in", capacitance=1e-12), "node a must be joined to ground"),
        (source("3", "in", "out", 1.0), "source v_3 must be between nodes"),
        (source("3", "a", "b", 1.0), "node a must be joined to ground"),
        (
            SinhConductor(name="b_3", plus="in", minus="out", conductance=1e-3, v_scale=1.0),
            "element b_3 must be .* got 'SinhConductor'. ngspice can solve",
        ),
    ],
)
def test_circuits_without_one_linear_solution_are_refused_by_name(divider, element, said):
    with pytest.raises(InputError, match=said):
        solve_circuit(dataclasses.replace(divider, elements=(*divider.elements, element)))


def test_transients_and_other_things_are_refused(divider):
    transient = Transient(stop=1e-3, max_step=1e-6)
    with pytest.raises(InputError, match="without a transient"):
        solve_circuit(dataclasses.replace(divider, transient=transient))
    with pytest.raises(InputError, match="a Circuit"):
        solve_circuit("v_in in 0 1")


def test_mirrors_that_feed_back_into_themselves_are_refused(divider):
    mirrored = mirror("1", "out", "in", "v_out", 0.5)
    fed_back = (mirror("1", "0", "a", "v_a", 1.0), source("a", "a", "0", 1.0), resistor("a", "a", "0", 1e3))
    assert_exact(dataclasses.replace(divider, elements=(*divider.elements, mirrored)), 1e-14)
    with pytest.raises(SolutionError, match="gains"):
        solve_circuit(dataclasses.replace(divider, elements=(*divider.elements, *fed_back)))


def test_values_too_far_apart_are_refused():
    elements = (
        current("1", "0", "a", 1e-9),
        resistor("1", "a", "b", 1e-12),
        resistor("2", "b", "0", 1e12),
        resistor("3", "a", "0", 1e12),
    )
    with pytest.raises(SolutionError, match="too far apart"):
        solve_circuit(Circuit(elements=elements))


@pytest.mark.parametrize("seed", range(40))
def test_what_is_not_refused_is_right(seed):
    """Resistances over 40 powers of ten, where doubles often do not suffice."""
    circuit, rng = random_circuit(seed), np.random.default_rng(seed)

    def drawn(e):
        return dataclasses.replace(e, resistance=float(10 ** rng.uniform(-20, 20))) if isinstance(e, Resistor) else e

    circuit = dataclasses.replace(circuit, elements=tuple(map(drawn, circuit.elements)))
    try:
        solution = solve_circuit(circuit)
    except SolutionError:
        return
    voltages, _ = exact(circuit)
    largest = max(map(abs, voltages.values()))
    for node, value in voltages.items():
        assert abs(Fraction(float(solution.node_voltages[node][0])) - value) <= Fraction(1e-9) * largest


def test_the_bound_covers_the_error_of_a_chain_far_from_ground():
    """Its links are of 1 mohm and its path to ground of 1 Gohm; voltages cannot be known to the last digits."""
    links = [resistor(str(k), f"n_{k}", f"n_{k + 1}", 1e-3 * (1 + k / 7)) for k in range(20)]
    given = current("1", "0", "n_0", 1e-9 / 3), current("2", "n_10", "n_20", 3e-6)
    circuit = Circuit(elements=(*links, *given, resistor("ground", "n_20", "0", 1e9)))
    solution = solve_circuit(circuit)
    voltages, _ = exact(circuit)
    largest = max(map(abs, voltages.values()))
    worst = max(abs(Fraction(float(solution.node_voltages[n][0])) - v) for n, v in voltages.items()) / largest
    assert worst <= solution.error <= 1e-9
    assert solution.condition > 1e12


def opposed(gain):
    """Two nodes whose mirrors drive them apart; only what differs between the two feels it, as 1 / (1 - gain)."""
    elements = []
    for node, other, ampere in (("a", "b", 1.0), ("b", "a", 0.999)):
        elements += [
            current(node, "0", node, ampere),
            resistor(node, node, f"s_{node}", 1.0),
            source(node, f"s_{node}", "0", 0.0),
            mirror(f"{node}_own", "0", node, f"v_{node}", gain / 2),
            mirror(f"{node}_other", node, "0", f"v_{other}", gain / 2),
        ]
    return Circuit(elements=tuple(elements))


@pytest.mark.parametrize("missing", [0.5, 1e-2, 1e-4, 1e-6, 1e-9, 1e-11, 1e-13, 1e-15])
def test_feedback_that_equal_errors_at_both_nodes_do_not_show_is_in_the_bound(missing):
    circuit = opposed(1.0 - missing)
    if missing < 1e-7:
        with pytest.raises(SolutionError, match=r"voltages of the circuit|roundings of the circuit's matrix"):
            solve_circuit(circuit)
        return
    solution = assert_exact(circuit, 1e-9)
    voltages, _ = exact(circuit)
    worst = max(abs(Fraction(float(solution.node_voltages[n][0])) - v) for n, v in voltages.items())
    assert worst <= Fraction(solution.error) * max(map(abs, voltages.values()))
    assert solution.condition == pytest.approx(4 / missing, rel=1.0)


def test_feedback_whose_matrix_is_lost_in_its_roundings_is_refused():
    """The factors are those of another matrix, and a bound by them would be a tenth of the error."""
    elements = (
        source("1", "n_1", "0", 4.0),
        source("4", "n_4", "n_2", 700.0),
        source("5", "n_4", "n_5", 800.0),
        resistor("6", "n_6", "n_3", 1.0),
        resistor("7", "n_7", "0", 0.001),
        resistor("12", "n_12", "n_6", 8e-12),
        resistor("18", "n_4", "n_11", 2.055046011492783),
        resistor("19", "n_12", "n_2", 1.861780141935223e-10),
        resistor("22", "n_1", "n_11", 1.3),
        resistor("24", "n_12", "n_5", 2.2929073459248684e-08),
        resistor("25", "n_12", "n_7", 3e8),
        mirror("0", "n_12", "n_3", "v_4", 2.0),
        mirror("1", "n_12", "0", "v_1", -1.0),
    )
    with pytest.raises(SolutionError, match=r"roundings of the circuit's matrix.*check their gains"):
        solve_circuit(Circuit(elements=elements))


@pytest.mark.parametrize("columns", [1, 3, 100])
def test_columns_at_once_make_no_difference(monkeypatch, columns):
    monkeypatch.setattr("rescircuit.spice.engines.nodal.system._COLUMNS_AT_ONCE", columns)
    solution = solve_circuit(opposed(0.5))
    assert solution.condition == pytest.approx(8.0)


def test_small_sources_on_top_of_large_ones_keep_their_digits():
    elements = (
        source("1", "a", "0", 0.1),
        source("2", "b", "a", 1e-10 / 3),
        resistor("1", "a", "b", 1.0),
        source("3", "c", "0", 1e20),
        source("4", "d", "c", 1.0),
        source("5", "d", "e", 1e20),
        resistor("2", "e", "0", 1.0),
    )
    solution = solve_circuit(Circuit(elements=elements))
    assert solution.source_currents["v_2"] == pytest.approx([-1e-10 / 3], rel=1e-15)
    assert solution.node_voltages["e"].tolist() == [1.0]
    assert solution.source_currents["v_5"].tolist() == [1.0]


def test_a_bound_is_no_less_than_the_rounding_to_a_double():
    elements = source("1", "a", "0", 1.0), resistor("1", "a", "b", 1e-30), resistor("2", "b", "0", 1.0)
    solution = solve_circuit(Circuit(elements=elements))
    voltages, _ = exact(Circuit(elements=elements))
    assert 0 < abs(Fraction(float(solution.node_voltages["b"][0])) - voltages["b"]) <= Fraction(solution.error)


def test_elements_made_as_they_are_read(divider):
    lazy = dataclasses.replace(divider, elements=LazyElements(lambda: iter(divider.elements)))
    assert solve_circuit(lazy).node_voltages["middle"].tolist() == [0.75]
