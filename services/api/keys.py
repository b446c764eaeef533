"""API keys: `python -m services.api.keys create NAME --scope premium|admin`, `list`, `revoke ID`.

A key is shown once, when it is made; only its SHA-256 is stored. 32 random bytes cannot be guessed, so the hash needs
no salt or slowness, and one indexed look-up finds it.
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
    """A fresh key."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    log.setup("keys", stream=sys.stderr)  # standard output is for the key alone
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
        kept = api_keys.add(connection, options.name, Scope(options.scope), digest(key))
    print(key)
    print(f"{kept.id}: {kept.name}, scope {kept.scope}. The key is not shown again.", file=sys.stderr)
    return 0


def _list(database: Database, _: argparse.Namespace) -> int:
    with database.transaction() as connection:
        found = api_keys.listed(connection)
    for key in found:
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "valid"
        print(f"{key.id}  {key.scope:<8} {state:<18} {key.created_at:%Y-%m-%d}  {key.name}")
    return 0


def _revoke(database: Database, options: argparse.Namespace) -> int:
    with database.transaction() as connection:
        done = api_keys.revoke(connection, options.id)
    print("revoked" if done else "there is no such valid key", file=sys.stdout if done else sys.stderr)
    return 0 if done else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.api.keys", description="API keys")
    commands = parser.add_subparsers(required=True)
    create = commands.add_parser("create", help="make a key and print it, once")
    create.add_argument("name")
    create.add_argument("--scope", choices=[scope.value for scope in Scope], required=True)
    create.set_defaults(run=_create)
    commands.add_parser("list", help="every key, without the key").set_defaults(run=_list)
    revoke = commands.add_parser("revoke", help="end a key at once")
    revoke.add_argument("id", type=UUID)
    revoke.set_defaults(run=_revoke)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
