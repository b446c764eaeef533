"""The command line: what it tells, and what it refuses."""

import json
from pathlib import Path

import pytest

from deploy.migrate_storage import progress, report
from deploy.migrate_storage.__main__ import main
from deploy.migrate_storage.ledger import Ledger
from shared import settings
from shared.storage.migration_bucket import Listed

pytestmark = pytest.mark.usefixtures("own_logging")

BUCKETS = {
    f"{side}{name}": value
    for side in ("OLD_S3_", "R2_")
    for name, value in (
        ("ENDPOINT", "http://127.0.0.1:9"),
        ("ACCESS_KEY_ID", "id"),
        ("SECRET_ACCESS_KEY", "swordfish"),
        ("BUCKET_NAME", "pictures"),
    )
}


@pytest.mark.parametrize("wrong", ["OLD_S3_ENDPOINT", "R2_ENDPOINT", "OLD_S3_SECRET_ACCESS_KEY"])
def test_a_setting_that_is_missing_or_wrong_is_named_and_no_secret_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    value = "nonsense" if wrong.endswith("ENDPOINT") else ""
    for name, given in (BUCKETS | {wrong: value}).items():
        monkeypatch.setenv(name, given)
    with pytest.raises(settings.Invalid) as caught:
        main(["--ledger", str(tmp_path / "ledger"), "copy"])
    assert f"{wrong}: " in str(caught.value)
    assert "swordfish" not in str(caught.value)


@pytest.mark.parametrize("workers", ["0", "65", "many"])
def test_an_odd_number_of_workers_is_refused(capsys: pytest.CaptureFixture[str], workers: str) -> None:
    with pytest.raises(SystemExit):
        main(["--workers", workers, "copy"])
    assert "from 1 to 64" in capsys.readouterr().err


def test_the_report_is_told_in_words_and_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        for number in range(30):
            ledger.found(Listed(f"{number:02}.png", 1_000_000, "tag"))
        ledger.copied("00.png", "digest")
        ledger.refused("01.png", "damaged")
        ledger.rewrote({"posts.body": 1200}, {"01.png": "damaged"})
        report.write(ledger, tmp_path / "report.json")
    said = capsys.readouterr().out
    assert "30 objects, 30.0 MB: 1 copied, 29 not" in said
    assert "not copied: 01.png: damaged" in said
    assert "not copied: 9 more, in the JSON report" in said
    assert "rewritten: 1,200 rows of posts.body" in said
    assert "URL left as it was: 01.png: damaged" in said
    known = json.loads((tmp_path / "report.json").read_text())
    assert (known["objects"], known["copied"], len(known["notCopied"])) == (30, 1, 29)


def test_progress_tells_rate_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    going = progress.Progress("copied", 4, 8_000_000)
    for _ in range(3):
        going._done += 1
        going._done_bytes += 2_000_000
    assert going.line(1.5) == "copied: 3 of 4 objects, 75 %, 2 objects/s, 4.0 MB/s, 0 s left"
    assert going.line(300).endswith("1 min 40 s left")
    going.add(2_000_000)
    assert "copied: 4 of 4 objects, 100 %" in capsys.readouterr().err
    assert [progress.duration(s) for s in (5, 65, 3700)] == ["5 s", "1 min 5 s", "1 h 1 min"]
    assert [progress.size(s) for s in (5, 5_000, 5e13)] == ["5 B", "5.0 kB", "50.0 TB"]
