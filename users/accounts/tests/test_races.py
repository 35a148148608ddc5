"""What must hold when several come at once: on PostgreSQL, where they really do."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from marketplace.core.errors import DomainError
from users.accounts.models import MailToken, Session, SpentRefreshToken, User
from users.accounts.services import sessions
from users.accounts.services.registration import issue_mail_token, register_account, verify_email
from users.accounts.services.sessions import log_in, rotate_refresh_token
from users.accounts.tests.factories import PASSWORD, UnverifiedUserFactory, UserFactory
from users.customers.models import CustomerPlace, CustomerProfile
from users.customers.services.profiles import change_profile
from users.customers.services.tiers import record_order_outcome
from users.customers.tests.factories import SegmentFactory, make_customer
from users.customers.tests.test_places import recomputed, rows

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

THREADS = 8


def at_once(*calls):
    """Run the calls at the same moment, each on its own connection; results, or the error's code."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait()
            return call()
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_eight_refreshes_at_once_have_one_winner():
    user = UserFactory.create()
    for _ in range(5):
        token = log_in(email=user.email, password=PASSWORD, at=timezone.now()).refresh

        results = at_once(*[lambda token=token: rotate_refresh_token(token=token)] * THREADS)

        assert results.count("token_reused") == THREADS - 1
    assert SpentRefreshToken.objects.count() == 5
    assert Session.objects.filter(revoked_at__isnull=True).count() == 5


def test_the_race_is_seen_when_spending_is_not_the_first_insert(monkeypatch):
    """The control: look first, insert later, as simplejwt's blacklist does, and several win."""

    def look_then_insert(claims):
        is_spent = SpentRefreshToken.objects.filter(token_id=claims.token_id).exists()
        looked.wait()
        spent = SpentRefreshToken(token_id=claims.token_id, session_id=claims.session_id, spent_at=timezone.now())
        SpentRefreshToken.objects.bulk_create([spent], ignore_conflicts=True)
        return not is_spent

    looked = Barrier(THREADS)
    monkeypatch.setattr(sessions, "_spend", look_then_insert)
    token = log_in(email=UserFactory.create().email, password=PASSWORD, at=timezone.now()).refresh

    results = at_once(*[lambda: rotate_refresh_token(token=token)] * THREADS)

    assert results.count("token_reused") < THREADS - 1


def test_mail_link_used_at_once_works_once():
    user = UnverifiedUserFactory.create()
    token = issue_mail_token(user_id=user.pk, purpose=MailToken.Purpose.VERIFY)
    assert token is not None

    results = at_once(*[lambda: verify_email(token=token)] * THREADS)

    assert results.count(None) == 1
    assert results.count("mail_token_invalid") == THREADS - 1


def test_one_address_registered_at_once_makes_one_account():
    values = {"email": "ana@example.com", "password": "a long enough secret", "name": "", "language": "es"}

    results = at_once(*[lambda: register_account(**values)] * THREADS)

    assert results == [None] * THREADS
    assert User.objects.count() == CustomerProfile.objects.count() == 1


def test_writers_of_one_customer_leave_no_stale_place():
    segments = [SegmentFactory.create() for _ in range(3)]
    user = make_customer(latitude=1.0, longitude=1.0)

    def move(latitude):
        change_profile(actor=user, customer_id=user.pk, latitude=latitude, longitude=1.0)

    def join(segment):
        change_profile(actor=user, customer_id=user.pk, segments=[segment])

    for number in range(10):
        at_once(
            lambda number=number: move(2.0 + number),
            lambda number=number: join(segments[number % 3]),
            lambda: record_order_outcome(customer_id=user.pk, at=timezone.now(), change=1),
        )

        assert rows() == recomputed()
    assert CustomerProfile.objects.get().successful_orders_count == 10
    assert CustomerPlace.objects.filter(customer=user.pk).count() == 3  # everyone, one manual, frequent
