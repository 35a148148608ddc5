"""Statements that may take so long and no longer."""

import pytest
from django.db import connection

from marketplace.core.ids import uuid7
from marketplace.core.jobs import JobSlot, take_slot
from marketplace.core.patience import TooSlowError, patience

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


def timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        value: str = cursor.fetchone()[0]
    return value


def sleep(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def impatient(slot: str) -> None:
    with patience(50):
        take_slot("test", slot)
        sleep(20)


def test_what_takes_too_long_is_cancelled_and_has_not_happened():
    before, slot = timeout(), str(uuid7())

    with pytest.raises(TooSlowError):
        impatient(slot)

    assert not JobSlot.objects.filter(slot=slot).exists()
    assert timeout() == before


def test_what_is_quick_is_kept_and_the_callers_transaction_has_its_own_limit_again():
    before, slot = timeout(), str(uuid7())

    with patience(5_000):
        take_slot("test", slot)
        inside = timeout()

    assert inside == "5s"
    assert JobSlot.objects.filter(slot=slot).exists()
    assert timeout() == before


def test_a_server_that_has_gone_silent_is_given_up():
    connection.ensure_connection()

    assert (
        connection.connection.get_dsn_parameters().items()
        >= {
            "connect_timeout": "5",
            "keepalives_idle": "5",
            "keepalives_interval": "2",
            "keepalives_count": "3",
            "tcp_user_timeout": "10000",
        }.items()
    )
