"""Lines are made readable, and nothing a process says can make the console fail."""

import io
import os

import pytest

from deploy.local.console import Console

LINE = (
    '{"time": "2026-11-21T09:30:00.123456Z", "level": "info", "service": "api", "event": "said", "ms": 1.2, "n": null}'
)


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


def test_a_structured_line_shows_time_name_event_and_facts(screen: io.StringIO) -> None:
    Console(screen).line_writer("api")(LINE)
    assert screen.getvalue() == "09:30:00.123 api      said ms=1.2 n=None\n"


def test_a_traceback_stands_below_its_line(screen: io.StringIO) -> None:
    Console(screen).line_writer("api")('{"event": "broke", "level": "error", "exception": "Traceback\\n  boom"}')
    assert [line.strip() for line in screen.getvalue().splitlines()] == ["api      broke", "Traceback", "boom"]


@pytest.mark.parametrize("line", ["plain words", '{"no": "event"}', "{broken", "[1]", '"text"', "{1: 2}"])
def test_any_other_line_is_shown_as_it_is(line: str, screen: io.StringIO) -> None:
    Console(screen).line_writer("worker")(line)
    assert screen.getvalue().split(maxsplit=1) == ["worker", f"{line}\n"]


def test_empty_lines_are_left_out(screen: io.StringIO) -> None:
    Console(screen).line_writer("worker")("  ")
    assert screen.getvalue() == ""


def test_quiet_withholds_all_but_warnings_until_told_otherwise(screen: io.StringIO) -> None:
    console = Console(screen, quiet=True)
    console.line_writer("api")(LINE)
    console.line_writer("api")("plain words")
    console.line_writer("api")('{"event": "failing", "level": "warning"}')
    assert [line.split()[1:] for line in screen.getvalue().splitlines()] == [["failing"]]
    console.show_withheld()
    assert [line.split()[-1] for line in screen.getvalue().splitlines()] == ["failing", "n=None", "words"]


def test_nothing_is_withheld_after_show_all(screen: io.StringIO) -> None:
    console = Console(screen, quiet=True)
    console.line_writer("api")("withheld")
    console.show_all()
    console.line_writer("api")("shown")
    assert screen.getvalue().split() == ["api", "shown"]


def test_an_orderly_stop_is_quiet_and_trouble_is_shown(screen: io.StringIO) -> None:
    console = Console(screen)
    console.line_writer("api")("before")
    console.stopping()
    console.line_writer("api")('{"event": "Worker exiting (pid: 7)", "level": "info"}')
    console.line_writer("worker")("worker: Warm shutdown (MainProcess)")
    console.line_writer("api")('{"event": "failing", "level": "error"}')
    console.line_writer("worker")("Traceback (most recent call last):")
    assert [line.split()[1] for line in screen.getvalue().splitlines()] == ["before", "failing", "Traceback"]


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Terminal()
    Console(screen).line_writer("api")(LINE)
    assert "\x1b[36mapi     \x1b[0m" in screen.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    Console(plain).line_writer("api")(LINE)
    assert "\x1b" not in plain.getvalue()


def test_a_closed_reader_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        console = Console(stream)
        console.say("into the void")
        console.say("and again")
