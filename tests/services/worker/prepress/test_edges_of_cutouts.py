"""Print edges of the service's own cut-outs, made by the bundled network."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.rembg import remover
from services.rembg.inference import Network
from services.rembg.options import Options as Asked
from services.rembg.weights import Name
from services.rembg.weights.resolve import locate
from services.worker.prepress.arrays import Pixels
from services.worker.prepress.check import check
from services.worker.prepress.edges import Options
from services.worker.prepress.rules import Print
from shared import images
from shared.models.cutout import Method
from shared.models.print_edges import Gate
from tests.services.worker.prepress.pictures import hardened

SAMPLE = Path(__file__).parents[4] / "deploy/local/sample.jpg"


@pytest.fixture(scope="module")
def photo() -> Pixels:
    return np.asarray(Image.open(SAMPLE).convert("RGB"))


def cut_out(*, decontaminate: bool = True) -> Pixels:
    network, data = Network(locate(Name.COMPACT, None, Path("unused")), threads=1), SAMPLE.read_bytes()
    asked = Asked(method=Method.NETWORK, decontaminate=decontaminate)
    made = remover.remove(network, data, images.inspect(data), asked)
    return np.asarray(Image.open(io.BytesIO(made.file.data)).convert("RGBA"))


def test_a14_the_services_rim_is_as_bright_as_the_photographs(photo: Pixels) -> None:
    soft = cut_out(decontaminate=False)
    rim = (soft[..., 3] > 25) & (soft[..., 3] < 230)
    assert rim.sum() > 1000
    assert soft[rim, :3].mean() / photo[rim].mean() >= 0.95


def test_a_cut_out_of_the_service_is_made_fit_for_print(photo: Pixels) -> None:
    soft = cut_out()
    job = Print(280, garment=(20, 20, 22))
    before, made = check(soft, job, photo), hardened(soft, Options(280 / soft.shape[1]), photo)
    after = check(made.rgba, job, photo)
    assert before.figures
    assert after.figures
    assert made.gate is Gate.APPLY
    assert after.figures.rim_px <= 2.5 < before.figures.rim_px
    assert after.figures.contamination < 0.12
    assert after.score > before.score
