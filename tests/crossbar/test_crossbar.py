"""The linear crossbar: closed forms, other solutions in doubles and in many digits, and the laws of any array."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.crossbar import solution, wiring

RNG = np.random.default_rng(7)
SHAPES = [(1, 1), (1, 7), (7, 1), (3, 5), (6, 4), (9, 9)]
DRIVES, SENSES = ["left", "right", "both", "floating"], ["bottom", "top", "both", "floating"]


def sample(shape, open_cells=0.0):
    cells = 10.0 ** RNG.uniform(-6, -4, shape)
    return np.where(RNG.random(shape) < open_cells, 0.0, cells)


def mixed(shape, seed, *, broken=0.0, zero=0.0, shorted=0.0, floating=0.2):
    """An array of everything at once: its arguments, its options, and voltages of both kinds of lines."""
    m, n = shape
    rng = np.random.default_rng([seed, m, n])
    cells = 10.0 ** rng.uniform(-6, -3, shape)
    cells[rng.random(shape) < 0.15] = 0.0
    cells[rng.random(shape) < shorted] = math.inf
    scale = 10.0 ** rng.uniform(-6, 2) / 1e-4  # of wires to cells
    wires = [scale * 10.0 ** rng.uniform(-1, 1, size) for size in ((m, n + 1), (m + 1, n))]
    for part in wires:
        part[rng.random(part.shape) < zero] = 0.0
        part[rng.random(part.shape) < broken] = math.inf
    chances = [0.4 * (1 - floating) / 0.8, *[(1 - 0.4 * (1 - floating) / 0.8 - floating) / 2] * 2, floating]
    options = {
        "r_driver": scale * rng.uniform(0, 3, m) * (rng.random(m) < 0.5),
        "r_sense": scale * rng.uniform(0, 3, n) * (rng.random(n) < 0.5),
        "drive": rng.choice(DRIVES, m, p=chances).tolist(),
        "sense": rng.choice(SENSES, n, p=chances).tolist(),
    }
    return (cells, *wires), options, rng.uniform(-1, 1, m), rng.uniform(-1, 1, n)


def made(arguments, options):
    """The array, or none for one that rightly is refused."""
    try:
        return rc.Crossbar(*arguments, **options)
    except rc.InputError as error:
        assert error.argument == "the array"
        return None


def close(found, expected, relative, of_largest=0.0):
    """Whether all elements agree; for large arrays, where pytest.approx takes seconds."""
    allowed = relative * np.abs(expected) + of_largest * np.abs(expected).max(initial=0.0)
    return bool((np.abs(found - expected) <= allowed).all())


KINDS = {
    "whole": {},
    "broken wires": {"broken": 0.03},
    "zero segments": {"zero": 0.2},
    "shorted cells": {"shorted": 0.08},
    "all": {"broken": 0.03, "zero": 0.1, "shorted": 0.05},
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_any_array_equals_one_of_five_hundred_digits(kind, exact, m, n, seed):
    """Open, shorted and floating, driven and sensed at any ends, bit lines held at any voltage."""
    arguments, options, drivers, senses = mixed((m, n), seed, **KINDS[kind])
    crossbar = made(arguments, options)
    if crossbar is None:
        return
    reference = exact(*arguments, **options)
    assert close(crossbar.effective_conductances(), reference.transfer(), 1e-13, 1e-60)
    found = crossbar.solve(drivers, senses)
    words, bits, outputs, inputs = reference.solve(drivers, senses)
    # No node's voltage leaves those of the sources, which may nearly cancel at all of them.
    rounding = 1e-14 * max(np.abs(drivers).max(), np.abs(senses).max())
    assert found.word_line_voltages == pytest.approx(words, rel=0.0, abs=rounding)
    assert found.bit_line_voltages == pytest.approx(bits, rel=0.0, abs=rounding)
    sizes = np.abs(found.device_currents)
    at_bits, at_words = sizes.sum(axis=0), sizes.sum(axis=1)
    assert found.output_currents == pytest.approx(outputs, abs=1e-9 * at_bits.max())
    assert found.input_currents == pytest.approx(inputs, abs=1e-8 * at_words.max())
    scale = np.maximum(at_bits, 1e-6 * at_bits.max())
    error = np.abs(found.output_currents - outputs)[scale > 0] / scale[scale > 0]
    assert error.max(initial=0.0) <= 10 * found.current_error + 1e-14
    assert found.kcl_residual < 1e-14


@pytest.mark.parametrize(
    "shape",
    [
        *[(7, 9), (8, 8), (9, 7), (31, 33), (32, 32), (33, 31), (64, 64), (63, 65), (65, 33), (100, 100)],
        *[(1, 1000), (1000, 1), (3, 200), (200, 3)],
    ],
)
@pytest.mark.parametrize("kind", ["whole", "broken wires", "zero segments"])
def test_shapes_around_the_blocks_equal_a_sparse_lu(shape, kind, sparse_lu):
    arguments, options, drivers, senses = mixed(shape, 3, **KINDS[kind], floating=0.0)
    arguments[0][arguments[0] == 0] = 1e-5  # so that broken wires leave no part of a line alone
    if kind == "broken wires":
        for part in (arguments[1][:, [0, -1]], arguments[2][[0, -1]]):
            part[np.isinf(part)] = 1.0
    crossbar = rc.Crossbar(*arguments, **options)
    found = crossbar.solve(drivers, senses)
    for own, other in zip(
        (found.word_line_voltages, found.bit_line_voltages), sparse_lu(crossbar).solve(drivers, senses), strict=True
    ):
        assert close(own, other, 0.0, 1e-9)
    through = arguments[0] * (found.word_line_voltages - found.bit_line_voltages)
    sizes = np.abs(through)
    assert (np.abs(found.output_currents - through.sum(axis=0)) <= 1e-10 * sizes.sum(axis=0)).all()
    assert (np.abs(found.input_currents - through.sum(axis=1)) <= 1e-10 * sizes.sum(axis=1)).all()
    assert found.kcl_residual < 1e-14
    assert close(drivers @ crossbar, crossbar.solve(drivers).output_currents, 0.0, 1e-9)


@pytest.mark.parametrize("shape", [(3, 3), (1, 9), (9, 2), (2, 33), (33, 2), (65, 1), (6, 6)])
@pytest.mark.parametrize("ends", [("left", "bottom"), ("both", "top"), ("right", "both")])
def test_each_element_of_the_map_keeps_its_digits_over_thirty_decades(shape, ends, exact):
    """Cells and wires side by side from 1e-15 to 1e15: no element borrows its accuracy from a larger one."""
    m, n = shape
    cells, r_word, r_bit = (10.0 ** RNG.uniform(-15, 15, size) for size in (shape, (m, n + 1), (m + 1, n)))
    options = {"drive": ends[0], "sense": ends[1], "r_driver": 1.0, "r_sense": 10.0 ** RNG.uniform(-15, 15, n)}
    expected = exact(cells, r_word, r_bit, **options).transfer()
    assert close(rc.Crossbar(cells, r_word, r_bit, **options).effective_conductances(), expected, 1e-13)


@pytest.mark.parametrize("ends", [("left", "bottom"), ("both", "both")])
def test_so_does_a_map_past_lines_without_resistance(ends, exact):
    """What leaks through a line that is a virtual ground is nothing, not little: it can be all there is."""
    cells = np.array([[1.0, 1e-30, 1e-12], [1.0, 1.0, 0.0], [1.0, 1e-3, 1e-25]])
    r_bit = np.array([[0.0, 1.0, 2.0]] * 4)
    options = {"drive": ends[0], "sense": ends[1]}
    expected = exact(cells, 1.0, r_bit, **options).transfer()
    found = rc.Crossbar(cells, 1.0, r_bit, **options).effective_conductances()
    assert close(found, expected, 1e-13)
    both = rc.Crossbar(cells, 1.0, 0.0, **options).effective_conductances()
    assert close(both, exact(cells, 1.0, 0.0, **options).transfer(), 1e-13, 1e-60)
    assert both[1, 2] == pytest.approx(0.0, abs=1e-60)  # an open cell between driven lines and virtual grounds


@pytest.mark.parametrize("conductance", [1e3, 1e5, 1e7])
def test_the_stated_error_of_a_current_is_its_error(conductance):
    """A cell far better than its wires: its current is a difference of nearly equal voltages, and it shows."""
    solution = rc.Crossbar([[conductance]], 1.0, 1.0).solve([1.0])
    exact = 1.0 / (2.0 + 1.0 / conductance)
    assert solution.output_currents[0] == pytest.approx(exact, rel=1e-15)
    error = abs(solution.device_currents[0, 0] / exact - 1.0)
    assert error / 3 - 1e-15 < solution.current_error < 10 * error + 1e-14


def test_the_stated_error_of_many_arrays_is_their_error(exact):
    """Neither hides an error nor cries wolf: within a factor of ten where several lines' errors are at hand."""
    ratios = []
    for decade in (2.0, 3.0, 4.0, 5.0):
        for _ in range(6):
            cells = 10.0**decade * RNG.uniform(0.5, 2, (3, 4))
            volts = RNG.uniform(0.1, 1, 3)
            found = rc.Crossbar(cells, 1.0, 1.0).solve(volts)
            outputs = exact(cells, 1.0, 1.0).solve(volts, 0.0)[2]
            error = np.abs(found.device_currents.sum(axis=0) - outputs).max() / np.abs(outputs).max()
            assert error <= 10 * found.current_error + 1e-14
            ratios.append((found.current_error + 1e-15) / (error + 1e-15))
    assert 0.3 < np.exp(np.log(ratios).mean()) < 10


