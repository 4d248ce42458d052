"""A circuit handed to PySpice, for those who go on from there.

PySpice is loaded here and in :mod:`rescircuit.spice.engines.pyspice_worker` alone, and only when asked for. What its
users have to know of PySpice 1.5 with an ngspice of today:

- ``simulator="ngspice-subprocess"`` cannot read the output of ngspice 39, nor that of any under NumPy 2; only
  ``"ngspice-shared"``, its own choice, works. It looks for ``libngspice.so`` and so does not find Debian's
  ``libngspice.so.0``: :func:`rescircuit.spice.engines.pyspice_simulator.pyspice_simulator` does, or set
  NGSPICE_LIBRARY_PATH. ``Unsupported Ngspice version 39`` means nothing.
- In that mode a circuit that ngspice cannot read spoils all later ones of the process or ends it, and the
  ``.spiceinit`` of the current folder, or else of the home folder, is run.
  :func:`rescircuit.spice.engines.pyspice_process.run_pyspice` is for that.
- From ngspice 42 on each run fails, because PySpice takes the name of the solver, which ngspice then states on its
  standard error, for a failure; not in the simulator of ``pyspice_simulator``.
- A title, or a line that ngspice says, with the word "error" is taken for a failure too.
- Models are in ``circuit.models``; asking the circuit for one by name, ``circuit["nmos"]``, is an error of PySpice's.
- Its parser of netlists loses what is inside subcircuits. So circuits are built here and never parsed.
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
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Capacitor, Instance, Mosfet, Resistor
from rescircuit.spice.circuits.formulas import GivenCharge
from rescircuit.spice.circuits.models import Bsim4Model, Level1Model, Model
from rescircuit.spice.circuits.names import GROUND, SELECTOR_NODE, SELECTOR_SOURCE
from rescircuit.spice.circuits.rules import check_rules, circuit_of
from rescircuit.spice.circuits.sources import (
    CurrentSource,
    PiecewiseLinearSource,
    SelectedSource,
    SineSource,
    Source,
    VoltageSource,
)
from rescircuit.spice.circuits.subcircuits import Subcircuit
from rescircuit.spice.decks.writing import TITLE, Deck

if TYPE_CHECKING:
    from PySpice.Spice.Netlist import Circuit as PySpiceCircuit
    from PySpice.Spice.Netlist import Netlist

__all__ = ["quiet", "to_pyspice"]


def to_pyspice(circuit: Circuit | Deck) -> PySpiceCircuit:
    """Build `circuit` in PySpice, with the same elements, nodes, subcircuits and models.

    A PySpice circuit has no temperatures, tolerances or analysis: give these to its ``simulator``, or take that of
    :func:`rescircuit.spice.pyspice_simulator`, which has all but the analysis. Nor has it
    comments, so those of the circuit and of its elements are left out. PySpice writes an element's first letter as a
    capital. Selected sources become behavioural sources that follow the node ``sample_index``, which the source
    ``V_sample_index`` holds at the first sample, 0: sweep it with ``simulator.dc(V_sample_index=slice(0, K - 1, 1))``.
    Sources over time, formulas and coefficients are what PySpice keeps as text, since its own classes for them round
    numbers or do not know them.

    Parameters
    ----------
    circuit : Circuit or Deck
        Checked by the same rules as for a deck; of a deck, its circuit.

    Returns
    -------
    PySpice.Spice.Netlist.Circuit

    Raises
    ------
    InputError
        When the circuit breaks a rule, see :func:`rescircuit.spice.circuits.rules.check_rules`, or for what is none.
    MissingToolError
        When PySpice is not installed.
    """
    circuit = circuit_of(circuit)
    check_rules(circuit)
    try:
        from PySpice.Spice.Netlist import Circuit as EmptyCircuit
    except ImportError:
        remedy = "Install it with `pip install PySpice`."
        raise MissingToolError("PySpice", "handing a circuit to it", remedy) from None
    netlist = EmptyCircuit(TITLE)
    with quiet("PySpice.Spice.Netlist.Node"):  # a node named `in` cannot be an attribute in Python
        for element in circuit.elements:
            _add_element(netlist, element)
        if circuit.n_samples is not None:
            netlist.V(SELECTOR_SOURCE[1:], SELECTOR_NODE, GROUND, 0.0)
        for model in circuit.models:
            _add_model(netlist, model)
    return netlist


def _add_element(netlist: Netlist, element: Element) -> None:
    """Add one element; PySpice puts the letter of its kind before the name itself."""
    name, nodes, words = element.name[1:], element.terminals, " ".join(element.words)
    match element:
        case Resistor():
            # PySpice writes such a value as it is; its own option for coefficients knows no numbers like 1e-06.
            netlist.R(name, *nodes, words if element.tc1 or element.tc2 else element.resistance)
        case Capacitor(tc1=0.0, tc2=0.0):
            netlist.C(name, *nodes, element.capacitance, initial_condition=element.initial_voltage)
        case Capacitor() | VoltageDependentCapacitor() | GivenCharge():
            netlist.C(name, *nodes, words)
        case CurrentMirror():
            netlist.F(name, *nodes, source=element.source, current_gain=element.gain)
        case Source() | CurrentSource():
            _add_source(netlist, element)
        case Behavioural():
            netlist.B(name, *nodes, i=element.expression)
        case Mosfet():
            netlist.M(name, *nodes, model=element.model, w=element.width, l=element.length)
        case Instance():
            netlist.X(name, element.model, *nodes)
        case _:
            _refuse(element)


def _add_source(netlist: Netlist, source: Source | CurrentSource) -> None:
    """Add one source."""
    name, nodes = source.name[1:], source.terminals
    match source:
        case VoltageSource():
            netlist.V(name, *nodes, source.voltage)
        case CurrentSource():
            netlist.I(name, *nodes, source.current)
        case SelectedSource():
            netlist.B(name, *nodes, v=source.expression)
        case PiecewiseLinearSource() | SineSource():
            netlist.V(name, *nodes, " ".join(source.words))
        case _:
            _refuse(source)


def _add_model(netlist: Netlist, model: Model) -> None:
    """Add one model or subcircuit."""
    match model:
        case Level1Model():
            netlist.model(model.name, "nmos", level=1, **model.parameters)
        case Bsim4Model():
            card = model.card
            netlist.model(model.name, "nmos", level=14, version=card.version, **dict(card.parameters))
        case Subcircuit():
            _add_subcircuit(netlist, model)
        case _:
            _refuse(model)


def _add_subcircuit(netlist: Netlist, model: Subcircuit) -> None:
    from PySpice.Spice.Netlist import SubCircuit

    subcircuit = SubCircuit(model.name, *model.ports)
    for element in model.elements:
        _add_element(subcircuit, element)
    netlist.subcircuit(subcircuit)


def _refuse(part: Element | Model) -> NoReturn:
    required = "made of elements and models that PySpice has, too"
    raise InputError("circuit", required, type(part).__name__, "Write it as a deck instead.")


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """Keep a logger of PySpice's from printing."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
