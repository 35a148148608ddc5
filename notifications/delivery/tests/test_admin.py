"""The back office of the delivery: stragglers on their delivery's page, rates and suppressed addresses."""

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.core.audit import AuditEntry
from notifications.delivery.models import Straggler, Suppression
from notifications.delivery.services import suppress_address
from notifications.delivery.tests.factories import DeliveryFactory, past
from notifications.rates.models import SendingRate
from users.accounts.tests.factories import AdministratorFactory, UserFactory

pytestmark = pytest.mark.django_db
RATES = "admin:notifications_sendingrate"


@pytest.fixture
def client():
    browser = Client()
    browser.force_login(AdministratorFactory())
    return browser


def given_up():
    user = UserFactory()
    delivery = DeliveryFactory(from_customer=user.pk, to_customer=user.pk, state="done")
    return Straggler.objects.create(
        delivery=delivery, customer=user.pk, state="given_up", reason="failed", due_at=past(), last_error="451 later"
    )


def test_page_shows_who_was_given_up_and_why_and_they_get_another_try(client):
    row = given_up()
    page = client.get(reverse("admin:notifications_delivery_change", args=[row.delivery_id]))
    assert "451 later" in page.content.decode()

    body = {"action": "try_stragglers_again", "_selected_action": [str(row.delivery_id)]}
    client.post(reverse("admin:notifications_delivery_changelist"), body)

    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0)
    assert AuditEntry.objects.filter(action="notifications.requeue_stragglers").count() == 1


def test_rate_is_set_changed_and_dropped_in_the_audit_trail(client):
    client.post(reverse(f"{RATES}_add"), {"channel": "email", "per_second": "5", "burst": "50"})
    client.post(reverse(f"{RATES}_change", args=["email"]), {"per_second": "6", "burst": "60"})
    rate = SendingRate.objects.get()
    client.post(reverse(f"{RATES}_delete", args=["email"]), {"post": "yes"})

    assert (rate.channel, rate.per_second, rate.burst) == ("email", 6, 60)
    assert SendingRate.objects.count() == 0
    actions = AuditEntry.objects.filter(object_type="notifications.sendingrate").order_by("id")
    assert [entry.after.get("per_second") for entry in actions] == [5, 6, None]


@pytest.mark.parametrize("values", [{"per_second": "0"}, {"burst": "0"}, {"per_second": "-1"}, {"channel": "inbox"}])
def test_bad_rate_is_refused_and_sets_nothing(client, values):
    body = {"channel": "email", "per_second": "5", "burst": "50", **values}

    assert client.post(reverse(f"{RATES}_add"), body).status_code == 200
    assert SendingRate.objects.count() == AuditEntry.objects.count() == 0


def test_suppressed_address_is_lifted_and_none_is_added_by_hand(client):
    suppress_address(address="ana@example.com", reason="bounced")
    row = Suppression.objects.get()

    assert client.get(reverse("admin:notifications_suppression_add")).status_code == 403
    client.post(reverse("admin:notifications_suppression_delete", args=[row.pk]), {"post": "yes"})

    assert Suppression.objects.count() == 0
    assert AuditEntry.objects.get(action="notifications.lift_suppression").before["reason"] == "bounced"
