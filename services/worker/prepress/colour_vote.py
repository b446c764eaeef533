"""Where the mask is unsure, the photograph's colours decide what belongs to the subject.

A network's mask is soft because it has few pixels, not because the subject is glass. With F and B the colours of
subject and background nearby, spread from where the mask is sure, a pixel's place on the line from B to F is

    t = <I - B, F - B> / |F - B|^2,

and it counts as far as F and B differ and the pixel lies near that line.

On the slope of the outline each pixel votes,
moderated by its neighbours. A plateau (a sleeve or a gap that the mask half believes in) would be torn to shreds that
way: it takes the mean of the mask over the plateau nearby, as far as its brightness is like that of the pixel (a guided
filter, He et al. 2010), and is rather kept.
"""

import numpy as np
from scipy import ndimage

from services.worker.prepress import pull_push
from services.worker.prepress.arrays import Pixels, Plane, Planes

LEVELS = 4  # of the pyramid: colours reach 32 cells
REACH = 48  # cells beyond which nothing has influence: 32 of colours, 16 of a plateau
_SURE = 0.95
_NOISE = np.float32(12.0)  # of a photograph's colours, 0 to 255
_KEEP = np.float32(0.08)  # added on a plateau
_ALIKE = np.float32(0.01)  # variance of brightness, 0 to 1, above which a plateau has parts


def decide(alpha: Pixels, photo: Pixels, rim: float) -> Plane:
    """An alpha of 0 to 1 that crosses a half where the subject ends; `rim` is the width of its ramp in pixels."""
    mask = alpha.astype(np.float32) / np.float32(255)
    colours = np.moveaxis(photo, 2, 0).astype(np.float32)
    place, trust = _places(mask, colours)
    unsure = 4 * mask * (1 - mask)
    slope = _steepness(mask, rim)
    voted = mask + unsure * slope * trust * (place - mask)
    flat = unsure * (1 - slope)
    if flat.any():
        voted += flat * (_together(mask, flat, colours.mean(0) / np.float32(255), int(2 * rim)) - voted)
    return (voted + _mean(voted, round(rim / 3))) / 2


def _places(mask: Plane, photo: Planes) -> tuple[Plane, Plane]:
    """How far each pixel lies on the way from background to subject, 0 to 1, and how far to trust that."""
    (subject, ground), known = pull_push.spread(photo, np.stack([mask > _SURE, mask < 1 - _SURE]), LEVELS)
    way, came = subject - ground, photo - ground
    length = _dot(way, way)
    place = np.clip(_dot(came, way) / np.maximum(length, 1), 0, 1)
    aside = came - place * way
    noise = _NOISE * _NOISE
    trust = length / (length + 9 * noise) * np.exp(-_dot(aside, aside) / (np.float32(0.15) * length + 2 * noise))
    return place, trust * known.all(0)


def _steepness(mask: Plane, rim: float) -> Plane:
    """1 on the slope of the outline, 0 on a plateau."""
    smooth = ndimage.uniform_filter(mask, 3)
    down, across = np.gradient(smooth)
    slope = _mean(np.hypot(down, across), int(rim / 2))
    return np.asarray(np.clip(3 * np.float32(rim) * slope - np.float32(0.5), 0, 1))


def _together(mask: Plane, flat: Plane, light: Plane, radius: int) -> Plane:
    """What the plateau around each of its pixels says: the line that fits its mask to its brightness."""
    weight = np.maximum(_mean(flat, radius), np.float32(1e-4))
    bright, level = _mean(flat * light, radius) / weight, _mean(flat * mask, radius) / weight
    spread = np.maximum(_mean(flat * light * light, radius) / weight - bright * bright, 0)
    common = _mean(flat * light * mask, radius) / weight - bright * level
    return np.asarray(np.clip(level + common / (spread + _ALIKE) * (light - bright) + _KEEP, 0, 1))


def _mean(plane: Plane, radius: int) -> Plane:
    return np.asarray(ndimage.uniform_filter(plane, 2 * max(1, radius) + 1))


def _dot(one: Planes, other: Planes) -> Plane:
    products = one * other
    return np.asarray(products[0] + products[1] + products[2])
