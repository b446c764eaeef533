"""/api/admin/mails: what became of each mail, for administrators."""

from services.api.dependencies import Dependencies
from services.api.mail.schemas import MailOut, MailPage, MailPath, MailQuery
from shared import errors, shop_errors
from shared.db import mails
from shared.db.pagination import Cursor
from shared.models.mail import Mail, MailState


def page(deps: Dependencies, query: MailQuery) -> MailPage:
    """List mails.

    Lists the mails of the last 30 days, newest first.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    with deps.database.transaction() as connection:
        found = mails.page(connection, query.limit, after, query.status)
    items = [MailOut.of(mail, _text(deps, mail)) for mail in found.items]
    return MailPage(items=items, next_cursor=found.next_cursor)


def retry(deps: Dependencies, path: MailPath) -> MailOut:
    """Send mail again.

    Sends a failed mail once more, as long as a link in it works.
    """
    with deps.database.transaction() as connection:
        mail = mails.retry(connection, path.mail_id)
        if mail is None:
            raise shop_errors.MailNotFailed if mails.find(connection, path.mail_id) else errors.NotFound
    return MailOut.of(mail, _text(deps, mail))


def _text(deps: Dependencies, mail: Mail) -> str | None:
    shown = deps.settings.smtp.shows_texts and mail.status is MailState.QUEUED
    return deps.letters.text(mail) if shown else None
