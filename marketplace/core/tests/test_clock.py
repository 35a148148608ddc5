"""The database's clock on both engines."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from marketplace.core.clock import db_now, now_sql, platform_day, read_db_now
from marketplace.core.models import JobLease

pytestmark = pytest.mark.django_db


def lease(until):
    return JobLease.objects.create(job="clock", holder=uuid4(), until=until)


def test_the_value_is_now_with_its_zone():
    value = read_db_now()

    assert value.tzinfo is not None
    assert abs(value - datetime.now(UTC)) < timedelta(seconds=2)


def test_it_moves_on_inside_a_transaction():
    with transaction.atomic():
        first = read_db_now()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM core_outboxevent a, core_outboxevent b")
        while (second := read_db_now()) == first:
            pass

    assert second > first


@pytest.mark.parametrize(("offset", "is_past"), [(-0.05, True), (5.0, False)])
def test_comparisons_in_the_database_agree_with_the_value(offset, is_past):
    row = lease(read_db_now() + timedelta(seconds=offset))

    assert JobLease.objects.filter(pk=row.pk, until__lte=db_now()).exists() is is_past
    assert JobLease.objects.filter(pk=row.pk, until__gt=db_now()).exists() is not is_past


def test_a_moment_without_a_fraction_compares_like_any_other():
    """SQLite compares texts: one second in the past must be past whether or not it has microseconds."""
    whole = read_db_now().replace(microsecond=0) - timedelta(seconds=1)

    row = lease(whole)

    assert JobLease.objects.filter(pk=row.pk, until__lt=db_now()).exists()


def test_a_deadline_is_the_clock_plus_a_duration():
    row = lease(datetime(2000, 1, 1, tzinfo=UTC))
    before = read_db_now()

    JobLease.objects.filter(pk=row.pk).update(until=db_now() + timedelta(seconds=60))

    row.refresh_from_db()
    assert before + timedelta(seconds=60) <= row.until <= read_db_now() + timedelta(seconds=60)


def test_hand_written_sql_reads_the_same_clock():
    before = read_db_now()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO core_joblease (job, holder, until) VALUES (%s, %s, {now_sql(connection)})",
            ["by hand", uuid4().hex],
        )

    assert before <= JobLease.objects.get(job="by hand").until <= read_db_now()


def test_the_platforms_day_is_its_zones_not_utcs(settings):
    settings.PLATFORM_TIME_ZONE = "America/Mexico_City"

    assert platform_day(datetime(2026, 3, 1, 5, 59, tzinfo=UTC)).isoformat() == "2026-02-28"
    assert platform_day(datetime(2026, 3, 1, 6, 0, tzinfo=UTC)).isoformat() == "2026-03-01"
