"""The client works against an api of any public address, over http on this machine, and counts no time twice."""

from deploy.local import ports
from deploy.local.api_client import SAMPLE, ApiClient
from deploy.local.supervisor import await_ready
from tests.stack import RunningStack


def test_a_guest_is_known_over_http_where_the_cookie_is_secure(stack: RunningStack) -> None:
    port = ports.free()
    api = stack.another("api", port, PUBLIC_URL="https://shop.example")
    try:
        api.start()
        await_ready(api)
        outcome = ApiClient(f"http://{ports.LOCAL}:{port}").cut_out(SAMPLE.read_bytes(), SAMPLE.name)
    finally:
        api.stop()
    assert outcome.job["result"]["cutoutUrl"].startswith("https://shop.example/assets/")
    assert outcome.cutout.startswith(b"\x89PNG")


def test_the_upload_and_the_steps_of_the_job_do_not_overlap(stack: RunningStack) -> None:
    outcome = stack.caller().cut_out(SAMPLE.read_bytes(), SAMPLE.name)
    timings = outcome.job["timings"]
    steps = [outcome.accepted_ms, *(timings[key] or 0 for key in ("queuedMs", "fetchMs", "removeMs", "storeMs"))]
    assert sum(steps) <= outcome.total_ms + len(steps)  # each is rounded
