"""The figures of GET /stats."""

import pytest

from services.rembg.stats import Stats, spread


def test_the_percentiles_of_a_hundred_values_are_the_values_at_their_ranks() -> None:
    assert spread([n / 1000 for n in range(100, 0, -1)]) == {"average": 50.5, "p50": 50, "p95": 95, "p99": 99}


def test_nothing_done_has_no_times() -> None:
    assert spread([]) == {"average": None, "p50": None, "p95": None, "p99": None}


def test_every_request_ends_in_one_count() -> None:
    stats = Stats()
    for _ in range(4):
        stats.came()
    stats.succeeded(bytes_in=10, bytes_out=100, total_s=0.3, infer_s=0.2)
    stats.failed("unreadable_image")
    stats.failed("busy")
    stats.failed("busy")
    told = stats.snapshot()
    assert (told["requests"], told["successes"], told["rejected"]) == (4, 1, 2)
    assert told["failures"] == {"unreadable_image": 1, "busy": 2}
    assert (told["bytesIn"], told["bytesOut"], told["imagesPerMinute"]) == (10, 100, 1)
    assert told["totalMs"] == {"average": 300, "p50": 300, "p95": 300, "p99": 300}
    assert told["inferMs"] == pytest.approx({"average": 200, "p50": 200, "p95": 200, "p99": 200})


def test_memory_is_told_in_bytes() -> None:
    told = Stats().snapshot()
    assert isinstance(told["memoryBytes"], int)
    assert isinstance(told["memoryPeakBytes"], int)
    assert 10 << 20 < told["memoryBytes"] <= told["memoryPeakBytes"] * 1.1  # the kernel rounds the two differently
