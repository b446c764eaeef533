"""`python -m services.rembg.weights [NAME...]`: fetch weights into MODELS_DIR.

Without a name, those of REMBG_MODEL, else u2net.
"""

import sys
import time
from argparse import ArgumentParser

from services.rembg.settings import Model
from services.rembg.weights import CATALOGUE, Name
from services.rembg.weights.download import Failed, Report, fetch

_BAR = 30
_TERMINAL_S, _PLAIN_S = 0.1, 5.0  # between two reports


def main(arguments: list[str] | None = None) -> int:
    settings = Model.read()
    names = _parser().parse_args(arguments).names or [settings.name or Name.U2NET]
    for name in names:
        try:
            fetched = fetch(name, settings.folder, settings.base_url, progress(name))
        except Failed as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
        where = "comes with the repository" if CATALOGUE[name].md5 is None else f"is at {settings.folder / name.file}"
        print(f"{name}: {'fetched; ' if fetched else ''}{where}")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m services.rembg.weights", description="Fetch the weights of networks.")
    known = ", ".join(f"{name} ({network.megabytes:g} MB)" for name, network in CATALOGUE.items())
    parser.add_argument("names", nargs="*", metavar="NAME", type=Name, help=known)
    return parser


def progress(name: Name) -> Report:
    """Report with a progress bar on a terminal, with a line every few seconds elsewhere."""
    terminal = sys.stdout.isatty()
    pause_s, last = (_TERMINAL_S if terminal else _PLAIN_S), time.monotonic()

    def report(done: int, total: int | None) -> None:
        nonlocal last
        if done != total and time.monotonic() - last < pause_s:
            return
        last = time.monotonic()
        share = done / total if total else 0.0
        of = f" of {total / 1e6:.1f}" if total else ""
        text = f"{share:4.0%}, {done / 1e6:.1f}{of} MB"
        if terminal:
            bar = f"[{'#' * round(share * _BAR):<{_BAR}}]"
            print(f"\r{name}: {bar} {text}", end="\n" if done == total else "", flush=True)
        else:
            print(f"{name}: {text}", flush=True)

    return report


if __name__ == "__main__":
    sys.exit(main())
