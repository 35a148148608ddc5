"""Telling customers something from the back office: write it, pick the place, count, test, send, watch it arrive."""

import pytest
from django.conf import settings as configured
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from selenium.webdriver.common.by import By

from marketplace.core.outbox.relay import drain
from notifications.audiences.models import FanOut
from notifications.broadcasts.models import Broadcast
from notifications.inbox.models import InboxItem
from users.accounts.tests.factories import AdministratorFactory
from users.customers.tests.factories import make_customer
from users.models import User

from .person import Person

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]
ADD = "/admin/notifications/broadcast/add/"


def comes_in(person: Person, account: User) -> None:
    """With the cookie of a session that has begun: how people log in is another test's."""
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.save()
    person.opens("/healthz")
    person.driver.add_cookie({"name": configured.SESSION_COOKIE_NAME, "value": session.session_key, "path": "/"})


def test_a_broadcast_from_its_text_to_everybodys_inbox(person, settings):
    settings.ADMIN_SECOND_FACTOR = "optional"
    near = [make_customer(latitude=19.43, longitude=-99.13) for _ in range(3)]
    make_customer(latitude=20.6, longitude=-103.3)
    comes_in(person, AdministratorFactory.create())

    person.opens(ADD)
    texts = {
        "name": "Opening in the Centro",
        "title_es": "Abrimos en el Centro",
        "title_en": "We open in the Centro",
        "body_es": "Ven a visitarnos el sábado a partir de las diez.",
        "body_en": "Come and see us on Saturday from ten o'clock on.",
        "radius_km": "5",
        "latitude": "19.4326",
        "longitude": "-99.1332",
    }
    for name, text in texts.items():
        person.types(name, text)
    person.clicks("[data-broadcast-size] button")
    person.sees("People: 3")
    person.takes_a_picture("broadcast-form", "[name='radius_km']")
    assert not Broadcast.objects.exists()
    person.saves_and_goes_on()
    person.sees("Test to myself")
    person.takes_a_picture("broadcast-draft")

    person.clicks_on("Send now", icon="send")
    person.sees("Everybody in its audience is told at once.")
    person.clicks("#dialog form button")
    person.sees("The broadcast is being sent.")

    # As if a worker were in the middle of it.
    FanOut.objects.update(told_count=1, expected_count=3)
    person.sees("1 / 3 (33 %)")
    person.takes_a_picture("broadcast")
    FanOut.objects.update(told_count=0)
    drain()
    person.waits(lambda: Broadcast.objects.get().state == "sent" or None)
    # The page builds itself anew.
    person.waits(lambda: "being sent" not in person.driver.find_element(By.TAG_NAME, "body").text or None)
    person.takes_a_picture("broadcast-sent")
    assert {item.customer for item in InboxItem.objects.all()} == {customer.pk for customer in near}
