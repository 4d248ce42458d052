"""A circuit handed to PySpice, for those who go on from there.

PySpice is loaded here alone, and only when asked for. rescircuit runs ngspice itself: PySpice 1.5 cannot read
the output of ngspice 39 under NumPy 2, and in its shared-library mode one bad circuit spoils all later ones.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rescircuit.errors import MissingToolError
from rescircuit.spice.circuit import Circuit, Element, Mosfet, Resistor, SelectedSource, SinhConductor, VoltageSource
from rescircuit.spice.decks import TITLE, selected_voltage, sinh_current
from rescircuit.spice.names import GROUND, SELECTOR_NODE, SELECTOR_SOURCE
from rescircuit.spice.rules import check_rules

if TYPE_CHECKING:
    from PySpice.Spice.Netlist import Circuit as PySpiceCircuit

__all__ = ["to_pyspice"]


def to_pyspice(circuit: Circuit) -> PySpiceCircuit:
    """Build `circuit` in PySpice, with the same elements, nodes and models.

    A PySpice circuit has no temperature, tolerances or analysis: give these to its ``simulator``. PySpice
    writes an element's first letter as a capital. Selected sources become behavioural sources that follow the
    node ``sample_index``, which the source ``V_sample_index`` holds at the first sample, 0.

    Parameters
    ----------
    circuit : Circuit
        Checked by the same rules as for a deck.

    Returns
    -------
    PySpice.Spice.Netlist.Circuit

    Raises
    ------
    InputError
        When the circuit breaks a rule, see :func:`rescircuit.spice.rules.check_rules`.
    MissingToolError
        When PySpice is not installed.
    """
    check_rules(circuit)
    try:
        from PySpice.Spice.Netlist import Circuit as EmptyCircuit
    except ImportError:
        remedy = "Install it with `pip install PySpice`."
        raise MissingToolError("PySpice", "handing a circuit to it", remedy) from None
    netlist = EmptyCircuit(TITLE)
    with _without_advice_on_names():
        for element in circuit.elements:
            _add_element(netlist, element)
        if circuit.n_samples is not None:
            netlist.V(SELECTOR_SOURCE[1:], SELECTOR_NODE, GROUND, 0.0)
    for model in circuit.models:
        netlist.model(model.name, "nmos", level=1, **model.parameters)
    return netlist


def _add_element(netlist: PySpiceCircuit, element: Element) -> None:
    """Add one element; PySpice puts the letter of its kind before the name itself."""
    name = element.name[1:]
    match element:
        case Resistor():
            netlist.R(name, *element.nodes, element.resistance)
        case VoltageSource():
            netlist.V(name, *element.nodes, element.voltage)
        case SelectedSource():
            netlist.B(name, *element.nodes, v=selected_voltage(element))
        case SinhConductor():
            netlist.B(name, *element.nodes, i=sinh_current(element))
        case Mosfet():
            netlist.M(name, *element.nodes, model=element.model, w=element.width, l=element.length)


@contextmanager
def _without_advice_on_names() -> Iterator[None]:
    """Keep PySpice from printing that a node named ``in`` cannot be an attribute in Python."""
    logger = logging.getLogger("PySpice.Spice.Netlist.Node")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
