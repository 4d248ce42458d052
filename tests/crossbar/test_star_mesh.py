"""The kernels of star-mesh transforms: against dense Schur complements, and against themselves in plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.crossbar import star_mesh
from rescircuit.crossbar.star_mesh import (
    HORIZONTAL,
    VERTICAL,
    absorb_ports,
    absorb_rows,
    eliminate_rows,
    merge_tile,
    mirror,
    port_places,
    pull,
    pull_tile,
    push,
    push_tile,
    tile_plan,
)

RNG = np.random.default_rng(3)
LEFT, RIGHT, TOP, BOTTOM = range(4)


def network(size, decades=2.0):
    """Conductances between each two of some nodes; nothing on the diagonal."""
    upper = np.triu(10.0 ** RNG.uniform(-decades, decades, (size, size)), 1)
    return upper + upper.T


def laplacian(conductances):
    return np.diag(conductances.sum(axis=1)) - conductances


def eliminated(shared, ports):
    """A whole network's conductances, the rows after elimination, and the pivots."""
    whole = network(shared + ports)
    rows, pivots = whole[:shared].copy(), np.empty(shared)
    eliminate_rows(rows, 0, shared, pivots)
    return whole, rows, pivots


SIZES = [(1, 1), (1, 5), (2, 3), (3, 2), (4, 4), (5, 9), (8, 0), (9, 16), (33, 20)]


@pytest.mark.parametrize(("shared", "ports"), SIZES)
def test_eliminated_rows_make_the_schur_complement(shared, ports, dense):
    whole, rows, pivots = eliminated(shared, ports)
    between = rows[:, shared:]
    mesh = (between.T / pivots) @ between + whole[shared:, shared:]
    np.fill_diagonal(mesh, 0.0)
    assert mesh == pytest.approx(dense.reduced(laplacian(whole), ports), rel=1e-10)


@pytest.mark.parametrize(("shared", "ports"), SIZES)
def test_each_row_is_that_of_a_node_whose_forerunners_are_gone(shared, ports, dense):
    whole, rows, pivots = eliminated(shared, ports)
    for node in range(shared):
        left = dense.reduced(laplacian(whole), shared + ports - node)
        assert rows[node, node + 1 :] == pytest.approx(left[0, 1:], rel=1e-10)
        assert pivots[node] == pytest.approx(left[0].sum(), rel=1e-10)


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 8])
def test_panels_leave_the_rest_to_a_matrix_product(cut):
    """What one panel leaves undone in the rows behind it is a product; then the next one may begin."""
    whole, rows, pivots = eliminated(9, 4)
    panels, totals = whole[:9].copy(), np.empty(9)
    behind = panels[cut:].copy()
    eliminate_rows(panels, 0, cut, totals)
    assert np.array_equal(panels[cut:], behind)
    panels[cut:, cut:] += (panels[:cut, cut:9].T / totals[:cut]) @ panels[:cut, cut:]
    eliminate_rows(panels, cut, 9, totals)
    assert totals == pytest.approx(pivots, rel=1e-14)
    for node in range(9):
        assert panels[node, node + 1 :] == pytest.approx(rows[node, node + 1 :], rel=1e-14)


def test_what_stands_on_or_left_of_the_diagonal_does_not_count():
    whole, rows, pivots = eliminated(6, 3)
    spoiled, totals = np.where(np.tri(6, 9, dtype=bool), np.nan, whole[:6]), np.empty(6)
    eliminate_rows(spoiled, 0, 6, totals)
    assert np.array_equal(totals, pivots)
    assert np.array_equal(np.triu(spoiled, 1), np.triu(rows, 1))


def test_a_node_that_nothing_is_joined_to_changes_nothing(dense):
    whole = network(8)
    whole[[2, 5]] = whole[:, [2, 5]] = 0.0
    rows, pivots = whole[:6].copy(), np.empty(6)
    eliminate_rows(rows, 0, 6, pivots)
    assert pivots[2] == pivots[5] == 0.0
    kept = [0, 1, 3, 4]
    mesh = (rows[kept, 6:].T / pivots[kept]) @ rows[kept, 6:] + whole[6:, 6:]
    without = np.delete(np.delete(whole, [2, 5], axis=0), [2, 5], axis=1)
    assert mesh[0, 1] == pytest.approx(dense.reduced(laplacian(without), 2)[0, 1], rel=1e-12)
    voltages, currents = np.full((1, 8), 7.0), np.zeros((1, 6))
    pull(rows, pivots, currents, voltages)
    assert voltages[0] == pytest.approx([7, 7, 0, 7, 7, 0, 7, 7], rel=1e-12)


