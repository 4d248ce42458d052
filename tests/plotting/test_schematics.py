"""Schematics of banks and crossbars: what they say, that it can be read, and that nothing harms them."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar import BankCells, LinearCells, SelectedCells, SinhCells
from rescircuit.errors import InputError
from rescircuit.network import Dense
from rescircuit.plotting.schematics import draw_schematic
from rescircuit.plotting.schematics.labels import quantity
from rescircuit.plotting.schematics.pictures import drawn

mpl.use("Agg")  # draws without a screen
import schemdraw
from matplotlib import pyplot as plt

from rescircuit.plotting.schematics.sheet import CARRYING, house_style

OHMS = [10e3, 20e3, 40e3, 81e3]
FIRST_AND_LAST = [True, False, False, True]
POLY = rc.Resistor(nominal=1e5, common=0.2, mismatch=0.01)
MIM = rc.Capacitor(nominal=1e-13, mismatch=0.01)
NMOS = rc.NMOS(w_over_l=10)
G = np.array([[1e-5, 2.34e-5], [0.0, 5e-6]])


def said(path):
    """The texts of an SVG, which matplotlib leaves as comments beside their outlines."""
    text = path.read_text(encoding="utf-8")
    ET.fromstring(text)  # noqa: S314 - our own file
    return [comment.strip() for comment in re.findall(r"<!--(.*?)-->", text, re.DOTALL)]


def written(thing, folder, **options):
    """All that a picture says, as one text with a line for each label."""
    return "\n" + "\n".join(said(draw_schematic(thing, folder / "picture.svg", **options))) + "\n"


def laid_out(thing, *, mask=None, setting=None, voltages=None, title=""):
    """The sheet of a picture that is not saved."""
    with house_style():
        sheet = drawn(thing, mask=mask, setting=setting, voltages=voltages, title=title)
        sheet.figure.draw_without_rendering()
    return sheet


def half(n):
    return np.random.default_rng(n).random(n) < 0.5


def pair(n, **fields):
    banks = [rc.Bank.sample(POLY, n=n, seed=1, start=k, **fields) for k in (0, 1)]
    return rc.DifferentialPair(positive=banks[0], negative=banks[1])


def wide(m, n):
    """A crossbar with the widest of numbers."""
    return rc.Crossbar(np.full((m, n), 8.888e-6), 1.234, 5.678, r_driver=43.21, r_sense=9.876)


def banks(m, n, k):
    bank = rc.Bank.sample(POLY, n=k, shape=(m, n), switch=NMOS, seed=1)
    return rc.NonlinearCrossbar(BankCells(bank=bank, mask=np.ones(k, bool)), 2.0, 2.0)


def test_a_parallel_bank_says_values_currents_and_code(tmp_path):
    text = written(rc.Bank(resistances=OHMS), tmp_path, mask=FIRST_AND_LAST, voltages=0.2)
    for label in ("10 kΩ", "20 kΩ", "40 kΩ", "81 kΩ", "20 µA", "2.47 µA", "\nI = 22.47 µA\n", "V =\n200 mV"):
        assert label in text
    assert text.count("µA") == 3  # open branches are without a current
    assert "code 1001, 2 of 4 switches closed: G = 112.3 µS at 200 mV" in text
    assert re.findall(r"\n([01]\*?)(?=\n)", text) == ["1", "0", "0", "1"]


def test_currents_are_those_of_the_transistors(tmp_path):
    bank = rc.Bank(resistances=OHMS, switch=NMOS)
    text = written(bank, tmp_path, mask=FIRST_AND_LAST)
    for k in (0, 3):
        alone = rc.Bank(resistances=OHMS[k : k + 1], switch=NMOS).current([True], 0.1)
        assert quantity(alone, "A", 3) in text
        assert alone < 0.1 / OHMS[k]
    assert f"I = {quantity(bank.current(FIRST_AND_LAST, 0.1), 'A')}" in text
    assert [label in text for label in ("g₀", "g₃", "gates of closed transistors at 1.8 V")] == [True] * 3


def test_what_open_branches_carry_is_said(tmp_path):
    bank = rc.Bank(resistances=OHMS, switch=rc.IdealSwitch(r_on=100.0, r_off=1e6))
    leaks = 0.1 / 1.02e6 + 0.1 / 1.04e6
    text = written(bank, tmp_path, mask=FIRST_AND_LAST)
    assert f"open branches carry {quantity(leaks, 'A', 3)} together" in text
    assert quantity(0.1 / 10.1e3, "A", 3) in text


def test_faults_and_blown_fuses_are_as_they_are(tmp_path):
    stuck = rc.Bank(resistances=OHMS, stuck_open=np.array(FIRST_AND_LAST))
    text = written(stuck, tmp_path, mask=[True, True, False, False])
    assert "code 0100" in text
    assert "\n0*\n" in text
    assert "* stays as it is, whatever the setting says" in text
    blown = rc.Bank(resistances=OHMS, switch=rc.devices.switches.Fuse(r_on=10.0)).blow(np.array(FIRST_AND_LAST))
    text = written(blown, tmp_path)
    assert "code 1001, 2 of 4 fuses closed" in text
    assert "*" not in text


def test_a_series_bank_counts_open_bypasses(tmp_path):
    bank = rc.SeriesBank(resistances=OHMS, switch=rc.IdealSwitch(r_on=100.0))
    setting = bank.program_resistance(91.2e3)
    assert setting.mask.tolist() == FIRST_AND_LAST
    text = written(bank, tmp_path, setting=setting, voltages=1.0)
    ohms = 91e3 + 1 / (1 / 100 + 1 / 20e3) + 1 / (1 / 100 + 1 / 40e3)
    assert f"I = {quantity(1.0 / ohms, 'A')}" in text
    assert f"R = {quantity(ohms, 'ohm')}, G = {quantity(1 / ohms, 'S')}" in text
    assert "code 1001, 2 of 4 resistors count: their bypasses are open" in text
    assert "r₃  81 kΩ" in text
    assert re.findall(r"\n([01])(?=\n)", text) == ["1", "0", "0", "1"]


def test_a_capacitor_bank_carries_charge(tmp_path):
    bank = rc.CapacitorBank(capacitances=[1e-13, 2e-13, 4e-13], c_off=1e-15)
    text = written(bank, tmp_path, mask=[True, False, True], voltages=0.5)
    leak = 0.5 / (1 / 1e-15 + 1 / 2e-13)
    for label in ("100 fF", "200 fF", "50 fC", "200 fC", f"Q = {quantity(0.25e-12 + leak, 'C')}", "code 101"):
        assert label in text


def test_a_pair_subtracts(tmp_path):
    two = rc.DifferentialPair(positive=rc.Bank(resistances=OHMS), negative=rc.Bank(resistances=[50e3]))
    text = written(two, tmp_path, mask=[*FIRST_AND_LAST, True])
    for label in ("I₊ = 11.23 µA", "I₋ = 2 µA", "I₊ − I₋\n= 9.235 µA", "positive code 1001", "negative code 1"):
        assert label in text


def test_each_bank_of_a_pair_is_numbered_as_in_its_deck(tmp_path):
    sides = (rc.Bank(resistances=OHMS, switch=NMOS), rc.Bank(resistances=[50e3, 60e3], switch=NMOS))
    two = rc.DifferentialPair(positive=sides[0], negative=sides[1])
    text, deck = written(two, tmp_path), rc.deck(two).text
    numbers = {"r": r"^r_(\d) \S+ \S+ \d", "g": r"^v_\w+_gate_(\d) "}
    for letter, pattern in numbers.items():
        in_deck = sorted(re.findall(pattern, deck, re.MULTILINE))
        shown = [str("₀₁₂₃₄₅".index(number)) for number in re.findall(rf"\n{letter}([₀-₉])", text)]
        assert sorted(shown) == in_deck == ["0", "0", "1", "1", "2", "3"]


def test_a_crossbar_says_what_it_solves(tmp_path):
    array = rc.Crossbar(G, 10.0, 20.0)
    text = written(array, tmp_path, voltages=[0.1, -0.2])
    for label in ("V₀ = 100 mV", "V₁ = −200 mV", "10 µS", "23.4 µS", "5 µS", "word-line segments 10 Ω"):
        assert label in text
    for j, current in enumerate(array.solve([0.1, -0.2]).output_currents):
        assert f"I{'₀₁'[j]} =\n{quantity(current, 'A').replace('-', '−')}" in text
    assert text.count("µS") + text.count("nS") == 3  # the cell that conducts nothing is left out
    ideal = written(rc.Crossbar(G), tmp_path, voltages=[0.1, 0.2])
    assert "I₀ =\n1 µA" in ideal
    assert "I₁ =\n3.34 µA" in ideal
    assert "wires without resistance" in ideal


def test_a_crossbar_says_how_its_lines_end(tmp_path):
    along = np.full((3, 3), 2.0)
    along[0, 1] = np.inf
    cells = np.full((3, 2), 1e-5)
    cells[2, 1] = np.inf
    array = rc.Crossbar(cells, along, 1.0, r_driver=7.0, drive=["left", "floating", "both"], sense=["top", "bottom"])
    text = written(array, tmp_path)
    for label in ("floating", "×", "short", "drivers 7 Ω", "× a broken wire"):
        assert f"{label}" in text
    assert text.count("V₂ = 100 mV") == 2
    assert "V₁" not in text


def test_cells_that_are_not_linear(tmp_path):
    text = written(banks(2, 2, 8), tmp_path)
    assert text.count("1111\n1111") == 4
    assert "banks with their codes and their conductances at 100 mV" in text
    memristors = written(rc.NonlinearCrossbar(SinhCells(conductances=G, v_scale=0.25)), tmp_path)
    assert "memristors labelled with their conductances at small voltages" in memristors
    assert "23.4 µS" in memristors
    selected = SelectedCells(cells=LinearCells(conductances=G), i_selector=1e-6, v_selector=0.05)
    assert "without their selectors" in written(rc.NonlinearCrossbar(selected), tmp_path)


@pytest.mark.parametrize("cells", ["banks", "conductances"])
def test_a_tile_of_a_network_is_its_array(tmp_path, cells):
    dense = Dense(weight=np.array([[0.5, -1.0]]), bias=np.zeros(1), name="a")
    spec = rc.ArraySpec(rows=8, cols=8, bank_size=5, r_word_line=1.0, resistor=POLY)
    tile = rc.map_network(rc.Network((dense,)), spec, seed=1).tile(0, 0, cells=cells)
    inputs = [0.1, 0.05]
    text = written(tile, tmp_path, voltages=inputs)
    assert text == written(tile.array, tmp_path, voltages=inputs)
    codes = ["".join(map(str, mask.astype(int))) for mask in tile.tile.cells.mask.reshape(-1, 5)]
    assert [f"\n{code}\n" in text for code in codes] == [cells == "banks"] * 4
    for current in tile.array.solve(inputs).output_currents:
        assert quantity(float(current), "A") in text


CROWDED = [
    *(rc.Bank.sample(POLY, n=n, switch=NMOS, seed=7) for n in (1, 4, 6, 8, 12, 16, 24)),
    rc.Bank(resistances=np.full(12, 888.8e6), switch=rc.IdealSwitch(r_on=10.0, r_off=1e12)),
    *(rc.SeriesBank.sample(POLY, n=n, seed=3) for n in (1, 4, 8, 12, 16)),
    *(rc.CapacitorBank.sample(MIM, n=n, seed=3) for n in (4, 12)),
    *(pair(n) for n in (1, 4, 12, 16)),
    *(wide(n, n) for n in (2, 4, 8)),
    rc.Crossbar(np.full((3, 3), 8.888e-6), 1.0, 1.0, drive=["right", "both", "floating"], sense=["top", "both", "top"]),
    *(banks(n, n, k) for n, k in ((2, 24), (2, 30), (4, 12), (8, 1))),
]


@pytest.mark.parametrize("thing", CROWDED, ids=lambda thing: f"{type(thing).__name__}-{getattr(thing, 'n', 'array')}")
def test_no_label_lies_on_another_or_on_a_line(thing):
    options = {} if hasattr(thing, "topology") else {"mask": half(thing.n) if thing.n > 1 else [True]}
    sheet = laid_out(thing, title="A title over the picture", **options)
    (axes,) = sheet.figure.axes
    renderer = sheet.figure.canvas.get_renderer()
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in axes.texts]
    clashes = [(a, b) for (a, first), (b, second) in combinations(boxes, 2) if first.overlaps(second)]
    lines = [line.get_transform().transform_path(line.get_path()) for line in axes.lines]
    crossed = [name for name, box in boxes if any(line.intersects_bbox(box, filled=False) for line in lines)]
    assert (clashes, crossed) == ([], [])


def test_closed_branches_are_drawn_thick_and_in_colour():
    def carrying(mask):
        (axes,) = laid_out(rc.Bank(resistances=OHMS), mask=mask).figure.axes
        return sum(
            line.get_linewidth() == CARRYING.width and line.get_color() == CARRYING.colour for line in axes.lines
        )

    one, none, every = (carrying(np.array(mask)) for mask in ([True] + [False] * 3, [False] * 4, [True] * 4))
    assert none == 0
    assert every == 4 * one > 0


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_same_bytes_whatever_the_settings(tmp_path, suffix):
    bank = rc.Bank(resistances=OHMS, switch=NMOS)
    first = draw_schematic(bank, tmp_path / f"a{suffix}", title="A bank").read_bytes()
    settings = {"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "none", "figure.facecolor": "black"}
    schemdraw.theme("dark")
    try:
        with mpl.rc_context(settings):
            again = draw_schematic(bank, tmp_path / f"b{suffix}", title="A bank").read_bytes()
    finally:
        schemdraw.theme("default")
    assert first == again
    assert first.startswith(b"\x89PNG\r\n\x1a\n" if suffix == ".png" else b"<?xml")
    assert plt.get_fignums() == []


def test_a_drawing_that_is_open_is_left_alone(tmp_path):
    with schemdraw.Drawing(show=False) as theirs:
        draw_schematic(rc.Bank(resistances=OHMS), tmp_path / "ours.svg")
    assert theirs.elements == []


@pytest.mark.parametrize(
    "title",
    [
        "costs $5 and $6",
        r"\$x_$",
        "$",
        "<script>&amp;",
        "--> <svg>",
        "a\x00b\x1b[0m\nc\ud800",
        "漢字 🙂",
        "%(x)s {y}",
        "x" * 120,
    ],
)
def test_any_title_is_text(tmp_path, title):
    path = draw_schematic(rc.Bank(resistances=OHMS[:2]), tmp_path / "picture.svg", title=title)
    root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - our own file
    assert {element.tag.rpartition("}")[2] for element in root.iter()} & {"script", "foreignObject"} == set()
    shown = root.find(".//{http://purl.org/dc/elements/1.1/}title").text
    assert shown == " ".join("".join(c if c.isprintable() else " " for c in title).split())
    (axes,) = laid_out(rc.Bank(resistances=OHMS[:2]), title=shown).figure.axes
    assert "".join(shown.split()) in ["".join(text.get_text().split()) for text in axes.texts]


CELLS = np.full((2, 2), 1e-5)
REFUSED = [
    (rc.Bank(resistances=np.full(25, 1e4)), {}, "thing must be a bank of at most 24 components"),
    (rc.Bank(resistances=[OHMS, OHMS]), {}, "thing must be a single bank"),
    (rc.Bank(resistances=OHMS), {"mask": [1, 0, 0, 1]}, "mask must be 4 booleans"),
    (rc.Bank(resistances=OHMS), {"mask": [True]}, "mask must be 4 booleans"),
    (rc.Bank(resistances=OHMS), {"setting": [True] * 4}, "setting must be what a bank's program"),
    (rc.Bank(resistances=OHMS), {"voltages": [0.1, 0.2]}, "voltages must be one finite number"),
    (rc.Bank(resistances=OHMS), {"voltages": np.nan}, "voltages must be one finite number"),
    (rc.Bank(resistances=OHMS, switch=NMOS), {"voltages": -0.1}, "voltage"),
    (rc.Bank(resistances=OHMS), {"title": "x" * 121}, "title must be of at most 120 characters"),
    (rc.Bank(resistances=OHMS), {"title": 7}, "title must be text"),
    (rc.SeriesBank(resistances=OHMS), {"mask": [False] * 4}, "It is a short"),
    (rc.Crossbar(np.full((9, 2), 1e-5)), {}, "at most 8 x 8 cells, to be drawn, got '9 x 2'"),
    (rc.Crossbar(CELLS), {"mask": [True]}, "mask must be left out for a crossbar"),
    (rc.Crossbar(CELLS), {"voltages": [0.1]}, r"voltages must be of shape \(2,\)"),
    (OHMS, {}, "thing must be a bank, a differential pair, a crossbar or a network's tile"),
]


@pytest.mark.parametrize(("thing", "options", "message"), REFUSED)
def test_refusals_are_one_clear_line(tmp_path, thing, options, message):
    with pytest.raises(InputError, match=message) as caught:
        draw_schematic(thing, tmp_path / "picture.svg", **options)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_mask_and_a_setting_are_one_too_many(tmp_path):
    bank = rc.Bank(resistances=OHMS)
    with pytest.raises(InputError, match="setting must be left out where a mask is given"):
        draw_schematic(bank, tmp_path / "a.svg", mask=FIRST_AND_LAST, setting=bank.program(1e-4))


@pytest.mark.parametrize("path", ["picture.pdf", "picture", "picture.svg.exe", 7])
def test_other_formats_are_refused(path):
    with pytest.raises(InputError, match=r"path must be the name of a picture, \.svg or \.png"):
        draw_schematic(rc.Bank(resistances=OHMS), path)


def test_nothing_is_left_half_written(tmp_path, monkeypatch):
    kept = tmp_path / "kept.svg"
    kept.write_text("as it was", encoding="utf-8")

    def fails(self, target, **options):  # noqa: ARG001
        target.write_text("<svg", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mpl.figure.Figure, "savefig", fails)
    with pytest.raises(InputError, match="No space left on device"):
        draw_schematic(rc.Bank(resistances=OHMS), kept)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.svg"]
    assert kept.read_text(encoding="utf-8") == "as it was"
    with pytest.raises(InputError, match="in a folder that can be written to"):
        draw_schematic(rc.Bank(resistances=OHMS), tmp_path / "nowhere" / "a.svg")
