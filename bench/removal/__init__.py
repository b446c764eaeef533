"""Benchmarks and endurance runs of the rembg service, compared with the `rembg s` server.

`python -m bench.removal` (make bench-rembg) and `python -m bench.removal.soak` (make soak).
"""
