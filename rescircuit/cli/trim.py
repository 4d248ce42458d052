"""``rescircuit trim``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, progress_bar, say
from rescircuit.cli.outputs import check_writable, interruptible, naming
from rescircuit.cli.stores import check_kind, common_of, fingerprint_of, rows_of
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Bank
    from rescircuit.calibration import Calibration
    from rescircuit.calibration.sampled_read_out import SampledReadOut
    from rescircuit.checks import Array

__all__ = ["trim"]

EPILOG = example(
    "rescircuit sample -n 16 --rows 8 --cols 8 -o chip.zarr",
    "rescircuit calibrate chip.zarr --adc-bits 10 --noise 1nA -o measured.zarr",
    "rescircuit trim chip.zarr measured.zarr 6uS --best 16 --averages 64 -o settings.npz",
)
_CHUNK = 1024  # banks: some 20 MB with 16 candidates each
_MOST_CANDIDATES = 4096
_MARGIN = 1.25  # of a full scale that has to be larger than the calibration's
_OPTIONS = {
    "best": "--best",
    "averages": "--averages",
    "full_scale": "--full-scale",
    "target": "TARGETS",
    "targets": "TARGETS",
    "path": "--out",
}


def trim(
    chip: Annotated[Path, typer.Argument(help="The chip (.zarr).", show_default=False)],
    calibration: Annotated[Path, typer.Argument(help="Its calibration (.zarr).", show_default=False)],
    targets: Annotated[
        str,
        typer.Argument(help="Conductances, one a bank (.csv, .npz), or one for all, such as 6uS.", show_default=False),
    ],
    best: Annotated[int, typer.Option(help="Settings to measure for each bank.")] = 16,
    averages: Annotated[
        int | None,
        typer.Option(help="Samples averaged in a reading; by default the calibration's.", show_default=False),
    ] = None,
    full_scale: Annotated[
        str | None,
        typer.Option(
            help="Current at the converter's top code, such as 2uA; by default the calibration's, or more if need be.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Which read-out measures: the calibration's, or none fits.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The settings, a row a bank (.csv, .npz).", show_default=False)
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Program in a closed loop: measure the best settings by a calibration, and keep the one that then is closest.

    It is the same read-out that measured the calibration, with the same lasting errors. All results are in siemens.
    """
    from rescircuit.calibration import load_calibration
    from rescircuit.checks import whole_number
    from rescircuit.cli.settings_files import SUFFIXES, write_settings
    from rescircuit.quantities import parse_quantity

    check_writable("--out", out, SUFFIXES)
    whole_number("--best", best, 1, _MOST_CANDIDATES)
    ampere = None if full_scale is None else parse_quantity(full_scale, "A", argument="--full-scale")
    with interruptible(), naming(_OPTIONS), progress_bar() as report:
        report("reading", 0, 1)
        check_kind("CHIP", chip, "chip")
        check_kind("CALIBRATION", calibration, "calibration")
        first = load_calibration(calibration, banks=slice(0, 1))
        read_out = _same_read_out(chip, first, seed)
        shape = _same_shape(chip, calibration, first)
        goals = _goals(targets, shape)
        read_out = read_out.with_range(_range(calibration, goals.reshape(-1), first) if ampere is None else ampere)
        run = _Run(
            chip=chip,
            calibration=calibration,
            goals=goals.reshape(-1),
            read_out=read_out,
            options={"best": best, "averages": averages, "common": common_of(chip, first.temperature)},
        )
        with _with_a_way_out():
            arrays = run.all_parts(report)
        report("writing", 0, 1)
        true = {name: arrays.pop(f"true error, {name}") for name in _LOOPS}
        within = arrays.pop("within reach")
        expected = {"open loop": arrays.pop("predicted error, open loop"), "trimmed": arrays["predicted_error"]}
        arrays = {name: array.reshape(*shape, *array.shape[1:]) for name, array in arrays.items()}
        files = [] if out is None else [write_settings(out, arrays, for_a_bench=True)]
    if as_json:
        settings = {} if out is not None else {"settings": arrays}
        print_json(
            {
                "banks": goals.size,
                "resistors": first.n,
                "best": best,
                "averages": averages or read_out.read_out.averages,
                "adc_full_scale_ampere": read_out.read_out.full_scale,
                "rms_error_siemens": {name: _rms(error) for name, error in true.items()},
                "rms_predicted_error_siemens": {name: _rms(error) for name, error in expected.items()},
                "worst_error_siemens": {name: error.max() for name, error in true.items()},
                "files": files,
                **settings,
            }
        )
        return
    beyond = goals.size - int(within.sum())
    if within.any():
        true, expected = ({name: each[within] for name, each in errors.items()} for errors in (true, expected))
    _print(true, expected, best)
    if beyond:
        left_out = "are left out of the table" if within.any() else "are all there are"
        say(f"{beyond:,} targets are beyond what their banks can conduct, and {left_out}.")
    if files:
        say(f"Written: {', '.join(map(str, files))}")


_LOOPS = ("open loop", "trimmed")


