#!/usr/bin/env bash
# libvips shows a PNG with gAMA 1.0 (linear light) exactly like the same samples without gAMA; the PNG specification
# (third edition, 12.1 and 13.13) lets decoders apply gAMA, and browsers do: such pictures are 20 to 60 levels too dark.
# Seen with pyvips 3.1.1 and pyvips-binary 8.18.7: neither `colourspace("srgb")` nor `icc_transform("srgb")` moves a
# sample. Pillow 13.0.0 reports the gamma and leaves applying it to its callers.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyvips==3.1.1 pyvips-binary==8.18.7 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import pyvips
from PIL import Image, PngImagePlugin

ramp = Image.linear_gradient("L").convert("RGB")


def png(gamma: int | None) -> bytes:
    info = PngImagePlugin.PngInfo()
    if gamma is not None:
        info.add(b"gAMA", gamma.to_bytes(4, "big"))
    out = io.BytesIO()
    ramp.save(out, "PNG", pnginfo=info)
    return out.getvalue()


def shown(data: bytes, way: str) -> bytes:
    image = getattr(pyvips.Image.new_from_buffer(data, ""), way)("srgb")
    return bytes(image.cast("uchar").write_to_memory())


linear, plain = png(100_000), png(None)
same = {way: shown(linear, way) == shown(plain, way) for way in ("colourspace", "icc_transform")}
print("libvips", ".".join(str(pyvips.version(part)) for part in range(3)))
print("gAMA 1.0 shown like no gAMA:", same)
with Image.open(io.BytesIO(linear)) as opened:
    print("Pillow reports gamma", opened.info.get("gamma"), "and the sample", opened.getpixel((0, 128)))
sys.exit(0 if all(same.values()) else 1)
PYTHON
