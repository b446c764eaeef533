"""The service with a network that takes SLOW_S seconds, like a large one on a small machine."""

import os
import time
from typing import Any

from PIL import Image

from services.rembg.app import start
from services.rembg.inference import Network
from services.rembg.preload import begin
from services.rembg.settings import Settings

_quick = Network.mask


def _slowly(self: Network, picture: Image.Image, **options: Any) -> Image.Image:
    time.sleep(float(os.environ["SLOW_S"]))
    return _quick(self, picture, **options)


Network.mask = _slowly  # type: ignore[method-assign]
app = start(begin(Settings.read()))
