"""The smallest blocks of an array: a few cells each, all of one shape eliminated side by side in vector lanes.

A block of at most some four by four cells is a small sparse network. Which of its conductances meet when a node is
eliminated depends on its shape alone, so that is worked out once, as a *program* over numbered conductances; kernels
then run the program on many blocks at a time, the block's number being the innermost axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.compiled import kernel

__all__ = ["LeafProgram", "eliminate_leaves", "leaf_program", "pull_leaves", "push_leaves"]

Integers = NDArray[np.int64]
Node = tuple[str, int] | tuple[str, int, int]  # a port by its side, an inner node by its line and its cell

_CELL, _WORD, _BIT = 0, 1, 2  # the kinds of branches
_SIDES = ("left", "right", "top", "bottom")


@dataclass(frozen=True, kw_only=True, eq=False)
class LeafProgram:
    """How a block of one shape is eliminated; arguments of the kernels.

    Attributes
    ----------
    branches : int array (b, 4)
        Of each branch its kind, its row and column in the arrays of its kind, and the number of its conductance.
    degrees : int array (s,)
        How many others each eliminated node is joined to when its turn comes.
    edges : int array (e, 2)
        For each eliminated node in turn, its conductances' numbers and the nodes that they lead to.
    targets : int array (t,)
        For each eliminated node in turn, the numbers of the conductances between each two of those, in order.
    ports : int array (q, 3)
        The conductances between two ports, and the ports.
    words, bits : int array (h, w)
        The nodes on the word lines and on the bit lines; eliminated ones come first, in their order, then ports.
    conductances, port_count : int
        How many there are of each.
    """

    branches: Integers
    degrees: Integers
    edges: Integers
    targets: Integers
    ports: Integers
    words: Integers
    bits: Integers
    conductances: int
    port_count: int


@lru_cache(1024)
def leaf_program(height: int, width: int, ends: tuple[bool, ...], rim: tuple[bool, bool]) -> LeafProgram:
    """The program of a block.

    Inside the array the last cells' nodes on their word lines are the right ports, and the first cells' nodes on
    their bit lines the top ports. At the array's right and upper rim the ports lie beyond another segment, if they
    exist.

    Parameters
    ----------
    height, width : int
        In cells.
    ends : bool (4,)
        Which sides have ports: left, right, top, bottom.
    rim : bool (2,)
        Whether the block is at the array's right rim, and at its upper one.
    """
    sizes = (height, height, width, width)

    def word(i: int, j: int) -> Node:
        return ("right", i) if j == width - 1 and not rim[0] else ("word", i, j)

    def bit(i: int, j: int) -> Node:
        return ("top", j) if i == 0 and not rim[1] else ("bit", i, j)

    ports: list[Node] = [(_SIDES[side], k) for side in range(4) if ends[side] for k in range(sizes[side])]
    branches = list(_branches(height, width, ends, rim, word, bit))
    number: dict[frozenset[Node], int] = {}

    def conductance(a: Node, b: Node) -> int:
        return number.setdefault(frozenset((a, b)), len(number))

    entered = [(kind, i, j, conductance(a, b)) for kind, i, j, a, b in branches]
    steps = list(_eliminated([(a, b) for *_, a, b in branches], set(ports)))
    pairs = [[conductance(a, b) for k, a in enumerate(around) for b in around[k + 1 :]] for _, around in steps]
    place = {node: k for k, node in enumerate([*(node for node, _ in steps), *ports])}
    joined = [(conductance(node, other), place[other]) for node, around in steps for other in around]
    inner = len(steps)
    between = [(k, *sorted(place[node] - inner for node in pair)) for pair, k in number.items() if pair <= set(ports)]
    return LeafProgram(
        branches=np.array(entered, np.int64).reshape(-1, 4),
        degrees=np.array([len(around) for _, around in steps], np.int64),
        edges=np.array(joined, np.int64).reshape(-1, 2),
        targets=np.array([k for own in pairs for k in own], np.int64),
        ports=np.array(between, np.int64).reshape(-1, 3),
        words=np.array([[place[word(i, j)] for j in range(width)] for i in range(height)], np.int64),
        bits=np.array([[place[bit(i, j)] for j in range(width)] for i in range(height)], np.int64),
        conductances=len(number),
        port_count=len(ports),
    )


def _branches(
    height: int,
    width: int,
    ends: tuple[bool, ...],
    rim: tuple[bool, bool],
    word: Callable[[int, int], Node],
    bit: Callable[[int, int], Node],
) -> Iterator[tuple[int, int, int, Node, Node]]:
    """A block's branches: kind, row and column in the arrays of the kind, and the nodes at both ends."""
    left, right, top, bottom = ends
    for i in range(height):
        for j in range(width):
            yield _CELL, i, j, word(i, j), bit(i, j)
            if j > 0 or left:
                yield _WORD, i, j, word(i, j - 1) if j else ("left", i), word(i, j)
            if i < height - 1 or bottom:
                yield _BIT, i + 1, j, bit(i, j), bit(i + 1, j) if i < height - 1 else ("bottom", j)
        if rim[0] and right:
            yield _WORD, i, width, word(i, width - 1), ("right", i)
    if rim[1] and top:
        for j in range(width):
            yield _BIT, 0, j, bit(0, j), ("top", j)


