"""Whom other contexts may write to."""

import pytest
from django.utils import timezone

from marketplace.core.ids import uuid7
from users import facade
from users.accounts.tests.factories import StaffFactory, UnverifiedUserFactory, UserFactory
from users.contracts import Contact
from users.customers.tests.factories import make_customer


@pytest.mark.django_db
def test_only_active_accounts_are_reached_and_an_unproven_address_is_said_to_be_one(django_assert_num_queries):
    ana = make_customer(name="Ana", profile={"language": "en"})
    staff = StaffFactory()
    unproven, disabled = UnverifiedUserFactory(), UserFactory(is_active=False)
    archived = UserFactory(is_active=False, archived_at=timezone.now())

    with django_assert_num_queries(1):
        found = facade.contacts([ana.pk, staff.pk, unproven.pk, disabled.pk, archived.pk, uuid7()])

    assert set(found) == {ana.pk, staff.pk, unproven.pk}
    assert found[ana.pk] == Contact(ana.pk, ana.email, "Ana", "en", "America/Mexico_City", True)
    assert not found[unproven.pk].is_verified