@pytest.mark.parametrize("conductance", [1e9, 1e12, 1e16, 1e29])
def test_a_current_in_doubt_is_refused_and_the_map_is_never_in_doubt(conductance):
    crossbar = rc.Crossbar([[conductance]], 1.0, 1.0)
    with pytest.raises(rc.SolutionError, match="span too many decades"):
        crossbar.solve([1.0])
    assert crossbar.effective_conductances()[0, 0] == pytest.approx(1 / (2.0 + 1 / conductance), rel=1e-15)


@pytest.mark.parametrize("sense", ["bottom", "both"])
@pytest.mark.parametrize("r_bit", [0.0, 1e-9, 1e-3])
def test_a_held_bit_line_of_good_wires_is_not_in_doubt(sense, r_bit):
    """Half-select schemes hold bit lines at other voltages, and may do so at both ends."""
    found = rc.Crossbar([[1e-6]], 1.0, r_bit, sense=sense).solve([1.0], [0.7])
    assert found.output_currents[0] == pytest.approx(0.3 / (1e6 + 1.0 + r_bit / (1 + (sense == "both"))), rel=1e-12)
    assert found.current_error < 1e-12


@pytest.mark.parametrize(("drive", "ends"), [("left", [10]), ("right", [20]), ("both", [10, 20])])
@pytest.mark.parametrize(("sense", "grounds"), [("top", [30]), ("bottom", [40]), ("both", [30, 40])])
def test_one_cell_is_all_of_it_in_series(drive, ends, sense, grounds):
    """A driver and a wire at each driven end, the cell, and a wire and a sense at each sensed end."""
    crossbar = rc.Crossbar(
        [[1e-3]], [[10.0, 20.0]], [[30.0], [40.0]], r_driver=5.0, r_sense=6.0, drive=drive, sense=sense
    )
    ohm = 1 / sum(1 / (r + 5.0) for r in ends) + 1e3 + 1 / sum(1 / (r + 6.0) for r in grounds)
    assert crossbar.effective_conductances()[0, 0] == pytest.approx(1 / ohm, rel=1e-14)
    found = crossbar.solve([2.0], [0.5])
    assert found.output_currents[0] == pytest.approx(1.5 / ohm, rel=1e-13)
    assert found.input_currents[0] == pytest.approx(1.5 / ohm, rel=1e-13)


