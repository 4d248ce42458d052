"""What an array is made of: its nodes, which of them are one, its wires, and what is no array."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.crossbar.topology import LARGEST, wired

RNG = np.random.default_rng(2)
PLAIN = {"r_word_line": 1.0, "r_bit_line": 2.0, "r_driver": 0.0, "r_sense": 0.0, "drive": "left", "sense": "bottom"}


def topology(shape, shorted=None, **options):
    return wired(shape, **(PLAIN | options), shorted=shorted)


def test_nodes_are_numbered_drivers_senses_words_bits():
    array = topology((2, 3))
    names = [array.node_name(k) for k in range(17)]
    assert names[:6] == ["drive_0", "drive_1", "sense_0", "sense_1", "sense_2", "word_0_0"]
    assert names[10:12] == ["word_1_2", "bit_0_0"]
    assert names[16] == "bit_1_2"
    assert len(set(names)) == 17
    assert array.drivers.tolist() == [0, 1]
    assert array.senses.tolist() == [2, 3, 4]
    assert array.word_nodes.tolist() == [[5, 6, 7], [8, 9, 10]]
    assert array.bit_nodes.tolist() == [[11, 12, 13], [14, 15, 16]]
    assert array.shape == (2, 3)
    assert not array.has_joined_nodes


def test_wires_lead_to_the_right_and_down():
    words, bits = topology((2, 2), r_word_line=[[1, 2, 3], [4, 5, 6]], r_bit_line=[[1, 2], [3, 4], [5, 6]]).wires
    assert [words.kind, bits.kind] == ["word", "bit"]
    assert words.tail.tolist() == [0, 4, 1, 6]
    assert words.head.tolist() == [4, 5, 6, 7]
    assert words.resistance.tolist() == [1, 2, 4, 5]
    assert bits.tail.tolist() == [8, 9, 10, 11]
    assert bits.head.tolist() == [10, 11, 2, 3]
    assert bits.resistance.tolist() == [3, 4, 5, 6]
    assert list(zip(bits.row.tolist(), bits.column.tolist(), strict=True)) == [(1, 0), (1, 1), (2, 0), (2, 1)]


def test_a_line_held_at_both_ends_begins_and_ends_at_one_node():
    words, bits = topology((1, 2), drive="both", sense=["top", "both"]).wires
    assert (words.tail.tolist(), words.head.tolist()) == ([0, 3, 4], [3, 4, 0])
    assert (bits.tail.tolist(), bits.head.tolist()) == ([1, 2, 6], [5, 6, 2])


def test_drivers_and_senses_stand_in_series_with_the_end_segments():
    options = {"r_driver": [10.0, 20.0], "r_sense": [30.0, 40.0, 50.0]}
    array = topology((2, 3), **options, drive=["both", "right"], sense=["both", "top", "floating"])
    inf = math.inf
    assert array.word_segments.tolist() == [[11, 1, 1, 11], [inf, 1, 1, 21]]
    assert array.bit_segments.tolist() == [[32, 42, inf], [2, 2, 2], [32, inf, inf]]
    assert array.driven.tolist() == [True, True]
    assert array.sensed.tolist() == [True, True, False]
    with pytest.raises(ValueError, match="read-only"):
        array.word_segments[0, 0] = 1.0


def test_cells_that_are_open_or_shorted_are_no_branches():
    cells = np.array([[0.5, 0.0], [math.inf, 0.25]])
    array = topology((2, 2), shorted=np.isinf(cells))
    branches = array.cell_branches(cells)
    assert branches.kind == "cell"
    assert branches.resistance.tolist() == [2.0, 4.0]
    assert (branches.row.tolist(), branches.column.tolist()) == ([0, 1], [0, 1])
    assert branches.tail.tolist() == [array.word_nodes[0, 0], array.word_nodes[1, 1]]
    assert array.bit_nodes[1, 0] == array.word_nodes[1, 0] == 6  # the lower number of the two


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (4, 5)])
def test_a_line_without_resistance_is_its_end(shape):
    words = topology(shape, r_word_line=0.0)
    assert (words.word_nodes == words.drivers[:, np.newaxis]).all()
    assert words.wires[0].tail.size == 0
    bits = topology(shape, r_bit_line=0.0, sense="top")
    assert (bits.bit_nodes == bits.senses).all()
    floating = topology(shape, r_word_line=0.0, drive="floating")
    assert (floating.word_nodes == floating.word_nodes[:, :1]).all()
    assert not np.isin(floating.word_nodes, floating.drivers).any()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_nodes_that_zero_resistances_join_have_one_lowest_number(m, n, seed):
    """Against joining the two ends of each such segment and cell again and again until nothing changes."""
    rng = np.random.default_rng(seed)
    r_word, r_bit = rng.choice([0.0, 1.0, math.inf], (m, n + 1)), rng.choice([0.0, 1.0, math.inf], (m + 1, n))
    shorted = rng.random((m, n)) < 0.2
    options = {
        "r_driver": rng.choice([0.0, 1.0], m),
        "r_sense": rng.choice([0.0, 1.0], n),
        "drive": rng.choice(["left", "right", "both", "floating"], m).tolist(),
        "sense": rng.choice(["top", "bottom", "both", "floating"], n).tolist(),
    }
    array = topology((m, n), shorted, r_word_line=r_word, r_bit_line=r_bit, **options)
    word = np.arange(m * n).reshape(m, n) + m + n
    bit = word + m * n
    pairs = list(zip(word[shorted], bit[shorted], strict=True))
    pairs += [(word[i, j - 1], word[i, j]) for i in range(m) for j in range(1, n) if r_word[i, j] == 0]
    pairs += [(bit[i - 1, j], bit[i, j]) for i in range(1, m) for j in range(n) if r_bit[i, j] == 0]
    at_left, at_right = r_word[:, 0] + options["r_driver"], r_word[:, -1] + options["r_driver"]
    at_top, at_bottom = r_bit[0] + options["r_sense"], r_bit[-1] + options["r_sense"]
    for i, ends in enumerate(options["drive"]):
        pairs += [(i, word[i, 0])] if ends in {"left", "both"} and at_left[i] == 0 else []
        pairs += [(i, word[i, -1])] if ends in {"right", "both"} and at_right[i] == 0 else []
    for j, ends in enumerate(options["sense"]):
        pairs += [(m + j, bit[0, j])] if ends in {"top", "both"} and at_top[j] == 0 else []
        pairs += [(m + j, bit[-1, j])] if ends in {"bottom", "both"} and at_bottom[j] == 0 else []
    lowest = np.arange(m + n + 2 * m * n)
    before = None
    while before is None or not np.array_equal(before, lowest):
        before = lowest.copy()
        for a, b in pairs:
            lowest[a] = lowest[b] = min(lowest[a], lowest[b])
    assert np.array_equal(array.representative, lowest)
    assert array.has_joined_nodes == bool(pairs)
    for wires, resistances in zip(array.wires, (array.word_segments, array.bit_segments), strict=True):
        used = np.isfinite(resistances) & (resistances > 0)
        assert np.array_equal(wires.resistance, resistances[wires.row, wires.column])
        assert wires.resistance.size == used.sum()


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_arrays_are_refused_exactly_when_a_node_has_no_path(m, n, seed):
    """Against a walk from all sources through everything that conducts."""
    rng = np.random.default_rng(seed)
    share = rng.choice([0.0, 0.3])
    r_word = np.where(rng.random((m, n + 1)) < share, math.inf, 1.0)
    r_bit = np.where(rng.random((m + 1, n)) < share, math.inf, 1.0)
    cells = np.where(rng.random((m, n)) < 0.5, 0.0, 1.0)
    drive = rng.choice(["left", "right", "both", "floating"], m).tolist()
    sense = rng.choice(["top", "bottom", "both", "floating"], n).tolist()
    reached = set()
    for i, ends in enumerate(drive):
        reached |= {("w", i, 0)} if ends in {"left", "both"} and r_word[i, 0] == 1 else set()
        reached |= {("w", i, n - 1)} if ends in {"right", "both"} and r_word[i, -1] == 1 else set()
    for j, ends in enumerate(sense):
        reached |= {("b", 0, j)} if ends in {"top", "both"} and r_bit[0, j] == 1 else set()
        reached |= {("b", m - 1, j)} if ends in {"bottom", "both"} and r_bit[-1, j] == 1 else set()
    pairs = [(("w", i, j), ("b", i, j)) for i, j in np.argwhere(cells).tolist()]
    pairs += [(("w", i, j - 1), ("w", i, j)) for i in range(m) for j in range(1, n) if r_word[i, j] == 1]
    pairs += [(("b", i - 1, j), ("b", i, j)) for i in range(1, m) for j in range(n) if r_bit[i, j] == 1]
    for _ in range(2 * m * n):
        for a, b in pairs:
            if a in reached or b in reached:
                reached |= {a, b}
    array = topology((m, n), r_word_line=r_word, r_bit_line=r_bit, drive=drive, sense=sense)
    if len(reached) == 2 * m * n:
        array.check_paths(cells > 0)
    else:
        with pytest.raises(rc.InputError, match="with a path from each node to a source or a virtual ground") as caught:
            array.check_paths(cells > 0)
        kind, row, column = caught.value.got.split("_")
        assert (kind[0], int(row), int(column)) not in reached


def test_ends_may_be_given_line_by_line():
    array = topology((4, 4), drive=["left", "right", "both", "floating"], sense=("top", "bottom", "both", "floating"))
    assert (array.left.tolist(), array.right.tolist()) == ([True, False, True, False], [False, True, True, False])
    assert (array.top.tolist(), array.bottom.tolist()) == ([True, False, True, False], [False, True, True, False])


def test_the_range_of_resistances_includes_its_ends():
    array = topology((1, 1), r_word_line=[[1 / LARGEST, LARGEST]], r_bit_line=[[math.inf], [0.0]])
    assert array.r_word_line.tolist() == [[1 / LARGEST, LARGEST]]
    assert array.r_bit_line.tolist() == [[math.inf], [0.0]]


NO_PATH = "the array must be with a path from each node to a source or a virtual ground, got "
JOINED = "the array must be without short circuits between sources, got "
OPEN, SHORT = 0.0, math.inf


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rc.Crossbar([[1.0], [OPEN]], 1.0, 1.0, drive=["left", "floating"]), NO_PATH + "'word_1_0'"),
        (lambda: rc.Crossbar([[1.0, OPEN]], 1.0, 1.0, sense=["bottom", "floating"]), NO_PATH + "'bit_0_1'"),
        (lambda: rc.Crossbar([[1.0, OPEN]], [[1.0, math.inf, 1.0]], 1.0), NO_PATH + "'word_0_1'"),
        (lambda: rc.Crossbar([[OPEN], [1.0]], 1.0, [[1.0], [math.inf], [1.0]]), NO_PATH + "'bit_0_0'"),
        (lambda: rc.Crossbar([[1.0]], 1.0, 1.0, drive="floating", sense="floating"), NO_PATH + "'word_0_0'"),
        (lambda: rc.Crossbar([[SHORT]], drive="floating", sense="floating"), NO_PATH + "'word_0_0'"),
        (lambda: rc.Crossbar([[OPEN]], [[math.inf, 1.0]]), NO_PATH + "'word_0_0'. Drive or sense its line"),
        (lambda: rc.Crossbar([[SHORT]]), JOINED + "'sense_0 and drive_0 joined'. Give a wire on the way"),
        (lambda: rc.Crossbar([[SHORT], [SHORT]], 0.0, [[1.0], [0.0], [1.0]]), JOINED + "'drive_1 and drive_0 joined'"),
        (lambda: rc.Crossbar([[SHORT, SHORT]], [[1.0, 0.0, 1.0]], 0.0), JOINED + "'sense_1 and sense_0 joined'"),
        (lambda: rc.Crossbar([[1.0]], drive="up"), 'drive must be "left", "right", "both" or "floating", got \'up\''),
        (lambda: rc.Crossbar([[1.0]], drive="top"), "drive must be"),
        (lambda: rc.Crossbar([[1.0]], sense="left"), 'sense must be "top", "bottom", "both" or "floating"'),
        (lambda: rc.Crossbar([[1.0]], drive=["left", None]), "a list of 1 of them, one a line, got '2 of them'"),
        (lambda: rc.Crossbar([[1.0]], drive=[None]), "got None"),
        (lambda: rc.Crossbar([[1.0]], sense=[]), "a list of 1 of them, one a line, got '0 of them'"),
        (lambda: rc.Crossbar([[1.0]], drive=3), "drive must be"),
        (lambda: rc.Crossbar([[1.0]], sense=None), "sense must be"),
        (lambda: rc.Crossbar([[1.0]], r_word_line=-1.0), "r_word_line must be finite numbers of at least 0 (ohm)"),
        (lambda: rc.Crossbar([[1.0]], r_bit_line=math.nan), "r_bit_line must be finite numbers"),
        (lambda: rc.Crossbar([[1.0]], r_driver=-math.inf), "r_driver must be finite numbers"),
        (lambda: rc.Crossbar([[1.0]], r_sense=[math.nan]), "r_sense at index 0 must be finite numbers"),
        (lambda: rc.Crossbar([[1.0]], r_sense=[1.0, 2.0]), "r_sense must be a number or of a shape that broadcasts"),
        (lambda: rc.Crossbar([[1.0]], r_driver="1k"), "r_driver must be finite numbers (ohm)"),
        (lambda: rc.Crossbar([[1.0]], r_word_line=1e-31), "r_word_line must be 0, from 1e-30 to 1e+30 ohm, or inf"),
        (lambda: rc.Crossbar([[1.0]], r_bit_line=1e31), "r_bit_line must be 0, from 1e-30 to 1e+30 ohm, or inf"),
    ],
)
def test_what_is_no_array_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rc.Crossbar([[1e-3]], threads=0), "threads must be a whole number of at least 1"),
        (lambda: rc.Crossbar([[1e-3]], threads="a"), "threads must be a whole number of at least 1"),
        (lambda: rc.Crossbar([[1e-3]], memory_limit=-1), "memory_limit must be a whole number of at least 1"),
        (lambda: rc.Crossbar(np.broadcast_to(1e-6, (10**6, 10**6))), "of a size whose solution needs at most 12 GiB"),
        (lambda: rc.Crossbar([[1e-3]]) @ np.ones(1), "written as voltages @ crossbar"),
    ],
)
def test_slips_get_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
