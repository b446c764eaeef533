"""Restarting two instances of the api in turn, or killing one, under a steady load."""

import time

from deploy.local.supervisor import await_ready
from tests.deploy.front import Deployment
from tests.deploy.senders import Outcome, steady

_BETWEEN_S = 1.0


def rolled(deployment: Deployment, requests: int, rate: float) -> Outcome:
    """Stop each instance as an operator would and start it again, over and over for as long as requests are sent."""
    until = time.monotonic() + requests / rate

    def roll() -> None:
        while time.monotonic() < until:
            for instance in deployment.instances:
                time.sleep(_BETWEEN_S)
                instance.stop()
                instance.start()
                await_ready(instance)

    return steady(deployment.address, requests, rate, roll)


def killed(deployment: Deployment, requests: int, rate: float) -> Outcome:
    """Kill one instance in the middle, and bring it back at the end."""
    instance = deployment.instances[0]

    def kill() -> None:
        time.sleep(requests / rate / 2)
        instance.kill()

    outcome = steady(deployment.address, requests, rate, kill)
    instance.start()
    await_ready(instance)
    return outcome