@pytest.mark.parametrize("other", [0.0, 1e-3])
def test_a_shorted_cell_is_a_wire(other):
    """Alone: two wires in series. Beside another cell: a divider at the node that both lines share."""
    found = rc.Crossbar([[math.inf, other]], 1.0, 1.0, drive="left").solve([1.0])
    branch = 1 / (1 + 1 / other + 1) if other else 0.0
    node = 1.0 / (1.0 + 1.0 + branch)
    assert found.output_currents == pytest.approx([node, node * branch], rel=1e-13)
    assert found.device_currents[0] == pytest.approx([node, node * branch], rel=1e-13)
    assert found.input_currents == pytest.approx([node * (1 + branch)], rel=1e-13)
    assert found.word_line_voltages[0, 0] == found.bit_line_voltages[0, 0]
    assert rc.Crossbar([[math.inf]], 1.0, 1.0).effective_conductances()[0, 0] == pytest.approx(0.5, rel=1e-14)


def ladder(branches, r):
    """What a source sees of a line: r + 1 / (g' + 1 / (r + 1 / (g' + ...)))."""
    seen = 0.0
    for g in branches[::-1]:
        seen = 1 / (r + 1 / (g + seen))
    return seen


@pytest.mark.parametrize("n", [1, 8, 12, 33, 100])
def test_a_ladder_equals_its_continued_fraction(n):
    """One word line of n cells, each with its end of a bit line."""
    cells, r_word, r_bit = RNG.uniform(1e-4, 1e-3, n), 10.0, 7.0
    seen = ladder(1 / (1 / cells + r_bit), r_word)
    crossbar = rc.Crossbar(cells[np.newaxis], r_word, r_bit)
    assert crossbar.solve([1.0]).output_currents.sum() == pytest.approx(seen, rel=1e-13)
    assert crossbar.effective_conductances().sum() == pytest.approx(seen, rel=1e-14)
    column = rc.Crossbar(cells[:, np.newaxis], r_bit, r_word)
    # driven all at 1 V and sensed at one end, the column is the same ladder read from its other side
    assert column.solve(np.ones(n)).output_currents[0] == pytest.approx(
        rc.Crossbar(cells[np.newaxis, ::-1], r_word, r_bit).effective_conductances().sum(), rel=1e-13
    )


@pytest.mark.parametrize("half", [1, 4, 16, 50])
def test_an_even_line_driven_at_both_ends_is_two_ladders(half):
    """The segment in its middle carries nothing; nor does one that is broken there."""
    cells = RNG.uniform(1e-4, 1e-3, half)
    whole = np.concatenate([cells, cells[::-1]])[np.newaxis]
    seen = 2 * ladder(1 / (1 / cells + 7.0), 10.0)
    r_word = np.full((1, 2 * half + 1), 10.0)
    for middle in (10.0, 1e6, math.inf):
        r_word[0, half] = middle
        found = rc.Crossbar(whole, r_word, 7.0, drive="both").solve([1.0])
        assert found.output_currents.sum() == pytest.approx(seen, rel=1e-13)
        assert found.word_wire_currents[0, half] == pytest.approx(0.0, abs=1e-13 * seen)
        assert found.word_wire_currents[0, 0] == pytest.approx(-found.word_wire_currents[0, -1], rel=1e-12)


