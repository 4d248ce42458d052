"""``rescircuit simulate memristor``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rescircuit.cli.circuit_tables import check_deck_name, check_output, naming_option
from rescircuit.cli.console import JSON_OPTION, example, print_json, print_table, print_text, progress_bar, say
from rescircuit.cli.outputs import PICTURES, interruptible, naming
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.devices.memristors import VTEAM, LinearDriftMemristor, MemristorTransient
    from rescircuit.spice import Deck
    from rescircuit.spice.verification.cases.memristors import MemristorVerification

__all__ = ["MEMRISTOR_EPILOG", "simulate_memristor"]

MEMRISTOR_EPILOG = example(
    "rescircuit simulate memristor --model hp --amplitude 1.2V --frequency 1Hz,3Hz,10Hz --plot loop.png",
    "rescircuit simulate memristor --model vteam --amplitude 1V --frequency 5megHz --ngspice",
    "rescircuit simulate memristor --model hp --deck bench.cir",
)
_MODELS = ("hp", "vteam")
_MOST_FREQUENCIES, _POINTS_A_PERIOD, _MOST_PERIODS = 4, 2000, 200
_MOST_EXPONENT = 100  # of a window
_TIMEOUT = 120.0  # s
_OPTION_OF = {
    "frequency": "--frequency",
    "amplitude": "--amplitude",
    "initial_state": "--initial-state",
    "r_on": "--r-on",
    "r_off": "--r-off",
    "timeout": "--timeout",
    "waveform": "--amplitude",
}


def simulate_memristor(
    model: Annotated[
        str,
        typer.Option(help="hp (linear drift, Strukov 2008) or vteam (Kvatinsky 2015), with published values."),
    ] = "hp",
    amplitude: Annotated[str, typer.Option(help="Of the sine across it, such as 1.2V.")] = "1V",
    frequency: Annotated[
        str | None,
        typer.Option(help="Such as 1Hz; up to four with commas. By default 1Hz for hp, 5megHz for vteam."),
    ] = None,
    periods: Annotated[int, typer.Option(help="How many; the last one is reported.")] = 2,
    initial_state: Annotated[float, typer.Option(help="From 0 (r_off) to 1 (r_on).")] = 0.3,
    r_on: Annotated[str | None, typer.Option(help="Least resistance; by default the published one.")] = None,
    r_off: Annotated[str | None, typer.Option(help="Largest resistance; by default the published one.")] = None,
    window_exponent: Annotated[
        int | None,
        typer.Option(help="Biolek's window, 1 to 100; 0: none. By default 10 for hp, none for vteam."),
    ] = None,
    ngspice: Annotated[bool, typer.Option("--ngspice", help="Run ngspice too. Exit code 1: they differ.")] = False,
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds that --ngspice may take for each frequency.", show_default="120"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Frequency, time, voltage, current and state, a row a point (.csv)."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="The loop, and the state over time (.png, .svg, .pdf).")] = None,
    deck: Annotated[
        Path | None, typer.Option(help="The bench as a deck for ngspice, of one frequency, such as bench.cir.")
    ] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Drive a memristor with a sine: its pinched loop, the resistances it reaches, and its energy a period."""
    files = _Files(out=out, plot=plot, deck=deck)
    files.check()
    if not 1 <= periods <= _MOST_PERIODS:
        raise InputError("--periods", f"a whole number from 1 to {_MOST_PERIODS}", periods)
    if timeout is not None and not ngspice:
        raise InputError("--timeout", "left out without --ngspice", timeout)
    with interruptible(), naming(_OPTION_OF), progress_bar() as tell:
        tell("integrating", 0, 1)
        device = _device(model, r_on, r_off, window_exponent)
        frequencies = _frequencies(frequency, model)
        if deck is not None and len(frequencies) > 1:
            raise InputError("--deck", "left out with several frequencies", str(deck))
        runs = [_run(device, amplitude, each, periods, initial_state) for each in frequencies]
        tell("ngspice", 0, 1)
        checks = [_check(run, _TIMEOUT if timeout is None else timeout) for run in runs] if ngspice else None
        tell("writing", 0, 1)
        written = files.write(runs, checks)
    reports = [_report(run, periods) for run in runs]
    if as_json:
        print_json(
            {
                "model": model,
                "periods": periods,
                "initial_state": initial_state,
                "runs": reports,
                "ngspice": None if checks is None else [check.as_dict() for check in checks],
                "files": written,
            }
        )
    else:
        _print_reports(model, reports)
        for check in checks or ():
            print_text(check.summary())
        if written:
            say(f"Written: {', '.join(map(str, written))}")
    if checks is not None and not all(check.passed for check in checks):
        raise typer.Exit(1)


