"""All of the file or none of it, against a local server."""

import fcntl
import threading
from pathlib import Path

import pytest

from services.rembg.weights import Name
from services.rembg.weights.download import ATTEMPTS, CHUNK_BYTES, Failed, fetch
from tests.services.rembg.weights.server import Release


def quiet(done: int, total: int | None) -> None:
    pass


def test_a_file_is_fetched_once(release: Release, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    assert fetch(Name.U2NETP, folder, release.url + "/", quiet)
    assert (folder / "u2netp.onnx").read_bytes() == release.content
    assert not fetch(Name.U2NETP, folder, release.url, quiet)
    assert len(release.asked) == 1


def test_an_interrupted_transfer_resumes(release: Release, tmp_path: Path) -> None:
    release.cut_after = [100_000, 80_000]
    assert fetch(Name.U2NETP, tmp_path, release.url, quiet)
    assert (tmp_path / "u2netp.onnx").read_bytes() == release.content
    assert release.asked == [None, f"bytes={CHUNK_BYTES}-", f"bytes={2 * CHUNK_BYTES}-"]  # half a chunk is lost


def test_the_next_run_resumes_a_failed_transfer(release: Release, tmp_path: Path) -> None:
    release.cut_after = [CHUNK_BYTES, *[100] * (ATTEMPTS - 1)]
    with pytest.raises(Failed):
        fetch(Name.U2NETP, tmp_path, release.url, quiet)
    assert [path.name for path in tmp_path.glob("u2netp*")] == ["u2netp.onnx.part"]
    assert fetch(Name.U2NETP, tmp_path, release.url, quiet)
    assert release.asked[-1] == f"bytes={CHUNK_BYTES}-"


def test_without_range_support_the_transfer_starts_again(release: Release, tmp_path: Path) -> None:
    release.ranges, release.cut_after = False, [100_000]
    assert fetch(Name.U2NETP, tmp_path, release.url, quiet)
    assert (tmp_path / "u2netp.onnx").read_bytes() == release.content


def test_a_complete_part_is_only_checked(release: Release, tmp_path: Path) -> None:
    (tmp_path / "u2netp.onnx.part").write_bytes(release.content)
    assert fetch(Name.U2NETP, tmp_path, release.url, quiet)
    assert (tmp_path / "u2netp.onnx").read_bytes() == release.content


def test_unpublished_bytes_are_not_kept(release: Release, tmp_path: Path) -> None:
    release.content = b"<html>sign in to this wireless network</html>"
    with pytest.raises(Failed, match="is not the file that rembg publishes"):
        fetch(Name.U2NETP, tmp_path, release.url, quiet)
    assert list(tmp_path.glob("u2netp*")) == []


def test_a_wrong_file_under_the_right_name_is_replaced(release: Release, tmp_path: Path) -> None:
    (tmp_path / "u2netp.onnx").write_bytes(b"an older one")
    assert fetch(Name.U2NETP, tmp_path, release.url, quiet)
    assert (tmp_path / "u2netp.onnx").read_bytes() == release.content


def test_a_server_error_is_retried_and_a_client_error_is_not(release: Release, tmp_path: Path) -> None:
    release.statuses = [503]
    assert fetch(Name.U2NETP, tmp_path, release.url, quiet)
    release.statuses = [404]
    with pytest.raises(Failed, match="404"):
        fetch(Name.U2NET, tmp_path, release.url, quiet)
    assert len(release.asked) == 3


def test_an_unreachable_server_is_reported(release: Release, tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"u2netp\.onnx: "):
        fetch(Name.U2NETP, tmp_path, "http://127.0.0.1:9", quiet)


def test_two_concurrent_fetches_transfer_once(release: Release, tmp_path: Path) -> None:
    fetched: list[bool] = []
    with (tmp_path / ".u2netp.onnx.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        threads = [
            threading.Thread(target=lambda: fetched.append(fetch(Name.U2NETP, tmp_path, release.url, quiet)))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        assert release.asked == []  # both wait
    for thread in threads:
        thread.join(10)
    assert sorted(fetched) == [False, True]
    assert len(release.asked) == 1


def test_progress_ends_at_the_total(release: Release, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    fetch(Name.U2NETP, tmp_path, release.url, lambda done, total: told.append((done, total)))
    assert told[-1] == (len(release.content), len(release.content))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_progress_of_a_resumed_transfer_counts_the_part(release: Release, tmp_path: Path) -> None:
    (tmp_path / "u2netp.onnx.part").write_bytes(release.content[:200_000])
    told: list[tuple[int, int | None]] = []
    fetch(Name.U2NETP, tmp_path, release.url, lambda done, total: told.append((done, total)))
    assert told[0][0] > 200_000
    assert told[-1] == (len(release.content), len(release.content))


def test_the_bundled_network_is_never_fetched(tmp_path: Path) -> None:
    assert not fetch(Name.COMPACT, tmp_path, "http://127.0.0.1:9", quiet)
