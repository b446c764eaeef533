"""Errors as remove.bg writes them: `{"errors": [{"title", "code", "detail"}]}`, for every response of its paths.

A wait stands in the body as well as in Retry-After: one client shows its callers nothing but the list of errors.
"""

import json
from collections.abc import Sequence

from flask import Flask, Response, request

from services.api.removebg import translation
from services.api.removebg.refusals import Problem, Refusal

PREFIXES = ("/v1.0/", "/api/v1.0/")
_JSON = "application/json; charset=utf-8"


def install(app: Flask) -> None:
    """Write every error below PREFIXES in remove.bg's way, whoever raised it."""
    app.register_error_handler(Refusal, _answer)
    app.after_request(_rewrite)


def _answer(refusal: Refusal) -> Response:
    return _written(Response(status=refusal.status, headers=refusal.headers), refusal.problems)


def _rewrite(response: Response) -> Response:
    if not request.path.startswith(PREFIXES) or response.status_code < 400:
        return response
    ours = response.get_json(silent=True) if response.mimetype == "application/json" else None
    if not isinstance(ours, dict) or "error" not in ours:
        return response
    error = ours["error"]
    status, problem = translation.told(response.status_code, error["code"], error["message"], error.get("details", {}))
    response.status_code = status
    return _written(response, [problem])


def _written(response: Response, problems: Sequence[Problem]) -> Response:
    wait_s = response.headers.get("Retry-After")
    wait = {"retry_after": int(wait_s)} if wait_s else {}
    listed = [{name: value for name, value in problem._asdict().items() if value} | wait for problem in problems]
    response.content_type = _JSON
    response.set_data(json.dumps({"errors": listed}))
    return response
