"""One mail to one recipient over SMTP, within a time limit for the whole conversation."""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from email.message import EmailMessage

from services.api.mail.settings import Security, Server
from shared import timeouts

_MAX_WORDS = 300  # characters kept of what a server says


class Unreachable(Exception):
    """No session with the mail server could be opened; that is no fault of the mail."""


class Deferred(Exception):
    """The mail was not accepted now, or the answer did not arrive."""


class Refused(Exception):
    """The server does not want this mail, now or later."""


def send(server: Server, sender: str, recipient: str, message: EmailMessage) -> None:
    """Return once the server has accepted the mail. Raises Unreachable, Deferred or Refused."""
    with _connected(server) as connection, closing(_opened(server, sender, connection)) as client:
        try:
            client.send_message(message, sender, [recipient])  # a list in the header must not add any
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(*error.recipients[recipient]) from error
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:  # an address that is not ASCII
            raise Refused(_words(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Deferred(_words(error)) from error
        with suppress(OSError, smtplib.SMTPException):  # the mail is accepted
            client.quit()


@contextmanager
def _connected(server: Server) -> Iterator[socket.socket]:
    """A connection that is cut after MAIL_S; a time limit of each reply would not end one that comes byte by byte."""
    try:
        connection = socket.create_connection((server.host, server.port), timeouts.MAIL_CONNECT_S)
    except OSError as error:
        raise Unreachable(_words(error)) from error
    guard = connection.dup()  # TLS takes the connection over
    watch = threading.Timer(timeouts.MAIL_S, _cut, [guard])
    watch.daemon = True
    watch.start()
    try:
        yield connection
    finally:
        watch.cancel()
        _cut(guard)
        guard.close()
        connection.close()


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _opened(server: Server, sender: str, connection: socket.socket) -> smtplib.SMTP:
    """A session, protected and signed in as the server's URL says."""
    connection.settimeout(timeouts.MAIL_READ_S)
    context = ssl.create_default_context()
    client = smtplib.SMTP(local_hostname=sender.rpartition("@")[2])
    try:
        client.sock = connection
        if server.security is Security.TLS:
            client.sock = context.wrap_socket(connection, server_hostname=server.host)
        code, words = client.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        if server.security is Security.STARTTLS:
            client._host = server.host  # type: ignore[attr-defined]  # whose certificate it checks
            client.starttls(context=context)
        if server.user is not None:
            client.login(server.user, server.password)
    except (OSError, smtplib.SMTPException) as error:
        client.close()
        raise Unreachable(_words(error)) from error
    return client


def _refusal(code: int, words: bytes | str) -> Deferred | Refused:
    kind = Refused if code >= 500 else Deferred
    return kind(_clean(f"{code} {words.decode('ascii', 'replace') if isinstance(words, bytes) else words}"))


def _words(error: Exception) -> str:
    """What a server answered, or what went wrong with the connection."""
    if isinstance(error, smtplib.SMTPResponseException):
        return str(_refusal(error.smtp_code, error.smtp_error))
    return _clean(f"{type(error).__name__}: {error}")


def _clean(words: str) -> str:
    return re.sub(r"[^ -~]+", " ", words)[:_MAX_WORDS]