@pytest.mark.parametrize(("shared", "ports"), [(1, 1), (4, 3), (9, 2), (20, 11)])
def test_pushed_and_pulled_currents_solve_the_dense_equations(shared, ports):
    whole, rows, pivots = eliminated(shared, ports)
    matrix = laplacian(whole)
    injected, held = RNG.normal(size=(3, shared + ports)), RNG.normal(size=(3, ports))
    currents = injected.copy()
    push(rows, pivots, currents)
    carried = injected[:, shared:] - injected[:, :shared] @ np.linalg.solve(
        matrix[:shared, :shared], matrix[:shared, shared:]
    )
    assert currents[:, shared:] == pytest.approx(carried, rel=1e-9, abs=1e-10)
    voltages = np.concatenate([np.full((3, shared), np.nan), held], axis=1)
    pull(rows, pivots, currents[:, :shared].copy(), voltages)
    expected = np.linalg.solve(matrix[:shared, :shared], (injected[:, :shared] - held @ matrix[shared:, :shared]).T).T
    assert voltages[:, :shared] == pytest.approx(expected, rel=1e-9, abs=1e-10)
    assert np.array_equal(voltages[:, shared:], held)


@pytest.mark.parametrize("size", [0, 1, 2, 31, 32, 33, 64, 100])
def test_a_mirror_copies_the_upper_half_down(size):
    matrix = RNG.normal(size=(size, size))
    expected = np.triu(matrix) + np.triu(matrix, 1).T
    for copy in (mirror, mirror.py_func):
        mirrored = np.where(np.tri(size, k=-1, dtype=bool), np.nan, matrix)
        copy(mirrored)
        assert np.array_equal(mirrored, expected)


def labelled(sides, corner, extent):
    """Ports by what they are: a line and where it is cut, in a block's order."""
    (row, column), (height, width) = corner, extent
    ends = (
        [("word", row + k, column) for k in range(height)],
        [("word", row + k, column + width) for k in range(height)],
    )
    ends += [("bit", row, column + k) for k in range(width)], [("bit", row + height, column + k) for k in range(width)]
    return [end for side, own in enumerate(ends) for end in own if sides[side]]


@pytest.mark.parametrize("axis", [HORIZONTAL, VERTICAL])
@pytest.mark.parametrize("absent", [(), (LEFT,), (TOP,), (LEFT, RIGHT), (TOP, BOTTOM), (LEFT, RIGHT, TOP, BOTTOM)])
def test_ports_go_where_the_same_wire_is(axis, absent):
    """Two neighbours of unequal size: shared ports coincide, and the merger's stand in a block's order."""
    if axis == HORIZONTAL:
        extents, corners, outer, meeting = ((3, 2), (3, 4)), ((0, 0), (0, 2)), (3, 6), (RIGHT, LEFT)
    else:
        extents, corners, outer, meeting = ((2, 3), (4, 3)), ((0, 0), (2, 0)), (6, 3), (BOTTOM, TOP)
    sides, labels = [], []
    for number, (height, width) in enumerate(extents):
        own = np.array([height, height, width, width])
        away = [side for side in absent if side != meeting[number]]
        own[away] = 0
        sides.append(own)
        labels.append(labelled(own, corners[number], (height, width)))
    whole = np.array([outer[0], outer[0], outer[1], outer[1]])
    whole[list(absent)] = 0
    *starts, shared, merged = port_places(axis, *sides)
    assert list(merged) == list(whole)
    assert shared == 3
    found = {}
    for own, begins, names in zip(sides, starts, labels, strict=True):
        places = np.concatenate([np.arange(a, a + size) for a, size in zip(begins, own, strict=True)])
        for name, place in zip(names, places, strict=True):
            assert found.setdefault(name, place) == place
    meet = {name for name, place in found.items() if place < shared}
    assert meet == set(labels[0]) & set(labels[1])
    ordered = sorted((place, name) for name, place in found.items() if place >= shared)
    assert [name for _, name in ordered] == labelled(whole, (0, 0), outer)


