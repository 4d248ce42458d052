"""What a run brought, by the circuit's own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rescircuit.checks import Array
from rescircuit.spice.decks.writing import current_variable, voltage_variable
from rescircuit.spice.engines.acceptance import Runnable, accepted_values
from rescircuit.spice.engines.raw import Plot

__all__ = ["SpiceResult", "read_result"]


@dataclass(frozen=True, kw_only=True)
class SpiceResult:
    """What a run brought; K is the number of samples or of points in time, 1 for an operating point.

    Where temperatures were swept, arrays are (T, K).

    Attributes
    ----------
    node_voltages : mapping of node to (K,) array
        Volt, by the circuit's own names.
    source_currents : mapping of source to (K,) array
        Ampere, from ``plus`` through the source to ``minus``.
    version : str
        ngspice's version; empty where another engine solved the circuit.
    seconds : float
        Wall-clock time of the run.
    times : (K,) array or None
        The points of a transient, second, rising.
    remarks : tuple of str
        What ngspice said of a BSIM4 card that it took as it is.
    engine : str
        What solved the circuit: ``ngspice``, or another of the engines that bring such a result.
    """

    node_voltages: Mapping[str, Array]
    source_currents: Mapping[str, Array]
    version: str
    seconds: float
    times: Array | None = None
    remarks: tuple[str, ...] = ()
    engine: str = "ngspice"


def read_result(
    plot: Plot, deck: Runnable, *, version: str, seconds: float, remarks: tuple[str, ...], engine: str
) -> SpiceResult:
    """The voltages and currents of an accepted plot.

    Raises
    ------
    SpiceError
        For another plot than the deck asks for, see :func:`rescircuit.spice.engines.acceptance.accepted_values`.
    """
    columns = dict(zip(plot.variables, accepted_values(plot, deck).T, strict=True))
    if deck.transient is None:
        columns = {name: values.reshape(deck.shape) for name, values in columns.items()}
    return SpiceResult(
        node_voltages={node: columns[voltage_variable(node)] for node in deck.nodes},
        source_currents={source: columns[current_variable(source)] for source in deck.sources},
        version=version,
        seconds=seconds,
        times=None if deck.transient is None else columns["time"],
        remarks=remarks,
        engine=engine,
    )
