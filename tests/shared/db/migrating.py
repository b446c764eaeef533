"""Databases of a release before, and work that goes on while they are migrated."""

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from shared.db import migrate


def to(url: str, number: str, folder: Path) -> None:
    """Make the database anew, with the migrations up to this number, which are copied into the folder."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
    for path in migrate.FOLDER.glob("*.sql"):
        if path.name[:4] <= number:
            shutil.copy(path, folder)
    migrate.migrate(url, folder)


@contextmanager
def meanwhile(work: Callable[[], object], threads: int) -> Iterator[None]:
    """Repeat the work in threads during the block; raises what any of them raised."""
    stop = threading.Event()

    def loop() -> None:
        while not stop.is_set():
            work()

    with ThreadPoolExecutor(threads) as pool:
        loops = [pool.submit(loop) for _ in range(threads)]
        try:
            yield
        finally:
            stop.set()
    for each in loops:
        each.result()
