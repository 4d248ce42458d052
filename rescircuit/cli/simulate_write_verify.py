"""``rescircuit simulate write-verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.console import JSON_OPTION, SEED_OPTION, example, print_json, print_table, progress_bar, say
from rescircuit.cli.process_banks import sampled_banks

if TYPE_CHECKING:
    from rescircuit.checks import Array
    from rescircuit.devices.memristors import WriteVerifyResult

__all__ = ["WRITE_VERIFY_EPILOG", "simulate_write_verify"]

WRITE_VERIFY_EPILOG = example(
    "rescircuit simulate write-verify --process pcm --tolerance 2% --bank polysilicon -n 12",
)
_DAY = 86400.0  # second
_ACROSS, _PITCH = 64, 5e-6  # banks in a row, and metre from resistor to resistor
_MOST = 10_000_000  # devices
_ROOM = 0.75  # of the nominal that would reach the window on a die as it should be


def simulate_write_verify(
    process: Annotated[str, typer.Option(help="A process with memristors: reram, pcm, or a TOML file.")] = "reram",
    devices: Annotated[int, typer.Option(help="How many memristors, with targets all over their window.")] = 4096,
    tolerance: Annotated[str, typer.Option(help="What a read may differ by, of the window.")] = "2%",
    most_writes: Annotated[int, typer.Option(help="Writes allowed for each.")] = 100,
    averages: Annotated[int, typer.Option(help="Reads whose mean is compared.")] = 1,
    read_out_noise: Annotated[str, typer.Option(help="Noise of the read-out, siemens rms.")] = "0S",
    bank: Annotated[
        str | None, typer.Option(help="A process whose resistor banks are set to the same targets.")
    ] = None,
    n: Annotated[int, typer.Option("-n", "--n", help="Resistors in such a bank.")] = 12,
    seed: Annotated[int, SEED_OPTION] = 1,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Program memristors by writing and reading until they are right, and see what a day leaves of it.

    With --bank the same targets are set, once, on banks of resistors whose values are known.
    """
    from rescircuit.checks import whole_number
    from rescircuit.devices import MemristorArray, load_process, write_verify
    from rescircuit.quantities import parse_quantity

    whole_number("--devices", devices, 1, _MOST)
    made = load_process(process)
    device = made.make_memristor()
    window = device.g_max - device.g_min
    share = parse_quantity(tolerance, argument="--tolerance")
    noise = parse_quantity(read_out_noise, "S", argument="--read-out-noise")
    with progress_bar() as report:
        report("writing", 0, 2)
        targets = _spread(device.g_min, device.g_max, devices)
        fresh = MemristorArray.sample(device, devices, seed=seed)
        _, result = write_verify(
            fresh,
            targets,
            tolerance=share * window,
            most_writes=most_writes,
            averages=averages,
            read_out_noise=noise,
        )
        rows = [_memristors(made.name, result, window)]
        if bank is not None:
            report("programming banks", 1, 2)
            rows.append(_banks(bank, n, seed, targets, device.g_max, window))
    if as_json:
        counts = {status: int((result.status == status).sum()) for status in sorted(set(result.status.tolist()))}
        print_json({"devices": devices, "tolerance_siemens": share * window, "status": counts, "cells": rows})
        return
    _print(rows)
    say(result.summary())


def _spread(low: float, high: float, count: int) -> Array:
    import numpy as np

    return np.linspace(low, high, count)


def _memristors(name: str, result: WriteVerifyResult, window: float) -> dict[str, Any]:
    count = result.targets.size
    return {
        "cell": f"{name}, written and verified",
        "writes": float(result.writes.mean()),
        "energy_joule": float(result.energy.sum() / count),
        "verified": float(result.verified.mean()),
        "rms_error_of_window": _rms(result.error / window),
        "worst_error_of_window": _worst(result.error / window),
        "rms_error_after_a_day": _rms(result.error_after(_DAY) / window),
    }


def _banks(process: str, n: int, seed: int, targets: Array, g_max: float, window: float) -> dict[str, Any]:
    """Banks whose full scale is that of the memristors' window, set to the same targets.

    The nominal leaves room for a die on which all resistors are too large.
    """
    from rescircuit.bank import DEFAULT_READ_VOLTAGE
    from rescircuit.devices import load_process

    made = load_process(process)
    resistor = made.make_resistor(_ROOM * n / g_max)
    where = {"across": _ACROSS, "pitch": _PITCH, "v_read": DEFAULT_READ_VOLTAGE}
    banks = sampled_banks(made, resistor, n=n, seed=seed, shape=targets.shape, **where)
    setting = banks.program(targets)
    later = banks.at(age=_DAY).conductance(setting.mask) - targets
    return {
        "cell": f"{made.name}, bank of {n}",
        "writes": 1.0,
        "energy_joule": None,
        "verified": None,
        "rms_error_of_window": _rms(setting.error / window),
        "worst_error_of_window": _worst(setting.error / window),
        "rms_error_after_a_day": _rms(later / window),
    }


def _rms(values: Any) -> float:
    import numpy as np

    return float(np.sqrt(np.mean(np.square(values))))


def _worst(values: Any) -> float:
    import numpy as np

    return float(np.max(np.abs(values)))


def _print(rows: list[dict[str, Any]]) -> None:
    from rescircuit.quantities import format_quantity as show

    columns = ["", "writes a cell", "energy a cell", "verified", "error, rms", "worst", "rms after a day"]
    texts = [
        [
            row["cell"],
            f"{row['writes']:.3g}",
            "–" if row["energy_joule"] is None else show(row["energy_joule"], "J", 3),
            "–" if row["verified"] is None else f"{row['verified']:.1%}",
            f"{row['rms_error_of_window']:.1e}",
            f"{row['worst_error_of_window']:.1e}",
            f"{row['rms_error_after_a_day']:.1e}",
        ]
        for row in rows
    ]
    print_table("Errors relative to the memristor's window", columns, texts)