@pytest.mark.parametrize("shape", [*SHAPES, (33, 65)])
@pytest.mark.parametrize("drive", ["left", "right", "both"])
def test_without_wires_the_product_is_exact(shape, drive):
    cells, volts = sample(shape), RNG.uniform(-1, 1, (4, shape[0]))
    crossbar = rc.Crossbar(cells, drive=drive, sense="top")
    assert np.array_equal(crossbar.effective_conductances(), cells)
    assert np.array_equal(volts @ crossbar, volts @ cells)
    found = crossbar.solve(volts, 0.25)
    assert found.output_currents == pytest.approx((volts - 0.25) @ cells + 0.25 * 0, rel=1e-12, abs=1e-18)
    assert found.kcl_residual == 0.0
    assert np.array_equal(found.word_line_voltages, np.broadcast_to(volts[..., np.newaxis], (4, *shape)))
    assert (found.bit_line_voltages == 0.25).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_wires_that_vanish_reach_the_limit_linearly(shape):
    cells = sample(shape)
    gap = [np.abs(rc.Crossbar(cells, r, r).effective_conductances() / cells - 1).max() for r in (1e-3, 1e-6, 1e-9)]
    assert gap[0] / gap[1] == pytest.approx(1e3, rel=1e-2)
    assert gap[2] < 1e-9  # ratios of wire to cell conductance of 1e13 and more


@pytest.mark.parametrize("shape", [(5, 4), (9, 33)])
@pytest.mark.parametrize("line", ["word", "bit"])
def test_a_line_without_resistance_is_one_node(shape, line):
    cells, volts = sample(shape), RNG.uniform(-1, 1, shape[0])
    r_word, r_bit = (0.0, 2.0) if line == "word" else (2.0, 0.0)
    found = rc.Crossbar(cells, r_word, r_bit).solve(volts, 0.125)
    near = rc.Crossbar(cells, r_word or 1e-9, r_bit or 1e-9).solve(volts, 0.125)
    assert close(found.output_currents, near.output_currents, 1e-8, 1e-8)
    if line == "word":
        assert np.array_equal(found.word_line_voltages, np.repeat(volts[:, np.newaxis], shape[1], axis=1))
    else:
        assert (found.bit_line_voltages == 0.125).all()
    behind = {"r_driver": 3.0} if line == "word" else {"r_sense": 3.0}
    apart = rc.Crossbar(cells, r_word, r_bit, **behind).solve(volts, 0.125)
    nodes = apart.word_line_voltages if line == "word" else apart.bit_line_voltages.T
    assert (nodes == nodes[:, :1]).all()
    assert (np.abs(nodes[:, 0] - (volts if line == "word" else 0.125)) > 0).all()


arrays = st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1))
WHOLE = {"floating": 0.15}


def reversed_ends(options):
    """The options of the array that is turned around in both directions."""
    other = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
    return {
        key: [other.get(end, end) for end in values[::-1]] if isinstance(values, list) else values[::-1]
        for key, values in options.items()
    }


@settings(max_examples=40, deadline=None)
@given(arrays)
def test_kirchhoff_and_ohm_hold_in_every_branch(case):
    """Wires' currents, which are sums of cells' currents, against what the voltages at their ends drive."""
    (cells, r_word, r_bit), options, drivers, senses = mixed(case[:2], case[2], **KINDS["broken wires"], **WHOLE)
    crossbar = made((cells, r_word, r_bit), options)
    if crossbar is None:
        return
    s, topology = crossbar.solve(drivers, senses), crossbar.topology
    along, down = s.word_wire_currents, s.bit_wire_currents
    m, n = crossbar.shape
    assert along.shape == (m, n + 1)
    assert down.shape == (m + 1, n)
    size = np.abs(s.device_currents).sum()
    assert along[:, :-1] - along[:, 1:] == pytest.approx(s.device_currents, abs=1e-13 * size)
    assert down[1:] - down[:-1] == pytest.approx(s.device_currents, abs=1e-13 * size)
    assert along[:, 0] - along[:, -1] == pytest.approx(s.input_currents, abs=1e-13 * size)
    assert down[-1] - down[0] == pytest.approx(s.output_currents, abs=1e-13 * size)
    for currents, segments, nodes, ends in (
        (along, topology.word_segments, s.word_line_voltages, drivers),
        (down.T, topology.bit_segments.T, s.bit_line_voltages.T, senses),
    ):
        drops = -np.diff(np.column_stack([ends, nodes, ends]), axis=1)
        there = np.isfinite(segments)
        assert currents[~there] == pytest.approx(0.0, abs=1e-9 * size)
        # a difference of nearly equal voltages is good to some ulps of a volt
        assert currents[there] * segments[there] == pytest.approx(
            drops[there], rel=1e-9, abs=1e-9 * np.abs(drops).max() + 1e-15 * np.abs(ends).max()
        )


@settings(max_examples=40, deadline=None)
@given(arrays)
def test_the_sources_power_is_what_the_resistors_take(case):
    (cells, *wires), options, drivers, senses = mixed(case[:2], case[2], **WHOLE)
    crossbar = made((cells, *wires), options)
    if crossbar is None:
        return
    s, topology = crossbar.solve(drivers, senses), crossbar.topology
    given = drivers @ s.input_currents - senses @ s.output_currents
    across = s.word_line_voltages - s.bit_line_voltages
    taken = (s.device_currents * across).sum()
    for currents, segments in (
        (s.word_wire_currents, topology.word_segments),
        (s.bit_wire_currents, topology.bit_segments),
    ):
        there = np.isfinite(segments)
        taken += (currents[there] ** 2 * segments[there]).sum()
    assert taken == pytest.approx(given, rel=1e-9, abs=1e-30)
    assert taken >= 0


