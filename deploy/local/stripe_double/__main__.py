"""Run the double: `python -m deploy.local.stripe_double PORT WEBHOOK_URL [FILE]`, with the STRIPE_* of the api.

Events go to WEBHOOK_URL, which may be empty; with FILE it remembers everything when it starts again.
"""

import os
import sys
from pathlib import Path

from deploy.local.stripe_double.double import Double
from deploy.local.stripe_double.server import Server
from deploy.local.stripe_double.state import State
from deploy.local.stripe_double.webhooks import Webhooks


def main(arguments: list[str]) -> None:
    port, webhook_url, *file = arguments
    environment = os.environ
    secret_key = environment.get("STRIPE_SECRET_KEY", "")
    if not secret_key.startswith("sk_test_"):
        sys.exit("the double takes a STRIPE_SECRET_KEY that begins with sk_test_")
    state = State(Path(file[0]) if file else None)
    webhooks = Webhooks(state, webhook_url, environment["STRIPE_WEBHOOK_SECRET"].split(",")[0])
    host = environment.get("BIND_HOST") or "127.0.0.1"
    server = Server((host, int(port)), Double(state, secret_key, environment["STRIPE_PUBLISHABLE_KEY"]), webhooks)
    webhooks.start()
    server.serve()


if __name__ == "__main__":
    main(sys.argv[1:])
