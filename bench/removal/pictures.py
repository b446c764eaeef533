"""The pictures of the benchmarks: the photographs of ../shared if present, else drawn ones; and a large one."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SHARED = Path(__file__).parents[3] / "shared"
U2NETP = SHARED / "models" / "u2netp.onnx"
_LARGE = (3000, 4000)


def fixtures() -> dict[str, bytes]:
    """0.2 to 1.5 megapixels. One has alpha, which `rembg s` would cut out again, so it is sent as an opaque JPEG."""
    folder = SHARED / "fixtures"
    if not folder.is_dir():
        return {f"drawn-{seed}": encoded(drawn((900, 1200), seed)) for seed in range(4)}
    found = {}
    for path in sorted(folder.glob("*.jpg")):
        with Image.open(path) as image:
            found[path.stem] = encoded(image.convert("RGB")) if image.mode == "RGBA" else path.read_bytes()
    return found


def large() -> bytes:
    """12 megapixels as a phone would write them: a photograph enlarged, with a sensor's noise."""
    with Image.open(io.BytesIO(fixtures().get("cloth-1") or encoded(drawn(_LARGE, 1)))) as image:
        pixels = np.asarray(image.convert("RGB").resize(_LARGE, Image.Resampling.LANCZOS)).astype(int)
    noise = np.random.default_rng(1).normal(0, 4, (*pixels.shape[:2], 1)).astype(int)
    return encoded(Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8)))


def drawn(size: tuple[int, int], seed: int) -> Image.Image:
    """A garment-like shape of one texture on a background of another, different for each seed."""
    random = np.random.default_rng(seed)
    width, height = size
    shape = Image.new("L", size)
    turns = np.linspace(0, 2 * np.pi, 60)
    bumps = 1 + 0.12 * np.sin(turns * random.integers(2, 6) + random.uniform(0, 6))
    centre = random.uniform(0.42, 0.58, 2)
    radius = random.uniform(0.22, 0.38, 2)
    outline = [
        (width * (centre[0] + radius[0] * b * np.cos(t)), height * (centre[1] + radius[1] * b * np.sin(t)))
        for t, b in zip(turns, bumps, strict=True)
    ]
    ImageDraw.Draw(shape).polygon(outline, fill=255)
    ground, subject = random.integers(150, 256, 3), random.integers(0, 200, 3)
    soft = shape.filter(ImageFilter.GaussianBlur(width / 900))
    return Image.composite(_cloth(size, subject, 14, random), _cloth(size, ground, 6, random), soft)


def _cloth(size: tuple[int, int], colour: np.ndarray, rough: float, random: np.random.Generator) -> Image.Image:
    folds = random.normal(0, 1, (12, 9))
    light = np.asarray(Image.fromarray(folds.astype(np.float32)).resize(size, Image.Resampling.BICUBIC))
    grain = random.normal(0, 3, (size[1], size[0]))
    return Image.fromarray((colour + (light * rough + grain)[..., None]).clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
