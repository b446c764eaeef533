#!/usr/bin/env bash
# Pillow opens a TIFF of CMYK and one spot colour (white ink, say) as CMYK and drops the fifth ink without a word, so a
# file that goes through it prints without its white. With the fifth sample marked as alpha it opens the file not at all.
# Seen with Pillow 13.0.0; the samples are stored plainly, so no codec is involved. libvips 8.14 keeps all five bands.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" -W error - <<'PYTHON'
import io
import struct
import sys

from PIL import Image, UnidentifiedImageError

WIDTH, HEIGHT, INKS = 8, 8, 5
PIXELS = bytes([10, 20, 30, 40, 250]) * (WIDTH * HEIGHT)


def tiff(extra: int) -> bytes:
    """Separated, 8 bits, one strip; `extra` says what the fifth sample is: 0 unspecified, 2 alpha."""
    bits = struct.pack("<5H", *[8] * INKS)
    tags = [
        (256, 3, 1, WIDTH), (257, 3, 1, HEIGHT), (258, 3, INKS, 8), (259, 3, 1, 1), (262, 3, 1, 5), (273, 4, 1, 8 + len(bits)),
        (277, 3, 1, INKS), (278, 3, 1, HEIGHT), (279, 4, 1, len(PIXELS)), (332, 3, 1, 1), (338, 3, 1, extra),
    ]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 8 + len(bits) + len(PIXELS)) + bits + PIXELS + directory


with Image.open(io.BytesIO(tiff(0))) as spot:
    bands, first = spot.getbands(), spot.getpixel((0, 0))
print("CMYK and a spot colour:", "".join(bands), first, "of", tuple(PIXELS[:INKS]))
try:
    with Image.open(io.BytesIO(tiff(2))) as alpha:
        refused = False
        print("CMYK and alpha:", "".join(alpha.getbands()), alpha.getpixel((0, 0)))
except UnidentifiedImageError:
    refused = True
    print("CMYK and alpha: cannot identify image file")
sys.exit(0 if len(bands) == 4 and refused else 1)
PYTHON
