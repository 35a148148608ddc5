"""Log-in, registration, log-out: by session, counted, and the same for addresses that are known and unknown."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from marketplace.core.outbox.relay import drain
from marketplace.demo.logins import ADMINISTRATOR, CUSTOMER, DEMO_PASSWORD
from users.accounts.services.sessions import log_out_everywhere
from users.accounts.tests.factories import PASSWORD, UnverifiedUserFactory, UserFactory
from users.customers.models import CustomerProfile
from users.models import User

from .people import make_shopper, signed_in, text_of

pytestmark = pytest.mark.django_db


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def log_in(client: Client, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/login/", {"username": email, "password": password, **more})


def test_the_right_password_opens_and_log_out_closes(client):
    person = make_shopper(0, email="ana@example.com")

    answer = log_in(client, " ANA@example.com", next="/notifications/")

    assert (answer.status_code, answer["Location"], is_in(client)) == (302, "/notifications/", True)
    assert person.email in text_of(client.get("/"))
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/"
    assert not is_in(client)


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_it_leads_nowhere_else(client, there):
    assert log_in(client, UserFactory.create().email, next=there)["Location"] == "/"


@pytest.mark.parametrize(("email", "password"), [("ana@example.com", "wrong"), ("nobody@example.com", PASSWORD)])
def test_wrong_and_unknown_read_the_same(client, email, password):
    make_shopper(0, email="ana@example.com")

    answer = log_in(client, email, password)

    assert (answer.status_code, is_in(client)) == (400, False)
    assert "The e-mail address or the password is wrong." in text_of(answer)


def test_a_disabled_account_stays_outside(client):
    assert log_in(client, UserFactory.create(is_active=False).email).status_code == 400
    assert not is_in(client)


def test_tries_are_counted_with_the_api(client, api, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "auth": "2/day"}
    person = UserFactory.create()
    api.post("/api/v1/auth/token/", {"email": person.email, "password": "wrong"}, format="json")

    first = log_in(client, person.email, "wrong")
    second = log_in(client, person.email)

    assert "Too many tries" not in text_of(first)
    assert (second.status_code, is_in(client)) == (400, False)
    assert "Too many tries" in text_of(second)


def test_after_wrong_passwords_the_door_is_locked_for_the_right_one_too(client, settings):
    settings.AXES_FAILURE_LIMIT = 3
    person = UserFactory.create()
    for _try in range(3):
        log_in(client, person.email, "wrong")

    assert log_in(client, person.email.upper()).status_code == 429
    assert not is_in(client)


def test_whoever_chose_no_language_reads_their_own(client):
    person = UserFactory.create()
    CustomerProfile.objects.filter(user=person).update(language="es")

    log_in(client, person.email)

    assert '<html lang="es">' in text_of(client.get("/"))
    client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    assert '<html lang="en">' in text_of(client.get("/"))


def test_leaving_everywhere_ends_the_browsers_session_too():
    person = make_shopper(0)
    browser = signed_in(person)
    assert "Log out" in text_of(browser.get("/"))

    log_out_everywhere(user_id=person.pk)

    assert "Log in to" not in text_of(browser.get("/"))
    assert 'href="/login/"' in text_of(browser.get("/"))


def test_registration_ends_with_a_proven_address(client):
    form = {"email": "New@Example.com", "password": "correct horse battery", "name": "Nora"}

    answer = client.post("/register/", form)
    drain()

    assert "Look into your mailbox" in text_of(answer)
    person = User.objects.get(email="new@example.com")
    assert (person.name, person.is_verified) == ("Nora", False)
    [letter] = mail.outbox
    token = re.search(r"token=([A-Za-z0-9_.-]+)", str(letter.body))
    assert token is not None
    client.post("/api/v1/users/verify-email/", {"token": token[1]}, content_type="application/json")
    person.refresh_from_db()
    assert person.is_verified
    assert log_in(client, "new@example.com", form["password"]).status_code == 302


def test_a_known_address_reads_the_same_and_changes_nothing(client):
    person = UserFactory.create(name="Ana")
    before = User.objects.values().get()

    known = client.post("/register/", {"email": person.email, "password": "another horse battery"})
    unknown = client.post("/register/", {"email": "new@example.com", "password": "another horse battery"})

    assert [answer.status_code for answer in (known, unknown)] == [200, 200]
    strip = re.compile(r'value="[^"]{64}"')
    shown = [strip.sub("", text_of(answer)) for answer in (known, unknown)]
    assert shown[0].replace(person.email, "@") == shown[1].replace("new@example.com", "@")
    assert User.objects.values().get(pk=person.pk) == before


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"email": "no address", "password": "correct horse battery"},
        {"email": "a@example.com", "password": "12345678"},
        {"email": "a@example.com", "password": "short"},
        {"email": "a@example.com", "password": "correct horse\x00battery"},
        {"email": "a@example.com", "password": "x" * 129},
    ],
    ids=["empty", "no address", "digits", "short", "NUL", "long"],
)
def test_what_is_no_registration_makes_no_account(client, form):
    answer = client.post("/register/", form)

    assert (answer.status_code, User.objects.exists()) == (400, False)
    assert "field__error" in text_of(answer)


def test_mails_are_not_asked_for_without_end(client, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "mail": "1/day"}
    browser = signed_in(UnverifiedUserFactory.create())

    first, second = (browser.post("/verification/", follow=True) for _press in range(2))
    drain()

    assert "The mail is on its way." in text_of(first)
    assert "Too many tries" in text_of(second)
    assert len(mail.outbox) == 1


def test_registrations_are_counted_too(client, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "mail": "1/day"}
    client.post("/register/", {"email": "a@example.com", "password": "correct horse battery"})

    answer = client.post("/register/", {"email": "b@example.com", "password": "correct horse battery"})

    assert (answer.status_code, User.objects.count()) == (400, 1)


def test_demo_log_ins_are_shown_only_where_the_settings_say_so_and_only_customers(client, settings):
    for login in (CUSTOMER, ADMINISTRATOR):
        UserFactory.create(email=login.email, password=DEMO_PASSWORD)

    assert CUSTOMER.email not in text_of(client.get("/login/"))
    settings.SHOW_DEMO_LOGINS = True
    shown = text_of(client.get("/login/"))
    assert CUSTOMER.email in shown
    assert ADMINISTRATOR.email not in shown
