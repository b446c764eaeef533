"""The titles of the operations, which `/docs` lists."""

import re
from collections import Counter

from tests.services.api.conftest import Api
from tests.services.api.documented import document, operations

_PLAIN = re.compile(r"[A-Z][a-z]+( (Stripe|[a-z-]+)){1,4}")


def test_every_operation_has_a_plain_title_of_its_own(api: Api) -> None:
    titles = Counter(operation["summary"] for operation in operations(document(api.app)).values())
    assert [title for title, count in titles.items() if count > 1 or not _PLAIN.fullmatch(title)] == []
    assert {"Create upload", "Create cut-out", "Queue overview"} < titles.keys()
