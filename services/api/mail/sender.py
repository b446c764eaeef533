"""The thread that sends the mails of the outbox, one at a time, each until it is accepted, refused or of no use."""

import threading
import time
from collections.abc import Callable
from functools import partial

from services.api.mail import smtp
from services.api.mail.letters import Letters
from services.api.mail.settings import Server
from shared import errors, failpoints, log, metrics, timeouts
from shared.db import mails
from shared.db.pool import Connection, Database
from shared.models.mail import Mail

IDLE_S = 2.0  # between two looks at an outbox with nothing due
AWAY_S = 60.0  # before the next try while no mail server is there
FIRST_RETRY_S, LAST_RETRY_S = 60.0, 6 * 3600.0  # the delay doubles between them
EXPIRE_AT_ONCE = 100

_log = log.get("mail")
_Record = Callable[[Connection], bool]


class Sender:
    """Any number of instances may run; the outbox gives out one mail at a time."""

    def __init__(
        self,
        database: Database,
        letters: Letters,
        server: Server,
        address: str,
        lease_s: float = timeouts.MAIL_LEASE_S,
    ) -> None:
        self._database = database
        self._letters = letters
        self._server = server
        self._address = address
        self._lease_s = lease_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send no further mail; may be repeated."""
        self._stopped.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the mail that is being sent: a process that ends in the middle may send it twice."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopped.wait(self._turn()):
            pass

    def _turn(self) -> float:
        """Send what is due; returns the seconds to wait before the next turn."""
        try:
            while not self._stopped.is_set():
                mail = self._next()
                if mail is None:
                    return IDLE_S
                self._send(mail)
        except errors.Unavailable:
            return IDLE_S
        except smtp.Unreachable:
            return AWAY_S
        except Exception as error:  # noqa: BLE001 - the thread must survive whatever one mail brings
            _log.exception("mail_sender_failed", error=type(error).__name__)
            return AWAY_S
        return 0

    def _next(self) -> Mail | None:
        with self._database.transaction() as connection:
            expired = mails.expire(connection, EXPIRE_AT_ONCE)
            mail = mails.claim(connection, self._lease_s)
        if expired:
            metrics.MAILS.labels("expired").inc(expired)
            _log.error("mails_expired", mails=expired)
        return mail

    def _send(self, mail: Mail) -> None:
        """Try once and record how that went. Raises smtp.Unreachable after it has."""
        try:
            self._deliver(mail)
        except smtp.Unreachable as error:
            self._end(mail, "unreachable", partial(mails.released, mail=mail, error=str(error)), str(error))
            raise
        except smtp.Refused as error:
            self._end(mail, "refused", partial(mails.failed, mail=mail, error=str(error)), str(error))
        except smtp.Deferred as error:
            self._defer(mail, str(error))
        except Exception as error:  # noqa: BLE001 - such as a template of a newer release; the next mail is another
            self._defer(mail, type(error).__name__)
        else:
            self._end(mail, "sent", partial(mails.sent, mail=mail))

    @failpoints.after("m1")
    def _deliver(self, mail: Mail) -> None:
        message = self._letters.message(mail, self._address)
        smtp.send(self._server, self._address, mail.recipient, message)

    def _defer(self, mail: Mail, error: str) -> None:
        delay_s = retry_delay_s(mail.attempts)
        self._end(mail, "deferred", partial(mails.deferred, mail=mail, error=error, delay_s=delay_s), error)

    def _end(self, mail: Mail, outcome: str, record: _Record, error: str = "") -> None:
        self._record(record)
        metrics.MAILS.labels(outcome).inc()
        tell = _log.warning if error else _log.info
        reason = error.partition(" ")[0].rstrip(":")  # the rest of a server's words may name the recipient
        tell("mail", outcome=outcome, mail_id=str(mail.id), template=mail.template, reason=reason)

    def _record(self, record: _Record) -> None:
        """Try for a while, as a mail whose sending is not recorded is sent again."""
        until = time.monotonic() + timeouts.RETRY_S
        while True:
            try:
                with self._database.transaction() as connection:
                    record(connection)
            except errors.Unavailable:
                if time.monotonic() > until:
                    raise
                time.sleep(1)
            else:
                return


def retry_delay_s(attempts: int) -> float:
    """The delay after so many attempts: a minute, then twice as long each time, up to six hours."""
    return min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempts - 1, 16))
