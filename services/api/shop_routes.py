"""The shop's part of the API's surface: by tag, the routes that `routes.py` adds to its own."""

from collections.abc import Mapping

from services.api.mail import views as mail
from services.api.mail.schemas import MailOut, MailPage
from services.api.mockups import views as mockups
from services.api.openapi import MOCKUP
from services.api.route import ADMIN, API, GET, NO_STORE, POST, PUBLIC, PUBLISHED, UNLIMITED, Route
from shared import errors, shop_errors

_PICTURES = (GET("/garments/<garment>/<color>.webp", mockups.blank, PUBLIC, UNLIMITED, PUBLISHED, MOCKUP, (200, 304)),)
_MAILS = (
    GET("/api/admin/mails", mail.page, ADMIN, API, NO_STORE, MailPage, (200,), (errors.InvalidCursor,)),
    POST(
        *("/api/admin/mails/<uuid:mail_id>/retry", mail.retry, ADMIN, API, NO_STORE),
        *(MailOut, (200,), (shop_errors.MailNotFailed,)),
    ),
)
SHOP: Mapping[str, tuple[Route, ...]] = {"catalogue": _PICTURES, "mails": _MAILS}
