"""Pictures of results. Each function takes results and, if you like, the axes to draw on, and returns those axes."""

from rescircuit.plotting.arrays import QUANTITIES, plot_array, plot_effective_conductances
from rescircuit.plotting.figures import save_figure
from rescircuit.plotting.programming import plot_error_histogram, plot_programming_error
from rescircuit.plotting.wires import plot_wires

__all__ = [
    "QUANTITIES",
    "plot_array",
    "plot_effective_conductances",
    "plot_error_histogram",
    "plot_programming_error",
    "plot_wires",
    "save_figure",
]
