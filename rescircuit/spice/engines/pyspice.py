"""A circuit handed to PySpice, for those who go on from there.

PySpice is loaded here alone, and only when asked for. rescircuit runs ngspice itself: PySpice 1.5 cannot read
the output of ngspice 39 under NumPy 2, and in its shared-library mode one bad circuit spoils all later ones.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from rescircuit.errors import InputError, MissingToolError
from rescircuit.spice.circuits.behavioural import Behavioural
from rescircuit.spice.circuits.charges import CurrentMirror, VoltageDependentCapacitor
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.elements import Capacitor, Element, Instance, Mosfet, Resistor
from rescircuit.spice.circuits.models import Model
from rescircuit.spice.circuits.names import GROUND, SELECTOR_NODE, SELECTOR_SOURCE
from rescircuit.spice.circuits.rules import check_rules
from rescircuit.spice.circuits.sources import PiecewiseLinearSource, SelectedSource, SineSource, VoltageSource
from rescircuit.spice.decks.writing import TITLE

if TYPE_CHECKING:
    from PySpice.Spice.Netlist import Circuit as PySpiceCircuit

__all__ = ["to_pyspice"]


def to_pyspice(circuit: Circuit) -> PySpiceCircuit:
    """Build `circuit` in PySpice, with the same elements, nodes and models.

    A PySpice circuit has no temperatures, tolerances or analysis: give these to its ``simulator``. PySpice
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
        When the circuit breaks a rule, see :func:`rescircuit.spice.circuits.rules.check_rules`.
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
        _add_model(netlist, model)
    return netlist


def _add_element(netlist: PySpiceCircuit, element: Element) -> None:
    """Add one element; PySpice puts the letter of its kind before the name itself."""
    name, nodes, words = element.name[1:], element.terminals, " ".join(element.words)
    match element:
        case Resistor():
            # PySpice writes such a value as it is; its own option for coefficients knows no numbers like 1e-06.
            netlist.R(name, *nodes, words if element.tc1 or element.tc2 else element.resistance)
        case Capacitor() | VoltageDependentCapacitor():
            netlist.C(name, *nodes, words)
        case CurrentMirror():
            netlist.F(name, *nodes, source=element.source, current_gain=element.gain)
        case VoltageSource():
            netlist.V(name, *nodes, element.voltage)
        case PiecewiseLinearSource() | SineSource():
            netlist.V(name, *nodes, words)
        case SelectedSource():
            netlist.B(name, *nodes, v=element.expression)
        case Behavioural():
            netlist.B(name, *nodes, i=element.expression)
        case Mosfet():
            netlist.M(name, *nodes, model=element.model, w=element.width, l=element.length)
        case Instance():
            netlist.X(name, element.model, *nodes)
        case _:
            _refuse(element)


def _refuse(element: Element) -> NoReturn:
    required = "made of elements that PySpice has, too"
    raise InputError("circuit", required, type(element).__name__, "Write it as a deck instead.")


def _add_model(netlist: PySpiceCircuit, model: Model) -> None:
    """Add a model's cards as they are: PySpice's own class for models writes them alike, but no subcircuits."""
    netlist.raw_spice += "".join(f"{' '.join(card)}\n" for card in model.cards)


@contextmanager
def _without_advice_on_names() -> Iterator[None]:
    """Keep PySpice from printing that a node named ``in`` cannot be an attribute in Python."""
    logger = logging.getLogger("PySpice.Spice.Netlist.Node")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
