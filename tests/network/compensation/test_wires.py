"""Targets against the wires: exact by independent nodal analysis, within bounds, and scaled no more than needed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize, root

from rescircuit.errors import InputError, SolutionError
from rescircuit.network.compensation import predistorted

SCHEMES = ("middle", "one_side", "offset")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(3))
def test_feasible_differences_are_exact_by_plain_nodal_analysis(scheme, seed, problem, map_of, plain_map):
    case = problem(scheme, 9, 4, swing=0.4, off=1e-6, seed=seed)
    found = predistorted(case.difference, case.asked, map_of(20.0, 30.0), **case.keywords)
    effective = plain_map(found.targets, 20.0, 30.0)
    assert found.feasible
    assert found.scale == 1
    assert np.abs(case.of(effective) - case.difference).max() < 1e-9 * np.abs(case.difference).max()
    np.testing.assert_allclose(found.effective, effective, rtol=1e-10)
    assert found.targets.min() >= 1e-6
    assert found.targets.max() <= 1e-4
    before = plain_map(case.asked, 20.0, 30.0)
    assert np.abs(case.of(before) - case.difference).max() > 0.01 * np.abs(case.difference).max()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("scaling", ["tensor", "column"])
def test_an_array_that_loses_half_of_its_currents_converges(scheme, scaling, problem, map_of):
    case = problem(scheme, 64, 32, full_scale=12 / 10e3, swing=0.4)
    found = predistorted(case.difference, case.asked, map_of(1.0, 1.0), scaling=scaling, **case.keywords)
    difference = case.of(map_of(1.0, 1.0)(found.targets))
    assert np.abs(difference - found.scale * case.difference).max() < 1e-9 * np.abs(case.difference).max()
    assert found.residual < 1e-9
    assert found.evaluations < 40
    assert np.min(found.scale) < 1
    assert not found.feasible
    assert (found.at_high | found.at_low).any()


def test_what_the_scheme_keeps_is_kept(problem, map_of):
    case = problem("middle", 12, 5, swing=0.3)
    targets = predistorted(case.difference, case.asked, map_of(20.0, 20.0), **case.keywords).targets
    np.testing.assert_allclose(targets[:, 0::2] + targets[:, 1::2], 1e-4, rtol=1e-8)
    case = problem("one_side", 12, 5, swing=0.3, off=1e-7)
    targets = predistorted(case.difference, case.asked, map_of(20.0, 20.0), **case.keywords).targets
    off = np.where(case.difference >= 0, targets[:, 1::2], targets[:, 0::2])
    small = np.abs(case.difference) < 0.05 * case.difference.max()  # both are near off: one may have to make up
    np.testing.assert_allclose(off[~small], 1e-7, rtol=1e-8)
    case = problem("offset", 12, 5, swing=0.3)
    targets = predistorted(case.difference, case.asked, map_of(20.0, 20.0), **case.keywords).targets
    np.testing.assert_allclose(targets[:, 0], 0.5e-4, rtol=1e-8)


def test_without_wires_targets_are_what_was_asked_for(problem):
    for scheme in SCHEMES:
        case = problem(scheme, 5, 3)
        found = predistorted(case.difference, case.asked, lambda cells: cells, **case.keywords)
        np.testing.assert_allclose(found.targets, case.asked, atol=1e-18)
        assert found.evaluations == 2
        np.testing.assert_allclose(found.slopes, 1.0)


def test_one_word_line_has_a_closed_form(map_of):
    """Bit lines without neighbours: each cell G behind a wire r delivers G / (1 + r G)."""
    r, high, wanted = 4e3, 1e-4, np.array([[5e-5, -2e-5, 0.0]])
    asked = np.array([[5e-5, 0.0, 0.0, 2e-5, 0.0, 0.0]])
    lines = {"plus": [0, 2, 4], "minus": [1, 3, 5], "high": high, "scheme": "one_side"}
    found = predistorted(wanted, asked, map_of(0.0, r / 2), **lines)  # one segment above the cell is not used
    expected = 5e-5 / (1 - r / 2 * 5e-5), 2e-5 / (1 - r / 2 * 2e-5)
    np.testing.assert_allclose(found.targets[0], [expected[0], 0, 0, expected[1], 0, 0], rtol=1e-8, atol=1e-15)
    most = high / (1 + 2e4 * high)
    whole = predistorted(wanted, asked, map_of(0.0, 2e4), **lines)
    np.testing.assert_allclose(whole.scale, most / 5e-5, rtol=1e-8)
    each = predistorted(wanted, asked, map_of(0.0, 2e4), **lines, scaling="column")
    np.testing.assert_allclose(each.scale, [most / 5e-5, 1.0, 1.0], rtol=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_the_scale_is_the_largest_on_a_fine_grid(seed, problem, map_of, plain_map):
    """With one side off, the other sides' cells for a scale are the root of as many equations: no freedom is left."""
    case = problem("one_side", 3, 2, swing=1.0, seed=seed)
    found = predistorted(case.difference, case.asked, map_of(400.0, 300.0), **case.keywords)
    on = case.asked > 0
    signs = np.sign(case.difference).ravel()

    def cells_for(scale):
        def missed(values):
            cells = np.zeros_like(case.asked)
            cells[on] = values * 1e-4
            return 1e4 * (case.of(plain_map(cells, 400.0, 300.0)) - scale * case.difference).ravel() * signs

        solution = root(missed, scale * case.asked[on] * 1e4, tol=1e-12)
        return solution.x if solution.success else np.full(signs.shape, np.inf)

    grid = np.arange(0.5, 1.0, 2e-3)
    within = [bool(((cells := cells_for(scale)) <= 1.0).all() and (cells >= 0.0).all()) for scale in grid]
    assert within[0]
    assert not within[-1]
    largest = grid[np.flatnonzero(within).max()]
    assert largest <= found.scale + 1e-9
    assert found.scale < largest + 2e-3
    np.testing.assert_allclose(found.targets[on], 1e-4 * cells_for(found.scale), rtol=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_cells_at_all_reach_a_larger_scale_by_more_than_the_scheme_costs(scheme, problem, map_of, plain_map):
    """The scale against the optimum over the whole box, by sequential quadratic programming."""
    case = problem(scheme, 3, 2, swing=1.0 if scheme != "offset" else 0.5, seed=1)
    found = predistorted(case.difference, case.asked, map_of(200.0, 200.0), **case.keywords)
    shape = case.asked.shape

    def missed(values):
        effective = plain_map(values[1:].reshape(shape) * 1e-4, 200.0, 200.0)
        return 1e4 * (case.of(effective) - values[0] * case.difference).ravel()

    optimum = minimize(
        lambda values: -values[0],
        np.concatenate([[0.5], case.asked.ravel() * 1e4]),
        bounds=[(0.0, 1.0)] * (1 + case.asked.size),
        constraints={"type": "eq", "fun": missed},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 300},
    )
    assert optimum.success
    assert found.scale <= optimum.x[0] + 1e-7
    assert found.scale > {"one_side": 1 - 1e-6, "middle": 0.9, "offset": 0.85}[scheme] * optimum.x[0]


