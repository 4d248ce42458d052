"""Devices and calibration: sampling, measuring, what a read-out leaves, and memristors beside banks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

import rescircuit as rc
from benchmarks.report import RESULTS, seconds, show, table
from rescircuit.calibration import ReadOut, calibrate, calibrate_to_store, coverage, load_calibration, trim, useful_size
from rescircuit.plotting import plot_floors, save_figure

POLY = rc.Resistor(nominal=1e6, common=0.20, mismatch=0.01)
SWITCH = rc.NMOS(w_over_l=10)
LARGE = (400_000, 21)
BITS = (8, 10, 12, 14)
SIZES = tuple(range(4, 21, 2))
BANKS = 256
DAY = 86400.0  # second
MEDIAN_OF_NORMAL = 0.6745  # of its absolute value, in standard deviations


def run() -> str:
    """All tables, in Markdown; the plot of true errors goes beside them."""
    parts = (_sampling, _measuring, _floors, _patterns, _coverage, _trimming, _memristors)
    return "\n".join(part() for part in parts)


def sheet(bits: int, **options: float) -> ReadOut:
    """A read-out whose noise and non-linearity go with its step: 0.3 and 0.5 LSB at the default range."""
    step = 0.9e-6 / 2**bits
    return ReadOut(adc_bits=bits, noise=0.3 * step, dither=1.0, averages=4, inl=0.5, gain_error=2e-4, **options)


def _sampling() -> str:
    film = rc.Geometry(sheet_resistance=200.0, width=1e-6)
    shared = {"lot": rc.Normal(sigma=0.05), "wafer": rc.Normal(sigma=0.02), "die": rc.Uniform(half_width=0.1)}
    die = rc.Placement(columns=1000, pitch_x=5e-6, pitch_y=5e-6)
    work = {
        "die and mismatch": (rc.Variation(die=rc.Uniform(half_width=0.2), mismatch=0.01), None),
        "lot, wafer, die, lognormal, Pelgrom": (
            rc.Variation(**shared, local=rc.LogNormal(sigma=0.02), matching=2e-8),
            None,
        ),
        "and a gradient and a correlated field": (
            rc.Variation(
                **shared,
                local=rc.LogNormal(sigma=0.02),
                matching=2e-8,
                gradient=rc.Gradient(linear_spread=2.0),
                field=rc.CorrelatedField(spread=0.003, length=200e-6),
            ),
            die,
        ),
    }
    rows = []
    for name, (variation, placement) in work.items():
        resistor = rc.Resistor(nominal=1e5, geometry=film, variation=variation)
        rows.append([name, show(seconds(partial(resistor.sample, 1_000_000, seed=1, placement=placement)))])
    return f"A million resistors:\n\n{table(['variation', 'time'], rows)}"


def _measuring() -> str:
    """A large chip, sampled, measured and stored chunk by chunk, and read again."""
    count, n = LARGE
    read_out = sheet(12, full_scale=2.5e-6).sample(seed=1)

    def make_banks(start: int, stop: int) -> rc.Bank:
        return rc.Bank.sample(POLY, n=n, seed=1, shape=(stop - start,), start=start)

    with TemporaryDirectory() as folder:
        path = Path(folder, "measured.zarr")
        begin = perf_counter()
        calibrate_to_store(path, make_banks, count, read_out, "hadamard", seed=1)
        measured = perf_counter() - begin
        begin = perf_counter()
        found = load_calibration(path)
        read = perf_counter() - begin
        begin = perf_counter()
        setting = found.program(np.full(count, 8e-6))
        programmed = perf_counter() - begin
    rows = [
        [f"sample, measure ({found.patterns.name}, 4 samples a reading) and store", show(measured)],
        ["read and check the store", show(read)],
        ["program, with the error to expect of each setting", show(programmed)],
    ]
    optimal = np.mean(setting.status == "optimal")
    return f"{count:,} banks of {n} resistors ({optimal:.0%} proved optimal):\n\n{table(['work', 'time'], rows)}"


def _floors() -> str:
    """True errors against n for several converters; how far each gets, predicted and true."""
    errors, floors, rows = {}, {}, []
    for bits in BITS:
        name = f"{bits} bits"
        errors[name] = {}
        for n in SIZES:
            bank, goals = _banks_and_goals(n)
            found = calibrate(bank, sheet(bits).sample(seed=bits, count=BANKS), seed=bits)
            setting = found.program(goals)
            errors[name][n] = np.abs(bank.conductance(setting.mask) - goals) / bank.full_scale
        useful = useful_size(found)
        floors[name] = MEDIAN_OF_NORMAL * float(np.median(setting.predicted_error / bank.full_scale))
        true = np.median(errors[name][SIZES[-1]])
        rows.append([name, f"{useful.n}", f"{floors[name]:.1e}", f"{true:.1e}"])
    save_figure(plot_floors(errors, floors), RESULTS / "calibration_floors.png")
    columns = ["converter", "resistors that help", f"median predicted, n = {SIZES[-1]}", "true"]
    return (
        f"Error of full scale, {BANKS} chips with a read-out each, one-hot ([picture](calibration_floors.png)):\n\n"
        f"{table(columns, rows)}"
    )


def _patterns() -> str:
    """One-hot against Hadamard, where the range is fixed and where it is fitted."""
    n = 19
    rows = []
    equal = {"n": n, "seed": 2, "shape": (BANKS,), "switch": SWITCH, "nominals": "equal"}
    bank = rc.Bank.sample(POLY, **equal)
    true = bank.on_conductances - bank.off_conductances
    cases = {
        "additive noise, one range": ReadOut(adc_bits=20, noise=2e-9, full_scale=3e-6),
        "10 bits, dither, range fitted": ReadOut(adc_bits=10, dither=1.0),
        "noise of 0.1 % of the reading": ReadOut(adc_bits=20, relative_noise=1e-3),
        "non-linearity of 1 LSB, 12 bits": ReadOut(adc_bits=12, dither=1.0, averages=256, inl=1.0),
    }
    for name, datasheet in cases.items():
        rms = []
        for patterns in ("one-hot", "hadamard"):
            found = calibrate(bank, datasheet.sample(seed=3, count=BANKS), patterns, seed=3)
            rms.append(float(np.sqrt(np.mean((found.values - true) ** 2))))
        rows.append([name, f"{rms[0]:.2e} S", f"{rms[1]:.2e} S", f"{rms[0] / rms[1]:.2f}"])
    return f"rms error of a branch of {n} equal ones:\n\n{table(['read-out', 'one-hot', 'hadamard', 'ratio'], rows)}"


def _coverage() -> str:
    """How often the truth lies within the claimed errors."""
    bank = rc.Bank.sample(POLY, n=16, seed=5, shape=(1000,), switch=SWITCH)
    datasheet = replace(sheet(12), offset=2e-9, feedback=1e5, amplifier_offset=1e-4, amplifier_gain=1e5)
    rows = [
        [
            row.cause,
            f"{row.within_one:.3f} ({row.one_interval[0]:.3f} to {row.one_interval[1]:.3f})",
            f"{row.within_two:.3f} ({row.two_interval[0]:.3f} to {row.two_interval[1]:.3f})",
            f"{row.rms_error:.1e} S",
            f"{row.averaged_error:.1e} S",
            "averages out" if row.averages_out else "stays",
        ]
        for row in coverage(bank, datasheet, seed=1)
    ]
    columns = ["cause", "within 1 (68.3 % claimed)", "within 2 (95.4 %)", "rms", "with 64 x samples", ""]
    head = "Coverage of the error bars of random settings, 1,000 read-outs, 12 bits (with intervals of 99 %)"
    return f"{head}:\n\n{table(columns, rows)}"


def _trimming() -> str:
    bank, goals = _banks_and_goals(16)
    rows = []
    for bits in BITS:
        read_out = replace(sheet(bits), gain_error=0.0, inl=0.0).sample(seed=7)
        found = calibrate(bank, read_out, seed=7)
        read_out = read_out.with_range(float(bank.full_scale.max()) * bank.v_read * 1.1)
        opened = found.program(goals)
        closed = trim(bank, read_out, found, goals, seed=7, best=16, averages=256)
        true = [
            float(np.sqrt(np.mean(((bank.conductance(s.mask) - goals) / bank.full_scale) ** 2)))
            for s in (opened, closed)
        ]
        rows.append([f"{bits} bits", f"{true[0]:.1e}", f"{true[1]:.1e}", f"{true[0] / true[1]:.1f}"])
    columns = ["converter", "open loop, rms", "the best of 16 measured", "ratio"]
    return f"Closed-loop trimming, 256 samples a reading, noise and quantisation alone:\n\n{table(columns, rows)}"


def _memristors() -> str:
    """A memristor written and verified, beside a bank of resistors set once."""
    rows = []
    for name in ("reram", "pcm"):
        device = rc.load_process(name).make_memristor()
        array = rc.MemristorArray.sample(device, 4096, seed=1)
        targets = np.linspace(device.g_min, device.g_max, 4096)
        window = device.g_max - device.g_min
        _, written = rc.write_verify(array, targets, tolerance=0.02 * window, most_writes=100)
        rows.append(
            [
                f"{name}, written and verified to 2 %",
                f"{written.writes.mean():.1f}",
                f"{written.energy.sum() / 4096:.1e} J",
                f"{_rms(written.error / window):.1e}",
                f"{_rms(written.error_after(DAY) / window):.1e}",
            ]
        )
    for n in (8, 12, 16):
        bank, goals = _banks_and_goals(n)
        found = calibrate(bank, sheet(14).sample(seed=9, count=BANKS), seed=9)
        mask = found.program(goals).mask
        error, later = ((b.conductance(mask) - goals) / bank.full_scale for b in (bank, bank.at(age=DAY)))
        rows.append(
            [f"polysilicon bank of {n}, 14 bits", "1", "as its switches", f"{_rms(error):.1e}", f"{_rms(later):.1e}"]
        )
    columns = ["cell", "writes", "energy", "rms error of the window", "after a day"]
    return f"Memristors beside banks:\n\n{table(columns, rows)}"


def _banks_and_goals(n: int) -> tuple[rc.Bank, np.ndarray]:
    bank = rc.Bank.sample(POLY, n=n, seed=n, shape=(BANKS,), switch=SWITCH)
    return bank, np.linspace(0.1, 0.9, BANKS) * bank.full_scale


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