@settings(max_examples=40, deadline=None)
@given(arrays)
def test_superposition_and_the_effective_map(case):
    """Currents are the map's, at any voltages at both kinds of lines, and solutions add."""
    arguments, options, drivers, senses = mixed(case[:2], case[2], **WHOLE)
    crossbar = made(arguments, options)
    if crossbar is None:
        return
    effective = crossbar.effective_conductances()
    assert (effective >= 0).all()
    by_words, by_bits, both = crossbar.solve(
        [drivers, 0 * drivers, 2 * drivers], [0 * senses, senses, -3 * senses]
    ).output_currents
    scale = np.abs(crossbar.solve(drivers, senses).device_currents).sum(axis=0).max()
    assert by_words == pytest.approx(drivers @ effective, rel=1e-9, abs=1e-9 * scale)
    assert by_words == pytest.approx(drivers @ crossbar, rel=1e-9, abs=1e-9 * scale)
    assert both == pytest.approx(2 * by_words - 3 * by_bits, rel=1e-9, abs=1e-8 * scale)


@settings(max_examples=40, deadline=None)
@given(arrays)
def test_reciprocity(case):
    """Sources and senses exchanged: the transposed, mirrored array has the transposed map."""
    (cells, r_word, r_bit), options, _, _ = mixed(case[:2], case[2], **KINDS["broken wires"], **WHOLE)
    crossbar = made((cells, r_word, r_bit), options)
    if crossbar is None:
        return
    across = {"bottom": "left", "top": "right", "left": "bottom", "right": "top"}
    mirrored = rc.Crossbar(
        cells[::-1, ::-1].T,
        r_bit[::-1, ::-1].T,
        r_word[::-1, ::-1].T,
        r_driver=options["r_sense"][::-1],
        r_sense=options["r_driver"][::-1],
        drive=[across.get(end, end) for end in options["sense"][::-1]],
        sense=[across.get(end, end) for end in options["drive"][::-1]],
    )
    assert close(crossbar.effective_conductances(), mirrored.effective_conductances()[::-1, ::-1].T, 1e-13)


@settings(max_examples=30, deadline=None)
@given(arrays)
def test_an_array_turned_around_is_the_same_array(case):
    """Left for right and top for bottom, together and each alone."""
    (cells, r_word, r_bit), options, drivers, senses = mixed(case[:2], case[2], **KINDS["all"], **WHOLE)
    if made((cells, r_word, r_bit), options) is None:
        return
    crossbar = rc.Crossbar(cells, r_word, r_bit, **options)
    whole = reversed_ends(options)
    turned = {
        (1, -1): {**options, "drive": whole["drive"][::-1], "sense": options["sense"][::-1]},
        (-1, 1): {**options, "drive": options["drive"][::-1], "sense": whole["sense"][::-1]},
        (-1, -1): whole,
    }
    for (down, along), own in turned.items():
        own |= {"r_driver": options["r_driver"][::down], "r_sense": options["r_sense"][::along]}
        other = rc.Crossbar(cells[::down, ::along], r_word[::down, ::along], r_bit[::down, ::along], **own)
        assert close(other.effective_conductances()[::down, ::along], crossbar.effective_conductances(), 1e-13, 1e-60)
        one, same = crossbar.solve(drivers, senses), other.solve(drivers[::down], senses[::along])
        assert same.word_line_voltages[::down, ::along] == pytest.approx(one.word_line_voltages, abs=1e-13)
        assert same.bit_line_voltages[::down, ::along] == pytest.approx(one.bit_line_voltages, abs=1e-13)


@settings(max_examples=40, deadline=None)
@given(arrays, st.sampled_from(["cell", "word", "bit", "driver", "sense"]))
def test_more_conductance_anywhere_draws_more_current(case, what):
    """Rayleigh's monotonicity: with all word lines at one voltage, no better branch can lower the total."""
    (cells, r_word, r_bit), options, _, _ = mixed(case[:2], case[2], **WHOLE)
    crossbar = made((cells, r_word, r_bit), options)
    if crossbar is None:
        return
    rng = np.random.default_rng(case[2])
    changed = {"cell": cells, "word": r_word, "bit": r_bit, "driver": options["r_driver"], "sense": options["r_sense"]}
    place = tuple(rng.integers(changed[what].shape))
    before = crossbar.effective_conductances().sum()
    for factor in (0.9, 0.1, 0.01):
        kept = changed[what][place]
        changed[what][place] = (kept + 1e-6) / factor if what == "cell" else kept * factor
        after = rc.Crossbar(cells, r_word, r_bit, **options).effective_conductances().sum()
        changed[what][place] = kept
        assert after >= before * (1 - 1e-13)


