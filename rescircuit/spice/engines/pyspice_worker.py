"""What runs in a process of its own for :func:`rescircuit.spice.engines.pyspice_process.run_pyspice`.

This file is started as a program, in a fresh folder, and imports nothing of rescircuit; what it knows of the library
is of use to :mod:`rescircuit.spice.engines.pyspice_simulator` as well. It takes ``job.json``, lets
PySpice simulate it through ngspice's shared library, prints all that ngspice says, and leaves what came in ``out.raw``,
in ngspice's own format. Who started it judges both.
"""

from __future__ import annotations

import ctypes
import json
import logging
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from PySpice.Spice.NgSpice.Shared import NgSpiceShared

JOB, RAW = "job.json", "out.raw"
NO_LIBRARY = 69  # exit status where no library can be loaded

# PySpice takes any line on ngspice's standard error for a failure, also ngspice 42's "Using SPARSE 1.3 as Direct Linear
# Solver".
_HARMLESS = ("Note:", "Using ")

_PLOTS = {  # ngspice's names of PySpice's kinds
    "OperatingPoint": "Operating Point",
    "DcAnalysis": "DC transfer characteristic",
    "TransientAnalysis": "Transient Analysis",
}


def main() -> int:
    """Do the job in the current folder, and return the exit status."""
    job = json.loads(Path(JOB).read_text(encoding="ascii"))
    sys.path += [folder for folder in job["path"] if folder not in sys.path]
    library = loadable(job["libraries"])
    if library is None:
        return NO_LIBRARY
    logging.disable()  # PySpice would repeat what ngspice says, and complain of ngspice's version
    _write(_simulated(job, library))
    return 0


def loadable(libraries: Iterable[str]) -> str | None:
    """The first that can be loaded."""
    return next(filter(_loads, libraries), None)


def as_template(library: str) -> str:
    """A library's name as PySpice takes it, which formats it."""
    return library.replace("{", "{{").replace("}", "}}")


def library_class(say: Callable[[str], object] | None = None) -> type[NgSpiceShared]:
    """PySpice's class of the library, without what it wrongly takes for failures.

    Parameters
    ----------
    say : function of a line, optional
        Who hears all that ngspice says, and judges what of it is an error on standard output: for PySpice each line
        with that word is one, as in the name of a node.
    """
    from PySpice.Spice.NgSpice.Shared import NgSpiceShared

    class Ngspice(NgSpiceShared):
        """The library."""

        def send_char(self, message: str, ngspice_id: int) -> Literal[0]:  # noqa: ARG002 - PySpice's
            """Take a line; PySpice calls this for each, with the stream's name before it."""
            line = message.partition(" ")[2]
            if line.startswith(_HARMLESS):
                self._error_in_stderr = any(not said.startswith((*_HARMLESS, "Warning:")) for said in self._stderr)
            if say is not None:
                say(line)
                self._error_in_stdout = False
            return 0

    return Ngspice


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _simulated(job: dict[str, Any], library: str) -> Any:
    """The analysis that PySpice's own simulator brings of PySpice's own netlist."""
    from PySpice.Spice.Netlist import Circuit

    ngspice = library_class(_print)
    ngspice.LIBRARY_PATH = as_template(library)
    circuit = Circuit(job["title"])
    circuit.raw_spice = job["netlist"]
    simulator = circuit.simulator(
        simulator="ngspice-shared",
        ngspice_shared=ngspice(),
        **job["temperatures"],
    )
    simulator.options(**job["options"])
    simulator.save(job["save"])
    arguments = {key: slice(*value) if isinstance(value, list) else value for key, value in job["arguments"].items()}
    return getattr(simulator, job["analysis"])(**arguments)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()  # a crash must not take it along


def _write(analysis: Any) -> None:
    """Write the waves of an analysis as a raw file, by ngspice's names."""
    import numpy as np

    columns = {f"v({name})": wave for name, wave in analysis.nodes.items()}
    columns |= {f"i({name})": wave for name, wave in analysis.branches.items()}
    plot = _PLOTS[type(analysis).__name__]
    if plot == "Transient Analysis":
        columns["time"] = analysis.time
    elif plot != "Operating Point" and "v(v-sweep)" not in columns:  # a voltage is among the nodes
        columns[analysis.sweep.name] = analysis.sweep
    values = np.array([np.asarray(wave, dtype=np.float64) for wave in columns.values()]).T
    header = [
        "Title: a run by PySpice",
        f"Plotname: {plot}",
        "Flags: real",
        f"No. Variables: {len(columns)}",
        f"No. Points: {len(values)}",
        "Variables:",
        *(f"\t{k}\t{name}\t{'current' if name.startswith('i(') else 'voltage'}" for k, name in enumerate(columns)),
        "Binary:\n",
    ]
    Path(RAW).write_bytes("\n".join(header).encode("ascii") + values.tobytes())


def _say_in_a_line(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """In place of a traceback."""
    sys.stdout.write(f"{kind.__name__}: {' '.join(str(error).split())}\n")


if __name__ == "__main__":
    sys.excepthook = _say_in_a_line
    sys.exit(main())
