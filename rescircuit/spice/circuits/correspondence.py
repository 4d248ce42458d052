"""Whether two labelled graphs are the same: colours refined until they tell the vertices apart, then a check.

Colours are sums of 64-bit hashes. Different colours therefore mean different surroundings for certain, and that the
graphs are the same is never concluded from colours, but from looking at each edge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["LabelledGraph", "SearchEndedError", "corresponding"]

_Colours = NDArray[np.intp]
_MOST_TRIALS = 20_000  # of vertices for each other, where colours leave a choice
_MOST_WORK = 2_000_000_000  # edges looked at in all trials together: minutes


class SearchEndedError(Exception):
    """The graphs are too symmetric for a search of this length."""


@dataclass
class LabelledGraph:
    """Vertices and edges with labels, in the order in which they are added.

    Attributes
    ----------
    names : list of str
        Of the vertices, for people.
    labels : list of tuple
        Of the vertices, hashable.
    ends : list of (int, int)
        The vertices of each edge, the one that names it first.
    kinds : list
        The labels of the edges.
    """

    names: list[str] = field(default_factory=list)
    labels: list[tuple[object, ...]] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)
    kinds: list[Hashable] = field(default_factory=list)

    def add(self, name: str, label: tuple[object, ...]) -> int:
        """A vertex more; returns its number."""
        self.names.append(name)
        self.labels.append(label)
        return len(self.names) - 1

    def join(self, vertex: int, other: int, kind: Hashable) -> None:
        """An edge more."""
        self.ends.append((vertex, other))
        self.kinds.append(kind)


def corresponding(first: LabelledGraph, second: LabelledGraph) -> str | None:
    """``None`` if the graphs are the same up to the order of their vertices, or a line on where they differ.

    Raises
    ------
    SearchEndedError
        When parts are so symmetric that the search was given up.
    """
    pair = _Pair.of(first, second)
    colours = pair.refined(pair.start)
    unequal = pair.unequal(colours)
    if unequal is not None:
        side, vertex = unequal
        return f"{vertex} of the {side} circuit is connected as nothing in the other one is"
    # A stack in place of a recursion, which would be as deep as there are symmetric parts.
    open_choices: list[Iterator[_Colours]] = [iter((colours,))]
    trials = 0
    while open_choices:
        choice = next(open_choices[-1], None)
        if choice is None:
            open_choices.pop()
            continue
        trials += 1
        if trials > _MOST_TRIALS or trials * pair.n_edges > _MOST_WORK:
            raise SearchEndedError
        refined = pair.refined(choice)
        if pair.unequal(refined) is not None:
            continue
        if pair.told_apart(refined):
            if pair.agrees(refined):
                return None
            continue
        open_choices.append(pair.choices(refined))
    return "the circuits have the same elements, and alike nodes, but no correspondence between them"


@dataclass(frozen=True, eq=False)
class _Pair:
    """Both graphs as one, the vertices of the second behind those of the first.

    Attributes
    ----------
    graphs : the two.
    start : (vertices,) array
        A colour for each label.
    targets, kinds : (edges,) arrays
        Where edges lead and what they are: each edge both ways, and a loop at each vertex, sorted by
        the vertices that they come from.
    begins : (vertices,) array
        Where the edges of each vertex begin.
    """

    graphs: tuple[LabelledGraph, LabelledGraph]
    start: _Colours
    targets: _Colours
    kinds: NDArray[np.uint64]
    begins: _Colours

    @classmethod
    def of(cls, first: LabelledGraph, second: LabelledGraph) -> _Pair:
        """Of two graphs."""
        colours: dict[Hashable, int] = {}
        start = [colours.setdefault(label, len(colours)) for label in (*first.labels, *second.labels)]
        n, m = len(first.names), len(start)
        numbers: dict[Hashable, int] = {}
        kinds = np.array([numbers.setdefault(k, len(numbers) + 1) for k in (*first.kinds, *second.kinds)], np.uint64)
        ends = np.array([*first.ends, *((a + n, b + n) for a, b in second.ends)], np.intp).reshape(-1, 2)
        loops = np.arange(m)
        sources = np.concatenate([ends[:, 0], ends[:, 1], loops])
        targets = np.concatenate([ends[:, 1], ends[:, 0], loops])
        order = np.argsort(sources, kind="stable")
        begins = np.searchsorted(sources[order], loops)
        both = np.concatenate([kinds, kinds, np.zeros(m, np.uint64)])
        return cls((first, second), np.array(start, np.intp), targets[order], both[order], begins)

    @property
    def n_edges(self) -> int:
        """How many edges a refinement looks at."""
        return len(self.targets)

    @property
    def n_first(self) -> int:
        """How many vertices the first graph has."""
        return len(self.graphs[0].names)

    def refined(self, colours: _Colours) -> _Colours:
        """Colours that also tell apart what has other neighbours, and these what has other neighbours, and so on."""
        n_colours = 0
        while True:
            _, colours = np.unique(colours, return_inverse=True)
            if self.unequal(colours) is not None:
                return colours
            found = int(colours.max()) + 1
            if found == n_colours:
                return colours
            n_colours = found
            seen = _mixed(_mixed(colours.astype(np.uint64))[self.targets] + self.kinds)
            around = np.add.reduceat(seen, self.begins)
            colours = _mixed(_mixed(colours.astype(np.uint64)) ^ around).view(np.int64)

    def unequal(self, colours: _Colours) -> tuple[str, str] | None:
        """Which circuit has more of a colour than the other, and such a vertex; ``None`` if all are as many."""
        n_colours = int(colours.max()) + 1
        sides = colours[: self.n_first], colours[self.n_first :]
        ours, theirs = (np.bincount(side, minlength=n_colours) for side in sides)
        differing = np.flatnonzero(ours != theirs)
        if not differing.size:
            return None
        colour = differing[0]
        k = 0 if ours[colour] > theirs[colour] else 1
        return ("first", "second")[k], self.graphs[k].names[int(np.flatnonzero(sides[k] == colour)[0])]

    def told_apart(self, colours: _Colours) -> bool:
        """Whether each vertex of a graph has a colour of its own."""
        return int(colours.max()) + 1 == self.n_first

    def choices(self, colours: _Colours) -> Iterator[_Colours]:
        """For a vertex of the first graph with a colour that others have too, each that may correspond to it."""
        ours = colours[: self.n_first]
        counts = np.bincount(ours)
        colour = np.where(counts > 1, counts, self.n_first + 1).argmin()
        chosen = int(np.flatnonzero(ours == colour)[0])
        for candidate in np.flatnonzero(colours[self.n_first :] == colour).tolist():
            marked = colours.copy()
            marked[[chosen, self.n_first + candidate]] = colours.max() + 1
            yield marked

    def agrees(self, colours: _Colours) -> bool:
        """Whether vertices of one colour have one label, and the same edges to vertices of the same colours."""
        first, second = self.graphs
        ours, theirs = colours[: self.n_first].tolist(), colours[self.n_first :].tolist()
        labels = dict(zip(ours, first.labels, strict=True))
        if any(labels[colour] != label for colour, label in zip(theirs, second.labels, strict=True)):
            return False
        return _coloured_edges(first, ours) == _coloured_edges(second, theirs)


def _coloured_edges(graph: LabelledGraph, colours: list[int]) -> Counter[tuple[int, int, Hashable]]:
    pairs = zip(graph.ends, graph.kinds, strict=True)
    return Counter((colours[a], colours[b], kind) for (a, b), kind in pairs)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A hash of each number (splitmix64, Steele, Lea and Flood 2014)."""
    values = (values + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
