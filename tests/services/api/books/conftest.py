"""An admin, and an api that pays at Stripe's double."""

import pytest
from flask.testing import FlaskClient

from services.api.payments import reconciler
from shared.models.owner import Scope
from tests.doubles.stripe_double import StripeDouble
from tests.services.api.conftest import Api, Start
from tests.services.api.customers import with_key


@pytest.fixture
def admin(api: Api) -> FlaskClient:
    return with_key(api, Scope.ADMIN)


@pytest.fixture
def shop(
    stripe_double: StripeDouble, environment: pytest.MonkeyPatch, start: Start, monkeypatch: pytest.MonkeyPatch
) -> Api:
    monkeypatch.setattr(reconciler, "TURN_S", 3600)  # it does nothing by itself
    for name, value in stripe_double.environment.items():
        environment.setenv(name, value)
    environment.setenv("PUBLIC_URL", "http://localhost:8000")
    return start()
