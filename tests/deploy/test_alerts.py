"""Every alert fires on the series that stand for its trouble, and is silent on those after it."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus"
PROMTOOL = shutil.which("promtool")
ALERTS = re.findall(r"- alert: (\w+)", (RULES / "alerts.yml").read_text())
RUNBOOKS = re.findall(r'runbook: "(\S+?)#(\S+?)"', (RULES / "alerts.yml").read_text())

BAD_MIN, GOOD_MIN = 60, 60  # each case is trouble for an hour, then an hour of peace
Series = dict[str, tuple[str, str]]  # series -> what a minute adds, or what it is, in trouble and in peace


def _steps(bad: float, good: float) -> tuple[str, str]:
    """A counter that grows by `bad` a minute, then by `good`."""
    return f"0+{bad}x{BAD_MIN}", f"{bad * BAD_MIN}+{good}x{GOOD_MIN}"


def _level(bad: float, good: float) -> tuple[str, str]:
    return f"{bad}x{BAD_MIN}", f"{good}x{GOOD_MIN}"


def _requests(status: str, bad: float, good: float) -> Series:
    name = "stolentee_http_requests_total"
    return {
        f'{name}{{job="api",status="200"}}': _steps(1000, 1000),
        f'{name}{{job="api",status="{status}"}}': _steps(bad, good),
    }


def _answers(slow_s: float) -> Series:
    """A fifth of the requests takes up to `slow_s`, later none."""
    name = 'stolentee_http_request_seconds_bucket{job="api",route="/api/jobs"'
    return {
        f'{name},le="0.1"}}': _steps(800, 1000),
        f'{name},le="{slow_s}"}}': _steps(1000, 1000),
        f'{name},le="+Inf"}}': _steps(1000, 1000),
    }


def _memory(share: float) -> Series:
    return {'process_resident_memory_bytes{job="rembg",instance="a"}': _level(share * 2 * 1024**3, 3e8)}


def _cpu(busy: float, idle: float) -> Series:
    return {'process_cpu_seconds_total{job="api",instance="a"}': _steps(busy * 60, idle * 60)}


def _check(name: str) -> Series:
    return {f'stolentee_check_up{{job="api",check="{name}"}}': _level(0, 1)}


def _jobs(state: str, error: str, bad: float) -> Series:
    name = "stolentee_jobs_total"
    return {
        f'{name}{{state="done",error=""}}': _steps(10, 10),
        f'{name}{{state="{state}",error="{error}"}}': _steps(bad, 0),
    }


def _paid(usd: float) -> Series:
    """So much a minute, where a day may cost 10."""
    return {
        'stolentee_provider_spend_usd_total{provider="removebg"}': _steps(usd, 0),
        "stolentee_provider_budget_usd": (f"10x{BAD_MIN}", f"10x{GOOD_MIN}"),
    }


CASES: dict[str, Series] = {
    "DatabaseDown": _check("database"),
    "RedisDown": _check("redis"),
    "ServiceDown": {
        f'up{{job="{job}",instance="a"}}': _level(int(job != "worker"), 1) for job in ("api", "worker", "rembg")
    },
    "ErrorsVeryHigh": _requests("503", 100, 0),
    "AnswersVerySlow": _answers(5),
    "MemoryNearlyFull": _memory(0.95),
    "AnswersSlow": _answers(2),
    "ErrorsHigh": _requests("500", 20, 1),
    "QueueLong": {'stolentee_queue_depth{queue="print"}': _level(21, 5)},
    "JobsWaitLong": {'stolentee_queue_oldest_seconds{queue="print"}': _level(700, 0)},
    "MemoryHigh": _memory(0.85),
    "CpuHigh": _cpu(0.9, 0.1),
    "DatabaseSlow": {
        "stolentee_database_query_seconds_sum": _steps(30, 0.5),
        "stolentee_database_query_seconds_count": _steps(100, 100),
    },
    "PoolNearlyUsed": {
        'stolentee_database_pool_connections{state="total"}': _level(10, 10),
        'stolentee_database_pool_connections{state="idle"}': _level(1, 8),
    },
    "CacheMisses": {
        'stolentee_cache_reads_total{cache="catalogue",layer="computed"}': _steps(40, 10),
        'stolentee_cache_reads_total{cache="catalogue",layer="finished"}': _steps(60, 90),
    },
    "RembgAway": _check("rembg"),
    "MockupsAway": _check("mockups"),
    "StorageAway": _check("storage"),
    "ObjectsLost": {'stolentee_objects_lost_total{reason="damaged"}': _steps(1, 0)},
    "CdnPurgesFail": {'stolentee_cdn_purges_total{outcome="failed"}': _steps(1, 0)},
    "MailsNotSent": {
        "stolentee_mail_overdue_seconds": _level(700, 0),
        'stolentee_mails_total{outcome="sent"}': _steps(0, 1),
        'stolentee_mails_total{outcome="refused"}': _steps(0, 0),
    },
    "WebhooksNotDelivered": {"stolentee_webhook_overdue_seconds": _level(700, 0)},
    "StripeAway": _check("stripe"),
    "StripeEventsRefused": {
        'stolentee_stripe_events_total{outcome="bad_signature"}': _steps(2, 0),
        'stolentee_stripe_events_total{outcome="handled"}': _steps(0, 2),
    },
    "StripeEventsWait": {"stolentee_stripe_event_waiting_seconds": _level(3600, 0)},
    "OrdersInReview": {"stolentee_orders_in_review_total": _steps(1, 0)},
    "OrdersDisputed": {'stolentee_disputes_total{state="open"}': _steps(1, 0)},
    "RefundsFail": {'stolentee_refunds_total{status="failed"}': _steps(1, 0)},
    "ReconcilerAway": {"stolentee_reconciler_overdue_seconds": _level(700, 0)},
    "EventsMissed": {'stolentee_reconciler_differences_total{found="event"}': _steps(1, 0)},
    "BooksDiffer": {"stolentee_books_difference_cents": _level(117, 0)},
    "BooksNotChecked": {"stolentee_books_unchecked_days": _level(1, 0)},
    "JobsFail": _jobs("failed", "provider_failed", 2),
    "JobsPoisonous": _jobs("failed", "poison", 1),
    "LeasesLost": {"stolentee_leases_lost_total": _steps(1, 0)},
    "BreakerOpen": {'stolentee_breaker_open{provider="removebg"}': _level(1, 0)},
    "BudgetUsedUp": {"stolentee_provider_budget_refusals_total": _steps(1, 0)},
    "Deployed": {'process_start_time_seconds{job="api",instance="a"}': (f"0+60x{BAD_MIN}", f"0x{GOOD_MIN}")},
    "Scaled": {
        'up{job="api",instance="a"}': _level(1, 1),
        'up{job="api",instance="b"}': (f"_x{BAD_MIN - 2} 1x1", f"1x{GOOD_MIN}"),
    },
    "ScaleUp": _cpu(0.75, 0.2),
    "ScaleDown": {
        **_cpu(0.1, 0.6),
        'up{job="api",instance="a"}': _level(1, 1),
        'up{job="api",instance="b"}': _level(1, 1),
    },
    "JobsTakeLong": {
        'stolentee_job_step_seconds_count{step="total"}': _steps(10, 10),
        'stolentee_job_step_seconds_bucket{step="total",le="600.0"}': _steps(9, 10),
    },
    "BudgetNearlyUsed": _paid(0.15),
    "SpendFast": _paid(0.1),
    "SpendHigh": {'stolentee_provider_spend_usd_total{provider="removebg"}': _steps(0.2, 0)},
}
# What was spent is remembered for as long as it is summed over.
_LASTS_MIN = {"SpendHigh": 26 * 60, "BudgetNearlyUsed": 26 * 60, "SpendFast": 5 * 60}


def _case(alert: str, series: Series) -> dict[str, object]:
    peace = _LASTS_MIN.get(alert, GOOD_MIN)
    values = [
        {"series": name, "values": f"{bad} {good.replace(f'x{GOOD_MIN}', f'x{peace}')}"}
        for name, (bad, good) in series.items()
    ]
    asked = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    fires = {"expr": asked, "eval_time": f"{BAD_MIN}m", "exp_samples": [{"labels": "{}", "value": 1}]}
    clears = {"expr": asked, "eval_time": f"{BAD_MIN + peace}m", "exp_samples": []}
    return {"name": alert, "interval": "1m", "input_series": values, "promql_expr_test": [fires, clears]}


def test_every_alert_has_a_case() -> None:
    assert sorted(CASES) == sorted(ALERTS)


@pytest.mark.parametrize(("page", "section"), sorted(set(RUNBOOKS)))
def test_every_alert_says_what_to_do(page: str, section: str) -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert section in [heading.lower().replace(" ", "-") for heading in headings]


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not on this machine")
class TestWithPromtool:
    def test_the_files_are_valid(self) -> None:
        _promtool("check", "rules", RULES / "rules.yml", RULES / "alerts.yml")
        _promtool("check", "config", "--syntax-only", RULES / "prometheus.yml")

    def test_each_fires_and_clears(self, tmp_path: Path) -> None:
        """Each beside the recordings it reads: all rules would be evaluated for every minute of every case."""
        rules = {rule["alert"]: rule for group in _groups("alerts.yml") for rule in group["rules"]}
        for alert, series in CASES.items():
            (tmp_path / f"{alert}.rules.json").write_text(json.dumps({"groups": _needed(rules[alert])}))
            case = {"rule_files": [f"{alert}.rules.json"], "evaluation_interval": "1m", "tests": [_case(alert, series)]}
            (tmp_path / f"{alert}.json").write_text(json.dumps(case))
        _promtool("test", "rules", *(tmp_path / f"{alert}.json" for alert in CASES))


def _groups(file: str) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load((RULES / file).read_text())["groups"]
    return groups


def _needed(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """The rule, after the groups of recordings that it names."""
    read = [group for group in _groups("rules.yml") if any(one["record"] in rule["expr"] for one in group["rules"])]
    return [*read, {"name": "alert", "rules": [rule]}]


def _promtool(*arguments: str | Path) -> None:
    done = subprocess.run([PROMTOOL or "", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
