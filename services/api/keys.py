"""API keys: `python -m services.api.keys create NAME --scope premium|admin`, `list`, `revoke ID`.

A key is shown once, when it is created; only its SHA-256 is stored. 32 random bytes cannot be guessed, so the hash
needs neither salt nor a slow function, and one indexed look-up finds it.
"""

import argparse
import hashlib
import secrets
import sys
from uuid import UUID

from shared import errors, log, settings
from shared.db import api_keys
from shared.db.pool import Database
from shared.models.owner import Scope

PREFIX = "sk_"


def make() -> str:
    """A new key."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """The hash stored for a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    log.setup("keys", stream=sys.stderr)  # standard output carries only the key
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
        stored = api_keys.add(connection, options.name, Scope(options.scope), digest(key))
    print(key)
    print(f"{stored.id}: {stored.name}, scope {stored.scope}. The key is not shown again.", file=sys.stderr)
    return 0


def _list(database: Database, _: argparse.Namespace) -> int:
    with database.transaction() as connection:
        found = api_keys.all_keys(connection)
    for key in found:
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "valid"
        print(f"{key.id}  {key.scope:<8} {state:<18} {key.created_at:%Y-%m-%d}  {key.name}")
    return 0


def _revoke(database: Database, options: argparse.Namespace) -> int:
    with database.transaction() as connection:
        done = api_keys.revoke(connection, options.id)
    print("revoked" if done else "no valid key has this id", file=sys.stdout if done else sys.stderr)
    return 0 if done else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.api.keys", description="API keys")
    commands = parser.add_subparsers(required=True)
    create = commands.add_parser("create", help="create a key and print it once")
    create.add_argument("name")
    create.add_argument("--scope", choices=[scope.value for scope in Scope], required=True)
    create.set_defaults(run=_create)
    commands.add_parser("list", help="list all keys, without their secrets").set_defaults(run=_list)
    revoke = commands.add_parser("revoke", help="revoke a key at once")
    revoke.add_argument("id", type=UUID)
    revoke.set_defaults(run=_revoke)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
