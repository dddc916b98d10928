"""Measures the targets on the machine at hand: `python -m benchmarks --scale small|full` (or `make bench SCALE=full`).

Every timing stands beside another one of the same run, because machines are noisy: what counts is the ratio. Nothing here is a
test; a figure that misses its target is printed as it is.
"""