def _eliminated(branches: list[tuple[Node, Node]], ports: set[Node]) -> Iterator[tuple[Node, list[Node]]]:
    """The nodes that are not ports, one by one, and what each is joined to when its turn comes.

    The one with the fewest neighbours goes first: it makes the fewest products.
    """
    neighbours: dict[Node, set[Node]] = {}
    for a, b in branches:
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    inner = [node for node in neighbours if node not in ports]
    while inner:
        node = min(inner, key=lambda each: len(neighbours[each]))
        inner.remove(node)
        around = sorted(neighbours.pop(node), key=str)
        yield node, around
        for other in around:
            neighbours[other].discard(node)
            neighbours[other].update(each for each in around if each != other)


@kernel
def eliminate_leaves(
    branches: Integers,
    degrees: Integers,
    edges: Integers,
    targets: Integers,
    ports: Integers,
    corners: Integers,
    cells: Array,
    words: Array,
    bits: Array,
    values: Array,
    pivots: Array,
    store: Array,
    at: Integers,
) -> None:
    """Eliminate the inner nodes of some blocks of one shape.

    Parameters
    ----------
    branches, degrees, edges, targets, ports
        See :class:`LeafProgram`.
    corners : int array (k, 2)
        First row and column of each of the k blocks.
    cells, words, bits : array (m, n), (m, n + 1), (m + 1, n)
        Conductances, siemens.
    values : array (conductances, k)
        Takes all conductances, those of an eliminated node as they were when its turn came.
    pivots : array (s, k)
        Takes each eliminated node's total conductance.
    store, at : array, int array (k, 2)
        Where the blocks' matrices go: from ``at[k, 0]`` on, of ``at[k, 1]`` ports, on a ground of zeros.
    """
    values[:] = 0.0
    for branch in range(branches.shape[0]):
        kind, i, j, to = branches[branch, 0], branches[branch, 1], branches[branch, 2], branches[branch, 3]
        source = cells if kind == _CELL else words if kind == _WORD else bits
        row = values[to]
        for k in range(corners.shape[0]):
            row[k] += source[corners[k, 0] + i, corners[k, 1] + j]
    _star_mesh(degrees, edges, targets, values, pivots)
    for pair in range(ports.shape[0]):
        row, a, b = values[ports[pair, 0]], ports[pair, 1], ports[pair, 2]
        for k in range(corners.shape[0]):
            store[at[k, 0] + a * at[k, 1] + b] = row[k]
            store[at[k, 0] + b * at[k, 1] + a] = row[k]


