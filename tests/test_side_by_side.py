"""Tasks in threads: results in order, the first failure or Ctrl-C ends all, and nobody is left running."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import CancelledError

import pytest

from rescircuit.side_by_side import run_side_by_side


def test_results_come_in_order_with_any_number_of_workers():
    for workers in (1, 2, 20):
        done = []
        tasks = [lambda stop, k=k: (time.sleep(0.001 * (7 - k)), k)[1] for k in range(7)]
        assert run_side_by_side(tasks, workers, done.append) == list(range(7))
        assert done == [1] * 7
    assert run_side_by_side([], 3) == []


def waiting(ended):
    def task(stop):
        stop.wait(30)
        time.sleep(0.02)  # it cleans up
        ended.append(threading.get_ident())
        raise CancelledError

    return task


def test_the_first_failure_is_raised_when_all_have_ended():
    ended = []

    def fail(_):
        raise ValueError("the one")

    with pytest.raises(ValueError, match="the one"):
        run_side_by_side([*[waiting(ended)] * 3, fail, *[waiting(ended)] * 20], workers=4)
    assert len(ended) == 3
    assert not set(ended) & {threading.get_ident()}


@pytest.mark.parametrize("delay", [0.0, 0.0002, 0.001, 0.003, 0.01, 0.1])
def test_ctrl_c_at_any_moment_ends_all(delay):
    begun, ended = [], []

    def task(stop):
        begun.append(1)
        waiting(ended)(stop)

    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    press = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))

    def run():
        press.start()
        run_side_by_side([task] * 8, workers=4)

    try:
        with pytest.raises(KeyboardInterrupt):
            run()
        press.join()
    finally:
        signal.signal(signal.SIGINT, usual)
    assert len(begun) == len(ended) <= 4
    time.sleep(0.01)
    assert len(begun) == len(ended)
