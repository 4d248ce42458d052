"""Run the benchmarks named on the command line, or all; print their tables and keep them in results/."""

from __future__ import annotations

import sys

from benchmarks import calibration, compensation, crossbar, netlists, networks, programming, pruning
from benchmarks.report import keep, machine

BENCHMARKS = {
    "programming": programming.run,
    "crossbar": crossbar.run,
    "calibration": calibration.run,
    "netlists": netlists.run,
    "networks": networks.run,
    "compensation": compensation.run,
    "pruning": pruning.run,
}


def main() -> None:
    """Run them one after the other: two cores are too few to time anything side by side."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"benchmarks: unknown {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in names:
        text = f"# {name}\n\n{machine()}\n\n{BENCHMARKS[name]()}"
        print(text)
        keep(name, text)


main()
