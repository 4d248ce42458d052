"""Arrays of which a few cells change, and many arrays at once, against arrays solved anew one by one."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc

RNG = np.random.default_rng(5)


def sample(shape):
    return 10.0 ** RNG.uniform(-6, -4, shape)


@pytest.mark.parametrize("shape", [(64, 64), (40, 100), (33, 24)])
@pytest.mark.parametrize(("drive", "sense"), [("left", "bottom"), ("both", "both"), ("right", "top")])
def test_an_update_equals_compiling_anew(shape, drive, sense):
    wires = {"r_word_line": 2.0, "r_bit_line": 1.0, "r_sense": 5.0, "drive": drive, "sense": sense}
    before = rc.Crossbar(sample(shape), **wires)
    rows, columns = RNG.integers(0, shape[0], 3), RNG.choice(shape[1], 3, replace=False)
    values = np.array([0.0, 3e-5, 1e-3])
    after = before.with_cells(rows, columns, values)
    assert after._updated(before) is not None
    anew = rc.Crossbar(after.conductances, **wires).effective_conductances()
    assert after.effective_conductances() == pytest.approx(anew, rel=1e-10)
    assert before.conductances[rows[0], columns[0]] != 0.0


def test_updates_of_updates_count_from_the_first():
    origin = rc.Crossbar(sample((64, 64)), 1.0, 1.0)
    changed = origin
    for k in range(6):
        changed = changed.with_cells(k, 2 * k, 1e-5)
    assert changed._origin is origin
    assert changed._updated(origin) is not None
    anew = rc.Crossbar(changed.conductances, 1.0, 1.0).effective_conductances()
    assert changed.effective_conductances() == pytest.approx(anew, rel=1e-11)


def test_many_changes_are_compiled_anew():
    origin = rc.Crossbar(sample((32, 32)), 1.0, 1.0)
    changed = origin.with_cells(np.arange(5), np.arange(5), 1e-5)
    assert changed._updated(origin) is None
    assert np.array_equal(
        changed.effective_conductances(), rc.Crossbar(changed.conductances, 1.0, 1.0).effective_conductances()
    )


def test_what_would_lose_digits_is_compiled_anew():
    """A cell that carries nearly all of its element's current and is opened leaves a small remainder of large terms."""
    cells = np.full((16, 16), 1e-9)
    cells[3, 4] = 1e-3
    origin = rc.Crossbar(cells, 1e-3, 1e-3)
    changed = origin.with_cells(3, 4, 0.0)
    assert changed._updated(origin) is None
    effective = changed.effective_conductances()
    assert (effective > 0).all()
    assert effective[3, 4] < 1e-15


def test_shorts_come_and_go():
    origin = rc.Crossbar(sample((9, 9)), 10.0, 10.0)
    shorted = origin.with_cells(2, 3, np.inf)
    again = shorted.with_cells(2, 3, origin.conductances[2, 3])
    assert shorted.effective_conductances()[2, 3] > 10 * origin.effective_conductances()[2, 3]
    assert again.effective_conductances() == pytest.approx(origin.effective_conductances(), rel=1e-12)


def test_a_changed_array_solves_as_itself():
    origin = rc.Crossbar(sample((20, 20)), 3.0, 3.0)
    origin.solve(np.ones(20))
    changed = origin.with_cells([1, 2], [3, 4], [0.0, 2e-4])
    anew = rc.Crossbar(changed.conductances, 3.0, 3.0).solve(np.ones(20))
    assert changed.solve(np.ones(20)).output_currents == pytest.approx(anew.output_currents, rel=1e-13)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([3], [0], [1e-5]), "rows must be whole numbers from 0 to 2"),
        (([0], [-1], [1e-5]), "columns must be whole numbers from 0 to 3"),
        (([0.5], [0], [1e-5]), "rows must be whole numbers"),
        (([0, 0], [1, 1], [1e-5, 1e-6]), "rows and columns must be different cells"),
        (([0, 1], [1, 2, 3], [1e-5]), "must be of one length"),
        (([0], [1], [-1e-5]), "conductances at index (0, 0) must be finite numbers of at least 0"),
        (([0], [1], [np.nan]), "conductances at index (0, 0) must be finite"),
    ],
)
def test_bad_changes_get_one_clear_line(arguments, says):
    with pytest.raises(rc.InputError) as caught:
        rc.Crossbar(sample((3, 4))).with_cells(*arguments)
    assert says in str(caught.value)


@pytest.mark.parametrize("threads", [1, 2, None])
def test_many_arrays_at_once_are_each_themselves(threads):
    cells = sample((2, 3, 20, 12))
    told = []
    found = rc.effective_conductances(
        cells, 1.0, 2.0, r_driver=5.0, drive="both", threads=threads, progress=lambda *each: told.append(each)
    )
    assert found.shape == cells.shape
    for place in np.ndindex(2, 3):
        alone = rc.Crossbar(cells[place], 1.0, 2.0, r_driver=5.0, drive="both").effective_conductances()
        assert found[place] == pytest.approx(alone, rel=1e-13)
    assert sorted(told) == [(k, 6) for k in range(1, 7)]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([1.0], "conductances must be an array (..., m, n)"),
        (np.ones((0, 2, 2)), "at least one array"),
        ([[1.0], [1.0, 2.0]], "numbers in a rectangular array"),
        (np.full((3, 2, 2), -1.0), "conductances at index (0, 0) must be finite numbers of at least 0"),
    ],
)
def test_bad_batches_get_one_clear_line(cells, says):
    with pytest.raises(rc.InputError) as caught:
        rc.effective_conductances(cells)
    assert says in str(caught.value)


