"""Programming memristors by writing, reading and writing again until what is read is near enough to the target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, non_negative_number, positive_number, whole_number
from rescircuit.devices.memristors.array import MemristorArray
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["WriteVerifyResult", "write_verify"]

_MOST_WRITES, _MOST_READS = 100_000, 10_000
_STATUSES = ("verified", "stuck", "worn out", "not reached")


@dataclass(frozen=True, kw_only=True, eq=False)
class WriteVerifyResult:
    """What programming by write and verify reached, and what it took; arrays are of the array's shape.

    Attributes
    ----------
    array : MemristorArray
        The devices afterwards.
    targets : array
        What was asked for, siemens.
    as_read : array
        The last value read of each, siemens; what decided.
    error : array
        What each truly conducts at the end, less its target, siemens.
    status : str array
        ``"verified"``: the last read was within the tolerance of the level aimed at. Else ``"stuck"``: made unable to
        move; ``"worn out"``: written more often than it lives through; ``"not reached"``: none of these, the writes
        allowed were spent.
    writes, reads : int array
        How many each took.
    energy : array
        Joule: its writes, and what its reads turned to heat.
    seconds : float
        The time that all took, one device after another.
    finished_at : float
        When it ended, second, by a clock on which all devices are written and read at once.
    tolerance : float
        Siemens.
    """

    array: MemristorArray
    targets: Array
    as_read: Array
    error: Array
    status: NDArray[np.str_]
    writes: NDArray[np.int64]
    reads: NDArray[np.int64]
    energy: Array
    seconds: float
    finished_at: float
    tolerance: float

    def __post_init__(self) -> None:
        for name in ("targets", "as_read", "error", "status", "writes", "reads", "energy"):
            values = np.asarray(getattr(self, name))
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    @property
    def error_as_read(self) -> Array:
        """What was last read, less the target, siemens."""
        return self.as_read - self.targets

    @property
    def verified(self) -> NDArray[np.bool_]:
        """Where the last read was within the tolerance."""
        return self.status == "verified"

    def error_after(self, seconds: float) -> Array:
        """The error when the array has been left alone for `seconds`, siemens: 86400 for a day's drift."""
        return self.array.at(self.finished_at + non_negative_number("seconds", seconds, "s")) - self.targets

    def summary(self) -> str:
        """Counts, effort and error in one line."""
        counts = ", ".join(f"{int((self.status == s).sum()):,} {s}" for s in _STATUSES if (self.status == s).any())
        worst = float(np.abs(self.error).max(initial=0.0))
        return (
            f"{counts or 'no devices'}; {int(self.writes.sum()):,} writes, {int(self.reads.sum()):,} reads, "
            f"{float(self.energy.sum()):.2e} J, {self.seconds:.2e} s; largest error {worst:.2e} S"
        )


