"""`python -m services.api.batch FOLDER OUT --url https://shop.example --key sk_...`.

Exit codes: 0, all is done; 1, some pictures failed; 2, the request is wrong, or the server did not answer for too long;
130, interrupted. Started again, it goes on where it was.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from services.api.batch.client import Client, Failed
from services.api.batch.folders import scan
from services.api.batch.journal import Journal
from services.api.batch.progress import Progress
from services.api.batch.rounds import Rounds


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = _parser().parse_args(arguments)
    try:
        return _run(given)
    except (Failed, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. The same command goes on from here.\n")
        return 130


def _run(given: argparse.Namespace) -> int:
    if not given.folder.is_dir():
        raise Failed(f"{given.folder} is no folder.")
    given.out.mkdir(parents=True, exist_ok=True)
    options = dict(option.split("=", 1) for option in given.option)
    client = Client(given.url, _key(given.key))
    with Journal(given.out, {"url": client.url, "options": options}) as journal:
        pictures = scan(given.folder, given.out)
        progress = Progress(len(pictures))
        failures = Rounds(client, journal, given.out, options, given.at_once, progress).run(pictures)
    sys.stderr.writelines(f"{name}: {why}\n" for name, why in sorted(failures.items()))
    sys.stderr.write(f"{len(pictures) - len(failures)} of {len(pictures)} pictures are in {given.out}\n")
    return 1 if failures else 0


def _key(given: str) -> str:
    """The key, or that in a file: `@file`, so that it stands in no list of processes."""
    return Path(given[1:]).read_text().strip() if given.startswith("@") else given


def _option(text: str) -> str:
    if "=" not in text:
        raise argparse.ArgumentTypeError(f"{text} is not like format=jpg")
    return text


def _at_once(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 32:
        raise argparse.ArgumentTypeError("must be from 1 to 32")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m services.api.batch", description="Cut out all pictures below a folder.")
    parser.add_argument("folder", type=Path, help="pictures, in any folders below")
    parser.add_argument("out", type=Path, help="for the results, in the same folders")
    parser.add_argument("--url", required=True, help="of the running system, such as https://shop.example")
    parser.add_argument("--key", required=True, help="an API key, or @FILE with one")
    parser.add_argument(
        "--option", action="append", default=[], type=_option, metavar="NAME=VALUE", help="such as format=jpg"
    )
    parser.add_argument("--at-once", default=4, type=_at_once, help="pictures sent at a time (4)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
