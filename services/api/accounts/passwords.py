"""Passwords: hashed with argon2id, two at a time, because each takes 19 MB and 40 ms of a core."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.bulkhead import Bulkhead

_CONCURRENT = 2
_WAITING = 20  # they are through within the wait
_WAIT_S = 2.0
# Of no password that anyone knows, with the parameters below.
_OF_NO_CUSTOMER = "$argon2id$v=19$m=19456,t=2,p=1$0F3WiEPxb7Q5GUjI3AyDKg$Vse10yQbdzectDRMnXpoKqP7ie8g/uOglzDaMsVYt0k"


class Passwords:
    """Thread-safe. Raises Busy when too many are hashed at once.

    The same password typed with composed or decomposed letters is one.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's choice
        self._gate = Bulkhead(_CONCURRENT, _WAITING, _WAIT_S)

    def hash(self, password: str) -> str:
        with self._gate.slot():
            return self._hasher.hash(_normalized(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password of this hash. Takes as long for None, which no password matches."""
        with self._gate.slot():
            try:
                self._hasher.verify(stored or _OF_NO_CUSTOMER, _normalized(password))
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than a new one."""
        return self._hasher.check_needs_rehash(stored)


def _normalized(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
