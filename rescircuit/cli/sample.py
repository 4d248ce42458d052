"""``rescircuit sample``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, SEED_OPTION, example, print_json, print_table, progress_bar, say
from rescircuit.cli.outputs import PICTURES, check_store_is_free, check_writable, interruptible, naming
from rescircuit.cli.process_banks import sampled_banks
from rescircuit.cli.stores import CHUNK
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Bank
    from rescircuit.checks import Array
    from rescircuit.devices import Resistor

__all__ = ["sample"]

EPILOG = example(
    "rescircuit sample --process polysilicon -n 21 --rows 128 --cols 128 --seed 3 -o chip.zarr --plot chip.png",
    "rescircuit calibrate chip.zarr --adc-bits 12 -o measured.zarr",
)
_SUFFIXES = (".zarr", ".csv")


def sample(
    process: Annotated[str, typer.Option(help="A process's name, or a TOML file of your own.")] = "polysilicon",
    nominal: Annotated[
        str, typer.Option(help="Nominal resistance, ohm; a bank's full scale is n times its inverse.")
    ] = "1meg",
    n: Annotated[int, typer.Option("-n", "--n", help="Resistors in a bank.")] = 12,
    rows: Annotated[int, typer.Option(help="Rows of banks.")] = 64,
    cols: Annotated[int, typer.Option(help="Columns of banks.")] = 64,
    pitch: Annotated[
        str, typer.Option(help="From resistor to resistor, metre, where the process varies along the die.")
    ] = "5um",
    v_read: Annotated[str, typer.Option(help="Read voltage at which conductances hold, volt.")] = "0.1V",
    seed: Annotated[int, SEED_OPTION] = 1,
    chip: Annotated[int, typer.Option(help="Which die: dies share wafers and lots by their number.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The chip (.zarr), or its resistances alone, a row a bank (.csv)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the chip (.zarr) that is there.")] = False,
    plot: Annotated[Path | None, typer.Option(help="A histogram of the resistances (.png, .svg, .pdf).")] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Make a chip: sample its resistors and switches as the process varies, faults included.

    The same seed and chip number give the same chip on any machine.
    """
    import numpy as np

    from rescircuit.checks import whole_number
    from rescircuit.devices import load_process
    from rescircuit.quantities import format_quantity as show
    from rescircuit.quantities import parse_quantity

    check_writable("--out", out, _SUFFIXES)
    check_writable("--plot", plot, PICTURES)
    if out is not None and out.suffix.lower() == ".zarr":
        check_store_is_free("--out", out, "chip", force=force)
    for option, value in (("--rows", rows), ("--cols", cols), ("-n", n)):
        whole_number(option, value, 1)
    if rows * cols * n > _MOST:
        raise InputError("--rows", f"for at most {_MOST:,} resistors in all", f"{rows} x {cols} x {n}")
    ohm = parse_quantity(nominal, "ohm", argument="--nominal")
    apart = parse_quantity(pitch, "m", argument="--pitch")
    volt = parse_quantity(v_read, "V", argument="--v-read")
    with interruptible(), naming(_OPTIONS), progress_bar() as report:
        made = load_process(process)
        resistor = made.make_resistor(ohm)
        report("sampling", 0, 1)
        options = {"seed": seed, "chip": chip, "shape": (rows, cols), "pitch": apart, "v_read": volt}
        bank = sampled_banks(made, resistor, n=n, **options)
        report("writing", 0, 1)
        common = resistor.common_factor(seed=seed, chip=chip)
        files = _write(bank, {"process": made.name, "source": "simulated", "common": common}, out, force=force)
        factors = _factors(bank, resistor.nominal, made.nominals)
        if plot is not None:
            from rescircuit.plotting import plot_population, save_figure

            files.append(save_figure(plot_population(factors), plot))
        full_scale = _full_scales(bank)
    stuck = {name: 0 if flags is None else int(flags.sum()) for name, flags in _faults(bank)}
    if as_json:
        print_json(
            {
                "process": made.name,
                "seed": seed,
                "chip": chip,
                "shape": [rows, cols, n],
                "mean_of_nominal": factors.mean(),
                "standard_deviation_of_nominal": factors.std(),
                "full_scale_siemens": {
                    "least": full_scale.min(),
                    "median": np.median(full_scale),
                    "most": full_scale.max(),
                },
                "stuck": stuck,
                "v_read_volt": bank.v_read,
                "files": files,
            }
        )
        return
    print_table(
        f"Chip {chip} of seed {seed} on {made.name}",
        ["", "result"],
        [
            ["banks", f"{rows} x {cols} of {n} resistors"],
            ["resistances, mean of their nominals", f"{factors.mean():.4f}"],
            ["resistances, standard deviation", f"{factors.std():.2%}"],
            ["full scale of a bank, median", show(float(np.median(full_scale)), "S")],
            ["full scale, least to most", f"{show(full_scale.min(), 'S')} to {show(full_scale.max(), 'S')}"],
            ["switches stuck open, stuck closed", f"{stuck['stuck_open']:,}, {stuck['stuck_closed']:,}"],
        ],
    )
    _check_room(resistor, bank, n * apart**2)
    if files:
        say(f"Written: {', '.join(map(str, files))}")


_MOST = 50_000_000  # resistors: with all that is computed of them 2 GB
_OPTIONS = {
    "seed": "--seed",
    "chip": "--chip",
    "v_read": "--v-read",
    "pitch_x": "--pitch",
    "nominal": "--nominal",
    "process": "--process",
    "path": "--out",
}


def _check_room(resistor: Resistor, bank: Bank, room: float) -> None:
    """Say so where a bank's resistors do not fit on the `room` (m²) that it has, and places count."""
    varied = resistor.whole_variation()
    if bank.areas is None or (varied.gradient is None and varied.field is None):
        return
    taken = float(bank.areas.reshape(-1, bank.n)[0].sum())
    if taken > room:
        say(
            f"A bank's resistors take {taken * 1e12:,.0f} µm², and at this pitch have {room * 1e12:,.0f} µm²: for "
            "gradients and fields as they would be, give a larger --pitch or a smaller --nominal."
        )


def _write(bank: Bank, provenance: dict[str, Any], out: Path | None, *, force: bool) -> list[Path]:
    if out is None:
        return []
    if out.suffix.lower() == ".csv":
        from rescircuit.files import write_csv

        return [write_csv(out, bank.resistances.reshape(-1, bank.n))]
    from rescircuit.bank.chips import save_chip

    save_chip(bank, out, provenance=provenance, replace=force)
    return [out]


def _factors(bank: Bank, nominal: float, nominals: str) -> Array:
    """Resistances over their nominals."""
    from rescircuit.bank import spread_nominals

    return bank.resistances / spread_nominals(nominal, bank.n, nominals)


def _full_scales(bank: Bank) -> Array:
    """What each bank conducts with all its switches closed, (rows, cols), computed some rows at a time."""
    import numpy as np

    rows, columns = bank.shape
    step = max(1, CHUNK // columns)
    return np.concatenate([bank.part(slice(row, row + step)).full_scale for row in range(0, rows, step)])


def _faults(bank: Bank) -> list[tuple[str, Array | None]]:
    return [(name, getattr(bank, name)) for name in ("stuck_open", "stuck_closed")]
