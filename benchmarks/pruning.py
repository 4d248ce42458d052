"""Pruned networks and the theory's kernels: masks trained beside PyTorch as it comes, exact counts beside NumPy."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import seconds, show, table
from rescircuit.errors import MissingToolError
from rescircuit.pruning.constructions import construct, random_target
from rescircuit.subsetsum.vectors import vector_subset_sum
from rescircuit.theory.fixed_size import best_of_sizes
from rescircuit.theory.partition_counts import counted_subsets

Integers = NDArray[np.int64]

INPUTS, CLASSES, BATCH = 784, 10, 64
KEEP, RATE, MOMENTUM, DECAY = 0.5, 0.1, 0.9, 0.0005
BATCHES = 40  # of each run that is timed: an epoch of MNIST has 938


def run() -> str:
    """The tables, in Markdown."""
    parts = [_training(), _counting(), _vectors(), _constructions()]
    return "\n".join(parts)


def _training() -> str:
    rows = []
    for hidden in (500, 2500):
        try:
            ours, plain = _ours(hidden), _plain(hidden)
        except MissingToolError as error:
            return f"Training of masks: left out, {error}\n"
        scores = INPUTS * hidden + hidden * CLASSES
        rows.append([f"784-{hidden}-10", f"{scores:,}", show(ours), show(plain), f"{plain / ours:.1f}"])
    columns = ["network", "scores", "ours, a batch of 64", "PyTorch with a sort, as published", "ratio"]
    return (
        "Edge-popup on one thread each, means over 40 batches. Beside ours the algorithm as its authors published it: "
        "scores sorted in each forward pass, their gradients by autograd, PyTorch's own SGD. Ours finds the same masks "
        "without sorting; what is left are products of matrices and passes over the scores.\n\n" + table(columns, rows)
    )


def _data() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(1)
    return rng.random((BATCHES * BATCH, INPUTS), np.float32), rng.integers(0, CLASSES, BATCHES * BATCH)


def _ours(hidden: int) -> float:
    """Seconds a batch takes."""
    from rescircuit.pruning.training import Labelled, TrainingSettings, perceptron, random_network, train_masks

    x, y = _data()
    template = random_network(perceptron((INPUTS,), (hidden,), CLASSES), seed=1)
    data, one = Labelled(x=x, y=y), Labelled(x=x[:1], y=y[:1])
    settings = TrainingSettings(keep=KEEP, epochs=1, batch=BATCH, rate=RATE, momentum=MOMENTUM, decay=DECAY, threads=1)
    return seconds(lambda: train_masks(template, data, one, settings=settings, seed=1)) / BATCHES


def _plain(hidden: int) -> float:
    """The same by sorting, in PyTorch alone."""
    from rescircuit.network.importers.torch_package import F, torch

    class Subnet(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, scores: Any, share: float) -> Any:  # noqa: ARG004 - autograd hands it over
            mask = torch.empty_like(scores).flatten()
            order = scores.flatten().sort().indices
            dropped = int((1 - share) * scores.numel())
            mask[order[:dropped]], mask[order[dropped:]] = 0, 1
            return mask.reshape(scores.shape)

        @staticmethod
        def backward(ctx: Any, *slopes: Any) -> Any:  # noqa: ARG004 - autograd hands it over
            return slopes[0], None

    generator = torch.Generator().manual_seed(1)
    shapes = ((hidden, INPUTS), (CLASSES, hidden))
    weights = [torch.randn(shape, generator=generator) * (2 / shape[1]) ** 0.5 for shape in shapes]
    scores = [(torch.rand(shape, generator=generator) - 0.5).requires_grad_() for shape in shapes]
    optimiser = torch.optim.SGD(scores, lr=RATE, momentum=MOMENTUM, weight_decay=DECAY)
    images, labels = _data()
    x, y = torch.from_numpy(images), torch.from_numpy(labels)

    def epoch() -> None:
        for first in range(0, len(x), BATCH):
            masked = [w * Subnet.apply(s.abs(), KEEP) for w, s in zip(weights, scores, strict=True)]
            units = F.relu(F.linear(x[first : first + BATCH], masked[0]))
            loss = F.cross_entropy(F.linear(units, masked[1]), y[first : first + BATCH])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return seconds(epoch) / BATCHES
    finally:
        torch.set_num_threads(threads)


def _counting() -> str:
    rows = []
    rng = np.random.default_rng(2)
    for n in (20, 30, 40):
        items = rng.integers(1, int(2 ** (0.9 * n)), (4, n))
        goals = items.sum(axis=1, keepdims=True) // 2
        counts = counted_subsets(items, goals)[0].ravel()
        ours = seconds(lambda a=items, b=goals: counted_subsets(a, b)) / len(items)
        began = perf_counter()
        others = [_counted(row, int(goal)) for row, goal in zip(items, goals[:, 0], strict=True)]
        plain = (perf_counter() - began) / len(items)
        if list(counts) != others:
            raise AssertionError("the two count differently")
        rows.append([str(n), show(ours), show(plain), f"{plain / ours:.1f}"])
    columns = ["numbers", "ours", "NumPy", "ratio"]
    return (
        "All subsets of n whole numbers that sum to half of them, counted (one core): ours merges sorted halves, NumPy "
        "sorts them and searches. The same counts. Bound by passes over 2**(n/2) sums.\n\n" + table(columns, rows)
    )


def _counted(items: Integers, goal: int) -> int:
    """The number of subsets with this sum, by NumPy."""
    halves = []
    for half in (items[: len(items) // 2], items[len(items) // 2 :]):
        sums = np.zeros(1, np.int64)
        for item in half:
            sums = np.concatenate([sums, sums + item])
        halves.append(np.sort(sums))
    left, right = halves
    wanted = goal - left
    return int((np.searchsorted(right, wanted, "right") - np.searchsorted(right, wanted, "left")).sum())


def _vectors() -> str:
    rows = []
    rng = np.random.default_rng(3)
    for d, n in ((2, 28), (3, 28), (3, 20)):
        items, target = rng.normal(size=(1, n, d)), rng.uniform(-1, 1, (1, d))
        errors = best_of_sizes(items, target).errors
        found = vector_subset_sum(items[0], target[0])
        if not np.isclose(errors.min(), np.abs(found.residual).max(), rtol=1e-9):
            raise AssertionError("the two find different subsets")
        ours = seconds(lambda a=items, b=target: best_of_sizes(a, b))
        proved = seconds(lambda a=items[0], b=target[0]: vector_subset_sum(a, b))
        rows.append([str(d), str(n), show(ours), show(proved)])
    columns = ["dimensions", "vectors", "the best subset of every size", "one proved in integers, of any size"]
    return "Vectors: the laboratory's search of doubles beside the library's proof.\n\n" + table(columns, rows)


def _constructions() -> str:
    target = random_target((16, 32, 8), seed=1)
    rows = []
    for method in ("pensia", "pensia-linear", "pensia-ones"):
        made = construct(method, target, 0.01, seed=1)
        spent = seconds(lambda m=method: construct(m, target, 0.01, seed=1), repeat=1, warm=False)
        rows.append([method, f"{made.target_size:,}", f"{made.size:,}", f"{made.bound:.1e}", show(spent)])
    columns = ["method", "weights", "random weights", "proved error", "time, plan and proof included"]
    return "A network of 16, 32 and 8 neurons inside a random one, epsilon 0.01.\n\n" + table(columns, rows)
