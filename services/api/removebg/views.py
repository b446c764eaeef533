"""The three calls of remove.bg's API v1.0, made of the shop's own parts: docs/removebg.md."""

import time
from contextlib import ExitStack

from flask import Response, jsonify

from services.api.assets import ingest
from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.removebg import allowances, fields, incoming, queueing, results, waiting
from shared.db import assets, bad_results
from shared.db.api_keys import Key

_UNLIMITED = 1_000_000_000  # credits, as clients expect a number
_MAX_LABEL = 255


def remove(deps: Dependencies) -> Response:
    """Remove background.

    Waits for the result, at most REMOVEBG_WAIT_S.
    """
    key, wait_s = _key(), deps.settings.removebg.wait_s
    until = time.monotonic() + wait_s
    incoming.require_length()
    allowances.count(deps, key, 1)  # what a refused request costs
    with deps.callers.place(wait_s), ExitStack() as charge:
        with deps.callers.intake(until), incoming.taken_in(), deps.callers.work(until):
            given = incoming.parsed()
            asked, source = fields.read(given.texts), given.source()
            charge.enter_context(allowances.charged(deps, key, asked.quarters))
            queued = queueing.queue(deps, key, asked, source, given.background())
        return results.answer(deps, queued, waiting.ended(deps, queued.job, until))


def account(deps: Dependencies) -> Response:
    """Show account.

    Exactly the fields of remove.bg's own answer: one client fails at any other.
    """
    left = allowances.left(deps, _key())
    limited, unlimited = (0, _UNLIMITED) if left is None else (results.number(left), 0)
    total = limited + unlimited
    balance = {"subscription": limited, "payg": 0, "enterprise": unlimited, "total": total}
    return jsonify({"data": {"attributes": {"credits": balance, "api": {"free_calls": 0, "sizes": "all"}}}})


def improve(deps: Dependencies) -> Response:
    """Send bad result.

    Stores a picture that was cut out badly, with its label, for whoever improves the network.
    """
    key, owner = _key(), auth.writer()
    until = time.monotonic() + deps.settings.removebg.wait_s
    incoming.require_length()
    allowances.count_bad_result(deps, key)
    with deps.callers.intake(until), incoming.taken_in(), deps.callers.work(until):
        given = incoming.parsed()
        stored = ingest.store(deps, owner, given.source())
        label = (given.texts.get(name, "").replace("\0", "")[:_MAX_LABEL] for name in ("image_filename", "tag"))
        with deps.database.transaction() as connection:
            asset, _ = assets.add(connection, stored)
            bad = bad_results.add(connection, key.id, asset.id, *label)
    return jsonify({"id": str(bad)})


def _key() -> Key:
    found = auth.key()
    assert found is not None  # the route's policy requires one
    return found
