"""``rescircuit program``."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, progress_bar, say
from rescircuit.cli.outputs import PICTURES, check_writable, naming

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rescircuit.calibration import Calibration
    from rescircuit.checks import Array
    from rescircuit.cli.program_inputs import Inputs
    from rescircuit.subsetsum import Solution

__all__ = ["program"]

EPILOG = example(
    "rescircuit program measured.zarr targets.csv -o settings.csv --plot errors.png",
    "rescircuit program resistances.csv 120uS --unit ohm --closed 2:8 --json",
)
_SHOWN = 16  # rows of a table that people would still read


def program(
    values: Annotated[
        Path,
        typer.Argument(
            help="A calibration (.zarr); or values, a row a bank: .csv, .npz, .zarr (array 'values', or the only one).",
            show_default=False,
        ),
    ],
    targets: Annotated[
        str,
        typer.Argument(
            help="Conductances wanted, one a bank, or many for one bank (.csv, .npz); or one for all, such as 120uS.",
            show_default=False,
        ),
    ],
    unit: Annotated[str, typer.Option(help="What was measured: S, or ohm (of resistors in parallel).")] = "S",
    offset: Annotated[
        str | None, typer.Option(help="What flows even so, such as leakage: a quantity, or one a bank (.csv, .npz).")
    ] = None,
    closed: Annotated[str | None, typer.Option(help="Switches to close: K exactly, or LOW:HIGH.")] = None,
    stuck_closed: Annotated[
        Path | None, typer.Option(help="Switches that don't open: 0 or 1 each, a row for all banks or a row a bank.")
    ] = None,
    stuck_open: Annotated[Path | None, typer.Option(help="Switches that don't close, likewise.")] = None,
    best: Annotated[int | None, typer.Option(help="So many of the best settings, the closest first.")] = None,
    tolerance: Annotated[
        str | None, typer.Option(help="Any error up to this will do, such as 10nS; then the fewest switches close.")
    ] = None,
    cost: Annotated[
        Path | None, typer.Option(help="What each closed switch costs; with a tolerance, the least is sought.")
    ] = None,
    method: Annotated[str, typer.Option(help="An exact method's name, such as codebook.")] = "auto",
    time_limit: Annotated[str | None, typer.Option(help="Seconds, after which the best found is taken.")] = None,
    memory_limit: Annotated[str, typer.Option(help="Memory that may be taken, in MiB or GiB.")] = "2GiB",
    plot: Annotated[Path | None, typer.Option(help="A histogram of errors (.png, .svg, .pdf).")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The settings, a row each (.csv, .npz).")] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Program measured banks: for each target the switches whose values sum closest to it, proved.

    All results are in siemens; a mask has a 1 where a switch is closed, item 0 first. With a calibration there are the
    errors to expect too, and in a table the number of each bank, and each mask in hexadecimal, switch k being bit k.

    Exit code 1: not every setting is proved optimal; 130: Ctrl-C. What is known is written even so.
    """
    import numpy as np

    from rescircuit.cli.program_inputs import parse_closed, parse_memory, read_inputs
    from rescircuit.cli.settings_files import SUFFIXES, as_arrays
    from rescircuit.quantities import parse_quantity
    from rescircuit.subsetsum.solution import BEST_FOUND, INFEASIBLE, OPTIMAL

    check_writable("--out", out, SUFFIXES)
    check_writable("--plot", plot, PICTURES)
    demands = {
        "method": method.replace("-", " "),
        "count": parse_closed(closed),
        "best": best,
        "tolerance": None if tolerance is None else parse_quantity(tolerance, "S", argument="--tolerance"),
        "time_limit": None if time_limit is None else parse_quantity(time_limit, "s", argument="--time-limit"),
        "memory_limit": parse_memory(memory_limit),
    }
    seconds = {}
    with progress_bar() as report:
        report("reading", 0, 1)
        begin = perf_counter()
        inputs = read_inputs(
            values, targets, unit=unit, offset=offset, stuck_closed=stuck_closed, stuck_open=stuck_open, cost=cost
        )
        seconds["reading"] = perf_counter() - begin
        begin = perf_counter()
        solution, interrupted = _solve(inputs, demands, report)
        seconds["solving"] = perf_counter() - begin
        report("writing", 0, 1)
        begin = perf_counter()
        arrays = as_arrays(solution, inputs.targets, ranked=best is not None)
        if inputs.calibration is not None:
            arrays |= _expected(inputs.calibration, inputs, solution, ranked=best is not None)
        errors = np.abs(arrays["error"][..., 0] if best is not None else arrays["error"], dtype=np.float64)
        files = [] if out is None else [_write(out, arrays, inputs)]
        if plot is not None:
            files.append(_plot(errors, inputs.full_scale, plot))
        seconds["writing"] = perf_counter() - begin

    counts = {status: int((arrays["status"] == status).sum()) for status in (OPTIMAL, BEST_FOUND, INFEASIBLE)}
    settled = 1 - counts[BEST_FOUND] / arrays["status"].size
    summary = _summary(inputs, solution.method, errors, seconds, settled)
    clipped = 0
    if inputs.calibration is not None:
        clipped = int(inputs.calibration.clipped.sum())
        there = inputs.within_reach if inputs.within_reach.any() else np.ones_like(inputs.within_reach)
        summary["predicted_error_siemens"] = float(np.sqrt(np.mean(arrays["predicted_error"][there] ** 2)))
        summary["clipped_banks"] = clipped
    if as_json:
        settings = {} if out is not None else {"settings": arrays}
        print_json({**summary, "status": counts, "interrupted": interrupted, "files": files, **settings})
    else:
        _print_summary(summary, counts)
        if arrays["error"].size <= _SHOWN:
            _print_settings(arrays)
        if clipped:
            say(
                f"{clipped:,} banks were beyond the converter's range when measured: their errors are not as predicted."
            )
        if files:
            say(f"Written: {', '.join(map(str, files))}")
    _leave(counts, interrupted, limited=time_limit is not None)


