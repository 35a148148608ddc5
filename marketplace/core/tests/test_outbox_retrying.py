"""Deliveries that were set aside get another chance, from the back office or from the shell."""

from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from marketplace.core.audit import AuditEntry
from marketplace.core.models import EventDelivery
from marketplace.core.outbox import retrying
from marketplace.core.outbox.handlers import handles
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain, relay_new_events
from marketplace.core.tests.events import Probed
from users.accounts.tests.factories import AdministratorFactory, StaffFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_handlers")]
PENDING, DONE, PARKED = EventDelivery.State.PENDING, EventDelivery.State.DONE, EventDelivery.State.PARKED


@pytest.fixture
def heard(probes_heard):
    """Of three deliveries one is parked, one waits and one is done; the numbers that their handler has heard."""
    with transaction.atomic():
        publish(*(Probed(number=number) for number in (1, 2, 3)))
    relay_new_events()
    first, _second, third = EventDelivery.objects.order_by("pk")
    EventDelivery.objects.filter(pk=first.pk).update(state=PARKED, attempts=5, sends=3, last_error="Boom: it fell")
    EventDelivery.objects.filter(pk=third.pk).update(state=DONE, attempts=1)
    return probes_heard


def rows():
    return list(EventDelivery.objects.order_by("pk").values("pk", "state", "attempts", "sends", "due_at"))


def retry(*arguments):
    out = StringIO()
    call_command("retry_deliveries", *arguments, stdout=out)
    return out.getvalue().strip()


@pytest.mark.parametrize("which", [["--all"], ["--handler", "marketplace.hear"]])
def test_what_was_parked_is_tried_again_and_nothing_else(heard, which):
    _parked, waiting, done = rows()

    said = retry(*which)

    assert said == "1 to be tried again"
    assert [(row["state"], row["attempts"], row["sends"]) for row in rows()[:1]] == [(PENDING, 0, 0)]
    assert rows()[1:] == [waiting, done]
    drain()
    assert sorted(heard) == [1, 2]
    assert retry(*which) == "0 to be tried again"


def test_however_many_there_are(heard, monkeypatch):
    monkeypatch.setattr(retrying, "AT_ONCE", 2)
    EventDelivery.objects.update(state=PARKED)

    assert retry("--all") == "3 to be tried again"
    assert {row["state"] for row in rows()} == {PENDING}
    assert AuditEntry.objects.filter(action="core.retry_delivery", actor_id=None).count() == 3


def test_those_of_another_handler_stay_where_they_are(heard):
    @handles(Probed)
    def listen(_event):
        """Another one."""

    before = rows()

    assert retry("--handler", "marketplace.listen") == "0 to be tried again"
    assert rows() == before


def test_a_handler_of_no_name_is_refused(heard):
    before = rows()

    with pytest.raises(CommandError, match=r"no handler is called marketplace\.nobody"):
        retry("--handler", "marketplace.nobody")

    assert rows() == before


def choose_all(person):
    browser = Client()
    browser.force_login(person)
    body = {"action": "try_again", "_selected_action": [str(row["pk"]) for row in rows()]}
    return browser.post(reverse("admin:core_eventdelivery_changelist"), body, follow=True)


def test_from_the_back_office_with_a_line_in_the_audit_trail(heard):
    administrator = AdministratorFactory()
    parked = rows()[0]["pk"]

    page = choose_all(administrator).content.decode()

    assert "1 delivery will be tried again." in page
    assert [row["state"] for row in rows()] == [PENDING, PENDING, DONE]
    entry = AuditEntry.objects.get(action="core.retry_delivery")
    assert (entry.actor_id, entry.object_id) == (administrator.pk, str(parked))
    assert (entry.before, entry.after) == ({"state": "parked"}, {"state": "pending"})


def test_without_the_permission_nothing_is_tried_again(heard):
    person = StaffFactory()
    person.user_permissions.set(Permission.objects.filter(codename="view_eventdelivery"))
    before = rows()

    choose_all(person)

    assert rows() == before
    assert not AuditEntry.objects.filter(action="core.retry_delivery").exists()
