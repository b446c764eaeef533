"""The failures that only the shop has: accounts, catalogue, prices and orders; `shared.errors` has the others."""

from shared.errors import Failure


class Changed(Failure):
    status, code, message = 412, "changed", "This was changed since you read it."
    advice = "Read it again, and send your change with its new `version` as `If-Match`."


class WrongCredentials(Failure):
    status, code, message = 401, "wrong_credentials", "The address or the password is wrong."
    advice = "Type them again, or ask for a mail that lets you set a new password."


class TokenSpent(Failure):
    status, code, message = 410, "token_spent", "This link was used before, or has expired."
    advice = "Ask for a new mail: register again, or ask for a new password."


class WeakPassword(Failure):
    status, code, message = 422, "weak_password", "This password is too easy to guess."
    advice = "Choose one of at least 8 characters that is neither common nor your address."


class BadAddress(Failure):
    status, code, message = 422, "bad_address", "This address cannot be right."
    advice = "Correct the field that `details` names."
