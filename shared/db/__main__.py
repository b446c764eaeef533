"""`python -m shared.db migrate|check`: bring the schema up to date, or say what is missing (status 1)."""

import sys

from shared import settings
from shared.db import migrate


def main(arguments: list[str]) -> int:
    url = settings.Database.read().direct_url
    match arguments:
        case ["migrate"]:
            applied = migrate.migrate(url)
            print("applied: " + ", ".join(applied) if applied else "nothing to apply")
            return 0
        case ["check"]:
            missing = migrate.check(url)
            print("missing: " + ", ".join(missing) if missing else "up to date")
            return 1 if missing else 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