@dataclass(frozen=True, kw_only=True)
class _Files:
    """What to write, once everything is known."""

    out: Path | None
    plot: Path | None
    deck: Path | None

    def check(self) -> None:
        """Refuse before the work what could not be written after it."""
        check_output("--out", self.out, (".csv",))
        check_output("--plot", self.plot, PICTURES)
        check_deck_name("--deck", self.deck)

    def write(self, runs: list[MemristorTransient], checks: list[MemristorVerification] | None) -> list[Path]:
        """Write them; what fails to be drawn leaves none."""
        from rescircuit.files import write_lines

        written = []
        panels = None
        deck = None if self.deck is None else _deck(runs[0])
        if self.plot is not None:
            from rescircuit.plotting import plot_hysteresis

            panels = plot_hysteresis(runs, checks)
        if self.out is not None:
            with naming_option("--out"):
                written.append(write_lines(self.out, _lines(runs)))
        if self.plot is not None and panels is not None:
            from rescircuit.plotting import save_figure

            with naming_option("--plot"):
                written.append(save_figure(panels, self.plot))
        if self.deck is not None and deck is not None:
            with naming_option("--deck"):
                written.append(deck.write(self.deck))
        return written


def _device(
    model: str, r_on: str | None, r_off: str | None, window_exponent: int | None
) -> LinearDriftMemristor | VTEAM:
    from rescircuit.checks import whole_number
    from rescircuit.devices.memristors import VTEAM, LinearDriftMemristor
    from rescircuit.quantities import parse_quantity

    kinds = {"hp": LinearDriftMemristor, "vteam": VTEAM}
    if model not in kinds:
        raise InputError("--model", " or ".join(_MODELS), model)
    options: dict[str, Any] = {}
    for name, text in (("r_on", r_on), ("r_off", r_off)):
        if text is not None:
            options[name] = parse_quantity(text, "ohm", argument=f"--{name.replace('_', '-')}")
    if window_exponent is not None:
        options["window"] = whole_number("--window-exponent", window_exponent, 0, _MOST_EXPONENT) or None
    return kinds[model](**options)


def _frequencies(text: str | None, model: str) -> list[float]:
    from rescircuit.quantities import parse_quantity

    parts = ({"hp": "1Hz", "vteam": "5megHz"}[model] if text is None else text).split(",")
    if len(parts) > _MOST_FREQUENCIES:
        raise InputError("--frequency", f"at most {_MOST_FREQUENCIES} frequencies", text)
    return [parse_quantity(part, "Hz", argument="--frequency") for part in parts]


def _run(
    device: LinearDriftMemristor | VTEAM, amplitude: str, frequency: float, periods: int, initial_state: float
) -> MemristorTransient:
    from rescircuit.devices.memristors import Sine, simulate_memristor
    from rescircuit.quantities import parse_quantity

    wave = Sine(amplitude=parse_quantity(amplitude, "V", argument="--amplitude"), frequency=frequency)
    points = _POINTS_A_PERIOD * periods + 1
    return simulate_memristor(device, wave, periods / frequency, initial_state, points=points)


def _check(run: MemristorTransient, timeout: float) -> MemristorVerification:
    from rescircuit.spice.verification.cases.memristors import verify_memristor

    return verify_memristor(run, timeout=timeout)


def _deck(run: MemristorTransient) -> Deck:
    from rescircuit.spice import memristor_circuit, write_deck

    return write_deck(memristor_circuit(run.model, run.waveform, run.duration, float(run.state[0])))  # type: ignore[arg-type]


def _report(run: MemristorTransient, periods: int) -> dict[str, Any]:
    """Of the last period."""
    last = run.duration * (periods - 1) / periods
    resistance = run.resistance[-_POINTS_A_PERIOD - 1 :]
    return {
        "frequency_hertz": run.waveform.frequency,  # type: ignore[attr-defined]
        "least_resistance_ohm": float(resistance.min()),
        "largest_resistance_ohm": float(resistance.max()),
        "largest_current_ampere": float(abs(run.current[-_POINTS_A_PERIOD - 1 :]).max()),
        "loop_area_watt": run.loop_area(last),
        "energy_per_period_joule": run.energy(last),
        "state_error": run.state_error,
        "steps": run.steps,
    }


def _print_reports(model: str, reports: list[dict[str, Any]]) -> None:
    from rescircuit.quantities import format_quantity as show

    columns = ["frequency", "least R", "largest R", "largest current", "loop area", "energy a period", "state's error"]
    rows = [
        [
            show(report["frequency_hertz"], "Hz"),
            show(report["least_resistance_ohm"], "ohm"),
            show(report["largest_resistance_ohm"], "ohm"),
            show(report["largest_current_ampere"], "A"),
            show(report["loop_area_watt"], "W"),
            f"{report['energy_per_period_joule']:.4g} J",
            f"{report['state_error']:.0e}",
        ]
        for report in reports
    ]
    print_table(f"The last period of a memristor ({model}) under a sine", columns, rows)


def _lines(runs: list[MemristorTransient]) -> Iterator[str]:
    """A comment, then a row a point."""
    yield "# frequency (Hz), time (s), voltage (V), current (A), state (0: r_off, 1: r_on)"
    for run in runs:
        frequency = repr(float(run.waveform.frequency))  # type: ignore[attr-defined]
        table = zip(run.time.tolist(), run.voltage.tolist(), run.current.tolist(), run.state.tolist(), strict=True)
        for row in table:
            yield ",".join((frequency, *map(repr, row)))
