"""``rescircuit calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.calibrate_inputs import Demands, from_bench, from_chip
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, progress_bar, say
from rescircuit.cli.outputs import PICTURES, check_store_is_free, check_writable, interruptible
from rescircuit.cli.read_out_options import (
    AdcBits,
    AmplifierGain,
    AmplifierOffset,
    Averages,
    Dither,
    Feedback,
    FullScale,
    GainError,
    Inl,
    Noise,
    Offset,
    ReadOutOptions,
    Reference,
    ReferenceMismatch,
)
from rescircuit.cli.stores import CHUNK, partial_of, rows_of

if TYPE_CHECKING:
    from rescircuit.calibration import Calibration, UsefulSize

__all__ = ["calibrate"]

EPILOG = example(
    "rescircuit calibrate chip.zarr --adc-bits 12 --noise 5pA --dither 1 --averages 16 -o measured.zarr",
    "rescircuit calibrate bench.csv --adc-bits 16 --v-read 0.1V -o measured.zarr",
    "rescircuit program measured.zarr targets.csv -o settings.csv",
)


def calibrate(
    chip: Annotated[
        Path, typer.Argument(help="A sampled chip (.zarr), or values from a bench (.csv).", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The calibration (.zarr).", show_default=False)],
    patterns: Annotated[
        str, typer.Option(help="Settings to read: one-hot, or hadamard (half of the switches).")
    ] = "one-hot",
    adc_bits: AdcBits = None,
    full_scale: FullScale = None,
    noise: Noise = "0A",
    dither: Dither = 0.0,
    averages: Averages = 1,
    offset: Offset = "0A",
    gain_error: GainError = "0",
    inl: Inl = 0.0,
    feedback: Feedback = None,
    amplifier_offset: AmplifierOffset = "0V",
    amplifier_gain: AmplifierGain = None,
    reference: Reference = None,
    reference_mismatch: ReferenceMismatch = "0",
    wire_resistance: Annotated[
        str, typer.Option(help="Known resistance in series with each bank, ohm; taken out.")
    ] = "0ohm",
    temperature: Annotated[str, typer.Option(help="Of the chip when it is measured, °C.")] = "27",
    v_read: Annotated[
        str | None,
        typer.Option(
            help="Read voltage, volt; by default the chip's own. A bench's has to be given.", show_default=False
        ),
    ] = None,
    clipping: Annotated[str, typer.Option(help="Readings beyond the full scale: refuse, or flag.")] = "refuse",
    seed: Annotated[int, typer.Option(help="Which read-out measures: its lasting errors, and its noise.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace the calibration that is there.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Error to expect against n (.png, .svg, .pdf).")] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Measure a chip with its own converters: what each switch adds, with error bars, into a store.

    Says from how many resistors on more of them no longer help at this read-out.

    Interrupted or killed, the same command goes on where it stopped. Exit code 130: Ctrl-C.
    """
    from rescircuit.calibration import load_calibration, useful_size
    from rescircuit.quantities import parse_quantity

    check_writable("--out", out, (".zarr",))
    check_writable("--plot", plot, PICTURES)
    options = ReadOutOptions(
        adc_bits=adc_bits,
        full_scale=full_scale,
        noise=noise,
        dither=dither,
        averages=averages,
        offset=offset,
        gain_error=gain_error,
        inl=inl,
        feedback=feedback,
        amplifier_offset=amplifier_offset,
        amplifier_gain=amplifier_gain,
        reference=reference,
        reference_mismatch=reference_mismatch,
    )
    options.read()  # before the work
    demands = Demands(
        patterns=patterns,
        celsius=parse_quantity(temperature, "degC", argument="--temperature"),
        v_read=None if v_read is None else parse_quantity(v_read, "V", argument="--v-read"),
        wire_resistance=parse_quantity(wire_resistance, "ohm", argument="--wire-resistance"),
        clipping=clipping,
        seed=seed,
        force=force,
    )
    check_store_is_free("--out", out, "calibration", force=force)
    with interruptible(lambda: _what_is_kept(out)), progress_bar() as report:
        if chip.suffix.lower() == ".csv":
            report("reading", 0, 1)
            from_bench(chip, out, options, demands)
        else:
            from_chip(chip, out, options, demands, report)
        report("summing up", 0, 1)
        part = load_calibration(out, banks=slice(0, CHUNK))
        useful = useful_size(part)
        summary = _summary(out, part, useful)
        files = [out]
        if plot is not None:
            from rescircuit.plotting import plot_useful_size, save_figure

            files.append(save_figure(plot_useful_size(useful, float(_full_scales(part).mean())), plot))
    if as_json:
        print_json({**summary, "files": files})
        return
    _print(summary)
    say(f"Written: {', '.join(map(str, files))}")


