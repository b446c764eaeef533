"""API keys: `python -m services.api.keys create NAME --scope SCOPE`, `list`, `revoke ID`, `credits ID NUMBER`.

A key is shown once, when it is created; only its SHA-256 is stored. 32 random bytes cannot be guessed, so the hash
needs neither salt nor a slow function, and one indexed look-up finds it.
"""

import argparse
import hashlib
import secrets
import sys
from uuid import UUID

from services.api.settings import Web
from shared import errors, log, settings
from shared.db import api_keys
from shared.db.pool import Database
from shared.models.owner import Scope

PREFIX = "sk_"
_ADVICE = """\
{id}: {name}, scope {scope}. The key above is not shown again.
Store it on your servers only: anyone who has it can act for you.

Try it:
  curl -H 'X-Api-Key: {key}' {address}{path}
Cut out a picture, and follow the statusUrl of the answer with the same header:
  curl -H 'X-Api-Key: {key}' -F file=@photo.jpg {address}/api/cutouts
"""


def make() -> str:
    """A new key."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """The hash stored for a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    log.setup("keys", stream=sys.stderr)  # standard output carries only the key, for scripts
    database = Database(settings.Database.read().url.get_secret_value(), pool_max=2)
    database.open()
    try:
        return int(options.run(database, options))
    except errors.Unavailable as error:
        print(error.public, file=sys.stderr)
        return 1
    finally:
        database.close()


def _create(database: Database, options: argparse.Namespace) -> int:
    key = make()
    with database.transaction() as connection:
        stored = api_keys.add(connection, options.name, Scope(options.scope), digest(key), options.credits)
    print(key, flush=True)
    address = Web.read().public_url or options.local_address or _local_address()
    path = "/api/admin/jobs" if stored.scope is Scope.ADMIN else "/api/jobs"  # answers at once, whatever there is
    advice = _ADVICE.format(id=stored.id, name=stored.name, scope=stored.scope, key=key, address=address, path=path)
    print(advice, end="", file=sys.stderr)
    return 0


def _local_address() -> str:
    return f"http://localhost:{settings.Listen.read().port or 8000}"


def _list(database: Database, _: argparse.Namespace) -> int:
    with database.transaction() as connection:
        found = api_keys.all_keys(connection)
    for key in found:
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "valid"
        limit = "" if key.monthly_credits is None else f"  ({key.monthly_credits} credits a month)"
        print(f"{key.id}  {key.scope:<9} {state:<18} {key.created_at:%Y-%m-%d}  {key.name}{limit}")
    return 0


def _revoke(database: Database, options: argparse.Namespace) -> int:
    with database.transaction() as connection:
        done = api_keys.revoke(connection, options.id)
    print("revoked" if done else "no valid key has this id", file=sys.stdout if done else sys.stderr)
    return 0 if done else 1


def _set_credits(database: Database, options: argparse.Namespace) -> int:
    with database.transaction() as connection:
        done = api_keys.set_credits(connection, options.id, options.credits)
    print("changed" if done else "no valid key has this id", file=sys.stdout if done else sys.stderr)
    return 0 if done else 1


def _credits(text: str) -> int | None:
    if text == "unlimited":
        return None
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError("a whole number, or `unlimited`")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.api.keys", description="API keys")
    commands = parser.add_subparsers(required=True)
    create = commands.add_parser("create", help="create a key and print it once")
    create.add_argument("name")
    create.add_argument("--scope", choices=[scope.value for scope in Scope], required=True)
    of_credits = "a month's credits of remove.bg's API: a whole number or, as without it, `unlimited`"
    create.add_argument("--credits", type=_credits, help=of_credits)
    create.add_argument("--local-address", help="the api's address in the commands shown where PUBLIC_URL is not set")
    create.set_defaults(run=_create)
    commands.add_parser("list", help="list all keys, without their secrets").set_defaults(run=_list)
    revoke = commands.add_parser("revoke", help="revoke a key at once")
    revoke.add_argument("id", type=UUID)
    revoke.set_defaults(run=_revoke)
    change = commands.add_parser("credits", help="change a key's credits")
    change.add_argument("id", type=UUID)
    change.add_argument("credits", type=_credits, help=of_credits)
    change.set_defaults(run=_set_credits)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
