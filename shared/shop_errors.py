"""The failures that only the shop has: accounts, catalogue, prices and orders; `shared.errors` has the others."""

from shared.errors import Failure


class MailNotFailed(Failure):
    status, code, message = 409, "mail_not_failed", "Only a failed mail whose link still works can be sent again."
    advice = "Let the customer ask for a new link."


class Changed(Failure):
    status, code, message = 412, "changed", "This was changed since you read it."
    advice = "Read it again, and send your change with its new `version` as `If-Match`."