@settings(max_examples=40, deadline=None)
@given(arrays)
def test_no_voltage_is_outside_those_of_the_sources(case):
    arguments, options, drivers, senses = mixed(case[:2], case[2], **KINDS["all"], floating=0.3)
    crossbar = made(arguments, options)
    if crossbar is None:
        return
    held = np.concatenate([drivers[crossbar.topology.driven], senses[crossbar.topology.sensed]])
    s = crossbar.solve(drivers, senses)
    for volts in (s.word_line_voltages, s.bit_line_voltages):
        assert (volts >= held.min() - 4e-16).all()
        assert (volts <= held.max() + 4e-16).all()


@settings(max_examples=40, deadline=None)
@given(arrays)
def test_a_floating_line_takes_no_current(case):
    """What is given for its voltage does not matter, and what its cells bring they take."""
    arguments, options, drivers, senses = mixed(case[:2], case[2], floating=0.5)
    crossbar = made(arguments, options)
    if crossbar is None:
        return
    words, bits = ~crossbar.topology.driven, ~crossbar.topology.sensed
    s = crossbar.solve(drivers, senses)
    assert not s.input_currents[words].any()
    assert not s.output_currents[bits].any()
    size = np.abs(s.device_currents).max()
    assert s.device_currents[words].sum(axis=1) == pytest.approx(0.0, abs=1e-9 * size)
    assert s.device_currents[:, bits].sum(axis=0) == pytest.approx(0.0, abs=1e-9 * size)
    assert not crossbar.effective_conductances()[words].any()
    assert not crossbar.effective_conductances()[:, bits].any()
    again = crossbar.solve(np.where(words, 9.0, drivers), np.where(bits, -9.0, senses))
    assert np.array_equal(again.word_line_voltages, s.word_line_voltages)
    assert np.array_equal(again.bit_line_voltages, s.bit_line_voltages)


@pytest.mark.parametrize("which", ["drive", "sense"])
def test_an_array_of_which_one_kind_of_lines_floats(which):
    """All voltages are one, nothing flows, and the map is zero."""
    crossbar = rc.Crossbar(sample((3, 4)), 1.0, 1.0, **{which: "floating"})
    assert np.array_equal(crossbar.effective_conductances(), np.zeros((3, 4)))
    found = crossbar.solve(np.full(3, 0.5), 0.5)
    assert found.word_line_voltages == pytest.approx(0.5, rel=1e-14)
    assert not found.input_currents.any() or which == "sense"
    assert found.input_currents == pytest.approx(0.0, abs=1e-18)
    assert found.output_currents == pytest.approx(0.0, abs=1e-18)


def test_a_batch_is_its_cases_whatever_their_number():
    """More than are solved at a time, word lines and bit lines broadcast against each other."""
    crossbar = rc.Crossbar(sample((9, 10)), 5.0, 5.0)
    volts, held = RNG.uniform(-1, 1, (7, 1, 9)), RNG.uniform(-1, 1, (10, 10))
    together = crossbar.solve(volts, held)
    assert together.output_currents.shape == (7, 10, 10)
    for place in [(0, 0), (3, 9), (6, 1)]:
        alone = crossbar.solve(volts[place[0], 0], held[place[1]])
        assert together.output_currents[place] == pytest.approx(alone.output_currents, rel=1e-12, abs=1e-18)
        assert together.word_line_voltages[place] == pytest.approx(alone.word_line_voltages, rel=1e-13)
        assert together.driver_voltages[place].tolist() == volts[place[0], 0].tolist()


def test_zero_volts_are_nothing_at_all():
    found = rc.Crossbar(sample((3, 4)), 1.0, 1.0).solve(np.zeros(3))
    assert not found.output_currents.any()
    assert not found.word_line_voltages.any()
    assert found.current_error == found.kcl_residual == 0.0


@pytest.mark.parametrize("shape", [(9, 9), (40, 70)])
def test_the_same_array_gives_the_same_bits(shape):
    arguments, options, drivers, senses = mixed(shape, 5, floating=0.0)
    first, again = (rc.Crossbar(*(part.copy() for part in arguments), **options) for _ in range(2))
    assert np.array_equal(first.effective_conductances(), again.effective_conductances())
    for name in ("word_line_voltages", "bit_line_voltages", "output_currents", "input_currents"):
        one, other, once_more = (getattr(each.solve(drivers, senses), name) for each in (first, again, first))
        assert np.array_equal(one, other)
        assert np.array_equal(one, once_more)


def test_threads_change_nothing_but_last_bits():
    arguments, options, drivers, senses = mixed((70, 100), 6, floating=0.0)
    one, two = (rc.Crossbar(*arguments, **options, threads=threads) for threads in (1, 2))
    assert close(two.effective_conductances(), one.effective_conductances(), 1e-13)
    solved = [each.solve(drivers, senses) for each in (one, two)]
    assert close(solved[1].word_line_voltages, solved[0].word_line_voltages, 0.0, 1e-13)


def test_progress_is_reported_while_the_work_goes_on():
    seen = []
    crossbar = rc.Crossbar(sample((70, 40)), 1.0, 1.0, threads=1, progress=seen.append)
    assert seen == []
    crossbar.effective_conductances()
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) > 3
    count = len(seen)
    crossbar.effective_conductances()
    assert len(seen) == count


