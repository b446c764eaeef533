"""The service with mattes that take SLOW_S seconds each, like a large network on a small machine."""

import os
import time
from typing import Any

from services.rembg import matte
from services.rembg.app import start
from services.rembg.preload import begin
from services.rembg.settings import Settings

_quick = matte.find


def _slowly(*arguments: Any) -> matte.Matte:
    time.sleep(float(os.environ["SLOW_S"]))
    return _quick(*arguments)


matte.find = _slowly  # type: ignore[assignment]
app = start(begin(Settings.read()))
