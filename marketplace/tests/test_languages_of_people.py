"""In which language somebody is answered: what was chosen in the shop, what the program asks for, what the profile
says, and the platform's last (docs/languages.md)."""

from typing import Any

import pytest
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from marketplace.core.http.languages import asked_language
from notifications.inbox.tests.factories import InboxItemFactory
from users.customers.tests.factories import make_customer

pytestmark = [pytest.mark.django_db, pytest.mark.once]

INBOX = "/api/v1/notifications/"
STATEMENT = "/api/v1/funds/transactions/export/?currency=MXN&file=csv"
NOWHERE = "/api/v1/market/products/00000000-0000-7000-8000-000000000000/"
WORDS = {"en": "Not found.", "es": "No encontrado."}


@pytest.mark.parametrize(
    ("cookie", "header", "asked"),
    [
        ("", None, None),
        ("", "", None),
        ("", "*", None),
        ("", "fr", None),
        ("", "fr, *;q=0.5", None),
        ("", "*, es;q=0.5", None),
        ("", "es", "es"),
        ("", "ES-mx, en;q=0.8", "es"),
        ("", "en;q=0.3, es-AR;q=0.9", "es"),
        ("", "fr, es;q=0.2", "es"),
        ("", "en-GB", "en"),
        ("", ";;,,=q", None),
        ("", "e" * 10_000, None),
        ("es", "en", "es"),
        ("en", None, "en"),
        ("xx", "es", "es"),
        ("../es", None, None),
    ],
)
def test_what_a_request_asks_for(cookie, header, asked):
    request = RequestFactory().get("/", headers={} if header is None else {"Accept-Language": header})
    if cookie:
        request.COOKIES["django_language"] = cookie

    assert asked_language(request) == asked


@pytest.mark.parametrize(
    ("cookie", "header", "language"),
    [
        (None, None, "en"),
        (None, "fr", "en"),
        (None, "es-MX,es;q=0.9,en;q=0.8", "es"),
        (None, "en,es;q=0.9", "en"),
        ("es", "en", "es"),
        ("en", "es", "en"),
    ],
)
def test_a_refusal_is_in_the_chosen_or_else_the_asked_or_else_the_platforms_language(cookie, header, language):
    api = APIClient(headers={} if header is None else {"Accept-Language": header})
    if cookie:
        api.cookies["django_language"] = cookie

    answer = api.get(NOWHERE)

    assert (answer.status_code, answer.json()["detail"]) == (404, WORDS[language])
    assert answer.json()["title"] == {"en": "Not Found", "es": "No encontrado"}[language]
    assert (answer["Content-Language"], "Accept-Language" in answer["Vary"]) == (language, True)


@pytest.mark.parametrize(
    ("profile", "header", "language"),
    [
        ("es", None, "es"),
        ("en", None, "en"),
        ("es", "*", "es"),
        ("es", "fr", "es"),
        ("es", "en", "en"),
        ("en", "es-AR", "es"),
    ],
)
def test_ones_own_texts_follow_what_is_asked_and_else_the_profile(profile, header, language):
    user = make_customer(profile={"language": profile})
    InboxItemFactory(customer=user.pk, message__kind="welcome", message__params={})
    api = APIClient(headers={} if header is None else {"Accept-Language": header})
    api.force_authenticate(user)

    inbox = api.get(INBOX)
    statement: Any = api.get(STATEMENT)

    [row] = inbox.json()["results"]
    assert row["title"] == {"en": "Welcome!", "es": "¡Te damos la bienvenida!"}[language]
    assert (inbox["Content-Language"], statement["Content-Language"]) == (language, language)
    assert ("Accept-Language" in inbox["Vary"], "Accept-Language" in statement["Vary"]) == (True, True)
    word = {"en": "Opening balance", "es": "Saldo inicial"}[language]
    assert word in b"".join(statement.streaming_content).decode()


def test_a_refusal_in_the_inbox_is_in_the_language_it_says():
    user = make_customer(profile={"language": "es"})
    api = APIClient()
    api.force_authenticate(user)

    answer = api.get(f"{INBOX}1/")

    assert (answer.status_code, answer.json()["detail"], answer["Content-Language"]) == (404, "Not found.", "en")


def test_the_language_chosen_in_the_shop_stays_chosen():
    browser = Client(headers={"Accept-Language": "en"})
    before = browser.get("/")

    chosen = browser.post("/i18n/setlang/", {"language": "es", "next": "/"})
    after = browser.get("/")

    assert chosen.status_code == 302
    assert (before["Content-Language"], after["Content-Language"]) == ("en", "es")
    assert ('<html lang="en">' in before.content.decode(), '<html lang="es">' in after.content.decode()) == (True, True)
