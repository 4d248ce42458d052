"""Processes: what a foundry's devices are like, read from a TOML file with its sources.

The files that come with rescircuit stand in ``calibration/``; people write their own. They are untrusted: only the
fields below are accepted, each within its range, and text is read by :mod:`rescircuit.quantities`. A mistake is
answered with its line and what was expected there. Fields have the names and the meaning of the classes that they
describe; those left out are as these have them by default.

.. code-block:: toml

    name = "mine"
    summary = "polysilicon and fuses"
    nominals = "geometric"                    # or "equal"

    [resistor]                                # rescircuit.Resistor
    tc1 = "-250ppm"                           # 1/K, from 27 °C
    tc1_mismatch = "5ppm"
    vc2 = "10ppm"                             # 1/V²
    drift = "0.1%"                            # after 1000 hours
    source = "measured in May"                # required: where the figures come from

    [resistor.geometry]
    sheet_resistance = 350                    # ohm per square
    width = "2um"

    [resistor.variation]                      # or tolerance, common and mismatch in [resistor] itself
    lot = { law = "lognormal", sigma = "4%" }
    wafer = { law = "normal", sigma = "2%" }
    die = { law = "truncated", of = { law = "normal", sigma = "5%" }, within = "10%" }
    local = { law = "uniform", half_width = "1%" }  # or { law = "empirical", file = "measured.csv", column = "R" }
    matching = "2% um"                        # Pelgrom's coefficient of a pair
    gradient = { linear = ["0.5%/mm", 0], quadratic_spread = "0.01%/mm2" }
    field = { spread = "0.3%", length = "1mm" }

    [capacitor]                               # rescircuit.devices.Capacitor
    density = "1 fF/um2"
    common = "15%"
    source = "typical"

    [memristor]                               # rescircuit.devices.Memristor
    g_min = "1uS"
    g_max = "40uS"
    programming_error = ["1%", "4%"]          # at g_min and at g_max
    source = "typical"

    [switch]                                  # of kind "nmos", "ideal", "fuse", "antifuse", "threshold" or "bsim4"
    kind = "fuse"
    r_on = 200
    r_off = "1meg"
    source = "typical"

    [faults]                                  # rescircuit.devices.Faults
    stuck_open = "0.1%"
    source = "a guess"
"""

from rescircuit.devices.processes.loading import list_processes, load_process, parse_toml
from rescircuit.devices.processes.mistakes import TomlFile
from rescircuit.devices.processes.process import Process
from rescircuit.devices.processes.section import Section
from rescircuit.devices.processes.switches import SWITCH_KINDS, NativeSwitch, SwitchDescription, first_fault

__all__ = [
    "SWITCH_KINDS",
    "NativeSwitch",
    "Process",
    "Section",
    "SwitchDescription",
    "TomlFile",
    "first_fault",
    "list_processes",
    "load_process",
    "parse_toml",
]
