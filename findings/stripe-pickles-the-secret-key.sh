#!/usr/bin/env bash
# Every object that Stripe's library for Python returns holds the secret key it was fetched with, and a pickle of the object
# contains it in clear, though its repr does not: a cache or a queue that pickles a PaymentIntent stores the key of the account.
# Two more surprises of valid input: a webhook signed for ten years from now is accepted, as the tolerance bounds the past only,
# and a signature with a letter beyond ASCII raises TypeError in place of SignatureVerificationError.
# Seen with stripe 16.1.0.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check stripe==16.1.0 requests
"$folder/venv/bin/python" - <<'PYTHON'
import hashlib
import hmac
import pickle
import sys
import time

import stripe

KEY, SECRET = "sk_test_12345678", "whsec_12345678"
intent = stripe.PaymentIntent.construct_from({"id": "pi_1", "object": "payment_intent"}, KEY)
pickled = KEY.encode() in pickle.dumps(intent)
print("the key is in the pickle:", pickled, "- in its repr:", KEY in repr(intent))


def verified(signature: str) -> object:
    try:
        return stripe.WebhookSignature.verify_header(b"{}", signature, SECRET, 300)
    except Exception as error:
        return type(error).__name__


at = int(time.time()) + 10 * 365 * 86_400
digest = hmac.new(SECRET.encode(), f"{at}.{{}}".encode(), hashlib.sha256).hexdigest()
future = verified(f"t={at},v1={digest}")
letter = verified(f"t={int(time.time())},v1=\u00e9")
print("signed in ten years:", future, "- signed with \u00e9:", letter)
sys.exit(0 if pickled and future is True and letter == "TypeError" else 1)
PYTHON
