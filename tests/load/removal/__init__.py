"""Benchmarks and endurance runs of the rembg service, beside its peer, the `rembg s` server.

`python -m tests.load.removal.bench` (make bench-rembg) and `python -m tests.load.removal.soak` (make soak).
"""
