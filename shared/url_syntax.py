"""Which texts are addresses of hosts, HTTP servers, Postgres and Redis. Nothing here connects to any of them."""

import ipaddress
import re
from contextlib import suppress
from urllib.parse import SplitResult, unquote, urlsplit

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)
_NUMBERS = re.compile(r"[0-9.]+")
# As libpq reads it: the first @ ends the password; several hosts and ports are separated by commas.
_POSTGRES = re.compile(
    r"postgres(?:ql)?://(?:(?P<user>[^:@/\s]*)(?::(?P<password>[^@/\s]*))?@)?(?P<hosts>[^@/?\s]*)(?:[/?]\S*)?"
)
_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\]]+\]|[^:]*)(?::(?P<port>[0-9]{1,5}))?")


def is_host(text: str) -> bool:
    """Whether it is a name or an IP address; IPv6 without brackets."""
    if ":" in text or _NUMBERS.fullmatch(text):
        with suppress(ValueError):
            ipaddress.ip_address(text)
            return True
        return False
    return _NAME.fullmatch(text) is not None


def split_url(text: str, *schemes: str) -> SplitResult | None:
    """The parts of a URL with one of the schemes and a possible host and port; None for anything else."""
    if not text.isascii() or re.search(r"[\x00-\x20\x7f\\]", text):
        return None
    with suppress(ValueError):
        parts = urlsplit(text)
        if parts.scheme in schemes and parts.port != 0 and is_host(parts.hostname or ""):
            return parts
    return None


def is_http(text: str) -> bool:
    """Whether it is the URL of an HTTP server, perhaps with a path; nothing else may be in it."""
    parts = split_url(text, "http", "https")
    return parts is not None and parts.username is None and not parts.query and not parts.fragment


def is_origin(text: str) -> bool:
    """Whether it is scheme, host and perhaps port of an HTTP server; a slash may follow."""
    return is_http(text) and urlsplit(text).path in ("", "/")


def is_redis(text: str) -> bool:
    """Whether it is redis:// or rediss:// with a host and perhaps the number of a database."""
    parts = split_url(text, "redis", "rediss")
    return parts is not None and not parts.fragment and re.fullmatch(r"/?|/[0-9]{1,4}", parts.path) is not None


def is_postgres(text: str) -> bool:
    """Whether it is postgresql://; without a host, parameters or the default name a socket."""
    parts = _POSTGRES.fullmatch(text)
    return parts is not None and text.isprintable() and all(map(_is_server, parts["hosts"].split(",")))


def _is_server(text: str) -> bool:
    """Whether it is a host of Postgres, perhaps with a port; a folder of sockets begins with an escaped slash."""
    parts = _HOST_AND_PORT.fullmatch(text)
    if parts is None or not 1 <= int(parts["port"] or 5432) <= 65_535:
        return False
    host = unquote(parts["host"])
    return host == "" or host.startswith("/") or is_host(host.removeprefix("[").removesuffix("]"))


def password(text: str) -> str | None:
    """The password in the URL of a Postgres or Redis server, if there is one."""
    postgres = _POSTGRES.fullmatch(text)
    found = postgres["password"] if postgres else urlsplit(text).password
    return None if found is None else unquote(found)
