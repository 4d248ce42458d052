"""Differences of conductances behind wires, as a model with one slope for each cell has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array, non_negative_array
from rescircuit.errors import InputError

__all__ = ["Attenuated", "Scaling", "Scheme"]

Scheme = Literal["middle", "one_side", "offset"]
Scaling = Literal["tensor", "column"]

_BALANCED = 3  # rounds in which the lines' factors settle to a percent
_OPEN = 1e-15  # of a cell's upper bound: less is rounding


@dataclass(frozen=True, kw_only=True, eq=False)
class Attenuated:
    """What is looked for, and its solution where E(G) is linear in each cell.

    Outputs with lines of their own are a group each; those of one line of references are one.

    Attributes
    ----------
    asked, low, high : array (i, lines)
    lines : int array (groups, members)
        The bit lines of each group, that of the minus first.
    wanted : array (i, groups, members)
        What each member's effective conductance is to exceed the first one's by, siemens.
    scheme, scaling
        See :func:`rescircuit.network.compensation.predistorted`.
    """

    asked: Array
    low: Array
    high: Array
    lines: NDArray[np.intp]
    wanted: Array
    scheme: Scheme
    scaling: Scaling

    @classmethod
    def checked(
        cls, difference: Any, asked: Any, plus: Any, minus: Any, low: Any, high: Any, scheme: Any, scaling: Any
    ) -> Attenuated:
        """Of the arguments of :func:`rescircuit.network.compensation.predistorted`; InputError for others."""
        for name, given, known in (("scheme", scheme, Scheme), ("scaling", scaling, Scaling)):
            if given not in get_args(known):
                raise InputError(name, f"one of {', '.join(get_args(known))}", given)
        wanted, cells = finite_array("difference", difference, "S"), non_negative_array("asked", asked, "S")
        if wanted.ndim != 2 or cells.ndim != 2 or len(wanted) != len(cells):
            raise InputError("difference", f"of shape (i, o) for cells {cells.shape}", f"shape {wanted.shape}")
        outputs = wanted.shape[1]
        lines = _checked_lines(plus, minus, outputs, cells.shape[1])
        bounds = [_checked_bounds(name, given, cells.shape) for name, given in (("low", low), ("high", high))]
        if (bounds[0] > bounds[1]).any():
            raise InputError("low", "at most high", float((bounds[0] - bounds[1]).max()), "Between them cells are set.")
        if scheme != "offset" and len(lines) < outputs:
            raise InputError("scheme", "offset for outputs that share a line", scheme)
        beyond = np.zeros((len(wanted), *lines.shape))
        beyond[..., 1:] = wanted.reshape(len(wanted), len(lines), -1)
        return cls(
            asked=cells, low=bounds[0], high=bounds[1], lines=lines, wanted=beyond, scheme=scheme, scaling=scaling
        )

    def uniform_slopes(self, effective_of: Callable[[Array], Array]) -> Array:
        """Effective over true conductance in an array of equal cells, (i, lines): smooth, and nowhere 0 / 0."""
        typical = float(self.asked.mean()) or float(self.high.mean())
        if not typical > 0:
            raise InputError("high", "above 0 S somewhere", typical)
        return effective_of(np.full(self.asked.shape, typical)) / typical

    @staticmethod
    def balanced(equal: Array, cells: Array, effective: Array) -> Array:
        """The slopes of equal cells with a factor for each line, so that they give the lines' sums of `effective`."""
        slopes = np.array(equal)
        for _ in range(_BALANCED):
            for axis in (1, 0):
                sums = (slopes * cells).sum(axis=axis, keepdims=True)
                loaded = np.ones(sums.shape)
                np.divide(effective.sum(axis=axis, keepdims=True), sums, out=loaded, where=sums > 0)
                slopes *= loaded
        return np.clip(slopes, 1e-12, 1.0)

    def largest_scale(self, cells: Array, effective: Array, slopes: Array) -> Array:
        """The largest scale up to 1 of each output, (o,), for which the model has a solution within the bounds.

        A group's row has one if some effective conductance e of its minus line leaves each member, which is to have
        ``e + scale * wanted``, within its reach. What is left is concave in the scale, and Newton's method from 1
        downwards ends at its zero after a few steps (Dinkelbach, Management Science 13, 492, 1967).
        """
        least, most = self._reach(cells, effective, slopes)
        scale = np.ones(self.wanted.shape[:2])
        for _ in range(self.wanted.shape[-1] + 2):
            below, above = self._room(least, most, scale)
            first, last = below.argmax(axis=-1)[..., np.newaxis], above.argmin(axis=-1)[..., np.newaxis]
            room = (np.take_along_axis(above, last, -1) - np.take_along_axis(below, first, -1))[..., 0]
            tight = room < 0
            if not tight.any():
                break
            growth = (np.take_along_axis(self.wanted, last, -1) - np.take_along_axis(self.wanted, first, -1))[..., 0]
            ends = (np.take_along_axis(most, last, -1) - np.take_along_axis(least, first, -1))[..., 0]
            lower = np.divide(ends, growth, out=np.zeros(ends.shape), where=growth > 0)
            scale = np.where(tight, np.minimum(np.maximum(lower, 0.0), np.nextafter(scale, 0.0)), scale)
        found = scale.min(axis=0)
        if self.scaling == "tensor":
            return np.full(self.outputs, found.min())
        found = np.repeat(found, self.wanted.shape[-1] - 1)
        if len(self.lines) == self.outputs:
            return found
        return self._each_by_itself(cells, effective, slopes, found)

    def _each_by_itself(self, cells: Array, effective: Array, slopes: Array, scale: Array) -> Array:
        """The outputs' own largest scales, (o,), with the references where they are for a common `scale`."""
        least, most = self._reach(cells, effective, slopes)
        reference = self._of_minus(cells, effective, slopes, scale)[..., np.newaxis]
        room = np.where(self.wanted > 0, most - reference, reference - least)[..., 1:]
        size = np.abs(self.wanted[..., 1:])
        own = np.divide(room, size, out=np.full(size.shape, np.inf), where=size > 0).min(axis=0)
        return np.clip(own.ravel(), scale, 1.0)

    def solved(self, cells: Array, effective: Array, slopes: Array, scale: Array) -> Array:
        """The cells (i, lines) that the model gives the scaled differences to."""
        of_minus = self._of_minus(cells, effective, slopes, scale)
        members = of_minus[..., np.newaxis] + self.scaled(scale)
        found = np.array(cells)
        at = self.lines
        found[:, at] += (members - effective[:, at]) / slopes[:, at]
        return self.within(found)

    def within(self, cells: Array) -> Array:
        """Cells (i, lines) within their bounds, those of no output as asked; what rounding left of an open cell, 0."""
        found = np.where(self.taken, np.clip(cells, self.low, self.high), self.asked)
        return np.where((found < _OPEN * self.high) & (self.low == 0), 0.0, found)

    def residual(self, effective: Array, scale: Array) -> float:
        """The largest deviation of a difference from the scaled one, relative to the largest wanted."""
        members = effective[:, self.lines]
        missed = float(np.abs(members - members[..., :1] - self.scaled(scale)).max())
        return missed / (float(np.abs(self.wanted).max()) or float(effective.max()) or 1.0)

    @property
    def outputs(self) -> int:
        """How many differences each word line has."""
        return self.wanted.shape[1] * (self.wanted.shape[2] - 1)

    @property
    def taken(self) -> NDArray[np.bool_]:
        """Bit lines (lines,) that belong to an output."""
        return np.isin(np.arange(self.asked.shape[1]), self.lines)

    def scaled(self, scale: Array) -> Array:
        """The wanted differences (i, groups, members), each output's with its own scale."""
        return self.wanted * np.insert(scale.reshape(len(self.lines), -1), 0, 1.0, axis=1)

    def _reach(self, cells: Array, effective: Array, slopes: Array) -> tuple[Array, Array]:
        """The effective conductances between the members' bounds in the model, (i, groups, members) each."""
        least = effective + slopes * (self.low - cells)
        most = effective + slopes * (self.high - cells)
        return least[:, self.lines], most[:, self.lines]

    def _room(self, least: Array, most: Array, scale: Array) -> tuple[Array, Array]:
        """The lowest and highest that each member leaves its minus line, at a scale (i, groups)."""
        shift = scale[..., np.newaxis] * self.wanted
        return least - shift, most - shift

    def _of_minus(self, cells: Array, effective: Array, slopes: Array, scale: Array) -> Array:
        """The minus lines' effective conductances, (i, groups): what the scheme keeps, as far as it is within reach."""
        least, most = self._reach(cells, effective, slopes)
        shift = self.scaled(scale)
        preferred = self._preferred(cells, effective, slopes, shift)
        return np.clip(preferred, (least - shift).max(axis=-1), (most - shift).min(axis=-1))

    def _preferred(self, cells: Array, effective: Array, slopes: Array, shift: Array) -> Array:
        first, second = self.lines[:, 0], self.lines[:, 1]
        kept = [effective[:, at] + slopes[:, at] * (self.asked[:, at] - cells[:, at]) for at in (first, second)]
        if self.scheme == "offset":
            return kept[0]
        if self.scheme == "one_side":
            return np.where(shift[..., 1] >= 0, kept[0], kept[1] - shift[..., 1])
        # What moves both cells by as much, in opposite directions: by the model, over their slopes.
        weights = [1.0 / slopes[:, at] for at in (first, second)]
        return (weights[0] * kept[0] + weights[1] * (kept[1] - shift[..., 1])) / (weights[0] + weights[1])


