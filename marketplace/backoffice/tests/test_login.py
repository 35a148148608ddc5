"""The log-in page counts tries as the API does."""

import pytest
from django.urls import reverse

from users.accounts.tests.factories import PASSWORD, AdministratorFactory

pytestmark = pytest.mark.django_db


def test_passwords_are_not_guessed_without_limit(client, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "auth": "3/day"}
    person = AdministratorFactory.create()

    def log_in(password: str, forwarded: str) -> bool:
        form = {"username": person.email, "password": password}
        client.post(reverse("admin:login"), form, headers={"X-Forwarded-For": forwarded})
        return "_auth_user_id" in client.session

    assert not any(log_in("wrong", f"10.0.0.{number}") for number in range(3))
    assert not log_in(PASSWORD, "10.0.0.9")


def test_the_right_password_opens(client):
    person = AdministratorFactory.create()

    answer = client.post(reverse("admin:login"), {"username": person.email, "password": PASSWORD})

    assert (answer.status_code, "_auth_user_id" in client.session) == (302, True)
