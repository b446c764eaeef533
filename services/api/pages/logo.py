"""The logo at /static/logo: in the header, on the shirt, as the browser's icon and in previews of links."""

from html import escape
from pathlib import Path

from services.api.pages import colors
from services.api.pages.settings import Logo, Shop

_SVG = "image/svg+xml"
_MONOGRAM = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 2 2"><circle r="1" fill="{ground}"/>'
    '<text y=".38" font-family="system-ui, sans-serif" font-size="1.1" font-weight="700" text-anchor="middle" '
    'fill="{ink}">{letter}</text></svg>'
)
_GROUND = (0x1F, 0x60, 0x72)  # --accent in static/style.css


def choose(shop: Shop, own: Path) -> Logo:
    """The shop's; without one, the project's at `own`, and with a name of its own the first letter of that name."""
    if shop.logo:
        return shop.logo
    if shop.is_ours:
        return Logo(own.read_bytes(), _SVG)
    ground = shop.color or _GROUND
    drawn = _MONOGRAM.format(
        ground=colors.text(ground), ink=colors.text(colors.on(ground)), letter=escape(shop.name[0].upper())
    )
    return Logo(drawn.encode(), _SVG)