def _what_is_kept(out: Path) -> str:
    """The remark that Ctrl-C leaves."""
    if Path(partial_of(out)).exists():
        return "what is measured is kept, and the same command goes on."
    return "the calibration is whole." if out.exists() else "nothing is written."


def _summary(out: Path, part: Calibration, useful: UsefulSize) -> dict[str, Any]:
    """What was measured, and how well: errors are those of the first banks, `part`."""
    import numpy as np

    scale = float(np.median(_full_scales(part)))
    standard_error, expected = float(np.median(part.standard_errors)), float(useful.total[-1])
    read_out, provenance = part.read_out, part.provenance
    return {
        "banks": rows_of(out),
        "resistors": part.n,
        "patterns": None if part.patterns is None else part.patterns.name,
        "adc_bits": None if read_out is None else read_out.adc_bits,
        "adc_full_scale_ampere": None if read_out is None else read_out.full_scale,
        "reference_ohm": None if read_out is None or read_out.reference is None else read_out.reference.resistance,
        "temperature_celsius": part.temperature,
        "v_read_volt": part.v_read,
        "banks_of_the_errors": part.offset.size,
        "standard_error_siemens": standard_error,
        "standard_error_of_full_scale": standard_error / scale if scale > 0 else None,
        **_flagged(out),
        "useful_resistors": useful.n,
        "resistors_tried": int(useful.sizes[-1]),
        "error_to_expect_siemens": expected,
        "error_to_expect_of_full_scale": expected / scale if scale > 0 else None,
        "provenance": provenance.to_dict(),
    }


def _print(summary: dict[str, Any]) -> None:
    from rescircuit.quantities import format_quantity as show

    def of_full_scale(name: str) -> str:
        relative = summary[f"{name}_of_full_scale"]
        of_all = "" if relative is None else f", {relative:.1e} of full scale"
        return show(summary[f"{name}_siemens"], "S") + of_all

    banks, first = summary["banks"], summary["banks_of_the_errors"]
    tried = summary["resistors_tried"]
    with_so_many = "of a programmed bank" if tried == summary["resistors"] else f"with {tried} resistors"
    rows = [
        ["banks", f"{banks:,} of {summary['resistors']} resistors"],
        ["measured at", f"{show(summary['temperature_celsius'], 'degC')}, {show(summary['v_read_volt'], 'V')}"],
        *_read_out_rows(summary),
        ["standard error of a branch, median", of_full_scale("standard_error")],
        ["switches that add nothing it can measure", f"{summary['dead_switches']:,}"],
        ["banks beyond the converter's range", f"{summary['clipped_banks']:,}"],
        ["resistors that help at this read-out", _enough(summary)],
        [f"error to expect {with_so_many}", of_full_scale("error_to_expect")],
    ]
    print_table("A chip measured", ["", "result"], rows)
    if first < banks:
        say(f"Errors are those of the first {first:,} banks.")
    if summary["reference_ohm"] is not None:
        say("Siemens are those of a chip on which the reference has its nominal value.")
    if summary["dead_switches"]:
        say("Switches that add nothing within four standard errors (open, stuck, or too small to be seen) stay open.")
    if summary["clipped_banks"]:
        say("Banks beyond the range are not what they seem, nor are their error bars: raise --full-scale.")


def _read_out_rows(summary: dict[str, Any]) -> list[list[str]]:
    from rescircuit.quantities import format_quantity as show

    if summary["adc_bits"] is None:
        return [["read-out", "not described: errors as they came, independent of each other"]]
    reference = summary["reference_ohm"]
    rows = [
        ["patterns", summary["patterns"]],
        ["converter", f"{summary['adc_bits']} bits, full scale {show(summary['adc_full_scale_ampere'], 'A')}"],
    ]
    return rows if reference is None else [*rows, ["read against", f"a reference of {show(reference, 'ohm')}"]]


def _enough(summary: dict[str, Any]) -> str:
    """From how many resistors on more of them no longer help."""
    enough, tried = summary["useful_resistors"], summary["resistors_tried"]
    if enough < tried:
        return f"{enough}: more would not help"
    return f"{enough}: more would help" if tried == summary["resistors"] else f"at least {enough}"


def _flagged(out: Path) -> dict[str, int]:
    """How many switches and banks of a calibration are flagged, read part by part."""
    from rescircuit.measured.checked_stores import open_checked_store

    store = open_checked_store(out)
    counts = {"dead_switches": 0, "clipped_banks": 0}
    for start in range(0, store.layout.rows, 16 * CHUNK):
        flags = store.read(["dead", "clipped"], slice(start, start + 16 * CHUNK))
        counts["dead_switches"] += int(flags["dead"].sum())
        counts["clipped_banks"] += int(flags["clipped"].sum())
    return counts


def _full_scales(part: Calibration) -> Any:
    return part.offset + part.values.sum(axis=-1)
