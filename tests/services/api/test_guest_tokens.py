"""Tokens of guests: only what was issued with this secret is recognised."""

import secrets
import string

from services.api import guest_tokens

SECRET = "a secret of the tests, long enough"


def test_an_issued_token_is_recognised_and_is_never_the_same() -> None:
    issued = {guest_tokens.issue(SECRET) for _ in range(100)}
    assert len(issued) == 100
    assert {len(token) for token in issued} == {43}
    assert all(guest_tokens.issued(SECRET, token) for token in issued)


def test_a_made_up_or_changed_token_is_not_recognised() -> None:
    token = guest_tokens.issue(SECRET)
    other = "B" if token[0] == "A" else "A"
    for wrong in (secrets.token_urlsafe(32), "a" * 43, other + token[1:], token[:21] + other + token[22:]):
        assert not guest_tokens.issued(SECRET, wrong) or wrong == token


def test_a_token_has_one_spelling() -> None:
    """The last of 43 characters carries four bits: four characters are decoded to the same bytes."""
    token = guest_tokens.issue(SECRET)
    spellings = {token[:-1] + last for last in f"{string.ascii_letters}{string.digits}-_"}
    assert {spelling for spelling in spellings if guest_tokens.issued(SECRET, spelling)} == {token}


def test_another_secret_recognises_nothing() -> None:
    assert not guest_tokens.issued("another secret, and long enough too", guest_tokens.issue(SECRET))
