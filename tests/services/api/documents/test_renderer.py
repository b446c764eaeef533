"""Documents are made one at a time, and their libraries are loaded with the first."""

import subprocess
import sys
import threading
from random import Random

import pytest

from services.api.documents import renderer
from services.api.documents.renderer import Documents
from shared import errors
from tests.services.api.documents.reading import invoice_of, random_order


def test_the_api_starts_without_the_libraries_of_documents() -> None:
    code = "import sys, services.api.app; print('reportlab' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_more_at_once_than_may_wait_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "_WAITING", 0)
    documents, invoice = Documents(), invoice_of(*random_order(Random(1)))
    with documents._bulkhead.slot(), pytest.raises(errors.Busy):
        documents.invoice(invoice)
    assert documents.invoice(invoice).startswith(b"%PDF-")


def test_many_at_once_are_all_made_and_equal() -> None:
    documents, invoice = Documents(), invoice_of(*random_order(Random(1)))
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(documents.invoice(invoice))) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 9
    assert len(set(made)) == 1