def test_what_was_scaled_is_feasible_and_no_more_is(problem, map_of):
    case = problem("middle", 20, 6, swing=0.95)
    scale = predistorted(case.difference, case.asked, map_of(30.0, 30.0), **case.keywords).scale
    assert scale < 1
    again = predistorted(scale * case.difference, case.asked, map_of(30.0, 30.0), **case.keywords, rescale=False)
    assert again.feasible
    with pytest.raises(InputError, match="within reach of the cells behind their wires"):
        predistorted(1.001 * scale * case.difference, case.asked, map_of(30.0, 30.0), **case.keywords, rescale=False)


def test_lines_of_no_output_and_cells_with_their_own_bounds(problem, map_of, plain_map):
    case = problem("middle", 6, 3, swing=0.3)
    asked = np.insert(case.asked, 2, 3.3e-5, axis=1)  # a line that belongs to nobody, between the first two pairs
    high = np.full(asked.shape, 1e-4)
    high[2, 0] = 0.5e-4
    wanted = np.array(case.difference)
    wanted[2, 0] = 0.3e-4
    found = predistorted(wanted, asked, map_of(20.0, 20.0), plus=[0, 3, 5], minus=[1, 4, 6], high=high)
    effective = plain_map(found.targets, 20.0, 20.0)
    np.testing.assert_allclose(effective[:, [0, 3, 5]] - effective[:, [1, 4, 6]], wanted, atol=1e-9 * 0.3e-4)
    assert (found.targets[:, 2] == 3.3e-5).all()
    assert found.targets[2, 0] == 0.5e-4
    assert found.at_high[2, 0]
    assert not found.at_high[:, 2].any()
    assert found.targets[2, 1] < (asked[2, 0] + asked[2, 1]) / 2


