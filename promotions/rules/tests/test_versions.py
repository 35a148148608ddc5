"""The version of the rule book counts changes, and tells those that were rolled back."""

import pytest
from django.db import IntegrityError, transaction

from marketplace.core.ids import uuid7
from marketplace.core.outbox.models import OutboxEvent
from promotions.rules.models import RuleBookVersion
from promotions.rules.versions import NO_RULES, bump, read_stamp

pytestmark = pytest.mark.django_db


def test_each_change_raises_it_and_is_published():
    rules = [uuid7(), uuid7()]

    first = read_stamp()
    versions = [bump(rules), bump(rules[:1])]

    assert first == NO_RULES
    assert versions == [1, 2]
    events = OutboxEvent.objects.filter(wire_name="promotions.price_rules_changed").order_by("pk")
    assert [event.payload for event in events] == [
        {"version": 1, "rule_ids": [str(pk) for pk in sorted(rules)]},
        {"version": 2, "rule_ids": [str(rules[0])]},
    ]


def test_a_number_given_again_after_a_roll_back_is_another_state():
    bump([uuid7()])
    with transaction.atomic():
        bump([])
        lost = read_stamp()
        transaction.set_rollback(True)

    bump([])

    again = read_stamp()
    assert lost.version == again.version == 2
    assert lost != again


def test_there_is_one_row():
    bump([])

    with pytest.raises(IntegrityError), transaction.atomic():
        RuleBookVersion.objects.create(id=2, token=uuid7())


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_counted_one_by_one(together):
    versions = together(lambda _number: bump([uuid7()]), 8)

    assert sorted(versions) == list(range(1, 9))
