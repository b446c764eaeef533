"""Runs a network in 8 bits, and again in float where the result is in doubt.

In doubt is a mask of which more than `DOUBT` of the ink is neither opaque nor clear, or in which int8 finds no subject:
where the network itself hesitates, small errors decide. On 200 photographs of ECSSD 3 % are, and the masks that stay
are at most 2.5 of 255 from float's (decision 0090). The float network is loaded at the first doubt and freed as soon as
the service is idle. If it cannot be loaded or run, int8's masks stay until then.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
from PIL import Image

from services.rembg.inference import Network, Ran, forget, mask_of
from services.rembg.weights import Precision, Weights
from shared import log
from shared.errors import UnknownForeground
from shared.images.matte import uncertain_share
from shared.settings import Invalid

DOUBT = 0.5

_log = log.get("inference")


class AutoNetwork(Network):
    """Safe to share between threads."""

    def __init__(self, quantized: Weights, load_float: Callable[[], Network], threads: int, slots: int = 1) -> None:
        super().__init__(replace(quantized, precision=Precision.AUTO), threads, slots)
        self._load_float = load_float
        self._float: Network | None = None
        self._float_failed = False  # since the service was last idle
        self._loading = threading.Lock()

    def mask(self, picture: Image.Image, *, alone: bool = True, ran: Ran = forget) -> Image.Image:
        chances = self.chances(picture, alone=alone)
        with suppress(UnknownForeground):
            mask = mask_of(chances)
            if uncertain_share(mask) <= DOUBT:
                ran(Precision.INT8)
                return mask
        exact = self._float_chances(picture, alone=alone)
        ran(Precision.INT8 if exact is None else Precision.FLOAT)
        return mask_of(chances if exact is None else exact)

    def rest(self) -> None:
        with self._loading:
            self._float = None
            self._float_failed = False
        super().rest()

    def _float_chances(self, picture: Image.Image, *, alone: bool) -> np.ndarray | None:
        """None where float fails, for lack of memory or of room for its temporary file: int8's mask is worth more."""
        try:
            network = self._float_network()
            if network is not None:
                return network.chances(picture, alone=alone)
        except (Exception, Invalid) as error:  # noqa: BLE001 - onnxruntime's errors have no class of their own in common
            self._give_up_float(error)
        _count_failure()
        return None

    def _float_network(self) -> Network | None:
        with self._loading:
            if self._float is None and not self._float_failed:
                self._float = self._load_float()
            return self._float

    def _give_up_float(self, error: BaseException) -> None:
        with self._loading:
            logged, self._float_failed, self._float = self._float_failed, True, None
        if not logged:
            _log.warning("float_failed", reason=str(error))


def _count_failure() -> None:
    from shared import metrics  # its import, 60 ms, would delay the loading of the network

    metrics.FLOAT_FAILURES.inc()
