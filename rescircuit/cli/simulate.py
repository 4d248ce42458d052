"""``rescircuit simulate array``, ``network``, ``chip``, ``netlist``, ``memristor`` and ``write-verify``."""

from __future__ import annotations

import typer

from rescircuit.cli.simulate_array import ARRAY_EPILOG, simulate_array
from rescircuit.cli.simulate_memristor import MEMRISTOR_EPILOG, simulate_memristor
from rescircuit.cli.simulate_netlist import NETLIST_EPILOG, simulate_netlist
from rescircuit.cli.simulate_network import CHIP_EPILOG, NETWORK_EPILOG, simulate_chip, simulate_network
from rescircuit.cli.simulate_write_verify import WRITE_VERIFY_EPILOG, simulate_write_verify

__all__ = ["simulate"]

simulate = typer.Typer(
    name="simulate",
    help="Simulate an array, a network on a chip, new or saved, a netlist, a memristor, or how memristors are written.",
    no_args_is_help=True,
)

simulate.command("array", epilog=ARRAY_EPILOG)(simulate_array)
simulate.command("network", epilog=NETWORK_EPILOG)(simulate_network)
simulate.command("chip", epilog=CHIP_EPILOG)(simulate_chip)
simulate.command("netlist", epilog=NETLIST_EPILOG)(simulate_netlist)
simulate.command("memristor", epilog=MEMRISTOR_EPILOG)(simulate_memristor)
simulate.command("write-verify", epilog=WRITE_VERIFY_EPILOG)(simulate_write_verify)
