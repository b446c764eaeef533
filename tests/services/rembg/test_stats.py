"""The figures of GET /stats."""

import pytest

from services.rembg.stats import Stats, percentiles


def test_percentiles_are_nearest_ranks() -> None:
    assert percentiles([n / 1000 for n in range(100, 0, -1)]) == {"average": 50.5, "p50": 50, "p95": 95, "p99": 99}


def test_without_pictures_there_are_no_latencies() -> None:
    assert percentiles([]) == {"average": None, "p50": None, "p95": None, "p99": None}


def test_each_request_is_counted_once_by_outcome() -> None:
    stats = Stats()
    for _ in range(4):
        stats.request()
    stats.success(bytes_in=10, bytes_out=100, total_s=0.3, infer_s=0.2)
    stats.failure("unreadable_image")
    stats.failure("busy")
    stats.failure("busy")
    counts = stats.snapshot()
    assert (counts["requests"], counts["successes"], counts["rejected"]) == (4, 1, 2)
    assert counts["failures"] == {"unreadable_image": 1, "busy": 2}
    assert (counts["bytesIn"], counts["bytesOut"], counts["imagesPerMinute"]) == (10, 100, 1)
    assert counts["totalMs"] == {"average": 300, "p50": 300, "p95": 300, "p99": 300}
    assert counts["inferMs"] == pytest.approx({"average": 200, "p50": 200, "p95": 200, "p99": 200})


def test_memory_is_in_bytes() -> None:
    figures = Stats().snapshot()
    assert isinstance(figures["memoryBytes"], int)
    assert isinstance(figures["memoryPeakBytes"], int)
    assert 10 << 20 < figures["memoryBytes"] <= figures["memoryPeakBytes"] * 1.1  # the kernel rounds them differently
