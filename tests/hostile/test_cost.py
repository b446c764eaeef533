"""Seconds and megabytes that files cost our own checks, and the libraries themselves."""

import json
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.hostile import build, convertible, corpus, mutations
from tests.hostile.digests import MUTATIONS
from tests.processes import linux_only

pytestmark = linux_only

# Prints the processor seconds and the growth in megabytes for each file; the first file warms the process up.
PROBE = """
import io, json, pathlib, re, sys, time, warnings
from PIL import Image
from shared import errors, images

def judge(data):
    try:
        images.verify(data, images.inspect(data))
    except errors.Failure:
        pass

def convert(data):
    from shared.image_format.signature import recognise
    from shared.image_format.structure import Format
    from shared.images import conversion

    try:
        conversion.to_png(data, recognise(data, list(Format)))
    except errors.Failure:
        pass

def library(data):
    try:
        with Image.open(io.BytesIO(data)) as image:
            for frame in range(getattr(image, "n_frames", 1)):
                image.seek(frame)
                image.load()
    except Exception:
        pass

def megabytes(name):
    return int(re.search(rf"{name}:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) / 1024

Image.MAX_IMAGE_PIXELS = None
warnings.simplefilter("ignore")
take, said = globals()[sys.argv[1]], []
take(pathlib.Path(sys.argv[2], "0").read_bytes())
for path in sorted(pathlib.Path(sys.argv[2]).iterdir(), key=lambda path: int(path.name)):
    data = path.read_bytes()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    held, begun = megabytes("VmRSS"), time.process_time()
    take(data)
    said.append((time.process_time() - begun, megabytes("VmHWM") - held))
print(json.dumps(said))
"""


def costs(folder: Path, take: str, files: dict[str, bytes]) -> list[tuple[str, float, float]]:
    for number, data in enumerate(files.values()):
        (folder / str(number)).write_bytes(data)
    command = [sys.executable, "-c", PROBE, take, str(folder)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    said = json.loads(done.stdout.splitlines()[-1])  # programs that Pillow runs, such as Ghostscript, may print too
    return [(name, *cost) for name, cost in zip(files, said, strict=True)]


def test_a_verdict_on_a_hostile_file_costs_little_time_and_memory(tmp_path: Path) -> None:
    for name, seconds, megabytes in costs(tmp_path, "judge", {case.name: case.data for case in corpus.files()}):
        assert seconds < 0.2, name
        assert megabytes < 16, name


def test_converting_a_hostile_file_costs_little_time_and_memory(tmp_path: Path) -> None:
    first = {case.name: case.data for case in convertible.honest()}  # they load the libraries
    hostile = {case.name: case.data for case in convertible.hostile()}
    for name, seconds, megabytes in costs(tmp_path, "convert", first | hostile)[len(first) :]:
        assert seconds < 0.2, name
        assert megabytes < 16, name


def test_no_file_makes_a_library_work_hard(tmp_path: Path) -> None:
    """A file taken from these tests hurts no other software, although none of our guards protects it."""
    damaged = {f"damaged file {number}": data for number, data in enumerate(mutations.files(MUTATIONS))}
    files = {case.name: case.data for case in (*corpus.files(), *convertible.hostile())} | damaged
    for name, seconds, megabytes in costs(tmp_path, "library", files):
        assert seconds < 0.2, name
        assert megabytes < 8, name


def test_large_honest_pictures_are_verified_in_little_memory(tmp_path: Path) -> None:
    large = Image.linear_gradient("L").resize((8_000, 6_000)).convert("RGB")
    files = {
        "jpeg": build.encoded(large, "JPEG"),
        "png": build.encoded(large, "PNG", compress_level=1),
        "webp": build.encoded(large.resize((4_100, 4_000)), "WEBP", method=0),
    }
    for name, _, megabytes in costs(tmp_path, "judge", files):
        assert megabytes < 40, name
