"""The bucket of tokens: taken by one statement on the database's clock."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.core.audit import AuditEntry
from notifications.rates.models import SendingRate
from notifications.rates.services import at_once, drop_rate, set_rate, take_tokens


def bucket(tokens: float, *, per_second: int = 1, burst: int = 10, age: float = 0) -> None:
    SendingRate.objects.all().delete()
    filled_at = timezone.now() - timedelta(seconds=age)
    SendingRate.objects.create(channel="email", per_second=per_second, burst=burst, tokens=tokens, filled_at=filled_at)


@pytest.mark.django_db
def test_tokens_are_taken_all_or_none_and_fill_up_to_the_burst():
    bucket(5)
    assert [take_tokens("email", 3), take_tokens("email", 3)] == [True, False]

    bucket(0, per_second=2, age=3.2)
    assert [take_tokens("email", 6), take_tokens("email", 3)] == [True, False]

    bucket(0, per_second=1000, age=3600)
    assert [take_tokens("email", 10), take_tokens("email", 10)] == [True, False]


@pytest.mark.django_db
def test_clock_that_was_set_back_takes_nothing_away():
    bucket(4, age=-3600)

    assert take_tokens("email", 4)
    assert not take_tokens("email", 1)


@pytest.mark.django_db
def test_setting_and_dropping_a_limit_is_audited_and_keeps_what_is_in_the_bucket():
    assert at_once("email") is None
    rate = set_rate(channel="email", per_second=5, burst=50, actor_id=None)
    SendingRate.objects.update(tokens=7)
    set_rate(channel="email", per_second=6, burst=60, actor_id=None)

    rate.refresh_from_db()
    assert (at_once("email"), rate.tokens) == (60, 7)
    drop_rate(rate=rate, actor_id=None)
    assert at_once("email") is None
    trail = AuditEntry.objects.filter(object_type="notifications.sendingrate").order_by("id")
    assert [entry.action.split(".")[1] for entry in trail] == [
        "set_sending_rate",
        "set_sending_rate",
        "drop_sending_rate",
    ]
    assert trail[1].before == {"per_second": 5, "burst": 50}


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_so_many_get_a_token(together):
    bucket(5, per_second=1, burst=5, age=-60)

    answers = together(lambda _number: take_tokens("email", 1), 12)

    assert sorted(answers) == [False] * 7 + [True] * 5
