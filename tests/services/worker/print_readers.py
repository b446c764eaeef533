"""Independent programs that read what we write; tests skip where one is not installed."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def run(program: str, *arguments: str | Path) -> str:
    """What the program prints, complaints included; it must succeed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def vips(path: Path, shape: tuple[int, ...]) -> Pixels:
    """All samples as libvips reads them."""
    raw = path.with_suffix(".vips.raw")
    run("vips", "rawsave", path, raw)
    return np.fromfile(raw, np.uint8).reshape(shape)


def plates(path: Path, dpi: int, *names: str) -> list[Pixels]:
    """The separations of a PDF's page as Ghostscript makes them, 255 = full ink."""
    output = path.with_suffix(".tif")
    options = ("-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffsep", f"-r{dpi}", f"-sOutputFile={output}")
    run("gs", *options, path)
    return [255 - np.asarray(Image.open(output.with_name(f"{output.stem}({name}).tif"))) for name in names]


def drawn(path: Path, dpi: int, program: str = "pdftoppm") -> Pixels:
    """A PDF's page on white, (h, w, 3), drawn by poppler or MuPDF."""
    output = path.with_suffix(".png")
    if program == "mutool":
        run("mutool", "draw", "-q", "-r", str(dpi), "-o", output, path)
    else:
        run("pdftoppm", "-r", str(dpi), "-png", "-singlefile", path, output.with_suffix(""))
    return np.asarray(Image.open(output).convert("RGB"))
