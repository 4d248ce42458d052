"""What ``simulate array`` can say about an array besides its currents: sections for people and for JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array
    from rescircuit.crossbar import Crossbar, CrossbarSolution, IrDrop, Power

__all__ = [
    "REPORTS",
    "Needs",
    "Section",
    "chosen_reports",
    "ir_drop_summary",
    "known_numbers",
    "percent",
    "power_summary",
    "read_margin_section",
]

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_COLDEST, _HOTTEST = -273.15, 1000.0  # °C
_SHOWN = 16  # rows of a table that people would still read
_FEEDTHROUGH = (
    "A negative Elmore delay is feedthrough of the cells' capacitance: the current starts above its final value."
)
_SETTLED = (1e-2, 1e-3, 1e-6)  # relative errors whose times people ask for


@dataclass(frozen=True, kw_only=True)
class Section:
    """One report.

    Attributes
    ----------
    title, columns, rows
        Of its table.
    data : dict
        For JSON, in SI units.
    text : str
        A sentence below the table; may be empty.
    """

    title: str
    columns: list[str]
    rows: list[list[str]]
    data: dict[str, Any]
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """The options that single reports need, as text."""

    c_word_line: str | None = None
    c_bit_line: str | None = None
    c_cell: str | None = None
    cross_section: str | None = None
    temperature: str | None = None
    bandwidth: str | None = None

    def check(self, reports: Iterable[str]) -> None:
        """Refuse what no report uses, and what one of them lacks."""
        wanted = set(reports)
        for needed in fields(self):
            given, user = getattr(self, needed.name), _USERS[needed.name]
            if given is not None and user not in wanted:
                raise InputError(_option(needed.name), f"left out without --report {user}", given)
            if given is None and user in wanted and needed.name in _EXAMPLES:
                required = f"given with --report {user}, such as {_EXAMPLES[needed.name]}"
                raise InputError(_option(needed.name), required, given)
        if self.temperature is not None:
            _celsius(self.temperature)

    def number(self, name: str, unit: str, default: float = 0.0) -> float:
        """One of them as a number."""
        from rescircuit.quantities import parse_quantity

        text = getattr(self, name)
        try:
            return default if text is None else parse_quantity(text, unit, argument=_option(name))
        except InputError as error:
            required = error.required.replace("1mHz", "1megHz")
            raise InputError(error.argument, required, error.got, error.hint) from None


_USERS = {
    **dict.fromkeys(("c_word_line", "c_bit_line", "c_cell"), "settling"),
    "cross_section": "current-density",
    **dict.fromkeys(("temperature", "bandwidth"), "noise"),
}
_EXAMPLES = {"c_word_line": "1fF", "c_bit_line": "1fF", "cross_section": "5e-15", "bandwidth": "1megHz"}


def chosen_reports(texts: list[str] | None) -> list[str]:
    """The reports asked for, each once, from texts with commas between names."""
    names = [name.strip() for text in texts or [] for name in text.split(",")]
    for name in names:
        if name not in REPORTS:
            raise InputError("--report", f"of {', '.join(REPORTS)}", name)
    return list(dict.fromkeys(names))


def ir_drop_summary(drop: IrDrop | None) -> tuple[dict[str, Any], str]:
    """The worst cell of all inputs, for JSON and in words; of no array between sources and virtual grounds."""
    import numpy as np

    from rescircuit.quantities import format_quantity as show

    if drop is None:
        nothing: dict[str, Any] = dict.fromkeys(("worst_cell", "worst_relative", "mean_relative", "worst_volt"))
        return nothing, "No cell lies between a source and a virtual ground"
    shares = np.abs(drop.relative)
    worst_volt = float(np.max(drop.worst))
    data = {"worst_cell": None, "worst_relative": None, "mean_relative": None, "worst_volt": worst_volt}
    if np.isnan(shares).all():
        return data, f"IR drop at most {show(worst_volt, 'V')}"
    row, column = (int(k) for k in np.unravel_index(int(np.nanargmax(shares)), shares.shape)[-2:])
    worst, mean = float(np.nanmax(shares)), float(np.nanmean(shares))
    data |= {"worst_cell": [row, column], "worst_relative": worst, "mean_relative": mean}
    return data, f"IR drop at most {percent(worst)} (word line {row}, bit line {column}), {percent(mean)} on average"


def power_summary(spent: Power) -> tuple[dict[str, Any], str]:
    """Power of the input that takes most, for JSON and in words."""
    from rescircuit.quantities import format_quantity as show

    k, parts = _largest_power(spent)
    wires, ends = parts["word_lines"] + parts["bit_lines"], parts["drivers"] + parts["senses"]
    data = {"input": k, "supplied_watt": parts["supplied"]}
    data |= {"wires_watt": wires, "cells_watt": parts["cells"], "drivers_and_senses_watt": ends}
    most = f"most with input {k}, " if spent.supplied.size > 1 else ""
    return data, (
        f"power {most}{show(parts['supplied'], 'W')}: wires {show(wires, 'W')}, cells {show(parts['cells'], 'W')}, "
        f"drivers and senses {show(ends, 'W')}"
    )


def read_margin_section(
    crossbar: Crossbar, scheme: str, g_on: str | None, g_off: str | None, v_read: str | None = None
) -> Section:
    """How well both states of the corners' and the centre's cells are told apart."""
    from rescircuit.bank import DEFAULT_READ_VOLTAGE
    from rescircuit.crossbar import read_margin
    from rescircuit.quantities import format_quantity as show
    from rescircuit.quantities import parse_quantity

    states = {}
    for name, text in (("g_on", g_on), ("g_off", g_off)):
        if text is None:
            raise InputError(_option(name), "given with --read-margin, such as 100uS", text)
        states[name] = parse_quantity(text, "S", argument=_option(name))
    volts = DEFAULT_READ_VOLTAGE if v_read is None else parse_quantity(v_read, "V", argument="--v-read")
    found = read_margin(crossbar, **states, scheme=scheme, v_read=volts)
    rows = [
        [f"{row}, {column}", show(on, "A"), show(off, "A"), f"{margin:.4f}"]
        for (row, column), on, off, margin in zip(
            *(array.tolist() for array in (found.cells, found.on, found.off, found.margins)), strict=True
        )
    ]
    data = {
        "scheme": scheme,
        "v_read_volt": volts,
        "g_on_siemens": states["g_on"],
        "g_off_siemens": states["g_off"],
        "cells": found.cells,
        "on_ampere": found.on,
        "off_ampere": found.off,
        "margins": known_numbers(found.margins),
        "worst": found.worst,
        "worst_cell": found.worst_cell,
    }
    worst = (
        f"Worst margin {found.worst:.4f}, at word line {found.worst_cell[0]}, bit line {found.worst_cell[1]}; "
        f"read at {show(volts, 'V')}, margin = (I_on - I_off) / I_on."
    )
    columns = ["word line, bit line", "on", "off", "margin"]
    return Section(title=f"Read margins, scheme {scheme}", columns=columns, rows=rows, data=data, text=worst)


def known_numbers(array: Array) -> Any:
    """For JSON: numbers that are not known are null."""
    import numpy as np

    known = np.array(array, dtype=object)
    known[~np.isfinite(array)] = None
    return known.tolist()


def _ir_drop(crossbar: Any, solution: CrossbarSolution, needs: Needs) -> Section:  # noqa: ARG001 - one signature
    import numpy as np

    from rescircuit.crossbar import ir_drop
    from rescircuit.quantities import format_quantity as show

    drop = ir_drop(solution)
    columns = (drop.worst, drop.mean, drop.worst_relative, drop.mean_relative, drop.worst_cell[..., 0])
    flat = [*(np.ravel(each).tolist() for each in columns), drop.worst_cell[..., 1].ravel().tolist()]
    rows = [
        [str(k), show(worst, "V"), show(mean, "V"), percent(relative), percent(usual), f"{row}, {column}"]
        for k, (worst, mean, relative, usual, row, column) in enumerate(zip(*flat, strict=True))
    ]
    return Section(
        title="IR drop of the inputs",
        columns=["input", "worst", "mean", "worst share", "mean share", "worst: word line, bit line"],
        rows=rows,
        data={
            "drop_volt": known_numbers(drop.drop),
            "worst_volt": drop.worst,
            "mean_volt": drop.mean,
            "worst_relative": known_numbers(drop.worst_relative),
            "mean_relative": known_numbers(drop.mean_relative),
            "worst_cell": drop.worst_cell,
        },
    )


def _power(crossbar: Any, solution: CrossbarSolution, needs: Needs) -> Section:  # noqa: ARG001 - one signature
    from rescircuit.crossbar import power
    from rescircuit.quantities import format_quantity as show

    spent = power(solution)
    k, parts = _largest_power(spent)
    total = parts["supplied"]
    rows = [
        [name.replace("_", " "), show(watt, "W"), percent(watt / total) if total else ""]
        for name, watt in parts.items()
    ]
    data = {
        "supplied_watt": spent.supplied,
        "cells_watt": spent.cells,
        "word_segments_watt": spent.word_segments,
        "bit_segments_watt": spent.bit_segments,
        "drivers_watt": spent.drivers,
        "senses_watt": spent.senses,
        "balance": spent.balance,
    }
    title = f"Power with input {k}, which takes most" if spent.supplied.size > 1 else "Power"
    text = f"Supplied and dissipated power agree to {float(spent.balance.max()):.1e}."
    return Section(title=title, columns=["in", "power", "share"], rows=rows, data=data, text=text)


def _noise(crossbar: Crossbar, solution: CrossbarSolution, needs: Needs) -> Section:
    from rescircuit.crossbar import thermal_noise
    from rescircuit.quantities import format_quantity as show

    celsius = 27.0 if needs.temperature is None else _celsius(needs.temperature)
    bandwidth = needs.number("bandwidth", "Hz")
    noise = thermal_noise(crossbar, celsius)
    rms = noise.rms(bandwidth)
    currents = solution.output_currents.reshape(-1, rms.size)[0]
    rows = [
        [str(j), show(own, "A"), f"{abs(current) / own:.4g}" if own else ""]
        for j, (own, current) in enumerate(zip(rms[:_SHOWN].tolist(), currents.tolist(), strict=False))
    ]
    return Section(
        title=f"Thermal noise at {celsius:g} °C in {show(bandwidth, 'Hz')}",
        columns=["bit line", "rms", "first input's current / rms"],
        rows=rows,
        data={
            "temperature_celsius": celsius,
            "bandwidth_hertz": bandwidth,
            "rms_ampere": rms,
            "spectral_density_ampere2_per_hertz": noise.spectral_density,
        },
        text=_more(rms.size),
    )


def _settling(crossbar: Crossbar, solution: CrossbarSolution, needs: Needs) -> Section:
    from rescircuit.crossbar import settling
    from rescircuit.quantities import format_quantity as show

    if solution.sense_voltages.any():
        raise InputError("--report settling", "left out with --bit-line-voltages: inputs step from 0 V", "both")
    capacitances = {name: needs.number(name, "F") for name in ("c_word_line", "c_bit_line", "c_cell")}
    outcome = settling(crossbar, solution.driver_voltages, **capacitances)
    delays = outcome.elmore_delays.reshape(-1, crossbar.shape[1])[0]
    rows = [[str(j), _seconds(delay)] for j, delay in enumerate(delays[:_SHOWN].tolist())]
    times = {f"{error:g}": outcome.time_to(error) for error in _SETTLED}
    within = ", ".join(f"{float(error):g} after {show(time, 's')}" for error, time in times.items())
    return Section(
        title="Settling after a step",
        columns=["bit line", "Elmore delay, first input"],
        rows=rows,
        data={
            **{f"{name}_farad": farad for name, farad in capacitances.items()},
            "elmore_delays_second": known_numbers(outcome.elmore_delays),
            "slowest_time_constant_second": outcome.slowest_time_constant,
            "residual": outcome.residual,
            "seconds_to_relative_error": times,
        },
        text=f"Slowest time constant {show(outcome.slowest_time_constant, 's')}; errors below {within}."
        + (f" {_FEEDTHROUGH}" if (delays < 0).any() else "")
        + (f" {_more(delays.size)}" if delays.size > _SHOWN else ""),
    )


def _current_density(crossbar: Any, solution: CrossbarSolution, needs: Needs) -> Section:  # noqa: ARG001 - as the others
    import numpy as np

    from rescircuit.crossbar import current_density
    from rescircuit.quantities import parse_quantity

    texts = (needs.cross_section or "").split(",")
    if len(texts) > 2:
        required = "one number, or two with a comma: of word lines and of bit lines (m²)"
        raise InputError("--cross-section", required, needs.cross_section)
    sections = np.broadcast_to([parse_quantity(text, argument="--cross-section") for text in texts], 2)
    dense = current_density(solution, sections)
    if not np.isfinite(dense.worst).all():
        raise InputError("--cross-section", "such that densities are finite numbers", needs.cross_section)
    rows = [
        [f"{kind} lines", f"{float(densities.max()):.4g} A/m²", f"{section:.4g} m²"]
        for kind, densities, section in (
            ("word", dense.word_segments, sections[0]),
            ("bit", dense.bit_segments, sections[1]),
        )
    ]
    kind, row, column = dense.worst_segment
    share = float(np.max(dense.share_above))
    return Section(
        title="Current density in wires",
        columns=["", "densest", "cross-section"],
        rows=rows,
        data={
            "cross_section_metre2": sections,
            "limit_ampere_per_metre2": dense.limit,
            "worst_ampere_per_metre2": dense.worst,
            "worst_segment": {"line": kind, "row": row, "column": column},
            "share_above_limit": dense.share_above,
        },
        text=f"Densest in the {kind} line's segment {row}, {column}. Segments above {dense.limit:g} A/m²: {share:.3%}.",
    )


REPORTS: dict[str, Callable[[Any, CrossbarSolution, Needs], Section]] = {
    "ir-drop": _ir_drop,
    "power": _power,
    "noise": _noise,
    "settling": _settling,
    "current-density": _current_density,
}


def _largest_power(spent: Power) -> tuple[int, dict[str, float]]:
    """The input that takes most, and where its power goes, watt."""
    import numpy as np

    k = int(np.argmax(spent.supplied))
    sums = {
        "word_lines": spent.word_segments.sum(axis=(-2, -1)),
        "bit_lines": spent.bit_segments.sum(axis=(-2, -1)),
        "cells": spent.cells.sum(axis=(-2, -1)),
        "drivers": spent.drivers.sum(axis=-1),
        "senses": spent.senses.sum(axis=-1),
        "supplied": spent.supplied,
    }
    return k, {name: float(np.ravel(values)[k]) for name, values in sums.items()}


def _celsius(text: str) -> float:
    """A temperature in °C: a plain number, for K would be read as kilo."""
    number = float(text) if _PLAIN.fullmatch(text.strip()) else float("nan")
    if not _COLDEST <= number <= _HOTTEST:
        required = f"a number of °C from {_COLDEST:g} to {_HOTTEST:g}, such as 27"
        raise InputError("--temperature", required, text)
    return number


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def percent(share: float, sign: str = "") -> str:
    """A share in percent, with `sign` ``"+"`` for changes; what rounds to zero has no sign."""
    if share != share:  # noqa: PLR0124 - NaN where no voltage is applied
        return ""
    text = f"{share:{sign}.3%}"
    return "0.000%" if float(text[:-1]) == 0 else text


def _seconds(time: float) -> str:
    from rescircuit.quantities import format_quantity as show

    return show(time, "s") if time == time else ""  # noqa: PLR0124 - NaN where no current flows in the end


def _more(lines: int) -> str:
    return f"{lines - _SHOWN} more bit lines: --json gives all." if lines > _SHOWN else ""
