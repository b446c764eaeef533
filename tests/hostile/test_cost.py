"""Verdicts are cheap: seconds and megabytes of a fresh process that judges and verifies file after file."""

import json
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.hostile import build, corpus
from tests.processes import linux_only

pytestmark = linux_only

# Reads what is asked of it and says how long each file took and by how many megabytes the process grew.
PROBE = """
import json, pathlib, re, sys, time
from shared import errors, images
# Not ru_maxrss: that starts with the peak of the process that started this one.
grown = lambda: int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) // 1024
images.verify(*(lambda data: (data, images.inspect(data)))(pathlib.Path(sys.argv[1]).read_bytes()))
said = []
for path in sys.argv[2:]:
    data = pathlib.Path(path).read_bytes()
    before, begun = grown(), time.monotonic()
    try:
        images.verify(data, images.inspect(data))
    except errors.Failure:
        pass
    said.append((pathlib.Path(path).name, time.monotonic() - begun, grown() - before))
print(json.dumps(said))
"""


def costs(folder: Path, files: dict[str, bytes]) -> list[tuple[str, float, int]]:
    """(name, seconds, megabytes) of each file, after a first one has warmed the process up."""
    for name, data in {"calm": build.encoded(corpus.picture(), "JPEG"), **files}.items():
        (folder / name).write_bytes(data)
    command = [sys.executable, "-c", PROBE, *[str(folder / name) for name in ("calm", *files)]]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return [(name, seconds, megabytes) for name, seconds, megabytes in json.loads(done.stdout)]


def test_hostile_files_cost_little_time_and_memory(tmp_path: Path) -> None:
    for name, seconds, megabytes in costs(tmp_path, {case.name: case.data for case in corpus.files()}):
        assert seconds < 2, name
        assert megabytes < 50, name


def test_large_honest_pictures_are_verified_in_little_memory(tmp_path: Path) -> None:
    large = Image.linear_gradient("L").resize((8_000, 6_000)).convert("RGB")
    files = {
        "jpeg": build.encoded(large, "JPEG"),
        "png": build.encoded(large, "PNG", compress_level=1),
        "webp": corpus.flat_webp(7_000, 7_000),
    }
    for name, _, megabytes in costs(tmp_path, files):
        assert megabytes < 40, name
