"""Pictures of results. Each function takes results and, if you like, the axes to draw on, and returns those axes."""

from rescircuit.plotting.arrays import QUANTITIES, plot_array, plot_effective_conductances
from rescircuit.plotting.calibration import plot_floors, plot_useful_size
from rescircuit.plotting.devices import plot_behaviour, plot_population
from rescircuit.plotting.figures import save_figure
from rescircuit.plotting.memristors import plot_hysteresis
from rescircuit.plotting.networks import plot_explanation
from rescircuit.plotting.placement import plot_placement
from rescircuit.plotting.programming import plot_error_histogram, plot_programming_error
from rescircuit.plotting.schematics import draw_schematic
from rescircuit.plotting.verification import plot_verification
from rescircuit.plotting.wires import plot_wires

__all__ = [
    "QUANTITIES",
    "draw_schematic",
    "plot_array",
    "plot_behaviour",
    "plot_effective_conductances",
    "plot_error_histogram",
    "plot_explanation",
    "plot_floors",
    "plot_hysteresis",
    "plot_placement",
    "plot_population",
    "plot_programming_error",
    "plot_useful_size",
    "plot_verification",
    "plot_wires",
    "save_figure",
]
