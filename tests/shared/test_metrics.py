"""One scrape returns all metrics, which share a prefix."""

import re
import subprocess
import sys

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families

from shared import metrics

OURS = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]


def test_the_scrape_has_the_format_of_prometheus() -> None:
    metrics.UPLOADS.labels("ok").inc()
    metrics.JOB_SECONDS.labels("fetch").observe(0.2)
    body, content_type = metrics.expose()
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert content_type.startswith("text/plain")
    assert {sample.labels["outcome"] for sample in families["stolentee_uploads"].samples} >= {"ok"}
    assert families["stolentee_job_step_seconds"].type == "histogram"


def test_a_count_shows_in_the_next_scrape() -> None:
    before = REGISTRY.get_sample_value("stolentee_upload_bytes_total") or 0.0
    metrics.UPLOAD_BYTES.inc(5)
    families = text_string_to_metric_families(metrics.expose()[0].decode())
    (counted,) = (family for family in families if family.name == "stolentee_upload_bytes")
    assert counted.samples[0].value == before + 5


def test_every_metric_has_our_prefix_its_unit_and_a_help_text() -> None:
    scraped = metrics.expose()[0].decode()
    assert len(OURS) > 10
    for metric in OURS:
        (family,) = metric.describe()
        assert re.fullmatch(r"stolentee(_[a-z]+)+", family.name)
        assert family.documentation.endswith(".")
        assert f"# HELP {family.name}" in scraped
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_ratio"))


def test_importing_the_metrics_starts_no_thread() -> None:
    script = "import threading; from shared import metrics; metrics.expose(); print(threading.active_count())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
