"""The report: the same facts as text and as JSON."""

import json
from pathlib import Path
from typing import Any

from deploy.migrate_storage.ledger import Ledger
from deploy.migrate_storage.progress import size

_NAMED = 20  # in the text; the JSON lists all


def facts(ledger: Ledger) -> dict[str, Any]:
    copies, missing = list(ledger.copies()), list(ledger.missing())
    return {
        "objects": len(ledger.records),
        "bytes": sum(record.listed.bytes for record in ledger.records.values()),
        "copied": len(copies),
        "copiedBytes": sum(record.listed.bytes for record in copies),
        "notCopied": {record.listed.key: record.reason or "not tried yet" for record in missing},
        "rowsRewritten": ledger.rewritten,
        "addressesLeft": ledger.left,
    }


def text(known: dict[str, Any]) -> str:
    counts = f"{known['copied']:,} copied, {len(known['notCopied']):,} not"
    lines = [
        f"{known['objects']:,} objects, {size(known['bytes'])}: {counts}",
        *_some("not copied", known["notCopied"]),
        *(f"rewritten: {rows:,} rows of {column}" for column, rows in known["rowsRewritten"].items()),
        *_some("URL left as it was", known["addressesLeft"]),
    ]
    return "\n".join(lines)


def _some(what: str, reasons: dict[str, str]) -> list[str]:
    named = [f"{what}: {key}: {reason}" for key, reason in list(reasons.items())[:_NAMED]]
    return named + ([f"{what}: {len(reasons) - _NAMED:,} more, in the JSON report"] if len(reasons) > _NAMED else [])


def write(ledger: Ledger, path: Path | None) -> dict[str, Any]:
    """Print the text, and write the JSON if a path is given."""
    known = facts(ledger)
    print(text(known), flush=True)
    if path:
        path.write_text(json.dumps(known, indent=2) + "\n")
    return known