def test_port_admittance_with_open_ends_eliminated_is_the_map():
    cells = sample((4, 6))
    r_word, r_bit = RNG.uniform(1, 5, (4, 7)), RNG.uniform(1, 5, (5, 6))
    admittance = rc.Crossbar(cells, r_word, r_bit).port_admittance()
    assert admittance == pytest.approx(admittance.T, rel=1e-13)
    assert admittance.sum(axis=0) == pytest.approx(np.zeros(20), abs=1e-15 * np.abs(admittance).max() * 20)
    # Left ends driven and bottom ends held, the others open: eliminate these.
    kept, open_ends = np.r_[0:4, 14:20], np.r_[4:14]
    inner = np.linalg.solve(admittance[np.ix_(open_ends, open_ends)], admittance[np.ix_(open_ends, kept)])
    reduced = admittance[np.ix_(kept, kept)] - admittance[np.ix_(kept, open_ends)] @ inner
    assert -reduced[:4, 4:] == pytest.approx(rc.Crossbar(cells, r_word, r_bit).effective_conductances(), rel=1e-11)


def test_terminal_admittance_gives_all_currents():
    crossbar = rc.Crossbar(sample((5, 4)), 2.0, 3.0, drive="both", sense=["top", "bottom", "both", "floating"])
    words, bits = RNG.uniform(-1, 1, 5), RNG.uniform(-1, 1, 4)
    solution = crossbar.solve(words, bits)
    currents = crossbar.terminal_admittance() @ np.concatenate([words, bits])
    assert currents[:5] == pytest.approx(solution.input_currents, rel=1e-11)
    assert -currents[5:] == pytest.approx(solution.output_currents, rel=1e-10, abs=1e-16)


def test_a_line_without_resistance_has_no_port_admittance():
    with pytest.raises(rc.InputError, match="above 0 ohm somewhere on line 0"):
        rc.Crossbar(sample((2, 2)), 0.0, 1.0).port_admittance()


@pytest.mark.parametrize("high", [1e1, 1e3, 1e5, 1e9, 1e15])
@pytest.mark.parametrize("low", [0.0, 1e-9, 1e-4, 1e-3])
def test_a_cell_far_better_than_its_wires_is_turned_down(high, low):
    """Its voltage for a current of its own is known to few digits; the update must know how few."""
    cells = sample((16, 16))
    cells[3, 4] = high
    changed = rc.Crossbar(cells, 1.0, 1.0).with_cells(3, 4, low)
    anew = rc.Crossbar(changed.conductances, 1.0, 1.0).effective_conductances()
    assert changed.effective_conductances() == pytest.approx(anew, rel=1e-9)


def test_nothing_is_divided_by_where_nothing_was():
    """Elements that are zero before, on parts of the array that nothing reaches."""
    cells = np.zeros((8, 8))
    cells[1, 1] = cells[2, 5] = 1e-3
    drive = ["left" if k in (1, 2, 3) else "floating" for k in range(8)]
    sense = ["bottom" if k != 7 else "floating" for k in range(8)]
    cells[:, 7] = 1e-3
    cells[[0, 4, 5, 6, 7], 1] = 1e-3
    crossbar = rc.Crossbar(cells, 1.0, 0.0, drive=drive, sense=sense)
    changed = crossbar.with_cells(4, 7, 7e-3)
    anew = rc.Crossbar(changed.conductances, 1.0, 0.0, drive=drive, sense=sense)
    assert changed.effective_conductances() == pytest.approx(anew.effective_conductances(), rel=1e-9, abs=0)


def test_arrays_in_a_batch_are_checked_before_any_is_solved():
    cells = np.full((50, 4, 4), 1e-5)
    cells[49, 3, 3] = -1.0
    told = []
    with pytest.raises(rc.InputError, match="at least 0"):
        rc.effective_conductances(cells, 1.0, 1.0, progress=lambda *each: told.append(each))
    assert not told


def test_a_batch_stops_where_its_progress_raises():
    told = []

    def interrupt(done, _):
        told.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rc.effective_conductances(np.full((2000, 40, 40), 1e-5), 1.0, 1.0, threads=2, progress=interrupt)
    assert len(told) < 1000


@pytest.mark.parametrize("cells", [np.full((2, 2), 1e-5 + 1j), [["a", "b"]], np.ma.masked_less([[1.0, 2.0]], 1.5)])
def test_what_is_no_real_number_is_refused_at_every_door(cells):
    for door in (rc.Crossbar, rc.effective_conductances):
        with pytest.raises(rc.InputError, match="conductances"):
            door(cells)
