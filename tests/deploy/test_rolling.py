"""Instances come and go behind the front, and no caller hears of it.

ROLLING_REQUESTS=10000 is the long form.
"""

import os

from tests.deploy.front import Deployment
from tests.deploy.rolling import killed, rolled
from tests.deploy.senders import AT_ONCE

REQUESTS, RATE = int(os.environ.get("ROLLING_REQUESTS", "800")), 100


def test_a_rolling_restart_fails_no_request(deployment: Deployment) -> None:
    outcome = rolled(deployment, REQUESTS, RATE)
    print(outcome)
    assert outcome.failed == 0, outcome.statuses


def test_a_killed_instance_costs_only_what_it_had_in_hand(deployment: Deployment) -> None:
    outcome = killed(deployment, REQUESTS, RATE)
    print(outcome)
    assert outcome.failed <= AT_ONCE // 2, outcome.statuses  # all that one of two can have in hand, on a busy machine
