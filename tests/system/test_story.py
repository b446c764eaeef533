"""`make story`, told in the running system; and what it says where a step fails."""

import re
import subprocess
import sys

import pytest

from deploy.local.errors import CommandError
from deploy.local.stack import ROOT
from tests.stack import RunningStack
from tests.system.conftest import tell_the_story


def test_the_story_ends_well_and_its_books_equal_the_ledger(told: list[str]) -> None:
    assert told[-1] == "\nEverything went as it should."
    assert "    equal to the cent" in told


@pytest.mark.parametrize(
    "words",
    [
        *("cut-out: image/png", "prints, ", "mock-up: image/webp", "signed in as ann."),
        *("card_declined", "succeeded, ", "payment_intent.succeeded -> 200", "paid, queued; received"),
        *(
            "invoice: application/pdf",
            "print file: image/png",
            "packing slip: application/pdf",
            "label: application/pdf",
        ),
        *("DHL has it", "partly_refunded, shipped", "credit note: application/pdf", "no difference"),
    ],
)
def test_every_step_says_what_came_back(told: list[str], words: str) -> None:
    assert any(words in line for line in told)


def test_a_repeat_with_one_key_is_one_order(told: list[str]) -> None:
    numbers = [found[1] for line in told if (found := re.search(r"201  (?:again: )?(ST-\w{4}-\w{4}), unpaid", line))]
    assert len(numbers) == 2
    assert len(set(numbers)) == 1


def test_no_secret_is_told(told: list[str]) -> None:
    assert not re.search(r"sk_|pk_|whsec_|_secret_|st_[A-Za-z0-9_-]{43}", "\n".join(told))


@pytest.mark.usefixtures("told")
def test_the_admins_key_is_revoked_at_the_end(stack: RunningStack) -> None:
    command = [sys.executable, "-m", "services.api.keys", "list"]
    listed = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=True)
    [line] = [line for line in listed.stdout.splitlines() if line.endswith("make story")]
    assert " revoked " in line


def test_a_story_without_payments_says_where_it_ends(system: RunningStack) -> None:
    system.kill("stripe")
    with pytest.raises(CommandError, match=r"POST /api/orders/.*/payment answered 503 instead of 200; payment_unavail"):
        tell_the_story(system)