@kernel
def _star_mesh(degrees: Integers, edges: Integers, targets: Integers, values: Array, pivots: Array) -> None:
    """Run the program on all blocks' conductances (conductances, k)."""
    lanes = np.uint64(values.shape[1])  # unsigned, or each index would be looked at for being negative
    share = np.empty(lanes)
    edge = target = 0
    for step in range(degrees.size):
        node, last = np.uint64(step), edge + degrees[step]
        for k in range(lanes):
            pivots[node, k] = 0.0
        for a in range(edge, last):
            x = np.uint64(edges[a, 0])
            for k in range(lanes):
                pivots[node, k] += values[x, k]
        for a in range(edge, last):
            x = np.uint64(edges[a, 0])
            for k in range(lanes):
                share[k] = values[x, k] / pivots[node, k] if pivots[node, k] > 0.0 else 0.0
            for b in range(a + 1, last):
                x, y = np.uint64(edges[b, 0]), np.uint64(targets[target])
                for k in range(lanes):
                    values[y, k] += share[k] * values[x, k]
                target += 1
        edge = last


@kernel
def push_leaves(
    degrees: Integers,
    edges: Integers,
    word_nodes: Integers,
    bit_nodes: Integers,
    corners: Integers,
    words: Array,
    bits: Array,
    values: Array,
    pivots: Array,
    pending: Array,
    vector: Array,
    at: Integers,
) -> None:
    """Eliminate currents injected into the nodes of some blocks of one shape, as the nodes were.

    Parameters
    ----------
    degrees, edges, word_nodes, bit_nodes
        See :class:`LeafProgram`.
    corners, values, pivots
        See :func:`eliminate_leaves`.
    words, bits : array (m, n)
        Injected into the nodes on the word lines and on the bit lines, ampere.
    pending : array (s, k)
        Takes the nodes' currents when their turn came.
    vector, at : array, int array (k, 2)
        Where the currents that arrive at the blocks' ports go, and how many ports there are.
    """
    count = corners.shape[0]
    ports = at[0, 1]
    currents = np.zeros((degrees.size + ports, count))
    for i in range(word_nodes.shape[0]):
        for j in range(word_nodes.shape[1]):
            word, bit = currents[word_nodes[i, j]], currents[bit_nodes[i, j]]
            for k in range(count):
                word[k] += words[corners[k, 0] + i, corners[k, 1] + j]
                bit[k] += bits[corners[k, 0] + i, corners[k, 1] + j]
    edge = 0
    share = np.empty(count)
    for node in range(degrees.size):
        own, total = currents[node], pivots[node]
        for k in range(count):
            share[k] = own[k] / total[k] if total[k] > 0.0 else 0.0
        for a in range(edge, edge + degrees[node]):
            row, other = values[edges[a, 0]], currents[edges[a, 1]]
            for k in range(count):
                other[k] += share[k] * row[k]
        edge += degrees[node]
    pending[:] = currents[: degrees.size]
    for port in range(ports):
        row = currents[degrees.size + port]
        for k in range(count):
            vector[at[k, 0] + port] = row[k]


@kernel
def pull_leaves(
    degrees: Integers,
    edges: Integers,
    word_nodes: Integers,
    bit_nodes: Integers,
    corners: Integers,
    values: Array,
    pivots: Array,
    pending: Array,
    vector: Array,
    at: Integers,
    words: Array,
    bits: Array,
) -> None:
    """The voltages of the nodes of some blocks of one shape from their ports'; arguments as of :func:`push_leaves`."""
    count = corners.shape[0]
    ports = at[0, 1]
    voltages = np.empty((degrees.size + ports, count))
    for port in range(ports):
        row = voltages[degrees.size + port]
        for k in range(count):
            row[k] = vector[at[k, 0] + port]
    edge = edges.shape[0]
    for node in range(degrees.size - 1, -1, -1):
        own, total = voltages[node], pivots[node]
        own[:] = pending[node]
        for a in range(edge - degrees[node], edge):
            row, other = values[edges[a, 0]], voltages[edges[a, 1]]
            for k in range(count):
                own[k] += row[k] * other[k]
        for k in range(count):
            own[k] = own[k] / total[k] if total[k] > 0.0 else 0.0
        edge -= degrees[node]
    for i in range(word_nodes.shape[0]):
        for j in range(word_nodes.shape[1]):
            word, bit = voltages[word_nodes[i, j]], voltages[bit_nodes[i, j]]
            for k in range(count):
                words[corners[k, 0] + i, corners[k, 1] + j] = word[k]
                bits[corners[k, 0] + i, corners[k, 1] + j] = bit[k]