def test_differences_of_zero_stay_zero_behind_the_wires(problem, map_of, plain_map):
    case = problem("one_side", 8, 4)
    sparse = np.where(np.arange(32).reshape(8, 4) % 3, 0.0, case.difference)
    asked = np.stack([np.maximum(sparse, 0), np.maximum(-sparse, 0)], axis=-1).reshape(8, 8)
    found = predistorted(sparse, asked, map_of(100.0, 100.0), **case.keywords)
    effective = plain_map(found.targets, 100.0, 100.0)
    assert np.abs(case.of(effective) - sparse).max() < 1e-9 * np.abs(sparse).max()
    nothing = predistorted(np.zeros((8, 4)), np.zeros((8, 8)), map_of(100.0, 100.0), **case.keywords)
    assert nothing.feasible
    assert (nothing.targets == 0).all()


def test_slopes_say_what_a_cells_error_is_worth(problem, map_of):
    case = problem("middle", 16, 6, swing=0.4)
    found = predistorted(case.difference, case.asked, map_of(20.0, 20.0), **case.keywords)
    for i, j in ((0, 0), (3, 7), (15, 11), (0, 11)):
        cells = np.array(found.targets)
        cells[i, j] += 1e-9
        slope = (map_of(20.0, 20.0)(cells) - found.effective)[i, j] / 1e-9
        assert slope < 0.99
        assert abs(found.slopes[i, j] - slope) < 0.03


def test_too_few_maps_end_with_the_residual(problem, map_of):
    case = problem("middle", 20, 6)
    with pytest.raises(SolutionError, match=r"after 3 maps: residual .* above the limit 1e-09.*smaller swing"):
        predistorted(case.difference, case.asked, map_of(30.0, 30.0), **case.keywords, most_evaluations=3)


def test_a_broken_wire_leaves_no_scale(problem, map_of):
    case = problem("middle", 4, 2)
    broken = np.full((4, 5), 2.0)
    broken[1, 2] = np.inf
    with pytest.raises(InputError, match="broken wires"):
        predistorted(case.difference, case.asked, map_of(broken, 2.0), **case.keywords)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scheme": "both"}, "scheme must be one of middle, one_side, offset"),
        ({"scaling": "row"}, "scaling must be one of"),
        ({"difference": np.zeros((3, 2))}, "difference must be of shape"),
        ({"difference": np.full((4, 2), np.nan)}, "difference"),
        ({"asked": -np.ones((4, 4))}, "asked"),
        ({"plus": [0, 1]}, "each belongs to one output"),
        ({"plus": [0, 4]}, "bit lines from 0 to 3"),
        ({"plus": [0.0, 2.0]}, "plus must be whole numbers"),
        ({"plus": [0, 0]}, "each belongs to one output"),
        ({"minus": 3}, "each belongs to one output|offset for outputs"),
        ({"plus": [0, 1], "minus": 3}, "scheme must be offset"),
        ({"low": 2e-4}, "low must be at most high"),
        ({"high": np.ones(3)}, "high must be one number, or an array that fits"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"most_evaluations": 1}, "most_evaluations"),
        ({"high": 0.0, "asked": np.zeros((4, 4))}, "high must be above 0"),
    ],
)
def test_bad_arguments(changes, message, problem, map_of):
    case = problem("middle", 4, 2)
    arguments = {"difference": case.difference, "asked": case.asked, **case.keywords, **changes}
    with pytest.raises(InputError, match=message):
        predistorted(arguments.pop("difference"), arguments.pop("asked"), map_of(), **arguments)
