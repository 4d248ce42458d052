"""An explanation in sentences, each of which follows from its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rescircuit.network.explaining.advice import advice
from rescircuit.network.explaining.explanation import CAUSES, interval, percent

if TYPE_CHECKING:
    from rescircuit.network.explaining.explanation import Explanation

__all__ = ["story_of"]

_MATTERS = 0.1  # of the squared error: what a cause must take with it to be worth a change
_NEGLIGIBLE = 0.01  # of the squared error: what does not matter
_MINOR = 0.1  # of the error of all together: what a cause may make alone, and not matter
_LOCALISED = 2.0  # by how much one layer stands out
_EVEN = 0.5  # of a layer's error: what may be left without a common factor, for that to be most of it
_INDEPENDENT = 0.1  # how far the sum of squares may be from all together, and still be called that
_NOTHING = 1e-12  # an error that is rounding


def story_of(explanation: Explanation) -> str:
    """The result, what costs most and what to do about it, and what does not matter, a paragraph a line."""
    return "\n".join(
        paragraph for paragraph in (" ".join(filter(None, part)) for part in _paragraphs(explanation)) if paragraph
    )


def _paragraphs(explanation: Explanation) -> Iterator[list[str]]:
    yield [_result(explanation)]
    if explanation.together.error <= _NOTHING:
        return
    needed = [cause for cause in explanation.ranked if _needed(explanation, cause)]
    costly = [cause for cause in explanation.ranked if explanation.share(cause) >= _MATTERS]
    ranked = [cause for cause in costly if cause not in needed]
    for place, cause in enumerate(ranked[:2]):
        yield [
            _cost(explanation, cause, first=place == 0),
            *_where(explanation, cause),
            *_shared(explanation, cause),
            advice(explanation, cause),
        ]
    if not costly:
        yield ["No single cause stands out: leaving out any one takes away less than a tenth of the squared error."]
    yield [_better_with(explanation, cause) for cause in needed]
    yield [*_others(explanation, ranked[2:]), *_alone(explanation), *_sum(explanation)]


def _result(explanation: Explanation) -> str:
    together, digital = explanation.together, explanation.digital
    text = (
        f"Over {together.inputs:,} inputs the chip's outputs differ from the digital ones by "
        f"{percent(together.error)} rms"
    )
    if together.accuracy is None or digital.accuracy is None:
        same = together.same_answer
        return f"{text}." if same is None else f"{text}, and {same:.2%} of the answers are the same."
    text += (
        f"; {together.accuracy:.2%} of the answers are right (95 % interval {interval(together)}), "
        f"digitally {digital.accuracy:.2%} ({interval(digital)})"
    )
    if not together.lost + together.won:
        return f"{text}: on no input does the chip lose or win."
    noise = "within noise" if together.within_noise else "more than noise"
    return f"{text}: {together.lost} lost, {together.won} won, {noise}."


def _needed(explanation: Explanation, cause: str) -> bool:
    """Whether the answers get worse without a cause, though the outputs do not go further from the digital ones."""
    return explanation.share(cause) >= -_MATTERS and explanation.needed(cause)


def _better_with(explanation: Explanation, cause: str) -> str:
    """Why a cause is not one to remove; cells that do better than the digital weights were chosen with it in place."""
    without, together = explanation.without[cause], explanation.together
    name = CAUSES[cause]
    it = "them" if name.endswith("s") else "it"
    text = f"Without {name} the answers get worse ({together.accuracy:.2%} to {without.accuracy:.2%})"
    if explanation.digital.fewer_right_than(together):
        return f"{text}: the cells were chosen with {it} in place, and the digital weights are no reference for {it}."
    return f"{text}, though the outputs get no further from the digital ones: nothing to take away."


def _cost(explanation: Explanation, cause: str, *, first: bool) -> str:
    lead = "The costliest cause" if first else "The next"
    without, alone = explanation.without[cause], explanation.alone[cause]
    text = (
        f"{lead} is {CAUSES[cause]}: without, the error is {percent(without.error)} "
        f"({explanation.share(cause):.0%} of the squared error goes); alone, {percent(alone.error)}"
    )
    gain = _accuracy_gain(explanation, cause)
    return f"{text}{gain}."


def _accuracy_gain(explanation: Explanation, cause: str) -> str:
    without, together = explanation.without[cause], explanation.together
    if without.accuracy is None or together.accuracy is None or together.within_noise:
        return ""
    return f"; accuracy would be {without.accuracy:.2%}"


def _where(explanation: Explanation, cause: str) -> Iterator[str]:
    layers = explanation.alone[cause].layers
    if len(layers) == 1:
        return
    worst = explanation.worst_layer(cause)
    others = [layer.local for k, layer in enumerate(layers) if k != worst]
    own = layers[worst]
    if own.local < _LOCALISED * max(others):
        least = min(layers, key=lambda layer: layer.local)
        spread = f"from {percent(least.local)} ({least.name}) to {percent(own.local)} ({own.name})"
        yield f"It is spread over the layers: {spread} of a layer's own output."
        return
    largest = percent(max(others))
    yield f"It sits in {own.name}: {percent(own.local)} of that layer's own output, at most {largest} in others."


def _shared(explanation: Explanation, cause: str) -> Iterator[str]:
    """Where most of the error is a factor that all outputs of a layer share."""
    worst = explanation.alone[cause].layers[explanation.worst_layer(cause)]
    if worst.uneven < _EVEN * worst.local:
        yield (
            f"Most of that is a common factor, {worst.gain:.4g} in {worst.name}: with its sums divided by that, "
            f"{percent(worst.uneven)} would be left there."
        )


def _alone(explanation: Explanation) -> Iterator[str]:
    """Where the largest single error is not that of the most costly cause."""
    largest = max(explanation.causes, key=lambda cause: explanation.alone[cause].error)
    first = explanation.ranked[0]
    if largest != first and explanation.alone[largest].error > 1.1 * explanation.alone[first].error:
        yield (
            f"The largest error of a single cause is that of {CAUSES[largest]}, "
            f"{percent(explanation.alone[largest].error)}, but leaving it out takes away "
            f"{max(explanation.share(largest), 0.0):.0%} of the squared error only."
        )


def _others(explanation: Explanation, costly: list[str]) -> Iterator[str]:
    """Every cause that has no paragraph of its own, in one sentence of these."""
    share, together = explanation.share, explanation.together.error
    left = [cause for cause in explanation.ranked if share(cause) < _MATTERS and not _needed(explanation, cause)]
    offsetting = [cause for cause in left if share(cause) < -_MATTERS]
    small = [
        cause for cause in left
        if abs(share(cause)) < _NEGLIGIBLE and explanation.alone[cause].error < _MINOR * together
    ]  # fmt: skip
    between = [cause for cause in left if cause not in (*offsetting, *small)]
    for lead, causes in (("Then come", costly), ("Of less weight", between)):
        if causes:
            yield f"{lead}: {', '.join(_weight(explanation, cause) for cause in causes)}."
    if small:
        names = ", ".join(CAUSES[cause] for cause in small)
        largest = max(explanation.alone[cause].error for cause in small)
        lead = "This does" if len(small) == 1 else "These do"
        yield f"{lead} not matter: {names} (alone at most {percent(largest)})."
    for cause in offsetting:
        error = explanation.without[cause].error
        yield f"Without {CAUSES[cause]} the error would be larger, {percent(error)}: it offsets other causes."


def _weight(explanation: Explanation, cause: str) -> str:
    goes = f"{round(100 * explanation.share(cause)) + 0.0:.0f}%"  # no negative zero
    return f"{CAUSES[cause]} ({goes} of the squared error, alone {percent(explanation.alone[cause].error)})"


def _sum(explanation: Explanation) -> Iterator[str]:
    if len(explanation.causes) < 2:
        return
    total, together = explanation.sum_of_squares, explanation.together.error
    ratio = total / together
    if abs(ratio - 1) <= _INDEPENDENT:
        yield f"The causes add as if they were independent: the root of their squares' sum is {percent(total)}."
        return
    word = "offset one another in part" if ratio > 1 else "make one another worse"
    yield f"The causes {word}: independent ones would make {percent(total)}, together they make {percent(together)}."