class _CtrlC:
    """While the search runs, Ctrl-C ends it and not the program; once all is solved, it waits for the certificates."""

    def __init__(self) -> None:
        self.pressed = False
        self.all_solved = False

    def __enter__(self) -> _CtrlC:
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        again, self.pressed = self.pressed, True
        if again or not self.all_solved:
            raise KeyboardInterrupt


def _solve(
    inputs: Inputs, demands: dict[str, Any], report: Callable[[str, float, float], None]
) -> tuple[Solution, bool]:
    """The solution, complete or as far as it came, and whether Ctrl-C was pressed."""
    from rescircuit.cli.program_inputs import OPTION_OF
    from rescircuit.subsetsum import subset_sum

    total, done = inputs.targets.size, 0.0
    report("programming", 0, total)
    with _CtrlC() as ctrl_c:

        def count(solved: float) -> None:
            nonlocal done
            done += solved
            report("programming", min(done, total), total)
            # With a tolerance, instances are gone through once for each number of closed switches.
            ctrl_c.all_solved = done >= total and demands["tolerance"] is None
            if ctrl_c.pressed and not ctrl_c.all_solved:  # a method that goes on to the next stage is ended there
                raise KeyboardInterrupt

        try:
            with naming(OPTION_OF):
                solution = subset_sum(
                    inputs.values,
                    inputs.targets,
                    offset=inputs.offset,
                    chosen=inputs.stuck_closed,
                    excluded=inputs.stuck_open,
                    cost=inputs.cost,
                    progress=count,
                    **demands,
                )
        except KeyboardInterrupt:
            say("Interrupted before anything was known: nothing is written.")
            raise typer.Exit(130) from None
    return solution, ctrl_c.pressed


def _expected(measured: Calibration, inputs: Inputs, solution: Solution, *, ranked: bool) -> dict[str, NDArray[Any]]:
    """The errors that a calibration predicts: of what was measured, and together with what programming leaves."""
    import numpy as np

    several = measured.bank(0) if inputs.values.ndim == 1 and measured.shape else measured
    several = several.with_axis() if ranked else several
    standard_error = np.asarray(several.error_of(solution.mask)).reshape(np.shape(solution.residual))
    return {"standard_error": standard_error, "predicted_error": np.hypot(solution.residual, standard_error)}


def _write(out: Path, arrays: dict[str, NDArray[Any]], inputs: Inputs) -> Path:
    """Write the settings; those of a calibration's banks go to a bench, which wants to know the bank and a number."""
    import numpy as np

    from rescircuit.cli.settings_files import write_settings

    if inputs.calibration is None or out.suffix.lower() != ".csv":
        return write_settings(out, arrays)
    shape = arrays["status"].shape
    lead = inputs.values.shape[:-1]
    numbers = np.arange(inputs.banks).reshape(*lead, *[1] * (len(shape) - len(lead)))
    return write_settings(out, {"bank": np.broadcast_to(numbers, shape), **arrays}, for_a_bench=True)


