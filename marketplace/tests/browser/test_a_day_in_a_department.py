"""A morning in the back office: docs/a-day-in-a-department.md tells it with the pictures taken here."""

import pytest
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from users.accounts.tests.factories import PASSWORD, AdministratorFactory

from .person import Person

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_day_in_a_department(person: Person, settings):
    settings.ADMIN_SECOND_FACTOR = "required"
    clerk = AdministratorFactory.create(email="clara@example.com")

    logs_in_and_sets_up_the_second_factor(person, clerk.email)

    assert person.where == "/admin/"


def logs_in_and_sets_up_the_second_factor(person: Person, email: str) -> None:
    person.opens("/admin/")
    person.types("username", email)
    person.types("password", PASSWORD)
    person.presses_enter("password")
    person.sees("Set up the second factor")
    person.takes_a_picture("1-second-factor")
    person.types("code", f"{totp(TOTPDevice.objects.get(user__email=email).bin_key):06d}")
    person.presses_enter("code")
    person.sees("Recovery codes")
    person.clicks_on("Continue")
    person.sees("Dashboard")
