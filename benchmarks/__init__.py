"""Benchmarks against peers, in one run, as ratios. ``python -m benchmarks [programming] [crossbar]``."""