def _plot(errors: Array, full_scale: Array, path: Path) -> Path:
    from rescircuit.plotting import plot_error_histogram, save_figure

    return save_figure(plot_error_histogram(_relative(errors, full_scale)), path)


def _relative(errors: Array, full_scale: Array) -> Array:
    """Errors relative to full scale; banks without any are left out, unless there are no others."""
    import numpy as np

    there = full_scale > 0
    return errors[there] / full_scale[there] if there.any() else np.zeros(1)


def _summary(inputs: Inputs, method: str, errors: Array, seconds: dict[str, float], settled: float) -> dict[str, Any]:
    """What there was to do, how long it took (of which a part `settled` was finished), and how close it came."""
    import numpy as np

    def spread(sizes: Array) -> dict[str, float]:
        median, most, worst = np.quantile(sizes, [0.5, 0.95, 1.0]).tolist()
        return {"median": median, "percentile_95": most, "worst": worst}

    return {
        "banks": inputs.banks,
        "resistors": inputs.values.shape[-1],
        "targets": inputs.targets.size,
        "targets_out_of_reach": int((~inputs.within_reach).sum()),
        "method": method,
        "seconds": seconds,
        "settings_per_second": settled * inputs.targets.size / seconds["solving"],
        "error_siemens": spread(errors),
        "error_of_full_scale": spread(_relative(errors, inputs.full_scale)),
    }


def _print_summary(summary: dict[str, Any], counts: dict[str, int]) -> None:
    from rescircuit.quantities import format_quantity as show

    rows = [[key, f"{summary[key]:,}"] for key in ("banks", "resistors", "targets")]
    if beyond := summary["targets_out_of_reach"]:
        rows.append(["targets beyond a bank's reach", f"{beyond:,}"])
    rows += [
        ["method", summary["method"]],
        ["time", ", ".join(f"{part} {seconds:.2g} s" for part, seconds in summary["seconds"].items())],
        ["settings per second", f"{summary['settings_per_second']:,.0f}"],
    ]
    absolute, relative = summary["error_siemens"], summary["error_of_full_scale"]
    rows += [
        [f"|error|, {label}", f"{show(absolute[key], 'S')}, {relative[key]:.2e} of full scale"]
        for label, key in (("median", "median"), ("95 %", "percentile_95"), ("worst", "worst"))
    ]
    if "predicted_error_siemens" in summary:
        rows.append(
            [
                "error to expect, rms",
                f"{show(summary['predicted_error_siemens'], 'S')}, measuring included, of targets within reach",
            ]
        )
    rows += [[status, f"{number:,}"] for status, number in counts.items()]
    print_table("Banks programmed", ["", "result"], rows)


def _print_settings(arrays: dict[str, NDArray[Any]]) -> None:
    from rescircuit.cli.settings_files import mask_texts
    from rescircuit.quantities import format_quantity as show

    n = arrays["mask"].shape[-1]
    target, achieved, error = (arrays[name].ravel().tolist() for name in ("target", "achieved", "error"))
    rows = [
        [mask, show(wanted, "S"), show(reached, "S", 6), show(left, "S", 3), status]
        for mask, wanted, reached, left, status in zip(
            mask_texts(arrays["mask"].reshape(-1, n)), target, achieved, error, arrays["status"].ravel(), strict=True
        )
    ]
    print_table("Settings", ["mask", "target", "achieved", "error", "status"], rows)


def _leave(counts: dict[str, int], interrupted: bool, limited: bool) -> None:
    """The last remark and the exit code."""
    if counts["infeasible"]:
        say(
            f"{counts['infeasible']:,} infeasible: no setting meets the demands; the masks given are the closest found."
        )
    if counts["best found"]:
        reason = "Interrupted" if interrupted else "The time was up" if limited else "Not proved"
        say(f"{reason}: {counts['best found']:,} settings are the best found, no more.")
    if interrupted:
        raise typer.Exit(130)
    if counts["best found"] or counts["infeasible"]:
        raise typer.Exit(1)
