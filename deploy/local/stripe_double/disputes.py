"""Disputes: a customer's bank takes a payment back, with a fee. Not monotone: a lost one may be appealed and won."""

from deploy.local.stripe_double import balance
from deploy.local.stripe_double.form import Params, boolean, choice, text
from deploy.local.stripe_double.refusals import Refusal
from deploy.local.stripe_double.state import Object, State, new_id

_EVIDENCE_S = 9 * 86_400
_WITHOUT_MONEY = ("warning_needs_response", "warning_under_review", "warning_closed", "prevented")
_CLOSED = ("won", "lost", "warning_closed", "prevented")
STATUSES = (
    *("needs_response", "under_review", "won", "lost", "appeal_needs_response", "appeal_under_review"),
    *_WITHOUT_MONEY,
)
UPDATABLE = ("evidence", "metadata", "submit")


def open_for(state: State, charge: Object, params: Params | None = None) -> Object:
    """Dispute a charge, wholly unless `amount` is given; an inquiry (`warning_...`) moves no money yet."""
    given = params or {}
    if charge["disputed"]:
        raise Refusal(f"{charge['id']} is disputed already")
    dispute = state.put(
        {
            "id": new_id("du"),
            "object": "dispute",
            "amount": int(given.get("amount") or charge["amount_captured"]),
            "balance_transactions": [],
            "charge": charge["id"],
            "created": state.now(),
            "currency": charge["currency"],
            "evidence": {},
            "evidence_details": {
                "due_by": state.now() + _EVIDENCE_S,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "case_type": "chargeback"}},
            "reason": str(given.get("reason") or "fraudulent"),
            "status": choice(given, "status", STATUSES, "needs_response"),
        }
    )
    state.put(charge | {"disputed": True})
    moves = dispute["status"] not in _WITHOUT_MONEY
    dispute["is_charge_refundable"] = not moves
    if moves:
        _withdraw(state, dispute)
    else:
        dispute["payment_method_details"]["card"]["case_type"] = "inquiry"
    state.emit("charge.dispute.created", dispute)
    if moves:
        state.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def change(state: State, dispute: Object, status: str) -> Object:
    """What the bank, or Stripe, decided."""
    withdrawn = sum(moved["amount"] for moved in dispute["balance_transactions"]) < 0
    dispute["status"] = choice({"status": status}, "status", STATUSES, "")
    if status not in _WITHOUT_MONEY and not withdrawn and status != "won":
        _withdraw(state, dispute)
        state.emit("charge.dispute.funds_withdrawn", dispute)
    if status == "won" and withdrawn:
        _move(state, dispute, dispute["amount"], "dispute_reversal", 0)
        state.emit("charge.dispute.funds_reinstated", dispute)
    state.emit(f"charge.dispute.{'closed' if status in _CLOSED else 'updated'}", state.put(dispute))
    return dispute


def update(state: State, dispute: Object, params: Params) -> Object:
    """Submit evidence. As in Stripe's test mode, `winning_evidence` and `losing_evidence` decide at once."""
    if dispute["status"] in _CLOSED:
        raise Refusal(f"This dispute is already closed with status {dispute['status']}")
    evidence = params.get("evidence") or {}
    words = text(evidence, "uncategorized_text") if isinstance(evidence, dict) else None
    dispute["evidence"] |= {"uncategorized_text": words}
    dispute["evidence_details"]["has_evidence"] = words is not None
    if not boolean(params | {"submit": params.get("submit") or "true"}, "submit"):
        state.emit("charge.dispute.updated", state.put(dispute))
        return dispute
    dispute["evidence_details"]["submission_count"] += 1
    decided = {"winning_evidence": "won", "losing_evidence": "lost"}.get(words or "", "under_review")
    return change(state, dispute, decided)


def _withdraw(state: State, dispute: Object) -> None:
    _move(state, dispute, -dispute["amount"], "dispute", balance.DISPUTE_FEE)


def _move(state: State, dispute: Object, cents: int, category: str, fee: int) -> None:
    moved = balance.move(
        state,
        dispute,
        cents,
        kind="adjustment",
        category=category,
        fee=fee,
        description=f"{category.replace('_', ' ').capitalize()} of {dispute['charge']}",
    )
    dispute["balance_transactions"] = [*dispute["balance_transactions"], moved]
    state.put(dispute)
