"""How masks are trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rescircuit.checks import finite_number, non_negative_number, positive_number, whole_number
from rescircuit.errors import InputError

__all__ = ["EVALUATIONS", "METHODS", "SCHEDULES", "TrainingSettings"]

METHODS = ("edge-popup", "probabilistic")
SCHEDULES = ("cosine", "constant")
EVALUATIONS = ("resampled", "threshold")
RATES = {"edge-popup": 0.1, "probabilistic": 200.0}
DECAYS = {"edge-popup": 0.0005, "probabilistic": 0.0}
_MOST_EPOCHS, _MOST_BATCH = 100_000, 1 << 20


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How masks are trained; the defaults are those of Pensia et al. (2020), section 5.

    Parameters
    ----------
    method : "edge-popup" or "probabilistic"
        The weights of the largest scores in magnitude (Ramanujan et al. 2020), or each with the probability that is
        the logistic function of its score (Zhou et al. 2019).
    keep : float, or one for each trained layer
        The share of a layer's random weights that stays, above 0 and at most 1; for probabilistic masks the
        probability that each begins with, below 1.
    epochs, batch : int
    rate : float, optional
        Of stochastic gradient descent; by default 0.1 for edge-popup and 200 for probabilities, whose gradients are
        smaller.
    momentum : float
        Of it, too.
    decay : float, optional
        Of the scores, as if half of it times their squares were added to the loss; by default 0.0005 for edge-popup
        and none for probabilities, whose rate is so large that all would be drawn back to 1/2.
    schedule : "cosine" or "constant"
        Of the rate, which a cosine takes to zero with the last step.
    evaluation : "resampled" or "threshold"
        Of probabilistic masks after an epoch: a new sample, as those that were trained, or what is likelier to stay
        than not, which is another network as long as many probabilities are near 1/2.
    refresh_every : int
        Steps of an epoch, from its first, after which models of weights look at the mask anew.
    threads : int
        That PyTorch computes with; other numbers of threads may give other last bits.

    Raises
    ------
    InputError
        For unknown names or numbers out of range.
    """

    method: str = "edge-popup"
    keep: float | Sequence[float] = 0.5
    epochs: int = 10
    batch: int = 64
    rate: float | None = None
    momentum: float = 0.9
    decay: float | None = None
    schedule: str = "cosine"
    evaluation: str = "resampled"
    refresh_every: int = 100
    threads: int = 1

    def __post_init__(self) -> None:
        for name, allowed in (("method", METHODS), ("schedule", SCHEDULES), ("evaluation", EVALUATIONS)):
            if getattr(self, name) not in allowed:
                raise InputError(name, f"one of {', '.join(allowed)}", getattr(self, name))
        several = isinstance(self.keep, Sequence) and not isinstance(self.keep, str)
        keep = tuple(self._share(each) for each in self.keep) if several else self._share(self.keep)  # type: ignore[union-attr]
        values: dict[str, Any] = {
            "keep": keep,
            "epochs": whole_number("epochs", self.epochs, 1, _MOST_EPOCHS),
            "batch": whole_number("batch", self.batch, 1, _MOST_BATCH),
            "rate": RATES[self.method] if self.rate is None else positive_number("rate", self.rate),
            "momentum": non_negative_number("momentum", self.momentum),
            "decay": DECAYS[self.method] if self.decay is None else non_negative_number("decay", self.decay),
            "refresh_every": whole_number("refresh_every", self.refresh_every, 1),
            "threads": whole_number("threads", self.threads, 1, 1024),
        }
        if values["momentum"] >= 1:
            raise InputError("momentum", "below 1", self.momentum)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def shares(self, layers: int) -> tuple[float, ...]:
        """The share that stays of each of so many trained layers; InputError for another number of shares."""
        if not isinstance(self.keep, tuple):
            return (float(self.keep),) * layers  # type: ignore[arg-type]
        if len(self.keep) != layers:
            raise InputError("keep", f"one share, or {layers}, one for each trained layer", f"{len(self.keep)} shares")
        return self.keep

    def rate_at(self, done: float) -> float:
        """The rate after a share `done` of all steps."""
        rate = RATES[self.method] if self.rate is None else self.rate
        return rate if self.schedule == "constant" else 0.5 * rate * (1.0 + math.cos(math.pi * done))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def _share(self, value: Any) -> float:
        share = finite_number("keep", value)
        if share <= 0 or share > 1 or (share == 1 and self.method == "probabilistic"):
            raise InputError("keep", f"above 0 and {'below' if self.method == 'probabilistic' else 'at most'} 1", value)
        return share
