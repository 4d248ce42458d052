"""Banks: resistors with switches as one programmable conductance, in parallel, in series, in differential pairs."""

from rescircuit.bank.differential import PairSetting, program_pair
from rescircuit.bank.nominals import spread_nominals
from rescircuit.bank.parallel import DEFAULT_READ_VOLTAGE, Bank
from rescircuit.bank.series import SeriesBank, SeriesSetting
from rescircuit.bank.settings import Mask, Setting, checked_mask

__all__ = [
    "DEFAULT_READ_VOLTAGE",
    "Bank",
    "Mask",
    "PairSetting",
    "SeriesBank",
    "SeriesSetting",
    "Setting",
    "checked_mask",
    "program_pair",
    "spread_nominals",
]
