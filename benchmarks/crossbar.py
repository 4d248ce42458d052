"""Crossbars with wires: our solver against badcrossbar (all inputs at once) and ngspice (one input), in one run."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import rescircuit as rc
from benchmarks.report import RESULTS, apart, seconds, show, table
from rescircuit.crossbar import BankCells, SinhCells

Array = NDArray[np.float64]

SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048)
LARGEST_IN_BADCROSSBAR = 256  # all n inputs at once: n solutions of 2 n² nodes
LARGEST_IN_NGSPICE = 64  # 128 x 128 takes it two minutes
LARGEST_BY_SPARSE_LU = 512
ONE_RUN = 1024  # from this size on a run takes seconds and is not repeated
AGREEMENT = 1e-9


def run() -> str:
    """All tables, in Markdown; the plot of time against n goes beside them."""
    return "\n".join([_maps(), _points(), _nonlinear(), _other_work()])


def _maps() -> str:
    """Effective conductances, and how their cost grows."""
    rows, measured, peers = [], {}, {}
    product = _product_rate()
    for n in SIZES:
        taken, memory = apart(_map_time, n)
        measured[n] = taken
        peer, ratio = "", ""
        if n <= LARGEST_IN_BADCROSSBAR:
            theirs = peers[n] = _badcrossbar(n)
            peer, ratio = show(theirs), f"{theirs / taken:,.3g}"
        operations = _operations(n)
        rate = operations / taken / 1e9
        rows.append([f"{n} x {n}", show(taken), peer, ratio, memory, f"{rate:.3g}", f"{rate / product:.0%}"])
    _plot(measured, peers, product)
    columns = ["array", "effective conductances", "badcrossbar, n inputs", "times slower", "peak memory"]
    columns += ["1e9 operations/s", "of a matrix product's rate"]
    return (
        "## Effective conductances\n\n"
        "Cells from 1 to 10 µS, segments of 1 ohm, driven from the left and sensed at the bottom, results equal to "
        f"{AGREEMENT:g}. Operations: products and sums of the merges of nested dissection, all ports of inner blocks "
        f"counted. The bound is the matrix product, here {product:.0f}e9 operations a second.\n\n"
        + table(columns, rows)
        + "\n![Time against the array's side](crossbar.png)\n"
    )


def _points() -> str:
    """One operating point."""
    rows = []
    for n in SIZES:
        (taken, residual), memory = apart(_point_time, n)
        spice, ratio, agreement = "", "", ""
        if n <= LARGEST_IN_NGSPICE:
            cells, volts = _array(n)
            check = rc.verify(rc.Crossbar(cells, 1.0, 1.0), voltages=volts)
            spice, ratio = show(check.seconds), f"{check.seconds / taken:,.0f}"
            agreement = f"{check.max_relative_error:.0e}"
        rows.append([f"{n} x {n}", show(taken), spice, ratio, agreement, f"{residual:.0e}", memory])
    columns = ["array", "all voltages and currents", "ngspice", "times slower", "largest difference"]
    columns += ["Kirchhoff residual", "peak memory"]
    return "## One operating point\n\nFrom conductances and voltages, nothing kept.\n\n" + table(columns, rows)


def _nonlinear() -> str:
    """Cells behind NMOS switches, and memristors."""
    rows = []
    cells, volts = _array(32), np.random.default_rng(1).uniform(0.0, 0.3, (16, 32))
    array = _behind_switches(cells[0])
    taken = seconds(lambda: array.solve(volts), repeat=5)
    check = rc.verify(array, voltages=volts)
    solution = array.solve(volts)
    rows.append(
        [
            "32 x 32, one transistor and one resistor a cell, 16 inputs",
            *(show(taken), show(check.seconds), f"{check.seconds / taken:,.0f}", f"{check.max_relative_error:.0e}"),
            *(f"{solution.kcl_residual:.0e}", str(solution.iterations), ""),
        ]
    )
    for n, kind in ((256, "switches"), (1024, "switches"), (256, "sinh"), (1024, "sinh")):
        (taken, residual, iterations), memory = apart(_nonlinear_time, n, kind)
        name = "one transistor and one resistor" if kind == "switches" else "a memristor (sinh)"
        rows.append(
            [
                f"{n} x {n}, {name} a cell, one input",
                show(taken),
                "",
                "",
                "",
                f"{residual:.0e}",
                str(iterations),
                memory,
            ]
        )
    columns = ["work", "ours", "ngspice .dc", "times slower", "largest difference"]
    columns += ["Kirchhoff residual", "Newton steps", "peak memory"]
    return "## Non-linear cells\n\n" + table(columns, rows)


def _other_work() -> str:
    """Inference, updates, many arrays, and the general way to solve the same equations."""
    n = 256
    cells, _ = _array(n)
    array = rc.Crossbar(cells, 1.0, 1.0)
    effective = array.effective_conductances()
    inputs = np.random.default_rng(2).uniform(0.0, 0.2, (10_000, n))
    plain, ours = seconds(lambda: inputs @ effective, repeat=9), seconds(lambda: inputs @ array, repeat=9)
    rng = np.random.default_rng(3)
    changed = rng.choice(n, 10, replace=False), rng.choice(n, 10, replace=False), 10.0 ** rng.uniform(-6, -5, 10)
    update = seconds(lambda: array.with_cells(*changed).effective_conductances(), repeat=9)
    anew = seconds(lambda: rc.Crossbar(cells, 1.0, 1.0).effective_conductances(), repeat=3)
    fresh = rc.Crossbar(array.with_cells(*changed).conductances, 1.0, 1.0).effective_conductances()
    difference = np.abs(array.with_cells(*changed).effective_conductances() / fresh - 1).max()
    many = 10.0 ** rng.uniform(-6, -5, (64, 64, 64))
    together = seconds(lambda: rc.effective_conductances(many, 1.0, 1.0), repeat=3)
    rows = [
        [
            "10,000 inputs on a compiled 256 x 256 array",
            show(ours),
            f"the product alone {show(plain)}",
            f"{ours / plain:.2f}",
        ],
        [
            f"10 cells changed in a 256 x 256 array, equal to {difference:.0e}",
            *(show(update), f"compiled anew {show(anew)}", f"{update / anew:.2f}"),
        ],
        ["64 arrays of 64 x 64 in one call", show(together), f"one by one {show(64 * _map_time(64))}", ""],
    ]
    for size in (64, 128, 256, LARGEST_BY_SPARSE_LU):
        general, own = _sparse_lu_time(size), _point_time(size)[0]
        label = f"one operating point, {size} x {size}"
        rows.append([label, show(own), f"SciPy's sparse LU {show(general)}", f"{own / general:.2f}"])
    return "## Other work\n\n" + table(["work", "ours", "against", "ratio of times"], rows)


def _array(n: int) -> tuple[Array, Array]:
    """Cells and input voltages."""
    rng = np.random.default_rng(n)
    return 10.0 ** rng.uniform(-6, -5, (n, n)), rng.uniform(0, 0.2, n)


def _behind_switches(cells: Array) -> rc.NonlinearCrossbar:
    bank = rc.Bank(resistances=(1 / cells)[..., np.newaxis], switch=rc.NMOS(w_over_l=10))
    return rc.NonlinearCrossbar(BankCells(bank=bank, mask=np.ones((*cells.shape, 1), bool)), 1.0, 1.0)


def _map_time(n: int) -> float:
    cells, _ = _array(n)
    return _timed(lambda: rc.Crossbar(cells, 1.0, 1.0).effective_conductances(), n)


def _point_time(n: int) -> tuple[float, float]:
    cells, volts = _array(n)
    return _timed(lambda: rc.Crossbar(cells, 1.0, 1.0).solve(volts), n), rc.Crossbar(cells, 1.0, 1.0).solve(
        volts
    ).kcl_residual


def _nonlinear_time(n: int, kind: str) -> tuple[float, float, int]:
    cells, volts = _array(n)
    law = SinhCells(conductances=cells, v_scale=0.1)
    array = _behind_switches(cells) if kind == "switches" else rc.NonlinearCrossbar(law, 1.0, 1.0)
    taken = _timed(lambda: array.solve(volts), n)
    solution = array.solve(volts)
    return taken, solution.kcl_residual, solution.iterations


def _timed(work: Callable[[], object], n: int) -> float:
    if n >= ONE_RUN:
        _warm_up()
        return seconds(work, repeat=1, warm=False)
    return seconds(work, repeat=9 if n <= LARGEST_IN_BADCROSSBAR else 3)


def _warm_up() -> None:
    cells, volts = _array(128)
    rc.Crossbar(cells, 1.0, 1.0).solve(volts)
    rc.Crossbar(cells, 1.0, 1.0).effective_conductances()
    _behind_switches(cells).solve(volts)


def _sparse_lu_time(n: int) -> float:
    """The same nodal equations by a general sparse factorisation and one solution."""
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import splu

    cells, volts = _array(n)
    topology = rc.Crossbar(cells, 1.0, 1.0).topology
    branches = [*topology.wires, topology.cell_branches(cells)]
    tail, head = (np.concatenate([getattr(part, end) for part in branches]) for end in ("tail", "head"))
    conductance = 1.0 / np.concatenate([part.resistance for part in branches])
    count = topology.representative.size

    def solve() -> Array:
        places = np.concatenate([tail, head, tail, head]), np.concatenate([tail, head, head, tail])
        values = np.concatenate([conductance, conductance, -conductance, -conductance])
        matrix = coo_array((values, places), shape=(count, count)).tocsc()
        inner = matrix[2 * n :][:, 2 * n :].tocsc()
        right = -(matrix[2 * n :][:, :n] @ volts)
        factors = splu(inner, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        return factors.solve(right)

    return seconds(solve, repeat=1)


def _badcrossbar(n: int) -> float:
    """Its time for as many inputs as word lines, which gives the same map."""
    logging.disable(logging.INFO)  # it reports each step
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # its plots would need cairo
        import badcrossbar
    cells, _ = _array(n)
    inputs, resistances = np.eye(n), 1 / cells
    theirs = np.asarray(badcrossbar.compute(inputs, resistances, r_i=1.0).currents.output)
    difference = np.abs(theirs / rc.Crossbar(cells, 1.0, 1.0).effective_conductances() - 1).max()
    if not difference < AGREEMENT:
        raise SystemExit(f"badcrossbar and rescircuit differ by {difference:.1e}: nothing to compare")
    return seconds(lambda: badcrossbar.compute(inputs, resistances, r_i=1.0), repeat=1, warm=False)


def _product_rate() -> float:
    """1e9 operations a second in a product of large matrices, with all threads that there are."""
    a = np.random.default_rng(0).random((1500, 1500))
    return 2 * 1500**3 / seconds(lambda: a @ a, repeat=5) / 1e9


def _operations(n: int) -> float:
    """Products and sums in the merges of an n x n array of 8 x 8 blocks, each block with ports on all four sides.

    Two s x s blocks have 6 s ports left once s are eliminated, and two of those 8 s once 2 s are.
    """
    total, side = 0.0, 8
    while side < n:
        total += (n / (2 * side)) ** 2 * 2 * (2 * side * (6 * side) ** 2 + 2 * side * (8 * side) ** 2) / 2
        side *= 2
    return max(total, float(n**2))


def _plot(measured: dict[int, float], peers: dict[int, float], product: float) -> None:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.6), layout="constrained")
    sizes = np.array(sorted(measured))
    axes.loglog(sizes, [measured[n] for n in sizes], "o-", color="#0072B2", label="effective conductances")
    axes.loglog(list(peers), list(peers.values()), "s-", color="#CC79A7", label="badcrossbar, all n inputs")
    bound = [_operations(int(n)) / (product * 1e9) for n in sizes]
    axes.loglog(sizes, bound, "--", color="#D55E00", label="its products at the rate of large ones")
    large = sizes[-1]
    axes.loglog(sizes, measured[large] * (sizes / large) ** 3.0, ":", color="#666666", label="n³")
    axes.set_xticks(sizes, [str(n) for n in sizes])
    axes.minorticks_off()
    axes.set_xlabel("word lines and bit lines, n")
    axes.set_ylabel("time (s)")
    axes.set_title("An n x n array with all its wires")
    axes.grid(True, alpha=0.3)
    axes.legend()
    figure.savefig(RESULTS / "crossbar.png", dpi=120)
    plt.close(figure)
