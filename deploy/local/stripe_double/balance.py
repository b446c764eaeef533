"""Balance transactions: what each charge, refund and dispute moved, with its fee. The books must equal them."""

from deploy.local.stripe_double.state import Object, State, new_id

DISPUTE_FEE = 1500  # not given back when the dispute is won
_AVAILABLE_S = 2 * 86_400


def charge_fee(cents: int) -> int:
    """2.9 % and 30 cents, rounded half up."""
    return (cents * 29 + 500) // 1000 + 30


def move(
    state: State, source: Object, amount: int, *, kind: str, category: str, fee: int = 0, description: str = ""
) -> Object:
    """Record that `amount`, negative when it leaves the shop's balance, moved because of `source`."""
    parts = [{"amount": fee, "currency": source["currency"], "description": "Processing fees", "type": "stripe_fee"}]
    return state.put(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": state.now() + _AVAILABLE_S,
            "created": state.now(),
            "currency": source["currency"],
            "description": description or None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": parts if fee else [],
            "net": amount - fee,
            "reporting_category": category,
            "source": source["id"],
            "status": "pending",
            "type": kind,
        }
    )
