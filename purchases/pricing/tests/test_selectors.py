"""What the database is asked for prices of now, and which rules are anybody's business at that moment."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from promotions import facade
from promotions.campaigns.tests.factories import make_campaign
from promotions.contracts import RuleLimit
from promotions.flash.tests.factories import make_variant
from purchases.pricing.selectors import quote
from purchases.pricing.values import Quote, Wanted
from stores.facade import variant_cards
from users.customers.tests.factories import SegmentFactory, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def wanted() -> Wanted:
    variant = make_variant()
    return Wanted("1", variant_cards([variant.pk])[variant.pk], 1)


@pytest.fixture
def limits_asked(monkeypatch: pytest.MonkeyPatch) -> list[list[UUID]]:
    """The rules of each question after limits; it is answered as ever."""
    asked: list[list[UUID]] = []
    answer = facade.rule_limits

    def ask(rule_ids: Iterable[UUID], customer_id: UUID | None) -> dict[UUID, RuleLimit]:
        asked.append(list(rule_ids))
        return answer(asked[-1], customer_id)

    monkeypatch.setattr(facade, "rule_limits", ask)
    return asked


def quoted(wanted: Wanted, **terms: Any) -> Quote:
    return quote([wanted], **({"customer_id": None, "at": timezone.now(), "ships": False} | terms))


def applied(answer: Quote) -> set[str]:
    return {rule.name for rule in answer.applied}


def named(answer: Quote) -> set[str]:
    """The rules that applied, and those that did not and are listed."""
    return applied(answer) | {rule.name for rule in answer.refused}


def test_limits_are_asked_for_of_limited_rules_only(wanted, limits_asked):
    make_campaign(name="As often as you like")
    limited = make_campaign(name="A hundred times", max_uses=100, priority=1)

    quoted(wanted)

    assert limits_asked == [[limited.pk]]


def test_where_no_rule_is_limited_nobody_asks_for_limits(wanted, limits_asked):
    make_campaign(name="As often as you like")

    answer = quoted(wanted)

    assert limits_asked == []
    assert applied(answer) == {"As often as you like"}


@pytest.mark.parametrize("wish", ["level", "segment"])
def test_a_rule_that_wants_a_level_or_a_segment_is_enough_to_look_the_buyer_up(wanted, wish):
    segment = SegmentFactory.create()
    wishes: dict[str, dict[str, Any]] = {
        "level": {"tiers": frozenset({"gold"})},
        "segment": {"segment_ids": frozenset({segment.pk})},
    }
    make_campaign(name="For few", **wishes[wish])
    make_campaign(name="For all")
    few = make_customer(segments=[segment], profile={"tier": "gold"})
    other = make_customer()

    assert "For few" in applied(quoted(wanted, customer_id=few.pk))
    assert "For few" not in applied(quoted(wanted, customer_id=other.pk))


def test_where_no_rule_asks_who_buys_the_buyer_is_not_looked_up(wanted, django_assert_num_queries):
    make_campaign(name="For all")
    customer = make_customer()
    quoted(wanted)  # the book of rules is read

    with django_assert_num_queries(1):
        assert applied(quoted(wanted, customer_id=customer.pk)) == {"For all"}


def test_a_rule_begins_at_its_first_moment_and_is_nobodys_business_at_its_last(wanted):
    first = timezone.now() + timedelta(hours=1)
    last = first + timedelta(hours=1)
    make_campaign(name="An hour", starts_at=first, ends_at=last, state="scheduled")
    moment = timedelta(microseconds=1)

    said = [named(quoted(wanted, at=at)) for at in (first - moment, first, last - moment, last)]

    assert said == [set(), {"An hour"}, {"An hour"}, set()]
