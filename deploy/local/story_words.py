"""What came back, in the words of `make story`, and what must hold of it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from deploy.local.errors import CommandError


def require(fits: bool, problem: str) -> None:
    if not fits:
        raise CommandError(problem)


def placed(design: Any) -> Any:
    return design["placements"][0]


def print_file(made: Any) -> Any:
    file = made["items"][0]["prints"][0]["file"]
    require(file["status"] not in ("failed", "missing"), f"the print file is {file}")
    return file


def money(thing: Any, name: str) -> str:
    return f"{thing[name] / 100:.2f} {thing['currency'].upper()}"


def cut_out(job: Any) -> str:
    result = job["result"] or {}
    return f"{job['status']}, by {result.get('model')}, {result.get('width')} x {result.get('height')} pixels"


def checked(design: Any) -> str:
    check = placed(design)["check"]
    return f"{'prints' if check['ok'] else 'does not print well'}, {check['score']} points of 100"


def priced(quote: Any) -> str:
    return f"{money(quote, 'totalCents')}, with {quote['shippingCents'] / 100:.2f} for shipping"


def ordered(order: Any) -> str:
    total = {**order["totals"]}
    return f"{order['orderNumber']}, {order['paymentStatus']}, {money(total, 'totalCents')}"


def confirmed(answer: Any) -> str:
    error = answer.get("error")
    return (
        f"{error['code']}: {error['message']}" if error else f"{answer['status']}, {money(answer, 'amount_received')}"
    )


def delivered(webhooks: Any) -> str:
    last = [
        f"{one['type']} -> {one['status']}" for one in webhooks["attempts"] if one["type"].startswith("payment_intent")
    ]
    return f"delivered: {', '.join(last[-3:])}"


def paid(order: Any) -> str:
    totals = order["totals"]
    return (
        f"{order['paymentStatus']}, {order['productionStatus']}; received {totals['receivedCents'] / 100:.2f}, "
        f"refunded {totals['refundedCents'] / 100:.2f}"
    )


def printable(made: Any) -> str:
    file = print_file(made)
    return f"{made['orderNumber']} {made['productionStatus']}; print file of {file['widthMm']} x {file['heightMm']} mm"


def sums(row: Any) -> str:
    names = ("receivedCents", "refundedCents", "disputedCents", "feesCents", "netCents")
    words = ", ".join(f"{name.removesuffix('Cents')} {row[name] / 100:.2f}" for name in names)
    return f"{row['currency'].upper()} {words}"


def ledger(transactions: Iterable[Any]) -> list[dict[str, Any]]:
    """The sums of Stripe's balance transactions, a row a currency, as the books state them."""
    rows: dict[str, dict[str, Any]] = {}
    names = ("receivedCents", "refundedCents", "disputedCents", "feesCents", "netCents")
    for one in transactions:
        row = rows.setdefault(one["currency"], {"currency": one["currency"], **dict.fromkeys(names, 0)})
        category = one["reporting_category"]
        if category == "charge":
            row["receivedCents"] += one["amount"]
        else:
            row["refundedCents" if category.startswith("refund") else "disputedCents"] -= one["amount"]
        row["feesCents"] += one["fee"]
        row["netCents"] += one["net"]
    return [rows[currency] for currency in sorted(rows)]


def no_differences(check: Any, day: date) -> str:
    require(not check["differences"], f"the check of {day} found {check['differences']}")
    return "no difference"
