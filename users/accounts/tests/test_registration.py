"""Registration, verification, password reset: mails, single use, and nothing told about known addresses."""

from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db.models import F

from marketplace.core.outbox.models import EventDelivery, OutboxEvent
from marketplace.core.outbox.relay import drain
from users.accounts.models import MailToken, Session, User
from users.accounts.tests.factories import PASSWORD, UnverifiedUserFactory, UserFactory

pytestmark = pytest.mark.django_db

BASE = "/api/v1/users/"
NEW = {"email": "Ana@Example.com", "password": "a long enough secret", "name": "Ana"}


class CountingHasher(MD5PasswordHasher):
    """Counts what costs time in production."""

    hashed = 0

    def encode(self, password, salt):
        type(self).hashed += 1
        return super().encode(password, salt)


@pytest.fixture
def hashes(settings):
    """How many password hashes a call costs."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]

    def cost(call) -> int:
        before = CountingHasher.hashed
        call()
        return CountingHasher.hashed - before

    return cost


def test_registration_makes_an_unverified_account_and_mails_a_link(api, mailed_token):
    answer = api.post(BASE, NEW, format="json")

    assert (answer.status_code, answer.json()) == (202, {"email": "ana@example.com"})
    user = User.objects.get(email="ana@example.com")
    assert not user.is_verified
    assert user.check_password(NEW["password"])
    token = mailed_token()
    assert mail.outbox[0].to == ["ana@example.com"]
    assert not MailToken.objects.filter(token_hash=token).exists()
    assert not OutboxEvent.objects.filter(payload__icontains=token).exists()


def test_registering_a_known_address_looks_and_costs_the_same(api, hashes):
    new = {}
    known = {}
    new_cost = hashes(lambda: new.update(r=api.post(BASE, NEW, format="json")))
    users, events = User.objects.count(), OutboxEvent.objects.count()

    known_cost = hashes(lambda: known.update(r=api.post(BASE, {**NEW, "password": "another secret"}, format="json")))

    assert known["r"].status_code == new["r"].status_code
    assert known["r"].json() == new["r"].json()
    assert dict(known["r"].items()).keys() == dict(new["r"].items()).keys()
    assert known_cost == new_cost == 1
    assert User.objects.count() == users
    assert OutboxEvent.objects.count() == events + 1
    assert User.objects.get().check_password(NEW["password"])


def test_owner_of_a_verified_address_is_told_about_a_second_registration(api):
    UserFactory.create(email="ana@example.com")

    api.post(BASE, NEW, format="json")
    drain()

    assert len(mail.outbox) == 1
    assert "token=" not in mail.outbox[0].body


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "ana@example.com"},
        {"email": "not an address", "password": "a long enough secret"},
        {"email": "ana@example.com", "password": "short"},
        {"email": "ana@example.com", "password": "password123"},
        {"email": "ana@example.com", "password": 12345678},
        {"email": ["ana@example.com"], "password": "a long enough secret"},
        {"email": "ana@example.com", "password": "x" * 129},
    ],
)
def test_bad_registration_is_refused_and_changes_nothing(api, body):
    answer = api.post(BASE, body, format="json")

    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert not User.objects.exists()
    assert not OutboxEvent.objects.exists()


def test_weak_password_is_judged_alike_for_a_known_address(api):
    UserFactory.create(email="ana@example.com")

    answer = api.post(BASE, {**NEW, "password": "short"}, format="json")

    assert answer.status_code == 400


def test_roles_cannot_be_registered(api):
    api.post(BASE, {**NEW, "is_staff": True, "is_superuser": True, "is_verified": True}, format="json")

    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.is_verified) == (False, False, False)


def test_link_verifies_once(api, mailed_token):
    api.post(BASE, NEW, format="json")
    token = mailed_token()

    first = api.post(f"{BASE}verify-email/", {"token": token}, format="json")
    second = api.post(f"{BASE}verify-email/", {"token": token}, format="json")

    assert (first.status_code, first.json()) == (200, {"is_verified": True})
    assert User.objects.get().is_verified
    assert (second.status_code, second.json()["code"]) == (400, "mail_token_invalid")


def test_expired_link_verifies_nothing(api, mailed_token):
    api.post(BASE, NEW, format="json")
    token = mailed_token()
    MailToken.objects.update(expires_at=F("expires_at") - timedelta(minutes=30, seconds=1))

    answer = api.post(f"{BASE}verify-email/", {"token": token}, format="json")

    assert answer.status_code == 400
    assert not User.objects.get().is_verified


def test_link_of_one_kind_does_not_work_as_the_other(api, mailed_token):
    user = UserFactory.create()
    api.post(f"{BASE}password-reset/", {"email": user.email}, format="json")
    token = mailed_token()

    assert api.post(f"{BASE}verify-email/", {"token": token}, format="json").status_code == 400


@pytest.mark.parametrize("path", ["verify-email/", "password-reset/confirm/"])
def test_page_of_the_link_posts_and_is_translated(api, path):
    english = api.get(f"{BASE}{path}?token=abc%22%3E%3Cscript%3E", HTTP_ACCEPT="text/html")
    spanish = api.get(f"{BASE}{path}?token=abc", HTTP_ACCEPT="text/html", HTTP_ACCEPT_LANGUAGE="es")

    assert english.status_code == 200
    assert english["Content-Type"].startswith("text/html")
    assert english["Cache-Control"] == "no-store"
    assert b'<html lang="en">' in english.content
    assert b'abc"><script>' not in english.content
    assert b'<html lang="es">' in spanish.content
    assert b"contrase" in spanish.content or b"Confirm" in spanish.content


@pytest.mark.parametrize("path", ["resend-verification/", "password-reset/"])
def test_mail_requests_answer_alike_for_known_and_unknown(api, path):
    UnverifiedUserFactory.create(email="ana@example.com")

    known = api.post(f"{BASE}{path}", {"email": "ana@example.com"}, format="json")
    unknown = api.post(f"{BASE}{path}", {"email": "eva@example.com"}, format="json")

    assert (known.status_code, known.json()) == (202, {"email": "ana@example.com"})
    assert (unknown.status_code, unknown.json()) == (202, {"email": "eva@example.com"})
    assert OutboxEvent.objects.count() == 2
    drain()
    assert [message.to for message in mail.outbox] == [["ana@example.com"]]


def test_verified_address_gets_no_second_verification_mail(api):
    user = UserFactory.create()

    api.post(f"{BASE}resend-verification/", {"email": user.email}, format="json")
    drain()

    assert mail.outbox == []


def test_mailbox_is_not_flooded(api):
    user = UserFactory.create()

    for _ in range(8):
        api.post(f"{BASE}password-reset/", {"email": user.email}, format="json")
    drain()

    assert len(mail.outbox) == 5


def test_mail_is_written_in_the_customers_language(api):
    api.post(BASE, NEW, format="json", HTTP_ACCEPT_LANGUAGE="es-MX,es;q=0.9")
    drain()

    assert User.objects.get().profile.language == "es"
    assert "minutos" in mail.outbox[0].body


def test_reset_sets_the_password_once_and_ends_every_session(api, log_in, mailed_token):
    user = UnverifiedUserFactory.create()
    refresh = log_in(user)["refresh"]
    api.post(f"{BASE}password-reset/", {"email": user.email}, format="json")
    body = {"token": mailed_token(), "password": "quite another secret"}

    first = api.post(f"{BASE}password-reset/confirm/", body, format="json")
    second = api.post(f"{BASE}password-reset/confirm/", {**body, "password": "a third secret"}, format="json")

    assert (first.status_code, first.json()) == (200, {"is_changed": True})
    assert second.status_code == 400
    user.refresh_from_db()
    assert user.check_password("quite another secret")
    assert user.is_verified
    assert not Session.objects.filter(revoked_at__isnull=True).exists()
    assert api.post("/api/v1/auth/token/refresh/", {"refresh": refresh}, format="json").status_code == 401


def test_weak_new_password_does_not_use_the_link_up(api, mailed_token):
    user = UserFactory.create()
    api.post(f"{BASE}password-reset/", {"email": user.email}, format="json")
    token = mailed_token()

    weak = api.post(f"{BASE}password-reset/confirm/", {"token": token, "password": "short"}, format="json")

    user.refresh_from_db()
    assert (weak.status_code, weak.json()["errors"][0]["field"]) == (400, "password")
    assert user.check_password(PASSWORD)
    good = api.post(f"{BASE}password-reset/confirm/", {"token": token, "password": "a third secret"}, format="json")
    assert good.status_code == 200


def test_disabled_account_cannot_reset(api, mailed_token):
    user = UserFactory.create()
    api.post(f"{BASE}password-reset/", {"email": user.email}, format="json")
    token = mailed_token()
    User.objects.filter(pk=user.pk).update(is_active=False)

    body = {"token": token, "password": "quite another secret"}
    answer = api.post(f"{BASE}password-reset/confirm/", body, format="json")

    assert answer.status_code == 400
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_log_in_costs_and_answers_alike_whatever_is_wrong(api, hashes):
    UserFactory.create(email="ana@example.com")
    UserFactory.create(email="off@example.com", is_active=False)
    attempts = [
        {"email": "ana@example.com", "password": "wrong"},
        {"email": "unknown@example.com", "password": "wrong"},
        {"email": "off@example.com", "password": PASSWORD},
    ]
    answers = []

    costs = [
        hashes(lambda body=body: answers.append(api.post("/api/v1/auth/token/", body, format="json")))
        for body in attempts
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["detail"] for answer in answers} == {"The e-mail address or the password is wrong."}
    assert {answer.json()["code"] for answer in answers} == {"invalid_credentials"}
    assert len(set(costs)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        SMTPRecipientsRefused({"ana@example.com": (550, b"no such user")}),
        SMTPDataError(554, b"ana@example.com looks like a robot"),
        ValueError("Invalid address 'ana@example.com'"),
    ],
    ids=["refused", "data", "unreadable"],
)
def test_what_the_mail_server_says_of_an_address_stays_out_of_logs_and_tables(api, monkeypatch, caplog, answer):
    def refuse(_backend, _messages):
        raise answer

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)

    assert api.post(BASE, NEW, format="json").status_code == 202
    drain()

    assert caplog.records
    assert "ana@" not in caplog.text
    assert "ana@" not in str(list(EventDelivery.objects.values_list("last_error", flat=True)))
