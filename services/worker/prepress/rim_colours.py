"""Colours at a hardened outline, freed of the background that the lens mixed into them.

A lens mixes subject and background over 2 to 3 pixels, whatever the mask says, so the share o of the subject in a pixel
is the outline blurred as a lens would, or what the colours show, if that is more: a drawing is sharper. With F and B
the colours of subject and background nearby, the mixed ones become F + o (C - o F - (1 - o) B), one step of blur fusion
(Forte, "Approximate fast foreground colour estimation", 2021). A stroke that is nowhere pure gives F by itself,
B + (C - B) / o. Deeper pixels stay as they are. Clear pixels beside the outline take F, so that later resizing pulls in
nothing else.
"""

import numpy as np
from scipy import ndimage

from services.worker.prepress import pull_push
from services.worker.prepress.arrays import Mask, Pixels, Plane, points_of

MARGIN = 32  # pixels beyond a tile that its colours depend on; a multiple of the coarsest cell
BLEED = 4  # clear pixels beside the outline that take its colour
_LENS_SIGMA = 1.1
_PURE, _BLENDED = np.float32(0.985), np.float32(0.10)  # share of the subject from which nothing is changed; fading in
_LEAST_SHARE = np.float32(0.7)  # less would amplify noise, and what smoothing took off a stroke
_LEVELS = 3  # of the pyramid: colours reach 32 pixels


def clean(photo: Pixels, outline: Plane, shown: Mask) -> Pixels:
    """Colours of a tile where `shown`; windows of photo and outline have MARGIN more on all sides.

    `outline` is the subject's edge as alpha of 0 to 1, not choked.
    """
    share = ndimage.gaussian_filter(outline, _LENS_SIGMA, truncate=3)
    inner = (slice(MARGIN, -MARGIN),) * 2
    flat: Pixels = photo[inner].reshape(len(shown), -1) * shown.repeat(3, axis=1)
    out = flat.reshape(*shown.shape, 3)
    rows, columns = points_of(shown & (share[inner] < _PURE))
    if not len(rows):
        return out
    at = (rows + MARGIN, columns + MARGIN)
    pure = np.stack([share > _PURE, share < 1 - _PURE])
    (subject, ground), (inside, outside) = pull_push.around(photo, pure, at, _LEVELS)
    within = share[at]
    before = photo[at].T.astype(np.float32)
    subject = np.where(inside, subject, ground + (before - ground) / np.maximum(within, _LEAST_SHARE))
    within = np.maximum(within, _shown_share(before, subject, ground))
    fused = subject + within * (before - within * subject - (1 - within) * ground)
    mixed = np.clip((_PURE - within) / _BLENDED, 0, 1) * outside
    out[rows, columns] = np.clip(before + mixed * (fused - before) + np.float32(0.5), 0, 255).T.astype(np.uint8)
    return out


def _shown_share(colour: Plane, subject: Plane, ground: Plane) -> Plane:
    """The share of the subject that colours show, 0 to 1, each (3, n): drawings are sharper than a lens."""
    apart = subject - ground
    along = ((colour - ground) * apart).sum(0) / np.maximum((apart * apart).sum(0), 1)
    shown: Plane = np.clip(along, 0, 1)
    return shown
