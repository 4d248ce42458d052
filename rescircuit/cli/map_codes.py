"""``rescircuit map``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.bank_forms import FORMS, form_of
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, progress_bar, say
from rescircuit.cli.outputs import check_writable, interruptible, naming
from rescircuit.cli.stores import load_one
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Bank
    from rescircuit.calibration import Calibration

__all__ = ["map_codes"]

EPILOG = example(
    "rescircuit map measured.zarr --bank 17 --bits 8 -o codes.mem",
    "rescircuit map my-bank/bank.json --bits 6 -o codes.h --name my_codes",
    "rescircuit map settings.npz -o chip.bits",
)
_OPTIONS = {"bits": "--bits", "name": "--name", "targets": "--targets", "path": "--out", "file": "FILE"}
_STREAM, _TABLES = ".bits", (".csv", ".mem", ".memb", ".h")


def map_codes(
    file: Annotated[
        Path,
        typer.Argument(
            help="A calibration or a chip (.zarr) with --bank, or a bank (.json); or settings of an array (.npz).",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="A table (.csv), a Verilog memory file in hexadecimal (.mem) or binary digits (.memb), a C header "
            "(.h); or, of settings, the bits of all switches in scan order (.bits, described in .bits.json).",
            show_default=False,
        ),
    ],
    bank: Annotated[int, typer.Option(help="Which bank of a chip, from 0, row after row.")] = 0,
    bits: Annotated[
        int | None, typer.Option(help="For 2^bits targets from 0 to full scale; by default 8.", show_default=False)
    ] = None,
    targets: Annotated[
        Path | None, typer.Option(help="Or for these, siemens (.csv, .npz).", show_default=False)
    ] = None,
    name: Annotated[str, typer.Option(help="Of the table in a C header.")] = "code_map",
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Write the map of codes that a chip could carry: for each target the setting of a bank's switches.

    Or, of settings of an array, the stream of bits that is shifted into its scan chain.
    """
    check_writable("--out", out, (*_TABLES, _STREAM))
    with interruptible(), naming(_OPTIONS), progress_bar() as report:
        report("mapping", 0, 1)
        if out.suffix.lower() == _STREAM:
            summary = _write_stream(file, out)
        else:
            if bits is not None and targets is not None:
                raise InputError("--bits", "left out where --targets are given", bits)
            summary = _write_codes(_read_bank(file, bank), out, 8 if bits is None else bits, targets, name)
    if as_json:
        print_json(summary)
        return
    files = summary["files"]
    print_table("Written for the chip", ["", "result"], _rows(summary))
    say(f"Written: {', '.join(map(str, files))}")


def _read_bank(file: Path, number: int) -> Bank | Calibration:
    """One bank, as it was measured or as it is."""
    suffix = file.suffix.lower()
    if suffix == ".json":
        from rescircuit.bank import Bank
        from rescircuit.bank.files import load_bank

        if number:
            raise InputError("--bank", "left out for the only bank of a file", number)
        bank = load_bank(file)[0]
        if not isinstance(bank, Bank):
            raise InputError("FILE", "a parallel bank, whose codes are mapped", f"a {FORMS[form_of(bank)]}")
        return bank
    if suffix != ".zarr":
        required = "a bank (.json), a calibration or a chip (.zarr); or settings (.npz) for a .bits file"
        raise InputError("FILE", required, str(file))
    return load_one("FILE", file, number, "calibration", "chip")


def _write_codes(bank: Bank | Calibration, out: Path, bits: int, targets: Path | None, name: str) -> dict[str, Any]:
    from rescircuit.calibration import map_codes as codes_of
    from rescircuit.calibration import write_c_header, write_code_csv, write_verilog_memory
    from rescircuit.measured import read_values

    if targets is None:
        codes = codes_of(bank, bits=bits)
    else:
        codes = codes_of(bank, targets=read_values(targets, "targets").ravel())
    suffix = out.suffix.lower()
    if suffix == ".csv":
        write_code_csv(codes, out)
    elif suffix == ".h":
        write_c_header(codes, out, name=name)
    else:
        write_verilog_memory(codes, out, binary=suffix == ".memb")
    return {
        "codes": len(codes),
        "switches": codes.n,
        "targets_siemens": [float(codes.targets.min()), float(codes.targets.max())],
        "largest_error_to_expect_siemens": float(codes.errors.max()),
        "v_read_volt": codes.v_read,
        "order": "switch k is bit k; the column mask has switch 0 first" if suffix == ".csv" else "switch k is bit k",
        "files": [out],
    }


def _write_stream(file: Path, out: Path) -> dict[str, Any]:
    from rescircuit.calibration import write_bit_stream
    from rescircuit.measured import read_flags

    if file.suffix.lower() != ".npz":
        raise InputError("FILE", "settings (.npz) for a stream of bits, as rescircuit program writes them", str(file))
    mask = read_flags(file, "mask")
    if mask.ndim == 0:
        raise InputError("FILE", "settings (.npz) with an array mask (..., n)", f"shape {mask.shape}")
    write_bit_stream(mask, out)
    return {
        "banks": mask.shape[:-1],
        "switches": mask.shape[-1],
        "bits": mask.size,
        "order": "bank after bank, switch 0 first, most significant bit of a byte first",
        "files": [out, Path(f"{out}.json")],
    }


def _rows(summary: dict[str, Any]) -> list[list[str]]:
    """The lines of the table."""
    from rescircuit.quantities import format_quantity as show

    if "bits" in summary:
        rows = [
            ["banks", " x ".join(map(str, summary["banks"])) or "1"],
            ["switches in a bank", str(summary["switches"])],
            ["bits", f"{summary['bits']:,}"],
        ]
    else:
        low, high = (show(target, "S") for target in summary["targets_siemens"])
        rows = [
            ["codes", f"{summary['codes']:,}, for {low} to {high} at {show(summary['v_read_volt'], 'V')}"],
            ["switches", str(summary["switches"])],
            ["largest error to expect", show(summary["largest_error_to_expect_siemens"], "S")],
        ]
    return [*rows, ["order", summary["order"]]]