def test_absorbed_blocks_add_to_what_is_there(as_plain_python):
    """Two blocks, one beside the other, as one matrix over shared ports and the merger's."""
    sides = np.array([2, 2, 3, 3]), np.array([2, 0, 1, 1])
    *starts, shared, merged = port_places(HORIZONTAL, *sides)
    blocks = [network(int(own.sum())) for own in sides]
    expected = np.zeros((shared + merged.sum(),) * 2)
    for own, begins, block in zip(sides, starts, blocks, strict=True):
        places = np.concatenate([np.arange(a, a + size) for a, size in zip(begins, own, strict=True)])
        expected[np.ix_(places, places)] += block
    compiled = absorb_rows, absorb_ports
    as_plain_python(star_mesh)
    for to_rows, to_ports in (compiled, (star_mesh.absorb_rows, star_mesh.absorb_ports)):
        rows, ports = np.zeros((shared, shared + merged.sum())), np.zeros((merged.sum(),) * 2)
        for own, begins, block in zip(sides, starts, blocks, strict=True):
            to_rows(block, own, begins, rows)
            to_ports(block, own, begins, shared, ports)
        assert np.array_equal(rows, expected[:shared])
        assert np.array_equal(ports, expected[shared:, shared:])


def tile(heights, widths, ends):
    """A tile of small blocks full of conductances: its plan, its store, and all as one network of named ports."""
    heights, widths = np.array(heights), np.array(widths)
    plan, leaves, sizes = tile_plan(heights, widths, np.array(ends))
    store, nodes, parts = np.zeros(sizes[0]), {}, []
    rows, columns = np.cumsum([0, *heights]), np.cumsum([0, *widths])
    for i, j in np.ndindex(heights.size, widths.size):
        sides, ports, at = leaves[i, j, :4], int(leaves[i, j, 4]), int(leaves[i, j, 5])
        block = network(ports, decades=1.0)
        store[at : at + ports * ports] = block.ravel()
        names = labelled(sides, (rows[i], columns[j]), (heights[i], widths[j]))
        parts.append((names, block, int(leaves[i, j, 6])))
    outer = np.array([rows[-1], rows[-1], columns[-1], columns[-1]]) * ends
    last = labelled(outer, (0, 0), (rows[-1], columns[-1]))
    inner = [name for names, _, _ in parts for name in names if name not in last]
    for name in (*inner, *last):
        nodes.setdefault(name, len(nodes))
    whole = np.zeros((len(nodes), len(nodes)))
    for names, block, _ in parts:
        places = [nodes[name] for name in names]
        whole[np.ix_(places, places)] += block
    return plan, sizes, store, parts, nodes, whole, len(last)


TILES = [
    ([2], [3], (1, 1, 1, 1)),
    ([2], [3, 2], (1, 1, 1, 1)),
    ([1, 2], [2], (1, 0, 0, 1)),
    ([2, 1], [1, 2], (1, 1, 1, 1)),
    ([2, 2, 1], [3, 2, 1], (1, 0, 0, 1)),
    ([1, 1, 1, 1], [2, 1, 1], (0, 1, 1, 0)),
    ([2, 2], [1, 1, 1, 1], (0, 0, 1, 1)),
    ([1, 1, 1, 1, 1], [1], (1, 1, 0, 0)),
]