def test_an_array_that_is_too_large_is_refused_before_any_work(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("work began")

    monkeypatch.setattr(wiring, "Elimination", fail)
    with pytest.raises(rc.InputError, match=r"solution needs at most .* GiB, got shape \(2000, 3000\)") as caught:
        rc.Crossbar(np.ones((2000, 3000)), 1.0, 1.0, memory_limit=2**30)
    assert "Raise memory_limit" in str(caught.value)
    assert "\n" not in str(caught.value)
    needed = wiring.needed_memory((30, 20))
    rc.Crossbar(np.ones((30, 20)), 1.0, 1.0, memory_limit=needed)
    with pytest.raises(rc.InputError, match="Raise memory_limit"):
        rc.Crossbar(np.ones((30, 20)), 1.0, 1.0, memory_limit=needed - 1)


def test_arrays_and_solutions_go_to_other_processes():
    crossbar = rc.Crossbar(sample((5, 4)), 1.0, 1.0, drive="both")
    before = pickle.loads(pickle.dumps(crossbar))  # noqa: S301 - our own bytes
    effective = crossbar.effective_conductances()
    after = pickle.loads(pickle.dumps(crossbar))  # noqa: S301 - our own bytes
    solved = crossbar.solve(np.ones(5))
    for copied in (before, after, pickle.loads(pickle.dumps(crossbar))):  # noqa: S301 - our own bytes
        assert np.array_equal(copied.effective_conductances(), effective)
        assert np.array_equal(copied.solve(np.ones(5)).output_currents, solved.output_currents)
    there = pickle.loads(pickle.dumps(solved))  # noqa: S301 - our own bytes
    for name in ("output_currents", "word_line_voltages", "word_wire_currents", "bit_wire_currents"):
        assert np.array_equal(getattr(there, name), getattr(solved, name))
    assert there.condition_estimate == solved.condition_estimate
    assert there.current_error == solved.current_error


def test_what_was_handed_over_may_change_afterwards():
    cells, r_word, r_driver = np.ones((2, 2)), np.ones((2, 3)), np.ones(2)
    crossbar = rc.Crossbar(cells, r_word, 1.0, r_driver=r_driver)
    for part in (cells, r_word, r_driver):
        part[:] = 7.0
    assert np.array_equal(
        crossbar.effective_conductances(), rc.Crossbar(np.ones((2, 2)), 1.0, 1.0, r_driver=1.0).effective_conductances()
    )
    with pytest.raises(ValueError, match="read-only"):
        crossbar.conductances[0, 0] = 1.0


def test_batches_keep_their_axes_and_change_nothing():
    crossbar = rc.Crossbar(sample((4, 3)), 1.0, 1.0)
    volts = RNG.uniform(0, 1, (2, 5, 4))
    together = crossbar.solve(volts)
    assert together.output_currents.shape == (2, 5, 3)
    assert together.word_line_voltages.shape == together.device_currents.shape == (2, 5, 4, 3)
    alone = crossbar.solve(volts[1, 2])
    assert alone.output_currents.shape == (3,)
    assert alone.output_currents == pytest.approx(together.output_currents[1, 2], rel=1e-13)


def test_the_effective_map_is_the_callers_to_change():
    crossbar = rc.Crossbar(sample((2, 2)), 1.0, 1.0)
    crossbar.effective_conductances()[:] = 0.0
    assert crossbar.effective_conductances().all()


def test_known_loss_of_a_large_array():
    """10 kΩ resistors, n = 12, 1 Ω segments: a 64x64 array delivers 40 % of its ideal currents."""
    cells = np.full((64, 64), 0.5 * 12 / 10e3)
    delivered = rc.Crossbar(cells, 1.0, 1.0).effective_conductances().sum() / cells.sum()
    assert 0.3 < delivered < 0.5


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((5, 4), {}),
        ((1, 1), {}),
        ((2, 2), {"drive": "both", "sense": "both"}),
        ((9, 8), {"r_driver": 10.0, "r_sense": 20.0}),
        ((6, 7), {"drive": ["left", "floating", *["both"] * 4]}),
        ((4, 6), {"r_word_line": 0.0}),
        ((4, 6), {"r_bit_line": 0.0}),
        ((5, 5), {"r_word_line": np.where(np.eye(5, 6) > 0, 0.0, 2.0)}),
    ],
)
def test_the_condition_number_is_that_of_the_dense_matrix(shape, options, sparse_lu):
    crossbar = rc.Crossbar(sample(shape), **{"r_word_line": 2.0, "r_bit_line": 3.0, **options})
    expected = np.linalg.cond(sparse_lu(crossbar).inner.toarray(), 1)
    assert crossbar.solve(np.ones(shape[0])).condition_estimate == pytest.approx(expected, rel=1e-9)


