"""The files that the printer gets: one job for each print of an order, or for several prints that are equal."""

from collections.abc import Sequence
from uuid import UUID

from services.api.pages import colors
from shared.db import ids, jobs, print_jobs, production
from shared.db.pool import Connection
from shared.models.job import JobState, JobType, request_key
from shared.models.order import ARTWORK, OrderItem, OrderPrint
from shared.models.print_check import PrintMethod
from shared.models.print_file import PrintFileInput, Underbase

_PALE = 0.62  # of linear light: brighter cloth needs no white below the ink, as in mock-ups
_OVER = (JobState.FAILED, JobState.CANCELLED)


def make(connection: Connection, items: Sequence[OrderItem]) -> None:
    """See to it that every print has a file, or a job that makes it; files that are there stay.

    Workers find the jobs by themselves within seconds, as a payment's transaction wakes none.
    """
    prints = [(one, given(one, item.colour_hex)) for item in items for one in item.prints if one.rejection is None]
    production.set_jobs(connection, {one.id: _job(connection, one.asset_id, asked) for one, asked in prints})


def given(printed: OrderPrint, colour_hex: str) -> PrintFileInput:
    """The file of a print on a garment of this colour: its white ink is a plate of its own.

    Film takes white everywhere, cloth where it is dark, and stickers are white.
    """
    method = PrintMethod(printed.method)
    white = method is PrintMethod.DTF or (method is not PrintMethod.STICKER and not _is_pale(colour_hex))
    return PrintFileInput(
        width_mm=printed.width_um / 1000,
        rotation_mdeg=printed.rotation_mdeg,
        underbase=Underbase.PLATE if white else Underbase.NONE,
    )


def _job(connection: Connection, asset_id: UUID, asked: PrintFileInput) -> UUID:
    stored = asked.json()
    job = print_jobs.newest(connection, asset_id, request_key(JobType.PRINT_FILE, stored))
    if job is None or job.status in _OVER:
        job = jobs.create(connection, ids.new(), ARTWORK, asset_id, type=JobType.PRINT_FILE, input=stored)
    return job.id


def _is_pale(colour_hex: str) -> bool:
    return colors.luminance(colors.parse(colour_hex)) > _PALE
