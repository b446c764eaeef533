"""Every query of the alerts and dashboards uses an existing metric of shared/metrics.py or an existing rule."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from shared import metrics

ROOT = Path(__file__).parents[2]
RULES = [ROOT / "deploy/prometheus/rules.yml", ROOT / "deploy/prometheus/alerts.yml"]
DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
# Prometheus' own, and what the client library tells of a process; only on Linux, so not looked up in the registry.
GIVEN = {
    "up",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "process_start_time_seconds",
    "process_open_fds",
}
_NAME = re.compile(r"\b(?:stolentee_\w+|process_\w+|[a-z_]+:[a-z_]+:\w+)")


def _told() -> Iterator[str]:
    assert metrics.expose()
    for family in REGISTRY.collect():
        yield from (f"{family.name}{ending}" for ending in ("", "_total", "_bucket", "_sum", "_count"))


def dashboard_queries() -> list[str]:
    boards = (json.loads(path.read_text()) for path in DASHBOARDS)
    return [target["expr"] for board in boards for panel in board["panels"] for target in panel["targets"]]


RECORDED = {name for path in RULES for name in re.findall(r"- record: (\S+)", path.read_text())}
ASKED = {name for text in [*dashboard_queries(), *(path.read_text() for path in RULES)] for name in _NAME.findall(text)}


@pytest.mark.parametrize("name", sorted(ASKED))
def test_the_metric_exists(name: str) -> None:
    assert name in {*_told(), *RECORDED, *GIVEN}


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_the_rule_is_used(name: str) -> None:
    texts = [*dashboard_queries(), *(re.sub(r"- record: \S+", "", path.read_text()) for path in RULES)]
    assert any(name in text for text in texts)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_can_be_provisioned(path: Path) -> None:
    board = json.loads(path.read_text())
    assert board["uid"] == f"stolentee-{path.stem}"
    assert all(panel["datasource"]["uid"] == "prometheus" for panel in board["panels"])
    assert path.stem in {"overview", "jobs", "rembg", "database", "providers", "print", "shop"}