@dataclass(frozen=True, kw_only=True)
class _Run:
    """All banks of a chip, trimmed part by part: the parts do not change the results."""

    chip: Path
    calibration: Path
    goals: Array
    read_out: SampledReadOut
    options: dict[str, Any]

    def all_parts(self, report: Callable[[str, float, float], None]) -> dict[str, Any]:
        """What :meth:`_part` gives, of all banks."""
        import numpy as np

        parts = []
        for rows in _parts(self.goals.size):
            report("measuring", rows.start, self.goals.size)
            parts.append(self._part(rows))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _part(self, rows: slice) -> dict[str, Any]:
        """Settings of some banks, as they are written, and their errors, those of the open loop too."""
        import numpy as np

        from rescircuit.bank.chips import load_chip
        from rescircuit.calibration import load_calibration
        from rescircuit.calibration import trim as trim_banks

        measured = load_calibration(self.calibration, banks=rows)
        made: Bank = load_chip(self.chip, banks=rows).at(temperature=measured.temperature)
        made = replace(made, v_read=measured.v_read)
        goals = self.goals[rows]
        seed = measured.provenance.read_out_seed
        found = trim_banks(made, self.read_out, measured, goals, seed=seed, start=rows.start, **self.options)
        open_loop = found.candidates[:, 0]
        # Values against a reference are those of a chip on which it has its nominal value.
        scale = 1.0 if self.read_out.read_out.reference is None else self.options["common"]
        left = measured.estimate(open_loop) - goals
        most = measured.offset + np.maximum(measured.values, 0.0).sum(axis=-1)
        return {
            "bank": np.arange(rows.start, rows.stop),
            "target": found.target,
            "achieved": found.estimate,
            "error": found.residual,
            "standard_error": found.standard_error,
            "predicted_error": found.predicted_error,
            "mask": found.mask,
            "within reach": (measured.offset <= goals) & (goals <= most),
            "predicted error, open loop": np.hypot(left, measured.error_of(open_loop)),
            "true error, open loop": np.abs(scale * made.conductance(open_loop, measured.v_read) - goals),
            "true error, trimmed": np.abs(scale * made.conductance(found.mask, measured.v_read) - goals),
        }


@contextmanager
def _with_a_way_out() -> Iterator[None]:
    """Within it, a range that is too small is answered with what to do on the command line."""
    try:
        yield
    except InputError as error:
        hint = "Raise it, or leave it out." if error.argument == "full_scale" else error.hint
        raise InputError(error.argument, error.required, error.got, hint) from None


def _parts(banks: int) -> Iterator[slice]:
    yield from (slice(start, min(start + _CHUNK, banks)) for start in range(0, banks, _CHUNK))


def _same_read_out(chip: Path, measured: Calibration, seed: int | None) -> SampledReadOut:
    """The read-out that made the calibration, if that is one of this chip."""
    origin = measured.provenance
    if measured.read_out is None or origin is None or origin.source != "simulated" or origin.read_out_seed is None:
        hint = "A bench's values have no read-out that could measure again."
        raise InputError("CALIBRATION", "one of the chip, of rescircuit calibrate", "values from elsewhere", hint)
    if origin.note != f"chip {fingerprint_of(chip)}":
        got = f"that of chip {origin.chip} of seed {origin.seed} on {origin.process}"
        raise InputError("CALIBRATION", f"that of {chip.name}", got, "Its values are those of another chip.")
    if seed not in (None, origin.read_out_seed):
        hint = "Left out, it is that."
        raise InputError("--seed", f"that of the calibration, {origin.read_out_seed}", seed, hint)
    return measured.read_out.sample(origin.read_out_seed)


def _same_shape(chip: Path, calibration: Path, measured: Calibration) -> tuple[int, ...]:
    """The shape of the array of banks, which chip and calibration share."""
    from rescircuit.bank.chips import load_chip_shape

    shape = load_chip_shape(chip)
    if math.prod(shape) != rows_of(calibration):
        required = f"of the chip's {math.prod(shape):,} banks"
        raise InputError("CALIBRATION", required, f"{rows_of(calibration):,} banks of {measured.n} switches")
    return shape


def _goals(text: str, shape: tuple[int, ...]) -> Array:
    """One target a bank, siemens."""
    import numpy as np

    from rescircuit.checks import non_negative_array
    from rescircuit.cli.program_inputs import read_targets

    goals = non_negative_array("TARGETS", read_targets(text), "S")
    if goals.size not in {1, math.prod(shape)}:
        raise InputError("TARGETS", f"one number, or one for each of the banks {shape}", f"shape {goals.shape}")
    return goals.reshape(shape) if goals.size > 1 else np.broadcast_to(goals.reshape(()), shape)


def _range(calibration: Path, goals: Array, first: Calibration) -> float:
    """The calibration's full scale, or what the targets need if that is more, ampere."""
    import numpy as np

    from rescircuit.calibration import load_calibration

    largest = 0.0
    for rows in _parts(goals.size):
        measured = load_calibration(calibration, banks=rows)
        reachable = np.minimum(goals[rows], measured.offset + np.maximum(measured.values, 0.0).sum(axis=-1))
        largest = max(largest, float((reachable / measured.scale).max()))
    ampere = 0.0 if first.read_out is None else first.read_out.range_ampere
    return max(ampere, _MARGIN * largest * first.v_read)


def _rms(values: Any) -> float:
    import numpy as np

    return float(np.sqrt(np.mean(np.square(values))))


def _print(true: dict[str, Any], expected: dict[str, Any], best: int) -> None:
    import numpy as np

    from rescircuit.quantities import format_quantity as show

    rows = [
        [
            name if name == "open loop" else f"best of {best} measured",
            show(float(np.median(true[name])), "S", 3),
            show(_rms(true[name]), "S", 3),
            show(float(np.max(true[name])), "S", 3),
            show(_rms(expected[name]), "S", 3),
        ]
        for name in true
    ]
    print_table(f"True errors of {true['trimmed'].size:,} banks", ["", "median", "rms", "worst", "rms predicted"], rows)
