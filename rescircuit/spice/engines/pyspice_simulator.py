"""PySpice's simulator of a circuit, ready to run in this process, for those who go on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.rules import circuit_of
from rescircuit.spice.decks.writing import Deck
from rescircuit.spice.engines import pyspice_worker
from rescircuit.spice.engines.pyspice import quiet, to_pyspice
from rescircuit.spice.engines.pyspice_library import library_names, missing_library

if TYPE_CHECKING:
    from PySpice.Spice.NgSpice.Shared import NgSpiceShared
    from PySpice.Spice.NgSpice.Simulation import NgSpiceSharedCircuitSimulator

__all__ = ["pyspice_simulator", "simulator_settings"]

_PYSPICES_OWN = ("libngspice{}.so", "libngspice{}.dylib")  # what it takes where nobody has said anything


def pyspice_simulator(circuit: Circuit | Deck) -> NgSpiceSharedCircuitSimulator:
    """PySpice's simulator of `circuit`, with its temperatures, the tolerances of its deck and the library found.

    The circuit is that of :func:`rescircuit.spice.to_pyspice`; change it at ``simulator.circuit`` and run it again::

        simulator = rc.spice.pyspice_simulator(rc.deck(bank, voltages=0.2))
        simulator.circuit["V_in"].dc_value = 0.1
        analysis = simulator.operating_point()
        current = float(analysis.branches["v_out"][0])  # ampere, from plus through the source to minus

    ngspice runs inside this process. A circuit that it cannot read spoils all later ones of the process or ends it:
    :func:`rescircuit.spice.run_pyspice` is for runs that must not. PySpice's class has one library in a process, so its
    ``LIBRARY_PATH`` is set for all its simulators; one that you have set stays, and so does NGSPICE_LIBRARY_PATH.

    What a PySpice circuit cannot keep, so that it is not in the simulator:

    - the analysis: call ``operating_point``, ``dc`` or ``transient`` with what it needs. A circuit of samples is swept
      by ``simulator.dc(V_sample_index=slice(0, K - 1, 1))``, temperatures by ``simulator.dc(temp=slice(...))``;
    - probes: unless you call ``save``, all nodes come, those inside instances as ``analysis.nodes["x_bank.branch_0"]``;
    - notes and comments;
    - the first letter of an element's name, which is a capital there: ``V_in``. What comes back is in small letters.

    Parameters
    ----------
    circuit : Circuit or Deck
        Checked by the same rules as for a deck; of a deck, its circuit.

    Returns
    -------
    PySpice.Spice.NgSpice.Simulation.NgSpiceSharedCircuitSimulator

    Raises
    ------
    InputError
        When the circuit breaks a rule, or for what is no circuit.
    MissingToolError
        When there is no PySpice, or no shared library of ngspice.
    """
    circuit = circuit_of(circuit)
    netlist = to_pyspice(circuit)
    temperatures, options = simulator_settings(Deck(circuit))
    simulator: Any = netlist.simulator(simulator="ngspice-shared", ngspice_shared=_library(), **temperatures)
    simulator.options(**options)
    return simulator


def simulator_settings(deck: Deck) -> tuple[dict[str, float], dict[str, str]]:
    """The temperatures, °C, that PySpice's simulator takes as arguments, and its other options.

    Both are those of the deck's card of options: one place states the tolerances of all ways to ngspice.
    """
    _, _, rest = deck.text.rpartition("\n.options ")
    card = rest.replace("\n+ ", " ").partition("\n")[0]
    options = dict(word.split("=") for word in card.split())
    return {"temperature": float(options.pop("temp")), "nominal_temperature": float(options.pop("tnom"))}, options


def _library() -> NgSpiceShared:
    """PySpice's one library of this process."""
    from PySpice.Spice.NgSpice.Shared import NgSpiceShared

    if NgSpiceShared.LIBRARY_PATH in _PYSPICES_OWN:
        library = pyspice_worker.loadable(library_names())
        if library is None:
            raise missing_library()
        NgSpiceShared.LIBRARY_PATH = pyspice_worker.as_template(library)
    try:
        with quiet("PySpice.Spice.NgSpice.Shared.NgSpiceShared"):  # it complains of each version after 34
            return pyspice_worker.library_class().new_instance()
    except OSError:
        raise missing_library() from None