def test_a_bad_residual_raises_and_says_what_to_do(monkeypatch):
    monkeypatch.setattr(solution, "RESIDUAL_LIMIT", 1e-30)
    with pytest.raises(rc.SolutionError, match=r"residual .* is above the limit 1e-30"):
        rc.Crossbar(sample((6, 6)), 1.0, 1.0).solve(RNG.uniform(0, 1, 6))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rc.Crossbar([]), "conductances must be finite numbers (S), at least one"),
        (lambda: rc.Crossbar([1.0]), "conductances must be an array (m, n)"),
        (lambda: rc.Crossbar([[1.0, -1.0]]), "conductances at index (0, 1) must be finite numbers of at least 0"),
        (lambda: rc.Crossbar([[math.nan]]), "conductances at index (0, 0) must be finite"),
        (lambda: rc.Crossbar([[-math.inf]]), "conductances at index (0, 0) must be finite"),
        (lambda: rc.Crossbar([[1e31]]), "conductances must be at most 1e+30 S"),
        (lambda: rc.Crossbar([["a"]]), "conductances must be finite numbers (S)"),
        (lambda: rc.Crossbar([[1j]]), "conductances must be finite numbers (S)"),
        (lambda: rc.Crossbar(np.ones((1, 1, 1))), "conductances must be an array (m, n)"),
        (lambda: rc.Crossbar([[1.0], [1.0, 2.0]]), "rectangular"),
        (lambda: rc.Crossbar(np.ones((2, 3)), r_word_line=np.ones((2, 3))), "broadcasts to (2, 4)"),
        (lambda: rc.Crossbar(np.ones((2, 3)), r_bit_line=np.ones((2, 3))), "broadcasts to (3, 3)"),
        (lambda: rc.Crossbar([[1.0]]).solve([1.0, 2.0]), "voltages must be of shape (..., 1)"),
        (lambda: rc.Crossbar([[1.0]]).solve(1.0), "voltages must be of shape (..., 1)"),
        (lambda: rc.Crossbar([[1.0]]).solve([math.inf]), "voltages at index 0 must be finite"),
        (lambda: rc.Crossbar([[1.0]]).solve([]), "voltages must be finite numbers (V), at least one"),
        (lambda: rc.Crossbar([[1.0]]).solve([1.0], math.nan), "bit_line_voltages must be finite"),
        (lambda: rc.Crossbar([[1.0]]).solve([1.0], [1.0, 2.0]), "bit_line_voltages must be of shape (..., 1)"),
        (lambda: rc.Crossbar([[1.0]]).solve([[1.0]] * 2, [[1.0]] * 3), "bit_line_voltages must be of a batch"),
        (lambda: [1.0, 2.0] @ rc.Crossbar([[1.0]]), "voltages must be of shape (..., 1), one a word line"),
        (lambda: np.array([math.nan]) @ rc.Crossbar([[1.0]]), "voltages at index 0 must be finite"),
    ],
)
def test_bad_input_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_small_signals_on_a_common_voltage_keep_their_digits():
    cells = 10.0 ** RNG.uniform(-6, -4, (8, 8))
    crossbar = rc.Crossbar(cells, 1.0, 1.0)
    signal = 2.0**-20 * RNG.integers(1, 100, 8) / 64
    alone, raised = crossbar.solve(signal), crossbar.solve(1.0 + signal, 1.0)
    assert raised.output_currents == pytest.approx(alone.output_currents, rel=1e-12)
    assert raised.device_currents == pytest.approx(alone.device_currents, rel=1e-11)
    assert raised.bit_line_voltages == pytest.approx(1.0 + alone.bit_line_voltages, rel=1e-15)


def test_line_currents_are_those_of_the_map():
    """Cells that conduct better than their wires: the sum of their currents knows fewer digits."""
    crossbar = rc.Crossbar([[300, 1e-4], [5, 6e-5]], [[5.0], [0.004]], [[800.0, 60.0]] * 3)
    found = crossbar.solve([1.0, 0.0]).output_currents
    assert found == pytest.approx([1.0, 0.0] @ crossbar, rel=1e-14)


def test_an_open_cell_on_ideal_lines_is_exactly_zero():
    cells = np.full((4, 4), 1e-3)
    cells[1, 2] = 0.0
    assert rc.Crossbar(cells, 1.0, 0.0).effective_conductances()[1, 2] == 0.0


def test_solutions_that_are_no_numbers_are_never_certified():
    class Undefined:
        shape = (3, 3)

        def check_inputs(self, *_):
            pass

        def currents(self, v_word, v_bit):
            slope = np.full(v_word.shape, 1e-4)
            return np.where(v_word > 0.05, np.nan, 1e-4 * (v_word - v_bit)), slope, -slope

    with pytest.raises(rc.SolutionError):
        rc.NonlinearCrossbar(Undefined(), 1.0, 1.0).solve([0.1, 0.01, 0.01])
    with pytest.raises(rc.InputError, match="0 or at least 1e-30 S"):
        rc.Crossbar(np.full((3, 3), 1e-310))


def test_a_short_between_ends_has_no_port_admittance():
    with pytest.raises(rc.InputError, match="short circuits"):
        rc.Crossbar([[np.inf]], [[0.0, 1.0]], [[0.0], [1.0]], drive="right").port_admittance()


def test_a_pickled_array_is_as_unchangeable_and_leaves_its_watcher_behind():
    crossbar = rc.Crossbar(sample((3, 3)), 1.0, 1.0, progress=lambda _: None)
    copied = pickle.loads(pickle.dumps(crossbar))  # noqa: S301 - our own bytes
    with pytest.raises(ValueError, match="read-only"):
        copied.conductances[0, 0] = 1.0
    assert np.array_equal(copied.effective_conductances(), crossbar.effective_conductances())
