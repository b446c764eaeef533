"""Every line on standard output is a JSON object, also from libraries. Each test logs in its own process."""

import json
import re
import subprocess
import sys
from typing import Any

Line = dict[str, Any]
FIXED = {"time", "level", "service", "event"}


def said(script: str) -> list[Line]:
    """What a process prints that sets up logging as `api` and runs the script."""
    start = "import logging\nfrom shared import log\nlog.setup('api')\n"
    done = subprocess.run([sys.executable, "-c", start + script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_line_has_its_time_level_service_event_and_facts() -> None:
    (line,) = said("log.get('x').info('job_claimed', attempt=2, kind=None)")
    assert set(line) == FIXED | {"attempt", "kind"}
    assert (line["level"], line["service"], line["event"]) == ("info", "api", "job_claimed")
    assert (line["attempt"], line["kind"]) == (2, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["time"])


def test_lines_below_the_level_are_not_printed() -> None:
    script = "log.get('x').debug('quiet'); log.get('x').warning('loud'); logging.getLogger('y').debug('quiet')"
    assert [line["event"] for line in said(script)] == ["loud"]
    script = "log.setup('api', 'DEBUG'); log.get('x').debug('quiet')"
    assert [line["event"] for line in said(script)] == ["quiet"]


def test_lines_of_libraries_have_the_same_shape() -> None:
    (line,) = said("logging.getLogger('library').warning('%d of %s', 3, 'four')")
    assert set(line) == FIXED
    assert (line["event"], line["level"]) == ("3 of four", "warning")


def test_verbose_libraries_log_warnings_only() -> None:
    script = "logging.getLogger('urllib3.connectionpool').info('x'); logging.getLogger('botocore').warning('y')"
    assert [line["event"] for line in said(script)] == ["y"]


def test_what_gunicorn_says_of_a_request_does_not_quote_it() -> None:
    script = """
gunicorn = logging.getLogger('gunicorn.error')
gunicorn.error('Error handling request %s %s', 'GET', '/assets/key')
gunicorn.warning("Invalid request from ip=192.0.2.1: Invalid HTTP Version: (2, 0) '/assets/key'")
gunicorn.warning('Invalid request from ip=2001:db8::1: /assets/key')
gunicorn.warning('Listening at: %s', 'here')
"""
    assert [line["event"] for line in said(script)] == [
        "Error handling request",
        "Invalid request from ip=192.0.2.1",
        "Invalid request from ip=2001:db8::1",
        "Listening at: here",
    ]


def test_an_exception_stays_on_one_line() -> None:
    script = """
def broken():
    raise ValueError("at fault")
for logger in (log.get('ours'), logging.getLogger('theirs')):
    try:
        broken()
    except ValueError:
        logger.exception('job_broke')
"""
    ours, theirs = said(script)
    for line in (ours, theirs):
        assert (line["event"], line["level"]) == ("job_broke", "error")
        assert line["exception"].startswith("Traceback")
        assert line["exception"].endswith("ValueError: at fault")


def test_values_without_a_json_form_become_text() -> None:
    (line,) = said("from pathlib import Path\nlog.get('x').info('kept', path=Path('a/b'), text='line\\nbreak')")
    assert (line["path"], line["text"]) == ("a/b", "line\nbreak")


def test_bound_fields_are_in_every_line_until_the_next_request() -> None:
    script = """
log.begin(request_id='r1')
log.get('x').info('one')
logging.getLogger('library').warning('two')
log.begin(job_id='j1')
log.get('x').info('three')
"""
    one, two, three = said(script)
    assert (one["request_id"], two["request_id"]) == ("r1", "r1")
    assert three["job_id"] == "j1"
    assert "request_id" not in three


def test_bound_fields_end_with_their_block() -> None:
    inside, after = said("with log.bound(job_id='j1'):\n    log.get('x').info('in')\nlog.get('x').info('out')")
    assert inside["job_id"] == "j1"
    assert "job_id" not in after


def test_threads_do_not_share_bound_fields() -> None:
    script = """
import threading
log.begin(request_id='r1')
thread = threading.Thread(target=lambda: log.get('x').info('elsewhere'))
thread.start(); thread.join()
"""
    (line,) = said(script)
    assert "request_id" not in line


def test_setting_up_twice_prints_each_line_once() -> None:
    assert len(said("log.setup('api'); log.get('x').info('once'); logging.getLogger('y').warning('once')")) == 2
