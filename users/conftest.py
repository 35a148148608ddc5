"""Fixtures of the context's tests."""

import re

import pytest
from django.core import mail
from rest_framework.test import APIClient

from marketplace.core.outbox.relay import drain
from users.accounts.deny_list import deny_list
from users.accounts.tests.factories import PASSWORD


@pytest.fixture(autouse=True)
def _fresh_deny_list() -> None:
    """This process forgets what it read in the test before."""
    deny_list.forget()


@pytest.fixture
def mailed_token():
    """Run what waits, then give the `token=` of the last mail."""

    def read() -> str:
        drain()
        found = re.search(r"token=([\w-]+)", str(mail.outbox[-1].body))
        assert found is not None
        return found[1]

    return read


@pytest.fixture
def log_in(api):
    """Log an account in through HTTP; gives the pair."""

    def run(user, password=PASSWORD):
        answer = api.post("/api/v1/auth/token/", {"email": user.email, "password": password}, format="json")
        assert answer.status_code == 200, answer.content
        return answer.json()

    return run


@pytest.fixture
def bearer():
    """A client that sends the access token."""

    def make(access: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
        return client

    return make
