"""All Prometheus metrics of the system.

Labels come from enums and route templates, never from callers. Where a service runs in several processes,
PROMETHEUS_MULTIPROC_DIR names a folder (deploy/gunicorn.conf.py makes one), each process counts in files of its own
there, and a scrape adds them up, whichever process answers it.
"""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from shared.models.cutout import Provider
from shared.models.job import JobFailure

_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 180, 600)

REQUESTS = Counter("stolentee_http_requests_total", "HTTP requests answered.", ["route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "stolentee_http_request_seconds", "Time to answer an HTTP request.", ["route"], buckets=_FAST
)
CHECK_UP = Gauge("stolentee_check_up", "1 while a check of health succeeds.", ["check"], multiprocess_mode="livemin")
STREAMS = Gauge("stolentee_event_streams", "Event streams open now.", multiprocess_mode="livesum")

QUERY_SECONDS = Histogram("stolentee_database_query_seconds", "Time of one SQL statement.", buckets=_FAST)
POOL_CONNECTIONS = Gauge(
    "stolentee_database_pool_connections", "Connections of the pool by state.", ["state"], multiprocess_mode="livesum"
)

CACHE_READS = Counter(
    "stolentee_cache_reads_total",
    "Values asked of a cache, by where they were: finished, local, shared, or computed.",
    ["cache", "layer"],
)

UPLOADS = Counter("stolentee_uploads_total", "Pictures received.", ["outcome"])
DECODER_DEATHS = Counter("stolentee_decoder_deaths_total", "Decoders lost over a picture.", ["answer"])
UPLOAD_BYTES = Counter("stolentee_upload_bytes_total", "Bytes of the pictures received.")

ASSETS_EXPIRED = Counter("stolentee_assets_expired_total", "Guests' files hidden at the end of their time.")
OBJECTS_REMOVED = Counter("stolentee_objects_removed_total", "Objects removed for good.", ["reason"])
CDN_PURGES = Counter("stolentee_cdn_purges_total", "Calls of the CDN's purge hook.", ["outcome"])
OBJECTS_LOST = Counter("stolentee_objects_lost_total", "Objects asked for and found missing or damaged.", ["reason"])

JOBS = Counter("stolentee_jobs_total", "Jobs that reached a state.", ["state", "error"])
JOB_SECONDS = Histogram("stolentee_job_step_seconds", "Time a job spent in each step.", ["step"], buckets=_SLOW)
LEASES_LOST = Counter("stolentee_leases_lost_total", "Jobs whose lease ran out while a worker held them.")
WAKE_UPS = Counter("stolentee_wake_ups_total", "Wake-ups sent to the broker.", ["outcome"])
QUEUE_DEPTH = Gauge(
    "stolentee_queue_depth",
    "Jobs of a queue waiting to run, of at most 10,000 owners.",
    ["queue"],
    multiprocess_mode="livemostrecent",
)
QUEUE_AGE = Gauge(
    "stolentee_queue_oldest_seconds",
    "Age of the oldest job of a queue that waits, 0 while none does.",
    ["queue"],
    multiprocess_mode="livemostrecent",
)
ATTEMPTS = Counter("stolentee_job_attempts_total", "Jobs taken up, by which of their three tries it was.", ["attempt"])
PROVIDER_SPEND = Counter("stolentee_provider_spend_usd_total", "Money charged by providers.", ["provider"])
PROVIDER_BUDGET = Gauge(
    "stolentee_provider_budget_usd", "What all paid calls of a day may cost.", multiprocess_mode="livemostrecent"
)
BUDGET_REFUSALS = Counter("stolentee_provider_budget_refusals_total", "Paid calls not made for lack of budget.")
BREAKER_OPEN = Gauge(
    "stolentee_breaker_open",
    "1 while a provider is not asked after failures.",
    ["provider"],
    multiprocess_mode="livemax",
)
STRIPE_CALLS = Counter("stolentee_stripe_calls_total", "Calls of Stripe's API.", ["outcome"])
STRIPE_EVENTS = Counter("stolentee_stripe_events_total", "Events that Stripe sent.", ["outcome"])
REVIEWS = Counter("stolentee_orders_in_review_total", "Orders whose money a person must look at.")
REFUNDS = Counter("stolentee_refunds_total", "Refunds that reached a state.", ["status"])
DISPUTES = Counter("stolentee_disputes_total", "Disputes of orders that reached a state.", ["state"])
RECONCILED = Counter(
    "stolentee_reconciler_differences_total", "What the reconciler found at Stripe that no event had told.", ["found"]
)
RECONCILER_OVERDUE = Gauge(
    "stolentee_reconciler_overdue_seconds",
    "For how long what the reconciler should have looked at has waited, 0 if nothing does.",
    multiprocess_mode="livemostrecent",
)
EVENTS_WAITING = Gauge(
    "stolentee_stripe_event_waiting_seconds",
    "For how long the oldest event of Stripe that is not handled yet has waited, 0 if none does.",
    multiprocess_mode="livemostrecent",
)
MAILS = Counter("stolentee_mails_total", "Attempts to send a mail, and mails given up unsent.", ["outcome"])
MAIL_OVERDUE = Gauge(
    "stolentee_mail_overdue_seconds",
    "How long the mail that has been due longest has waited, 0 if none is due.",
    multiprocess_mode="livemostrecent",
)
WEBHOOK_ATTEMPTS = Counter("stolentee_webhook_attempts_total", "Attempts to deliver a webhook.", ["outcome"])
WEBHOOKS_DISABLED = Counter("stolentee_webhooks_disabled_total", "Webhooks disabled because of their receivers.")
WEBHOOK_OVERDUE = Gauge(
    "stolentee_webhook_overdue_seconds",
    "How long the message that has been due longest has waited, 0 if none is due; without receivers that fail.",
    multiprocess_mode="livemostrecent",
)
BOOKS_DIFFERENCE = Gauge(
    "stolentee_books_difference_cents",
    "By how much the books of the last week and Stripe differ, whatever the sign.",
    multiprocess_mode="livemostrecent",
)
BOOKS_UNCHECKED = Gauge(
    "stolentee_books_unchecked_days",
    "Days of the last week that were not compared with Stripe for a day and a half.",
    multiprocess_mode="livemostrecent",
)
PROVIDER_CALLS = Counter("stolentee_provider_calls_total", "Calls of a removal provider.", ["provider", "outcome"])
PROVIDER_SECONDS = Histogram("stolentee_provider_seconds", "Time of one provider call.", ["provider"], buckets=_SLOW)

REMOVAL_SECONDS = Histogram(
    "stolentee_removal_step_seconds", "Time a picture spent in each step of its removal.", ["step"], buckets=_FAST
)
FLOAT_FAILURES = Counter("stolentee_float_failures_total", "Doubtful masks left in int8 because float failed.")

PRINT_FINDINGS = Counter("stolentee_print_check_findings_total", "Findings of print checks.", ["code"])
PRINT_EDGES_UNCERTAIN = Histogram(
    "stolentee_print_edges_uncertain_ratio",
    "Share of a cut-out's ink that its print edges were unsure of.",
    buckets=(0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5),
)
MOCKUPS = Counter("stolentee_mockups_total", "Mock-ups answered, kept ones and drawn ones.", ["origin"])
MOCKUP_SECONDS = Histogram(
    "stolentee_mockup_step_seconds", "Time a mock-up spent in each step of its drawing.", ["step"], buckets=_FAST
)

# Exposed from 0: Prometheus sees no increase in a series that starts with its first event.
JOBS.labels("failed", JobFailure.POISON)
CDN_PURGES.labels("failed")
for _outcome in ("answered", "refused", "misused", "away"):
    STRIPE_CALLS.labels(_outcome)
for _outcome in ("handled", "seen", "ignored", "deferred", "bad_signature", "wrong_mode"):
    STRIPE_EVENTS.labels(_outcome)
REFUNDS.labels("failed")
DISPUTES.labels("open")
for _what in ("payment", "refund", "event"):
    RECONCILED.labels(_what)
for _outcome in ("sent", "deferred", "refused", "unreachable", "expired"):
    MAILS.labels(_outcome)
for _outcome in ("accepted", "refused", "unanswered"):
    WEBHOOK_ATTEMPTS.labels(_outcome)
for _provider in Provider:
    PROVIDER_SPEND.labels(_provider)


def expose() -> tuple[bytes, str]:
    """The body of a scrape and its content type."""
    registry = REGISTRY
    if values.ValueClass is not values.MutexValue:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
