"""Folders, beyond the suite for every storage: crashes and full disks leave no partial object."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.storage import INCOMING, Folder, Missing, Unavailable

KEY = "ab" * 32 + ".png"


def run(script: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Runs `script` in a process of its own; `objects` is a Folder over `root`."""
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
    for folder in ("ab", "incoming"):  # present already, so that the file is the first thing written
        Path(tmp_path, folder).mkdir()
    assert run(script, tmp_path).returncode == -9
    objects = Folder(tmp_path)
    with pytest.raises(Missing):
        objects.get(KEY)
    assert list(objects.walk("ab")) == []
    assert [entry.bytes for entry in objects.walk(INCOMING)] == [1000]  # collected with the unfinished uploads
    objects.put(KEY, b"whole", "image/png", {})
    assert objects.get(KEY) == b"whole"


def test_a_crash_while_replacing_leaves_the_previous_object(tmp_path: Path) -> None:
    Folder(tmp_path).put(KEY, b"before", "image/png", {})
    script = f"""
import os, signal
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
objects.put({KEY!r}, b"after", "image/png", {{}})
"""
    assert run(script, tmp_path).returncode == -9
    assert Folder(tmp_path).get(KEY) == b"before"


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_only_the_owner_can_read_objects_and_their_folders_whatever_the_umask(umask: int, tmp_path: Path) -> None:
    root = tmp_path / "data" / "objects"
    done = run(f'import os; os.umask({umask}); objects.put("{KEY}", b"x", "image/png", {{}}); objects.check()', root)
    assert done.returncode == 0, done.stderr
    modes = {path: path.stat().st_mode & 0o777 for path in (root.parent, *root.parent.rglob("*"))}
    assert set(modes.values()) == {0o600, 0o700}
    assert {path.name for path, mode in modes.items() if mode == 0o600} == {KEY}


def test_the_bytes_and_then_their_name_are_on_disk_before_put_returns(tmp_path: Path) -> None:
    script = f"""
import os, stat
def fsync(descriptor):
    named = os.path.exists(os.path.join(sys.argv[1], "ab", {KEY!r}))
    print("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else os.fstat(descriptor).st_size, named)
os.fsync = fsync
objects.put({KEY!r}, b"x" * 1000, "image/png", {{}})
"""
    made = ["folder False", "folder False"]  # the entries of the two folders
    assert run(script, tmp_path).stdout.splitlines() == [*made, "1000 False", "folder True"]
    Path(tmp_path, "ab", KEY).unlink()
    assert run(script, tmp_path).stdout.splitlines() == ["1000 False", "folder True"]
    assert run(script, tmp_path).stdout.splitlines() == [
        "folder True"
    ]  # the process that wrote it may have died before this


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


def test_an_unwritable_folder_fails_the_health_check(tmp_path: Path) -> None:
    script = """
import resource
objects.check()
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    objects.check()
except OSError as error:
    print("noticed")
"""
    assert run(script, tmp_path).stdout == "noticed\n"
    assert files(tmp_path) == []


def test_only_whole_objects_remain_and_they_are_spread_over_subfolders(tmp_path: Path) -> None:
    objects = Folder(tmp_path)
    other = "cd" * 32 + ".jpeg"
    for key in (KEY, other, KEY):
        objects.put(key, b"x", "image/png", {})
    assert files(tmp_path) == [KEY, other]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ab", "cd", "incoming"]


def test_the_same_bytes_keep_the_file_and_other_bytes_repair_it(tmp_path: Path) -> None:
    objects, path = Folder(tmp_path), tmp_path / "ab" / KEY
    objects.put(KEY, b"whole", "image/png", {})
    before = path.stat().st_ino
    objects.put(KEY, b"whole", "image/png", {})
    assert path.stat().st_ino == before
    path.write_bytes(b"whale")
    objects.put(KEY, b"whole", "image/png", {})
    assert objects.get(KEY) == b"whole"


def test_no_folder_is_created_before_it_is_needed(tmp_path: Path) -> None:
    objects = Folder(tmp_path / "objects")
    with pytest.raises(Missing):
        objects.get(KEY)
    objects.delete(KEY)
    assert not (tmp_path / "objects").exists()
    assert int(str(objects.check()["freeBytes"])) > 0
    assert (tmp_path / "objects").is_dir()
