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
from PIL import Image
from scipy import ndimage

from services.worker.prepress import pull_push
from services.worker.prepress.arrays import Pixels, Plane, Planes, Points, points_of

_LEVELS = 2  # of the pyramid: colours reach 16 pixels, twice the widest slope
_HEARD = 0.02  # weight of a vote
REACH = 24  # pixels beyond which nothing has influence: 19 where a rim has 6, the most
_SURE = 0.95
_NOISE = np.float32(12.0)  # of a photograph's colours, 0 to 255
_KEEP = np.float32(0.08)  # added on a plateau
_ALIKE = np.float32(0.01)  # variance of brightness, 0 to 1, above which a plateau has parts


def decide(alpha: Pixels, photo: Pixels, rim: float) -> Plane:
    """An alpha of 0 to 1 that crosses a half where the subject ends; `rim` is the width of its ramp in pixels."""
    mask = alpha.astype(np.float32) / np.float32(255)
    unsure = 4 * mask * (1 - mask)
    slope = _steepness(mask, rim)
    voted = mask.copy()
    voting = points_of(unsure * slope > _HEARD)
    place, trust = _places(mask, photo, voting)
    voted[voting] += (unsure * slope)[voting] * trust * (place - mask[voting])
    flat = unsure * (1 - slope)
    if flat.any():
        voted += flat * (_together(mask, flat, _brightness(photo), int(2 * rim)) - voted)
    return (voted + _mean(voted, round(rim / 3))) / 2


def _places(mask: Plane, photo: Pixels, points: Points) -> tuple[Plane, Plane]:
    """How far each point lies on the way from background to subject, 0 to 1, and how far to trust that."""
    sure = np.stack([mask > _SURE, mask < 1 - _SURE])
    (subject, ground), known = pull_push.around(photo, sure, points, _LEVELS)
    way, came = subject - ground, photo[points].T - ground
    length = _dot(way, way)
    place = np.clip(_dot(came, way) / np.maximum(length, 1), 0, 1)
    aside = came - place * way
    noise = _NOISE * _NOISE
    trust = length / (length + 9 * noise) * np.exp(-_dot(aside, aside) / (np.float32(0.15) * length + 2 * noise))
    return place, trust * known.all(0)


def _brightness(photo: Pixels) -> Plane:
    return np.asarray(Image.fromarray(photo).convert("L"), np.float32) / np.float32(255)


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
