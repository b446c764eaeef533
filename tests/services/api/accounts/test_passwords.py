"""Password hashes: whose they are, and that few are made at once."""

import threading

import argon2
import pytest

from services.api.accounts.passwords import Passwords
from shared import errors


@pytest.fixture
def passwords() -> Passwords:
    return Passwords()


def test_a_hash_is_of_one_password_and_salted(passwords: Passwords) -> None:
    one, other = passwords.hash("correct horse"), passwords.hash("correct horse")
    assert one != other
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify(one, "correct horse")
    assert not passwords.verify(one, "Correct horse")


@pytest.mark.parametrize("stored", [None, "", "no hash", "$argon2id$v=19$m=19456,t=2,p=1$x"])
def test_nothing_matches_what_is_no_hash(passwords: Passwords, stored: str | None) -> None:
    assert not passwords.verify(stored, "correct horse")


def test_a_hash_of_other_parameters_is_outdated(passwords: Passwords) -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("correct horse")
    assert passwords.outdated(weak)
    assert passwords.verify(weak, "correct horse")
    assert not passwords.outdated(passwords.hash("correct horse"))


def test_more_than_can_wait_are_told_to_come_back(passwords: Passwords) -> None:
    start, ended = threading.Barrier(40), []

    def hash_one() -> None:
        start.wait()
        try:
            passwords.hash("correct horse")
        except errors.Busy as busy:
            ended.append(busy.retry_after_s)

    threads = [threading.Thread(target=hash_one) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended
    assert set(ended) == {1}
    assert passwords.hash("correct horse")