def _checked_lines(plus: Any, minus: Any, outputs: int, lines: int) -> NDArray[np.intp]:
    """The bit lines of each group, (groups, members), the minus first."""
    first, second = np.asarray(plus), np.asarray(minus)
    for name, given, shapes in (("plus", first, [(outputs,)]), ("minus", second, [(outputs,), ()])):
        if given.dtype.kind not in "iu" or given.shape not in shapes:
            raise InputError(name, f"whole numbers ({outputs},)", f"shape {given.shape} of {given.dtype.name}")
        if (given < 0).any() or (given >= lines).any():
            raise InputError(name, f"bit lines from 0 to {lines - 1}", given.tolist())
    references = np.unique(second)
    used = np.concatenate([first, references])
    if np.unique(used).size < used.size:
        raise InputError("plus", "bit lines of which each belongs to one output", first.tolist())
    if references.size == 1:
        return np.concatenate([references, first])[np.newaxis].astype(np.intp)
    if references.size < outputs:
        raise InputError("minus", "one line for each output, or one for all", second.tolist())
    return np.stack([second, first], axis=1).astype(np.intp)


def _checked_bounds(name: str, given: Any, shape: tuple[int, ...]) -> Array:
    bound = non_negative_array(name, given, "S")
    try:
        return np.broadcast_to(bound, shape)
    except ValueError:
        raise InputError(name, f"one number, or an array that fits {shape}", f"shape {bound.shape}") from None
