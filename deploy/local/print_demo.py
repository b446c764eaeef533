"""What a shop makes of a cut-out: its check in words, and print file, cut line and mock-up as files."""

from collections.abc import Iterator
from pathlib import Path

from deploy.local.api_client import ApiClient, Outcome
from deploy.local.errors import CommandError

_GARMENT, _COLOR = "tshirt-front", "1f2a44"


def files(client: ApiClient, outcome: Outcome, out: Path) -> str:
    """Write the files beside `out`, named after it; returns a line about each, also where the api refuses one."""
    result = client.with_steps(outcome.job)["result"]
    assets = f"/api/assets/{result['printAssetId'] or result['assetId']}"
    lines = []
    for name, parts in (("check", _check), ("print", _print_file), ("cut line", _cut_line), ("mock-up", _mockup)):
        try:
            lines += [f"    {name:10}{part}" for part in parts(client, assets, out)]
        except CommandError as error:
            lines.append(f"    {name:10}none: {error}")
    return "\n".join(lines)


def _check(client: ApiClient, assets: str, out: Path) -> Iterator[str]:  # noqa: ARG001 - as the others
    report = client.made(f"{assets}/print-check")
    figures = report["figures"]
    size = f" at {figures['widthMm']:.0f} x {figures['heightMm']:.0f} mm" if figures else ""
    yield f"{'prints' if report['ok'] else 'does not print well'}{size}, {report['score']} points of 100"
    yield from (f"{finding['code']}: {finding['fix']}" for finding in report["findings"])


def _print_file(client: ApiClient, assets: str, out: Path) -> Iterator[str]:
    made = client.made(f"{assets}/print-file?widthMm=250&format=pdf&underbase=spot")
    yield _write(client, made["url"], out, "-print.pdf", "250 mm wide at 300 dpi, with white ink below")


def _cut_line(client: ApiClient, assets: str, out: Path) -> Iterator[str]:
    made = client.made(f"{assets}/cutline?widthMm=80")
    yield _write(client, made["url"], out, "-cutline.svg", "of a sticker 80 mm wide")


def _mockup(client: ApiClient, assets: str, out: Path) -> Iterator[str]:
    template = client.made(f"{assets}/mockups")["template"]
    if not template:
        raise CommandError("no service draws mock-ups here")
    address = template.replace("{garment}", _GARMENT).replace("{color}", _COLOR)
    yield _write(client, address, out, "-tshirt.webp", "on a T-shirt, in true size")


def _write(client: ApiClient, url: str, out: Path, ending: str, words: str) -> str:
    path = out.with_name(f"{out.stem}{ending}")
    path.write_bytes(client.download(url))
    return f"{path}, {words}"