def write_verify(
    array: MemristorArray,
    targets: Any,
    *,
    tolerance: float,
    most_writes: int = 20,
    averages: int = 1,
    v_read: float = 0.1,
    read_out_noise: float = 0.0,
    time: float | None = None,
) -> tuple[MemristorArray, WriteVerifyResult]:
    """Read each device and write it again, until what is read is within `tolerance`.

    Parameters
    ----------
    array : MemristorArray
        The devices as they are.
    targets : array, broadcastable to the array's shape
        Siemens, from `g_min` to `g_max`. Where a memristor has levels, the nearest one is aimed at and verified; the
        errors count from the target itself.
    tolerance : float
        Largest difference between what is read and what is aimed at, siemens, above 0.
    most_writes : int
        Writes allowed for each device.
    averages : int
        Reads whose mean is compared.
    v_read : float
        Read voltage, volt; a read of g siemens takes ``v_read² g read_time`` joule.
    read_out_noise : float
        Standard deviation that the read-out adds to each read, siemens.
    time : float, optional
        When it begins, second; by default at the last write.

    Returns
    -------
    array : MemristorArray
        The devices afterwards; the one that was given stays as it was.
    result : WriteVerifyResult

    Raises
    ------
    InputError
        For targets outside the window, or a number outside its range.

    Examples
    --------
    A memristor is written until one noisy read agrees, and its noise and a day's drift remain. A resistor bank is
    programmed once, and from its values the setting's error is known beforehand:

    >>> import numpy as np
    >>> import rescircuit as rc
    >>> from rescircuit.devices import Memristor, MemristorArray, write_verify
    >>> targets = np.linspace(20e-6, 180e-6, 50)
    >>> pcm = Memristor(
    ...     g_min=1e-6, g_max=200e-6, programming_error=0.04, read_noise=0.01, drift_exponent=0.05, write_energy=10e-12
    ... )
    >>> fresh = MemristorArray.sample(pcm, 50, seed=1)
    >>> _, written = write_verify(fresh, targets, tolerance=2e-6, most_writes=100)
    >>> bank = rc.Bank.sample(rc.Resistor(nominal=100e3, common=0.2, mismatch=0.01), n=16, seed=1)
    >>> setting = bank.program(targets * bank.full_scale / 200e-6)
    >>> day = np.abs(written.error_after(86400.0)).max() / 200e-6
    >>> print(f"memristors {np.abs(written.error).max() / 200e-6:.0e}, after a day {day:.0e}")
    memristors 2e-02, after a day 4e-01
    >>> print(f"bank       {np.abs(setting.error).max() / bank.full_scale:.0e}")
    bank       2e-05
    """
    if not isinstance(array, MemristorArray):
        raise InputError("array", "a MemristorArray", array)
    wanted = array.checked_targets(targets)
    positive_number("tolerance", tolerance, "S")
    most_writes = whole_number("most_writes", most_writes, 0, _MOST_WRITES)
    averages = whole_number("averages", averages, 1, _MOST_READS)
    positive_number("v_read", v_read, "V")
    non_negative_number("read_out_noise", read_out_noise, "S")
    last_write = float(array.written_at.max(initial=0.0))
    clock = last_write if time is None else non_negative_number("time", time, "s")
    part, first = array.memristor, array
    aims = part.nearest_levels(wanted)
    pending = np.ones(array.shape, bool)
    as_read, heat = np.zeros(array.shape), np.zeros(array.shape)
    reads = np.zeros(array.shape, np.int64)
    for turn in range(most_writes + 1):
        clock += averages * part.read_time
        found = _read(array, first.reads + turn * averages, averages, read_out_noise, clock)
        as_read = np.where(pending, found, as_read)
        heat += np.where(pending, averages * part.read_time * v_read * v_read * array.at(clock), 0.0)
        reads += averages * pending
        pending = pending & (np.abs(found - aims) > tolerance)
        if turn == most_writes or not pending.any():
            break
        clock += part.write_time
        array = array.write(wanted, pending, time=clock)
    # As many as there could have been: the next ones' numbers don't depend on how an array was cut into pieces.
    array = replace(array, reads=first.reads + (most_writes + 1) * averages)
    writes = array.writes - first.writes
    status = np.select([~pending, array.stuck, array.worn_out], _STATUSES[:3], _STATUSES[3])
    result = WriteVerifyResult(
        array=array,
        targets=wanted,
        as_read=as_read,
        error=array.at(clock) - wanted,
        status=status,
        writes=writes,
        reads=reads,
        energy=heat + part.write_energy * writes,
        seconds=float(part.write_time * writes.sum() + part.read_time * reads.sum()),
        finished_at=clock,
        tolerance=tolerance,
    )
    return array, result


def _read(array: MemristorArray, first: int, averages: int, read_out_noise: float, time: float) -> Array:
    """The mean of the reads from number `first` on, of all devices, siemens."""
    total = np.zeros(array.shape)
    for number in range(first, first + averages):
        total += array.read(number, time=time)
        if read_out_noise:
            stream = Stream(seed=array.seed, chip=array.chip, source=f"memristor.read_out.{number}")
            total += read_out_noise * stream.normal(total.size, array.start).reshape(array.shape)
    return total / averages
