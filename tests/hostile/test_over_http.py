"""The whole corpus against a live api: each file is answered, costs little and kills or leaks nothing."""

import io
from pathlib import Path

import pytest
import requests
from PIL import Image

from shared import errors
from tests.hostile import benign, convertible, corpus, mutations
from tests.hostile.benign import Benign
from tests.hostile.live import Cost, Live

STATUS = {kind.code: kind.status for kind in errors.Failure.__subclasses__()}


def test_over_http(live: Live, mutations_wanted: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One test, because the start takes longest."""
    processes = live.processes()
    assert len(processes) == 4  # the server, its worker, two decoders
    hostile, honest = (*corpus.files(), *convertible.hostile()), (*benign.files(), *convertible.honest())
    costs = [_is_refused(live, case) for case in hostile]
    assert live.get("/api/assets").json()["items"] == []
    for case in honest:
        _is_taken_and_shown_upright(live, case)
    _nothing_secret_is_kept(tmp_path / "data")
    before = live.megabytes()
    taken = [_is_answered(live, data) for data in mutations.files(mutations_wanted)]
    assert live.megabytes() < before * 1.1
    assert live.processes() == processes
    assert live.get("/health/ready").status_code == 200
    with capsys.disabled():
        cpu_s, megabytes = max(cost.cpu_s for cost in costs), max(cost.megabytes for cost in costs)
        print(f"\n{len(costs)} hostile files refused, at most {cpu_s:.2f} s of the processor and {megabytes} MB each")
        print(f"{len(honest)} honest ones taken; of {len(taken)} damaged ones {sum(taken)} taken")


def _is_refused(live: Live, case: corpus.Hostile) -> Cost:
    answer, cost = live.weighed(case.data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (STATUS[case.code], case.code), case.name
    assert cost.cpu_s < 2, case.name
    assert cost.megabytes < 400, case.name
    return cost


def _is_taken_and_shown_upright(live: Live, case: Benign) -> None:
    answer = live.upload(case.data)
    assert answer.status_code in (200, 201), (case.name, answer.text)  # two cases may be the same bytes
    asset = answer.json()
    assert (asset["width"], asset["height"]) == case.size, case.name
    source, shown = live.get(asset["url"]), live.get(f"{asset['url']}?w=web")
    for served in (source, shown):
        assert served.status_code == 200, case.name
        assert benign.SECRET.encode() not in served.content, case.name
    _looks_right(case, shown)


def _looks_right(case: Benign, served: requests.Response) -> None:
    with Image.open(io.BytesIO(served.content)) as image:
        picture = image.convert("RGBA")
    width, height = case.size
    assert picture.size == ((width, height) if max(case.size) <= 2000 else (2000, round(height * 2000 / width)))
    for middle, expected in zip(benign.middles(picture), case.corners, strict=True):
        seen = picture.getpixel(middle)
        assert isinstance(seen, tuple)
        alpha = expected[3] if len(expected) > 3 else 255
        assert abs(seen[3] - alpha) <= 4, case.name
        near = 2 * benign.LOSSY if alpha else 255  # the colour of a clear pixel is invisible
        assert all(abs(one - other) <= near for one, other in zip(seen[:3], expected[:3], strict=True)), (case, seen)


def _nothing_secret_is_kept(folder: Path) -> None:
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert len(kept) > 2 * 100
    assert not [path for path in kept if benign.SECRET.encode() in path.read_bytes()]


def _is_answered(live: Live, data: bytes) -> bool:
    """Return whether the file was accepted; a refusal is as good."""
    answer = live.upload(data)
    assert answer.status_code in (200, 201, 415, 422), answer.text
    return answer.status_code < 400