@pytest.mark.parametrize(("heights", "widths", "ends"), TILES)
@pytest.mark.parametrize("plain", [False, True])
def test_a_tile_merges_into_its_schur_complement_and_solves_it(heights, widths, ends, plain, dense, as_plain_python):
    ends = np.array(ends, bool)
    plan, sizes, store, parts, nodes, whole, ports = tile(heights, widths, ends)
    if plain:
        as_plain_python(star_mesh)
    merge, push_all, pull_all = (
        (star_mesh.merge_tile, star_mesh.push_tile, star_mesh.pull_tile)
        if plain
        else (merge_tile, push_tile, pull_tile)
    )
    factors, pivots = np.full(sizes[2], np.nan), np.full(sizes[3], np.nan)
    inner, matrix = len(nodes) - ports, laplacian(whole)
    if len(plan):
        merged = merge(plan, store, factors, pivots).copy()
        np.fill_diagonal(merged, 0.0)
        assert merged == pytest.approx(dense.reduced(matrix, ports), rel=1e-10)
    injected, vector, pending = np.zeros(len(nodes)), np.zeros(sizes[1]), np.empty(sizes[3])
    for names, _, at in parts:
        own = RNG.normal(size=len(names))
        vector[at : at + len(names)] = own
        injected[[nodes[name] for name in names]] += own
    push_all(plan, factors, pivots, vector, pending)
    carried = injected[inner:] - matrix[inner:, :inner] @ np.linalg.solve(matrix[:inner, :inner], injected[:inner])
    assert vector[sizes[1] - ports :] == pytest.approx(carried, rel=1e-9, abs=1e-11)
    held = RNG.normal(size=ports)
    vector[:] = np.nan
    vector[sizes[1] - ports :] = held
    pull_all(plan, factors, pivots, pending, vector)
    free = np.linalg.solve(matrix[:inner, :inner], injected[:inner] - matrix[:inner, inner:] @ held)
    volts = np.concatenate([free, held])
    for names, _, at in parts:
        assert vector[at : at + len(names)] == pytest.approx(
            volts[[nodes[name] for name in names]], rel=1e-9, abs=1e-11
        )


@pytest.mark.parametrize(("heights", "widths", "ends"), TILES)
def test_plans_give_each_block_its_own_place(heights, widths, ends):
    arguments = np.array(heights), np.array(widths), np.array(ends, bool)
    plan, leaves, sizes = tile_plan(*arguments)
    assert len(plan) == len(heights) * len(widths) - 1
    matrices = [(at, at + ports**2) for *_, ports, at, _ in leaves.reshape(-1, 7)]
    vectors = [(at, at + ports) for *_, ports, _, at in leaves.reshape(-1, 7)]
    matrices += [(row[22], row[22] + row[17] ** 2) for row in plan]
    vectors += [(row[25], row[25] + row[17]) for row in plan]
    for spans, size in ((matrices, sizes[0]), (vectors, sizes[1])):
        assert [0, *(end for _, end in spans)] == [*(start for start, _ in spans), size]
    assert (np.diff([*plan[:, 27], sizes[3]]) == plan[:, 16]).all()


def test_compiled_kernels_equal_their_python_twins(as_plain_python):
    """Sums in vector lanes add in another order: equal but for the last bits."""
    whole, rows, pivots = eliminated(11, 6)
    currents, voltages = RNG.uniform(0, 1, (2, 17)), RNG.uniform(0, 1, (2, 17))
    pushed, pulled = currents.copy(), voltages.copy()
    push(rows, pivots, pushed)
    pull(rows, pivots, pushed[:, :11].copy(), pulled)
    as_plain_python(star_mesh)
    same_rows, same_pivots = whole[:11].copy(), np.empty(11)
    star_mesh.eliminate_rows(same_rows, 0, 11, same_pivots)
    assert np.triu(same_rows, 1) == pytest.approx(np.triu(rows, 1), rel=1e-14)
    assert same_pivots == pytest.approx(pivots, rel=1e-14)
    star_mesh.push(rows, pivots, currents)
    star_mesh.pull(rows, pivots, pushed[:, :11].copy(), voltages)
    assert currents == pytest.approx(pushed, rel=1e-14)
    assert voltages == pytest.approx(pulled, rel=1e-14)


def test_conductances_of_sixty_decades_keep_their_own_accuracy():
    """A chain of resistors, each far from the next: exact to the last bits, where a dense solution has none left."""
    chain = 10.0 ** np.array([30.0, -30, 20, -29, 5, 28, -30, 0])
    nodes = chain.size - 1  # between the two ends, the last two columns
    rows, pivots = np.zeros((nodes, nodes + 2)), np.empty(nodes)
    for k, g in enumerate(chain):
        a, b = (nodes if k == 0 else k - 1), (nodes + 1 if k == nodes else k)
        for one, other in ((a, b), (b, a)):
            if one < nodes:
                rows[one, other] = g
    eliminate_rows(rows, 0, nodes, pivots)
    through = (rows[:, nodes] / pivots) @ rows[:, nodes + 1]
    assert through == pytest.approx(1 / (1 / chain).sum(), rel=1e-14)
