"""Targets that make up for the wires: what to program so that an array with its wires is the one that was wanted.

Wires take a part of each cell's voltage, so that an array of cells G acts as one of smaller, effective conductances
E(G) (:meth:`rescircuit.Crossbar.effective_conductances`). Wanted are cells G, each within what it can be programmed
to, with ``E(G)[:, plus] - E(G)[:, minus] == scale * difference``, and the scale, one for a tile or for each output,
as near to 1 as that allows.

Where such cells exist. A cell's effective conductance grows with the cell: its derivative is the product of two
voltages across it, for 1 V at its word line's source and for 1 V at its bit line's end, both positive. It falls with
the other cells of its two lines, which load them, and hardly knows of all others. Therefore E(G) of a cell at its
upper bound is smallest where its neighbours are at theirs, and by the theorem of Poincaré and Miranda (a continuous
map whose every component lies below the wanted value on one face of a box and above it on the opposite one takes the
wanted values inside) every set of effective conductances is reached that lies between those with all cells at their
lower bounds and those with all cells at their upper ones. Differences beyond are reached as long as the loads allow;
where they do not, the differences have to be scaled. The more is asked for, the more the lines are loaded and the less
can be had: the largest scale that the attenuation of an array programmed for the scale s permits falls with s, and
crosses s once. Cells near the middle of their range load the lines most, so that behind wires that resist much the
scheme with one side off reaches farther. Without a path from a source to a cell, or with wires that resist more than
the cells (so that currents sneak around a cell through others, and its effective conductance is theirs rather than
its own) nothing of this holds: then the iteration ends without its certificate, and says so.

How they are found. Around the present cells, E(G) is taken as ``E + slopes (G' - G)`` with one slope for each cell,
its attenuation: that of an array of equal cells, times a factor for each line's own load. This model is solved for the
largest scale and the cells within their bounds that have as much in common as was asked; then the exact map is
computed again. Steps are combined by Anderson's acceleration (Walker and Ni, SIAM J. Numer. Anal. 49, 1715, 2011);
each one costs one map.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, positive_number, whole_number
from rescircuit.errors import InputError, SolutionError
from rescircuit.network.compensation.attenuated import Attenuated, Scaling, Scheme
from rescircuit.network.compensation.mixing import Mixing

__all__ = ["Predistortion", "predistorted"]

_LEAST_SCALE = 1e-6  # below, nothing is left of the weights
_WHOLE = 1 - 1e-6  # above, nothing is missing of them: the largest scale is known to about the tolerance


@dataclass(frozen=True, kw_only=True, eq=False)
class Predistortion:
    """Cells whose array, with its wires, has the wanted effective differences; and how well.

    Attributes
    ----------
    targets : array (i, lines)
        What to program, siemens, within the bounds.
    effective : array (i, lines)
        The exact effective conductances of an array of these targets, siemens.
    slopes : array (i, lines)
        About what a change of a cell by itself is worth in its effective conductance, from 0 to 1.
    scale : float, or array (o,) where each output has its own
        What of the wanted differences the targets have: 1, or the largest share within reach.
    residual : float
        The largest deviation of an effective difference from scale times the wanted one, relative to the largest
        wanted one.
    evaluations : int
        Maps that were computed.
    at_low, at_high : bool array (i, lines)
        Cells at the lower and at the upper bound.
    """

    targets: Array
    effective: Array
    slopes: Array
    scale: Any
    residual: float
    evaluations: int
    at_low: NDArray[np.bool_]
    at_high: NDArray[np.bool_]

    @property
    def feasible(self) -> bool:
        """Whether all differences are there as they were asked for, not scaled down by more than a millionth."""
        return bool(np.min(self.scale) >= _WHOLE)


def predistorted(
    difference: Any,
    asked: Any,
    effective_of: Callable[[Array], Array],
    *,
    plus: Any,
    minus: Any,
    low: Any = 0.0,
    high: Any,
    scheme: Scheme = "middle",
    scaling: Scaling = "tensor",
    rescale: bool = True,
    tolerance: float = 1e-9,
    most_evaluations: int = 100,
) -> Predistortion:
    """Targets within bounds whose array, with its wires, has the wanted differences of effective conductances.

    Parameters
    ----------
    difference : array (i, o)
        Wanted between each output's two lines, siemens: what the array would have without wires.
    asked : array (i, lines)
        The cells that would be programmed without wires, siemens. Lines that belong to no output stay like this; of
        the others, `scheme` says what is kept.
    effective_of : callable
        The exact effective conductances (i, lines) of an array of cells (i, lines), with wires, drivers and senses.
    plus : int array (o,)
        The bit line whose current counts for each output.
    minus : int array (o,) or int
        The bit line whose current is subtracted; one for all is a line of references.
    low, high : float or array broadcastable to (i, lines)
        What each cell can be programmed to, siemens.
    scheme : "middle", "one_side" or "offset"
        What stays as asked where it can: the mean of a pair's two cells; the cell that is not needed for the
        difference's sign; the line of references. Where it cannot, it is moved as little as needed.
    scaling : "tensor" or "column"
        Whether what is out of reach makes all outputs smaller, or each by itself.
    rescale : bool
        Whether that is wanted, or an error.
    tolerance : float
        For the residual.
    most_evaluations : int
        Maps that may be computed.

    Raises
    ------
    InputError
        For arrays of other shapes, values that are not finite, bounds that leave nothing, lines that are not there or
        taken twice, or differences out of reach where they may not be scaled, or not reached at any scale.
    SolutionError
        If the residual is still above the tolerance after `most_evaluations` maps.

    Examples
    --------
    >>> import numpy as np, rescircuit as rc
    >>> from rescircuit.network.compensation import predistorted
    >>> def effective_of(cells):
    ...     return rc.Crossbar(cells, r_word_line=10.0, r_bit_line=10.0).effective_conductances()
    >>> wanted = np.array([[2e-4, -1e-4], [0.0, 3e-4]])
    >>> asked = np.repeat(5e-4 + wanted / 2, 2, axis=1)
    >>> found = predistorted(wanted, asked, effective_of, plus=[0, 2], minus=[1, 3], high=1e-3)
    >>> effective = effective_of(found.targets)
    >>> bool(np.allclose(effective[:, 0::2] - effective[:, 1::2], wanted, atol=1e-12)), found.feasible
    (True, True)
    """
    search = Attenuated.checked(difference, asked, plus, minus, low, high, scheme, scaling)
    limit = positive_number("tolerance", tolerance)
    most = whole_number("most_evaluations", most_evaluations, 2)
    equal = search.uniform_slopes(effective_of)
    cells, mixing, residual = search.within(search.asked), Mixing(), np.inf
    for evaluation in range(2, most + 1):
        effective = effective_of(cells)
        slopes = search.balanced(equal, cells, effective)
        scale = search.largest_scale(cells, effective, slopes)
        residual = search.residual(effective, scale)
        if residual <= limit:
            worst = _checked_scale(float(scale.min()), rescale)
            return Predistortion(
                targets=cells,
                effective=effective,
                slopes=slopes,
                scale=worst if scaling == "tensor" else scale,
                residual=residual,
                evaluations=evaluation,
                at_low=search.taken & (cells <= search.low),
                at_high=search.taken & (cells >= search.high),
            )
        step = search.solved(cells, effective, slopes, scale) - cells
        cells = search.within(mixing.next(cells, step))
    hint = "Ask for a smaller difference (a smaller swing), take wires that resist less, or allow more evaluations."
    raise SolutionError(f"targets against the wires after {most} maps", residual, limit, hint)


def _checked_scale(worst: float, rescale: bool) -> float:
    """The smallest scale; refused where nothing is left of a difference, or all of it has to be."""
    if worst < _WHOLE and not rescale:
        hint = "Ask for less (a smaller swing), or allow rescaling."
        raise InputError("difference", "within reach of the cells behind their wires", f"{worst:.3g} of it", hint)
    if worst < _LEAST_SCALE:
        hint = "Some cells cannot deliver any difference: look at their bounds, and for broken wires."
        raise InputError("difference", "within reach at some scale", f"a largest scale of {worst:.3g}", hint)
    return worst
