"""Read schemes and their sneak paths, against closed forms, a second solution and ngspice."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar.schemes import SCHEMES, read_cell, read_margin, read_voltages
from rescircuit.spice.engines.ngspice import find_ngspice
from rescircuit.spice.engines.raw import read_raw

V = 0.3


def sample(seed, shape=(4, 5), **more):
    rng = np.random.default_rng(seed)
    m, n = shape
    cells = 10.0 ** rng.uniform(-6, -4, shape)
    wires = {"r_word_line": rng.uniform(5, 500, (m, n + 1)), "r_bit_line": rng.uniform(5, 500, (m + 1, n))}
    ends = {"r_driver": rng.uniform(5, 500, m), "r_sense": rng.uniform(5, 500, n)}
    return rc.Crossbar(cells, **(wires | ends | more))


def replaced(crossbar, row, column, conductance):
    """The same array with another cell, made anew."""
    topology = crossbar.topology
    ends = {
        (True, True): "both",
        (True, False): "first",
        (False, True): "last",
        (False, False): "floating",
    }
    drive = [ends[bool(a), bool(b)] for a, b in zip(topology.left, topology.right, strict=True)]
    sense = [ends[bool(a), bool(b)] for a, b in zip(topology.top, topology.bottom, strict=True)]
    cells = crossbar.conductances.copy()
    cells[row, column] = conductance
    return rc.Crossbar(
        cells,
        topology.r_word_line,
        topology.r_bit_line,
        r_driver=topology.r_driver,
        r_sense=topology.r_sense,
        drive=[name.replace("first", "left").replace("last", "right") for name in drive],
        sense=[name.replace("first", "top").replace("last", "bottom") for name in sense],
    )


def branches_of(crossbar):
    """Tail, head and ohm of all resistances."""
    found = [*crossbar.topology.wires, crossbar.topology.cell_branches(crossbar.conductances)]
    return [np.concatenate([getattr(part, name) for part in found]) for name in ("tail", "head", "resistance")]


def sensed(crossbar, row, column, scheme):
    """The sensed current by a dense nodal matrix, sources of floating lines left free."""
    tail, head, resistance = branches_of(crossbar)
    topology = crossbar.topology
    count = topology.representative.size
    incidence = np.zeros((tail.size, count))
    incidence[np.arange(tail.size), tail] += 1.0
    incidence[np.arange(tail.size), head] -= 1.0
    nodal = incidence.T @ (incidence / resistance[:, np.newaxis])
    lines = read_voltages(crossbar.shape, row, column, V, scheme)
    nodes = np.zeros(count)
    words, bits = topology.driven & ~lines.floating_words, topology.sensed & ~lines.floating_bits
    nodes[topology.drivers[words]], nodes[topology.senses[bits]] = lines.words[words], lines.bits[bits]
    held = np.concatenate([topology.drivers[words], topology.senses[bits]])
    free = np.setdiff1d(np.flatnonzero(nodal.diagonal()), held)
    nodes[free] = np.linalg.solve(nodal[np.ix_(free, free)], -nodal[np.ix_(free, held)] @ nodes[held])
    return -float(nodal[topology.senses[column]] @ nodes)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_voltages_of_the_schemes(scheme):
    words, bits, floating_words, floating_bits = read_voltages((3, 4), 1, 2, 0.6, scheme)
    at_words, at_bits = {"ground": (0, 0), "v/2": (0.3, 0.3), "v/3": (0.2, 0.4), "floating": (0, 0)}[scheme]
    assert words == pytest.approx(np.array([at_words, 0.6, at_words]))
    assert bits == pytest.approx(np.array([at_bits, at_bits, 0.0, at_bits]))
    assert floating_words.tolist() == [scheme == "floating", False, scheme == "floating"]
    assert floating_bits.tolist() == [scheme == "floating"] * 2 + [False] + [scheme == "floating"]


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 4), (5, 1), (4, 6)])
def test_without_wires_currents_and_powers_are_known(m, n):
    g, own = 1e-4, 3e-6
    cells = np.full((m, n), g)
    cells[0, n - 1] = own
    readings = {scheme: read_cell(rc.Crossbar(cells), 0, n - 1, v_read=V, scheme=scheme) for scheme in SCHEMES}
    for reading in readings.values():
        assert reading.cell_current == pytest.approx(own * V, rel=1e-12)
        assert reading.ideal == pytest.approx(own * V, rel=1e-15)
    assert readings["ground"].sneak == pytest.approx(0.0, abs=1e-20)
    assert readings["v/2"].sneak == pytest.approx((m - 1) * g * V / 2, rel=1e-12, abs=1e-20)
    assert readings["v/3"].sneak == pytest.approx((m - 1) * g * V / 3, rel=1e-12, abs=1e-20)
    # along the selected word line, through all cells between unselected lines, and down the selected bit line
    around = 0.0 if m == 1 or n == 1 else g / (1 / (n - 1) + 1 / ((m - 1) * (n - 1)) + 1 / (m - 1))
    assert readings["floating"].sneak == pytest.approx(around * V, rel=1e-10, abs=1e-20)
    thirds = (m + n - 2 + (m - 1) * (n - 1)) * g / 9
    for scheme, spent in {
        "ground": (n - 1) * g,
        "v/2": (m + n - 2) * g / 4,
        "v/3": thirds,
        "floating": around,
    }.items():
        assert readings[scheme].power == pytest.approx((own + spent) * V**2, rel=1e-10)


ENDS = [
    {},
    {"drive": "right", "sense": "top"},
    {"drive": "both", "sense": "both"},
    {"drive": ["left", "both", "floating", "right"], "sense": ["both", "floating", "top", "bottom", "bottom"]},
    {"r_word_line": 0.0, "r_driver": 0.0},
    {"r_bit_line": 0.0, "r_driver": 0.0, "r_sense": 0.0, "drive": "both", "sense": "top"},
]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ends", ENDS)
def test_equals_a_dense_solution_written_independently(ends, scheme):
    crossbar = sample(3, **ends)
    for row, column in ((0, 0), (1, 3), (3, 2)):
        reading = read_cell(crossbar, row, column, v_read=V, scheme=scheme)
        assert reading.current == pytest.approx(sensed(crossbar, row, column, scheme), rel=1e-9)
        assert reading.current == pytest.approx(reading.cell_current + reading.sneak, rel=1e-15)


@pytest.mark.parametrize(("drive", "sense"), [("left", "bottom"), ("right", "top")])
def test_eliminated_floating_lines_equal_lines_without_any_end(drive, sense):
    """The crossbar's own floating lines, and the terminals' admittance with floating ends eliminated."""
    crossbar = sample(5, drive=drive, sense=sense)
    m, n = crossbar.shape
    for row, column in ((0, 0), (2, 4), (3, 1)):
        topology = crossbar.topology
        cut_off = rc.Crossbar(
            crossbar.conductances,
            topology.r_word_line,
            topology.r_bit_line,
            r_driver=topology.r_driver,
            r_sense=topology.r_sense,
            drive=[drive if i == row else "floating" for i in range(m)],
            sense=[sense if j == column else "floating" for j in range(n)],
        )
        solution = cut_off.solve(np.full(m, V))
        reading = read_cell(crossbar, row, column, v_read=V, scheme="floating")
        assert reading.current == pytest.approx(solution.output_currents[column], rel=1e-11)
        assert reading.cell_current == pytest.approx(solution.device_currents[row, column], rel=1e-10)
        assert reading.power == pytest.approx(V * solution.input_currents[row], rel=1e-11)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ends", ENDS)
def test_margins_equal_readings_of_arrays_made_anew(ends, scheme):
    crossbar = sample(7, **ends)
    cells = [(0, 0), (3, 3), (1, 4)]
    found = read_margin(crossbar, g_on=2e-4, g_off=1e-6, scheme=scheme, v_read=V, cells=cells)
    assert found.cells.tolist() == [list(cell) for cell in cells]
    for k, (row, column) in enumerate(cells):
        for current, state in ((found.on[k], 2e-4), (found.off[k], 1e-6)):
            anew = read_cell(replaced(crossbar, row, column, state), row, column, v_read=V, scheme=scheme)
            assert current == pytest.approx(anew.current, rel=1e-10)
    assert found.margins == pytest.approx(1 - found.off / found.on, rel=1e-12)
    assert found.worst == found.margins.min()
    assert found.worst_cell == cells[int(found.margins.argmin())]


def test_many_cells_and_the_whole_array():
    crossbar = sample(8, (7, 6))
    every = [(i, j) for i in range(7) for j in range(6)]
    found = read_margin(crossbar, g_on=1e-4, g_off=1e-5, scheme="floating", cells=every)
    five = read_margin(crossbar, g_on=1e-4, g_off=1e-5, scheme="floating")
    assert five.cells.tolist() == [[0, 0], [0, 5], [3, 3], [6, 0], [6, 5]]
    places = [every.index((row, column)) for row, column in five.cells]
    assert five.margins == pytest.approx(found.margins[places], rel=1e-12)


def test_the_known_margin_of_a_floating_array_without_wires():
    n, on, off = 16, 1e-4, 1e-6
    around = on / (2 / (n - 1) + 1 / (n - 1) ** 2)
    margins = read_margin(rc.Crossbar(np.full((n, n), on)), g_on=on, g_off=off, scheme="floating").margins
    assert margins == pytest.approx(np.full(5, (on - off) / (on + around)), rel=1e-11)


def test_a_large_ratio_keeps_its_digits():
    crossbar = sample(9)
    found = read_margin(crossbar, g_on=1e-3, g_off=0.0, scheme="ground", cells=[(1, 1)])
    none = replaced(crossbar, 1, 1, 0.0)
    assert found.off[0] == pytest.approx(read_cell(none, 1, 1).current, rel=1e-6, abs=1e-12 * found.on[0])


def test_a_change_that_leaves_too_few_digits_is_refused():
    crossbar = rc.Crossbar([[1e3, 1e-3], [1e-3, 1e-3]], 1e3, 1e3)
    with pytest.raises(rc.SolutionError, match="wires conduct far worse than the cell"):
        read_margin(crossbar, g_on=1e3, g_off=0.0)


def test_lines_without_any_cell_that_conducts_do_no_harm():
    cells = np.array([[1e-4, 2e-4, 0.0], [3e-4, 1e-4, 0.0], [0.0, 0.0, 1e-5]])
    crossbar = rc.Crossbar(cells, 10.0, 10.0)  # the last word line and bit line see nothing but each other
    reading = read_cell(crossbar, 0, 0, v_read=V, scheme="floating")
    alone = rc.Crossbar(cells[:2, :2], 10.0, [[10.0], [10.0], [20.0]])
    expected = read_cell(alone, 0, 0, v_read=V, scheme="floating")
    assert reading.cell_current == pytest.approx(expected.cell_current, rel=1e-12)
    assert reading.sneak == pytest.approx(expected.sneak, rel=1e-12)
    nothing = read_margin(crossbar, g_on=1e-4, g_off=0.0, v_read=V, scheme="floating", cells=[(0, 2)])
    assert nothing.off == pytest.approx(np.zeros(1), abs=1e-20)
    assert nothing.margins == pytest.approx(np.ones(1))


def test_nothing_flows_and_there_is_no_margin():
    found = read_margin(rc.Crossbar([[1e-4]], r_word_line=np.inf), g_on=1e-4, g_off=1e-5)
    assert not found.on.any()
    assert np.isnan(found.margins).all()
    assert np.isnan(found.worst)


def test_grounded_lines_read_best_and_floating_ones_worst():
    crossbar = rc.Crossbar(np.full((12, 12), 1e-4), 2.0, 2.0)
    margins = [read_margin(crossbar, g_on=1e-4, g_off=1e-6, scheme=scheme).worst for scheme in SCHEMES]
    ground, half, third, floating = margins
    assert ground > third > half > 0
    assert 0 < floating < ground


@pytest.mark.parametrize("scheme", SCHEMES)
def test_ngspice_agrees(tmp_path, scheme):
    crossbar = sample(10, (3, 3), drive=["left", "both", "right"])
    topology = crossbar.topology
    row, column = 2, 1
    lines = read_voltages(crossbar.shape, row, column, V, scheme)
    cards = ["reading a cell"]
    for kind, volts, floating, names in (
        ("w", lines.words, lines.floating_words, topology.drivers),
        ("b", lines.bits, lines.floating_bits, topology.senses),
    ):
        cards += [
            f"v{kind}{k} {topology.node_name(int(names[k]))} 0 {float(volts[k])!r}" for k in np.flatnonzero(~floating)
        ]
    for k, (tail, head, ohm) in enumerate(zip(*branches_of(crossbar), strict=True)):
        cards.append(f"r{k} {topology.node_name(int(tail))} {topology.node_name(int(head))} {float(ohm)!r}")
    cards += [".options reltol=1e-9 vntol=1e-12 abstol=1e-18 gmin=1e-18", ".op", f".save i(vb{column})", ".end"]
    deck = tmp_path / "reading.cir"
    deck.write_text("\n".join(cards) + "\n", encoding="utf-8")
    command = [find_ngspice(), "-n", "-b", "-r", "out.raw", deck.name]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    current = read_raw((tmp_path / "out.raw").read_bytes()).values[0, 0]
    assert read_cell(crossbar, row, column, v_read=V, scheme=scheme).current == pytest.approx(current, rel=1e-9)


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda x: read_voltages((2, 2), 2, 0, 0.1, "ground"), "row must be a whole number from 0 to 1, got 2"),
        (lambda x: read_voltages((2, 2), 0, -1, 0.1, "ground"), "column must be a whole number from 0 to 1, got -1"),
        (lambda x: read_voltages((2, 2), 0, 0, 0.0, "ground"), "v_read must be a finite number above 0 (V)"),
        (lambda x: read_cell(x, 0, 0, scheme="v/4"), "scheme must be one of 'ground', 'v/2', 'v/3', 'floating', got"),
        (lambda x: read_cell(x, 0, 0, scheme=["v/2"]), "scheme must be one of"),
        (lambda x: read_cell(x, 5, 0), "row must be a whole number from 0 to 1, got 5"),
        (lambda x: read_cell(x, 1, 0), "row must be a word line that is driven"),
        (lambda x: read_cell(x, 0, 1), "column must be a bit line that is sensed"),
        (lambda x: read_margin(x, g_on=1e-6, g_off=1e-4), "g_on must be above g_off (0.0001 S)"),
        (lambda x: read_margin(x, g_on=1e-6, g_off=-1.0), "g_off must be a finite number of at least 0 (S)"),
        (lambda x: read_margin(x, g_on=1e-6, g_off=0.0, cells=[]), "cells must be at least one row and column"),
        (lambda x: read_margin(x, g_on=1e-6, g_off=0.0, cells=[3]), "cells must be pairs of a row and a column"),
        (lambda x: read_margin(x, g_on=1e-6, g_off=0.0, cells=[(0, 0, 0)]), "cells must be pairs of a row and a col"),
    ],
)
def test_bad_input_gets_one_clear_line(read, says):
    crossbar = rc.Crossbar(np.full((2, 2), 1e-4), 1.0, 1.0, drive=["left", "floating"], sense=["top", "floating"])
    with pytest.raises(rc.InputError) as caught:
        read(crossbar)
    assert says in str(caught.value)


def test_a_shorted_cell_is_not_read():
    crossbar = rc.Crossbar([[np.inf, 1e-4]], 1.0, 1.0)
    with pytest.raises(rc.InputError, match="the cell must be one that is not shorted"):
        read_margin(crossbar, g_on=1e-4, g_off=0.0)
