#!/usr/bin/env bash
# localstripe, a stand-in for Stripe in tests, refunds a payment as often as it is asked: 2 x 2,000 of 2,500, and the rest, and
# all of it once more. Stripe refuses what exceeds the charge. It also takes no notice of idempotency keys: the same call with
# the same key makes two payments. A shop tested with it alone would not notice that it pays back too much, or charges twice.
# Seen with localstripe 1.15.10 and stripe 16.1.0.
# Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check localstripe==1.15.10 stripe==16.1.0 requests
"$folder/venv/bin/localstripe" --port 28429 --from-scratch > "$folder/log" 2>&1 &
server=$!
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import time
import urllib.request

import stripe

for _ in range(100):
    try:
        urllib.request.urlopen("http://127.0.0.1:28429/js.stripe.com/v3/", timeout=1)
        break
    except OSError:
        time.sleep(0.1)
client = stripe.StripeClient("sk_test_12345", base_addresses={"api": "http://127.0.0.1:28429"}).v1
params = {"amount": 2500, "currency": "usd", "payment_method_types": ["card"]}
paid = client.payment_intents.create({**params, "payment_method": "pm_card_visa", "confirm": True})
refunds = [client.refunds.create({"payment_intent": paid.id, "amount": 2000}) for _ in range(2)]
returned = sum(refund.amount for refund in refunds if refund.status == "succeeded")
twice = {client.payment_intents.create(params, {"idempotency_key": "one"}).id for _ in range(2)}
print(f"{returned} of {paid.amount} paid back; {len(twice)} payments of one key")
sys.exit(0 if returned > paid.amount and len(twice) == 2 else 1)
PYTHON
