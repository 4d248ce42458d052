"""What ``calibrate`` measures, or takes as measured: a sampled chip, chunk by chunk, or a bench's table."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rescircuit import __version__
from rescircuit.cli.console import counting
from rescircuit.cli.outputs import naming
from rescircuit.cli.stores import CHUNK, check_kind, common_of, fingerprint_of, partial_of
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Bank
    from rescircuit.calibration import ReadOut
    from rescircuit.cli.read_out_options import ReadOutOptions

__all__ = ["Demands", "from_bench", "from_chip"]

_OPTIONS = {
    "path": "--out",
    "patterns": "--patterns",
    "clipping": "--clipping",
    "wire_resistance": "--wire-resistance",
    "temperature": "--temperature",
    "v_read": "--v-read",
    "seed": "--seed",
    "full_scale": "--full-scale",
}
_CLIPPING, _PATTERNS = ("refuse", "flag"), ("one-hot", "hadamard")
_LARGEST_SEED = 2**128 - 1


@dataclass(frozen=True, kw_only=True)
class Demands:
    """How a chip is to be measured: the command's options, read."""

    patterns: str
    celsius: float
    v_read: float | None
    wire_resistance: float
    clipping: str
    seed: int
    force: bool

    def __post_init__(self) -> None:
        from rescircuit.checks import finite_number, non_negative_number, positive_number, whole_number
        from rescircuit.devices.coefficients import ABSOLUTE_ZERO

        if self.clipping not in _CLIPPING:
            raise InputError("--clipping", " or ".join(_CLIPPING), self.clipping)
        if self.patterns not in _PATTERNS:
            raise InputError("--patterns", " or ".join(_PATTERNS), self.patterns)
        non_negative_number("--wire-resistance", self.wire_resistance, "ohm")
        if finite_number("--temperature", self.celsius) <= ABSOLUTE_ZERO:
            raise InputError("--temperature", f"above absolute zero, {ABSOLUTE_ZERO} °C", self.celsius)
        if self.v_read is not None:
            positive_number("--v-read", self.v_read, "V")
        whole_number("--seed", self.seed, 0, _LARGEST_SEED)


def from_chip(
    chip: Path, out: Path, options: ReadOutOptions, demands: Demands, report: Callable[[str, float, float], None]
) -> None:
    """Measure a chip, a chunk of its banks after the other."""
    from rescircuit.bank.chips import load_chip, load_chip_provenance, load_chip_shape
    from rescircuit.calibration import Provenance, calibrate_to_store

    check_kind("CHIP", chip, "chip")
    shape = load_chip_shape(chip)
    banks = math.prod(shape)

    def make_banks(start: int, stop: int) -> Bank:
        made = load_chip(chip, banks=slice(start, stop)).at(temperature=demands.celsius)
        return made if demands.v_read is None else replace(made, v_read=demands.v_read)

    first = make_banks(0, 1)
    sheet = _fitted(
        options.read(), make_banks, banks, demands.patterns, lambda done: report("finding the range", done, banks)
    )
    provenance = Provenance(
        kind="calibration",
        process=str(load_chip_provenance(chip).get("process", "unknown")),
        seed=first.seed,
        chip=first.chip,
        read_out_seed=demands.seed,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        temperature=demands.celsius,
        v_read=first.v_read,
        software=f"rescircuit {__version__}",
        source="simulated",
        note=f"chip {fingerprint_of(chip)}",
    )
    partial = partial_of(out)
    begun = os.path.exists(partial)  # noqa: PTH110 - Path.exists raises for long names
    try:
        with naming(_OPTIONS):
            calibrate_to_store(
                out,
                make_banks,
                shape,
                sheet.sample(demands.seed),
                demands.patterns,
                seed=demands.seed,
                provenance=provenance,
                chunk=CHUNK,
                replace=demands.force,
                progress=counting(report, "measuring", banks),
                common=common_of(chip, demands.celsius),
                wire_resistance=demands.wire_resistance,
                clipping=demands.clipping,
            )
    except InputError as error:
        if error.argument != "--full-scale":
            raise
        if not begun:  # it can never be completed
            shutil.rmtree(partial, ignore_errors=True)
        hint = "Raise it, or go on with --clipping flag."
        raise InputError(error.argument, error.required, error.got, hint) from None


def from_bench(table: Path, out: Path, options: ReadOutOptions, demands: Demands) -> None:
    """Take values that an instrument measured."""
    from rescircuit.calibration import Provenance, read_calibration_csv, save_calibration

    if demands.v_read is None:
        raise InputError("--v-read", "given for values from a bench, such as 0.1V", None)
    for option, given in (("--wire-resistance", demands.wire_resistance), ("--clipping", demands.clipping)):
        if given not in (0.0, "refuse"):
            raise InputError(option, "left out for values from a bench", given)
    read_out = options.of_a_bench()
    provenance = Provenance(
        kind="calibration",
        process="bench",
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        temperature=demands.celsius,
        v_read=demands.v_read,
        software=f"rescircuit {__version__}",
        source="bench",
        note="".join(letter if letter.isprintable() else "?" for letter in table.name),
    )
    try:
        with naming({**_OPTIONS, "file": "CHIP"}):
            measured = read_calibration_csv(
                table,
                read_out=read_out,
                v_read=demands.v_read,
                patterns=demands.patterns,
                temperature=demands.celsius,
                provenance=provenance,
            )
    except InputError as error:
        if "read-out" not in error.hint:
            raise
        hint = "Or say with --adc-bits, --noise and the like what it was measured with."
        raise InputError(error.argument, error.required, error.got, hint) from None
    with naming(_OPTIONS):
        save_calibration(measured, out, replace=demands.force)


def _fitted(
    sheet: ReadOut,
    make_banks: Callable[[int, int], Bank],
    banks: int,
    patterns: str,
    progress: Callable[[float], None],
) -> ReadOut:
    """The datasheet with its full scale fitted to all banks of the chip, whatever the chunks."""
    from rescircuit.calibration.patterns import as_patterns

    if sheet.full_scale is not None:
        return sheet
    fitted = []
    for start in range(0, banks, CHUNK):
        progress(start)
        part = make_banks(start, min(start + CHUNK, banks))
        try:
            fitted.append(sheet.fitted_to(part, as_patterns(patterns, part.n)))
        except InputError as error:
            if error.argument != "bank":
                raise
    if not fitted:
        raise InputError("CHIP", "one that conducts", "no current in any pattern of any bank")
    return max(fitted, key=lambda each: each.range_ampere)
