"""`python -m deploy.migrate_storage COMMAND`; see --help. Secrets come from the environment only."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.migrate_storage import copying, report, rewriting
from deploy.migrate_storage.ledger import Ledger
from shared import errors, log, settings
from shared.db import url_rewrites
from shared.db.pool import Database
from shared.storage.migration_bucket import MigrationBucket

_EPILOG = """\
The old bucket is named by OLD_S3_ENDPOINT, OLD_S3_ACCESS_KEY_ID, OLD_S3_SECRET_ACCESS_KEY, OLD_S3_BUCKET_NAME and
OLD_S3_REGION (Supabase: https://PROJECT.supabase.co/storage/v1/s3 and the project's region), the new one by
R2_ENDPOINT, R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY and R2_BUCKET_NAME, the database by DATABASE_URL.

  copy --dry-run               lists what there is to do; writes only the ledger
  copy                         repeat until nothing is left; a killed run resumes
  verify                       reads every copy
  rewrite --from https://PROJECT.supabase.co/storage/v1/object/public/BUCKET --to https://pictures.shop.example \\
          --column products.image_url --column posts.body
                               text and JSON columns; the rows of this system hold keys and need no rewrite
  rollback                     restores what rewrite changed; the old bucket is complete, as nothing is ever deleted

Keep the old bucket for at least seven days. The exit status is 1 while anything is missing, damaged or not done."""


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    log.setup("migrate_storage", stream=sys.stderr)
    try:
        with Ledger(options.ledger) as ledger:
            done: bool = options.run(options, ledger)
            known = report.write(ledger, options.report)
            return 0 if done and not known["notCopied"] and not known["addressesLeft"] else 1
    except (errors.Failure, url_rewrites.Unknown) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command resumes here", file=sys.stderr)
        return 130


def _copy(options: argparse.Namespace, ledger: Ledger) -> bool:
    source, target = _buckets(options, ledger)
    changed = copying.find(source, ledger, accept_changed=options.accept_changed)
    for key in changed:
        print(f"changed in the old bucket since its first listing: {key}")
    if options.dry_run:
        print("nothing was copied: this was a dry run")
    else:
        copying.copy(source, target, ledger, options.workers)
    return not changed or bool(options.accept_changed)


def _verify(options: argparse.Namespace, ledger: Ledger) -> bool:
    copying.verify(_buckets(options, ledger)[1], ledger, options.workers)
    return True


def _rewrite(options: argparse.Namespace, ledger: Ledger) -> bool:
    work = rewriting.Rewriting(ledger, options.old, options.new)
    with _database() as database:
        for column in options.column:
            work.run(database, column, dry=options.dry_run)
        if options.dry_run:
            print(f"nothing was rewritten: this was a dry run; rows that would be: {work.rows}")
        ledger.rewrote(rewriting.rewritten(database), work.left)
    return True


def _rollback(options: argparse.Namespace, ledger: Ledger) -> bool:  # noqa: ARG001 - all commands have the same parameters
    with _database() as database:
        rows, changed = rewriting.rollback(database)
    ledger.rewrote({}, {})
    print(f"restored: {rows:,} rows")
    for row in changed:
        print(f"left unchanged, because it was edited since: {row}")
    return not changed


def _report(options: argparse.Namespace, ledger: Ledger) -> bool:  # noqa: ARG001
    return True


def _buckets(options: argparse.Namespace, ledger: Ledger) -> tuple[MigrationBucket, MigrationBucket]:
    """The old and the new bucket, which must be those of the ledger."""
    old, new = settings.OldStorage.read(), settings.Storage.read()
    if new.endpoint is None:
        raise settings.Invalid("R2_ENDPOINT: the new bucket is not set")
    ledger.bind(f"{old.endpoint} {old.bucket} -> {new.endpoint} {new.bucket}")
    source = MigrationBucket(old.storage, region=old.region, connections=options.workers)
    return source, MigrationBucket(new, connections=options.workers)


@contextmanager
def _database() -> Iterator[Database]:
    database = Database(settings.Database.read().url.get_secret_value(), pool_max=2, statement_s=300)  # large tables
    database.open()
    try:
        yield database
    finally:
        database.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.migrate_storage",
        description="Copy one S3 bucket into another, and rewrite their URLs in the database.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--ledger", type=Path, default=Path("migration.jsonl"), help="default: %(default)s")
    parser.add_argument("--report", type=Path, help="write the report as JSON into this file as well")
    parser.add_argument("--workers", type=_workers, default=8, help="objects at once, 1 to 64 (default: %(default)s)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    copy = commands.add_parser("copy", help="copy what is missing")
    copy.add_argument("--dry-run", action="store_true", help="only list")
    copy.add_argument("--accept-changed", action="store_true", help="copy changed objects as they are now")
    copy.set_defaults(run=_copy)
    rewrite = commands.add_parser("rewrite", help="rewrite URLs in the database")
    rewrite.add_argument("--from", dest="old", required=True, metavar="URL", help="the URL prefix before the key now")
    rewrite.add_argument("--to", dest="new", required=True, metavar="URL", help="the new prefix")
    rewrite.add_argument("--column", action="append", required=True, metavar="TABLE.COLUMN", help="a column to rewrite")
    rewrite.add_argument("--dry-run", action="store_true", help="only count")
    rewrite.set_defaults(run=_rewrite)
    for name, run, words in (
        ("verify", _verify, "read every copy and compare it"),
        ("rollback", _rollback, "restore the URLs"),
        ("report", _report, "print what the ledger holds"),
    ):
        commands.add_parser(name, help=words).set_defaults(run=run)
    return parser


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 64")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
