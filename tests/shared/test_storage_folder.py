"""What a folder owes beyond the suite for every storage: crashes and full disks leave nothing half done."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.storage import Folder, Missing, Unavailable

KEY = "ab" * 32 + ".png"


def run(script: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Runs `script` in a process of its own, with `objects` being a Folder over `root`."""
    start = (
        "import sys; from pathlib import Path; from shared import storage; objects = storage.Folder(Path(sys.argv[1]))"
    )
    return subprocess.run(
        [sys.executable, "-c", f"{start}\n{script}", str(root)], capture_output=True, text=True, check=False
    )


def files(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def test_a_crash_while_writing_leaves_no_object_and_can_be_repeated(tmp_path: Path) -> None:
    script = f"""
import os, signal
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
objects.put({KEY!r}, b"x" * 1000, "image/png", {{}})
"""
    assert run(script, tmp_path).returncode == -9
    objects = Folder(tmp_path)
    with pytest.raises(Missing):
        objects.get(KEY)
    objects.put(KEY, b"whole", "image/png", {})
    assert objects.get(KEY) == b"whole"


def test_a_crash_while_replacing_leaves_the_object_before(tmp_path: Path) -> None:
    Folder(tmp_path).put(KEY, b"before", "image/png", {})
    script = f"""
import os, signal
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
objects.put({KEY!r}, b"after", "image/png", {{}})
"""
    assert run(script, tmp_path).returncode == -9
    assert Folder(tmp_path).get(KEY) == b"before"


def test_the_bytes_and_then_their_name_are_on_disk_before_put_returns(tmp_path: Path) -> None:
    script = f"""
import os, stat
def fsync(descriptor):
    named = os.path.exists(os.path.join(sys.argv[1], "ab", {KEY!r}))
    print("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else os.fstat(descriptor).st_size, named)
os.fsync = fsync
objects.put({KEY!r}, b"x" * 1000, "image/png", {{}})
"""
    assert run(script, tmp_path).stdout.splitlines() == ["1000 False", "folder True"]


def test_a_full_disk_is_unavailable_and_leaves_nothing(tmp_path: Path) -> None:
    script = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))  # the kernel ends writes as it does on a full disk
try:
    objects.put({KEY!r}, b"x" * 6000, "image/png", {{}})
except storage.Unavailable as error:
    print(type(error.__cause__).__name__)
"""
    done = run(script, tmp_path)
    assert (done.stdout, done.returncode) == ("OSError\n", 0)
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_used_is_unavailable(tmp_path: Path) -> None:
    root = tmp_path / "taken"
    root.write_text("a file where the folder should be")
    objects = Folder(root)
    with pytest.raises(Unavailable):
        objects.put(KEY, b"", "image/png", {})
    with pytest.raises(Unavailable):
        objects.get(KEY)
    with pytest.raises(Unavailable):
        objects.delete(KEY)
    with pytest.raises(OSError, match="taken"):
        objects.check()


def test_only_whole_objects_remain_and_they_are_spread(tmp_path: Path) -> None:
    objects = Folder(tmp_path)
    other = "cd" * 32 + ".jpeg"
    for key in (KEY, other, KEY):
        objects.put(key, b"x", "image/png", {})
    assert files(tmp_path) == [KEY, other]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ab", "cd"]


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    objects = Folder(tmp_path / "objects")
    with pytest.raises(Missing):
        objects.get(KEY)
    objects.delete(KEY)
    assert not (tmp_path / "objects").exists()
    assert int(str(objects.check()["freeBytes"])) > 0
    assert (tmp_path / "objects").is_dir()
