"""Every failure has the status and code of the contract, and the same shape."""

import pytest

from shared import batch_errors, errors, shop_errors

CONTRACT = {
    "missing_file": 400,
    "invalid_request": 400,
    "invalid_cursor": 400,
    "digest_mismatch": 400,
    "url_not_allowed": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "request_timeout": 408,
    "job_finished": 409,
    "job_not_failed": 409,
    "source_missing": 409,
    "batch_closed": 409,
    "batch_unfinished": 409,
    "batch_too_large": 422,
    "archive_refused": 422,
    "request_in_progress": 409,
    "mail_not_failed": 409,
    "more_than_paid": 409,
    "not_uploaded": 409,
    "out_of_stock": 409,
    "sku_taken": 409,
    "slug_taken": 409,
    "variant_taken": 409,
    "webhook_disabled": 409,
    "webhook_limit": 409,
    "length_required": 411,
    "quote_expired": 409,
    "quote_used": 409,
    "in_production": 409,
    "not_allowed_now": 409,
    "changed": 412,
    "wrong_credentials": 401,
    "token_spent": 410,
    "weak_password": 422,
    "idempotency_key_missing": 400,
    "bad_address": 422,
    "not_paid": 409,
    "not_payable": 409,
    "open_orders": 409,
    "bad_signature": 400,
    "wrong_mode": 400,
    "payment_unavailable": 503,
    "unknown_sku": 422,
    "not_shipped_there": 422,
    "total_out_of_range": 422,
    "discount_refused": 422,
    "body_too_large": 413,
    "storage_quota": 413,
    "uri_too_long": 414,
    "unsupported_image": 415,
    "requested_range_not_satisfiable": 416,
    "unreadable_image": 422,
    "image_too_large": 422,
    "image_too_small": 422,
    "animated_image": 422,
    "too_complex": 422,
    "key_reused": 422,
    "faulty_file": 422,
    "no_ink": 422,
    "poison": 422,
    "large_enough": 422,
    "not_flat_artwork": 422,
    "too_large": 422,
    "does_not_fit": 422,
    "not_offered": 422,
    "not_printable": 422,
    "outside_print_area": 422,
    "source_unreachable": 422,
    "unknown_foreground": 422,
    "rate_limited": 429,
    "headers_too_large": 431,
    "job_quota": 429,
    "busy": 503,
    "unavailable": 503,
}
_NAMED = (vars(errors) | vars(batch_errors) | vars(shop_errors)).values()
FAILURES = [kind for kind in _NAMED if isinstance(kind, type) and issubclass(kind, errors.Failure)]


def test_codes_are_exactly_those_of_the_contract() -> None:
    assert sorted((kind.code, kind.status) for kind in FAILURES) == sorted([*CONTRACT.items(), ("internal", 500)])


@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.code)
def test_every_failure_has_a_default_message(kind: type[errors.Failure]) -> None:
    failure = kind()
    assert failure.envelope("r1") == {"error": {"code": kind.code, "message": kind.message, "requestId": "r1"}}
    assert str(failure) == kind.message
    assert kind.message.endswith(".")


@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.code)
def test_only_retryable_failures_have_retry_after(kind: type[errors.Failure]) -> None:
    assert kind.retryable == (kind.status in (429, 503))
    assert kind().retry_after_s == (1 if kind.retryable else None)


def test_a_given_message_replaces_the_default() -> None:
    failure = errors.NotFound("That job is gone.")
    assert failure.envelope("r1")["error"] == {"code": "not_found", "message": "That job is gone.", "requestId": "r1"}


def test_details_appear_only_when_given() -> None:
    failure = errors.ImageTooSmall(details={"least": 16})
    assert failure.envelope("r1")["error"] == {
        "code": "image_too_small",
        "message": errors.ImageTooSmall.message,
        "requestId": "r1",
        "details": {"least": 16},
    }


def test_a_failure_can_override_retry_after() -> None:
    assert errors.RateLimited(retry_after_s=900).retry_after_s == 900
    assert errors.NotFound(retry_after_s=3).retry_after_s == 3


def test_an_error_of_the_server_has_our_code_for_its_status_or_its_name() -> None:
    for status, name, code in (
        (414, "URI Too Long", "uri_too_long"),
        (405, "Method Not Allowed", "method_not_allowed"),
    ):
        error = errors.of_server(status, name, "r1")["error"]
        assert isinstance(error, dict)
        assert (error["code"], error["requestId"]) == (code, "r1")
        assert error["message"].endswith(".")
