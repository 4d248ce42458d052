"""Options of a network's chip that belong together: what would have no effect is refused, or remarked on."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from rescircuit.cli.console import say
from rescircuit.cli.option_groups import given_options, option_name
from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.cli.converter_options import ConverterOptions
    from rescircuit.cli.network_options import ChipOptions, ConditionOptions, WeightOptions
    from rescircuit.network import ArraySpec

__all__ = ["check_chip", "check_compensation", "check_tile_chip", "remark_on"]

_OF_ADC = ("adc_range", "adc_percentile", "adc_full_scale", "tile_ranges", "adc_noise", "adc_offset")
_OF_DAC = ("dac_noise", "dac_offset", "slice_bits")
_OF_BANKS = ("bank_size", "process", "nominal")
_STUCK = ("stuck_open", "stuck_closed")
_OF_NO_CIRCUIT = ("read_noise", "bandwidth", "amplifier_offset")


def check_chip(chip: ChipOptions, converters: ConverterOptions) -> None:
    """Refuse options without effect, and words that no option of the chip knows.

    Raises
    ------
    InputError
        That names the option.
    """
    _check_choices(chip.weights, converters)
    _check_converters(chip, converters)
    if chip.amplifiers.amplifier_gain is None and "amplifier_offset" not in dict(given_options(chip.amplifiers)):
        _refuse(chip.amplifiers, ("feedback",), "without --amplifier-gain or --amplifier-offset")
    _check_cells(chip)
    _check_faults(chip.conditions)


def check_tile_chip(chip: ChipOptions, *, driven: bool) -> None:
    """Refuse what no tile's circuit has, and resolutions where no inputs go through converters."""
    words = "for a tile: its circuit has neither noise nor offsets"
    _refuse(chip, _OF_NO_CIRCUIT, words)
    if chip.amplifiers.amplifier_gain is None:
        _refuse(chip, ("feedback",), "without --amplifier-gain")
    if not driven:
        _refuse(chip, ("dac_bits",), "without --inputs")


def check_compensation(spec: ArraySpec, compensation: Container[str], given: str | None) -> None:
    """Refuse to make up for wires where there is nothing in the lines."""
    if "wires" in compensation and "wires" not in spec.effects and not spec.converters.input_resistance:
        required = "without wires where there are none: no --r-word-line, --r-bit-line or --amplifier-gain"
        raise InputError("--compensate", required, given)


def remark_on(spec: ArraySpec, made_of: str) -> None:
    """Say which conditions change nothing; `made_of` is the process, or what else cells are."""
    if spec.conditions.age > 0 and "drift" not in spec.effects:
        say(f"--age changes nothing: {made_of} does not age.")
    known = {"temperature", "thermal_noise"} & spec.effects
    if spec.conditions.temperature != type(spec.conditions)().temperature and not known:
        say(f"--temperature changes nothing: {made_of} does not depend on it.")


def _check_choices(weights: WeightOptions, converters: ConverterOptions) -> None:
    from rescircuit.network.arrays.converters_spec import ADC_RANGES
    from rescircuit.network.arrays.spec import CHOICES

    given: dict[str, Any] = {name: getattr(weights, name) for name in CHOICES} | {"adc_range": converters.adc_range}
    for name, choices in (CHOICES | {"adc_range": ADC_RANGES}).items():
        words = [choice.replace("_", "-") for choice in choices]
        if given[name] is not None and given[name].replace("_", "-") not in words:
            raise InputError(option_name(name), f"{', '.join(words[:-1])} or {words[-1]}", given[name])


def _check_converters(chip: ChipOptions, converters: ConverterOptions) -> None:
    if chip.dac_bits is None:
        _refuse(converters, _OF_DAC, "without --dac-bits")
    if converters.adc_bits is None:
        _refuse(converters, _OF_ADC, "without --adc-bits")
    if converters.adc_range != "percentile":
        _refuse(converters, ("adc_percentile",), "without --adc-range percentile")
    if converters.adc_range != "fixed":
        _refuse(converters, ("adc_full_scale",), "without --adc-range fixed")
    elif converters.adc_full_scale is None:
        raise InputError("--adc-full-scale", "given with --adc-range fixed", None)


def _check_cells(chip: ChipOptions) -> None:
    cells = chip.weights.cells or "banks"
    if cells == "memristors":
        _refuse(chip, _OF_BANKS, "with --cells memristors, which have a process of their own, --memristor")
        _refuse(chip.conditions, _STUCK, "with --cells memristors: their process says how many are stuck")
    if cells != "banks":
        _refuse(chip.calibration, ("calibrate",), f"with --cells {cells}")
        _refuse(chip.conditions, ("known_faults",), f"with --cells {cells}, which cannot work around them")
        _refuse(chip.weights, ("pairs",), f"with --cells {cells}")
    elif chip.weights.scheme == "offset":
        _refuse(chip.weights, ("pairs",), "with --scheme offset")


def _check_faults(conditions: ConditionOptions) -> None:
    if not dict(given_options(conditions)).keys() & set(_STUCK):
        _refuse(conditions, ("known_faults",), "without --stuck-open or --stuck-closed")


def _refuse(group: Any, names: Container[str], words: str) -> None:
    """Refuse those of a group's options that are given."""
    for name, value in given_options(group):
        if name in names:
            raise InputError(option_name(name), f"left out {words}", value)
