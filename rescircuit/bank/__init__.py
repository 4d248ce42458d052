"""Banks: components with switches as one programmable value, in parallel, in series, in differential pairs."""

from rescircuit.bank.behaviour import Behaviour, describe
from rescircuit.bank.capacitors import CapacitorBank
from rescircuit.bank.chips import load_chip, load_chip_provenance, save_chip
from rescircuit.bank.differential import DifferentialPair
from rescircuit.bank.nominals import spread_nominals
from rescircuit.bank.parallel import DEFAULT_READ_VOLTAGE, Bank
from rescircuit.bank.series import SeriesBank
from rescircuit.bank.settings import (
    CapacitorSetting,
    Mask,
    PairSetting,
    Programmed,
    SeriesSetting,
    Setting,
    checked_mask,
)

__all__ = [
    "DEFAULT_READ_VOLTAGE",
    "Bank",
    "Behaviour",
    "CapacitorBank",
    "CapacitorSetting",
    "DifferentialPair",
    "Mask",
    "PairSetting",
    "Programmed",
    "SeriesBank",
    "SeriesSetting",
    "Setting",
    "checked_mask",
    "describe",
    "load_chip",
    "load_chip_provenance",
    "save_chip",
    "spread_nominals",
]
