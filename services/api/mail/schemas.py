"""Requests and responses of /api/admin/mails."""

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from services.api.schemas import ApiModel, Count, Items, Message, Name, NextCursor, PageQuery, ResponseModel, Time
from shared.models.mail import Mail, MailState


class MailQuery(PageQuery):
    status: MailState | None = None


class MailPath(ApiModel):
    mail_id: UUID


class MailOut(ResponseModel):
    """A mail to a customer. `error` is what the mail server said last; null if nothing went wrong.

    `dueAt` is when it is tried next, `expiresAt` when it is given up. `text` is null except for a queued mail of an api
    without a mail server on a machine that is not public: links in it open accounts.
    """

    names: ClassVar[Mapping[str, str]] = {"mail_id": "id"}

    id: UUID
    recipient: Name
    template: Name
    text: Message | None
    status: MailState
    attempts: Count
    error: Message | None
    created_at: Time
    due_at: Time
    expires_at: Time
    sent_at: Time | None

    @classmethod
    def of(cls, mail: Mail, text: str | None) -> "MailOut":
        return cls.from_row(mail, text=text, due_at=mail.run_after)


class MailPage(ResponseModel):
    items: Items[MailOut]
    next_cursor: NextCursor
