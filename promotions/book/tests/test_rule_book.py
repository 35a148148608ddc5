"""The copy of the rules in this process: one small query while nothing changed, never older than the reader's view."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from promotions.campaigns import selectors as campaigns
from promotions.campaigns.services.lifecycle import deactivate_campaign
from promotions.campaigns.tests.factories import make_campaign
from promotions.contracts import Buyer
from promotions.discounts.services import change_discount
from promotions.discounts.tests.factories import make_discount
from promotions.facade import local_day, refusals, rule_book
from stores.catalog.tests.factories import CategoryFactory, ProductFactory

pytestmark = pytest.mark.django_db


def test_without_rules_it_is_empty(django_assert_num_queries):
    rule_book()

    with django_assert_num_queries(1):
        book = rule_book()

    assert (book.version, book.rules) == (0, ())


def test_it_costs_one_query_while_nothing_changed(django_assert_num_queries):
    make_discount()
    first = rule_book()

    with django_assert_num_queries(1):
        assert rule_book() is first


def test_reading_anew_costs_the_same_for_one_as_for_many(django_assert_num_queries):
    def add() -> None:
        category = CategoryFactory.create()
        make_discount(category, product_ids=frozenset({ProductFactory.create(category=category).pk}))
        make_campaign(scope="category", category_ids=frozenset({category.pk}))

    add()
    with django_assert_num_queries(9):  # the version before and after, two for discounts, five for campaigns
        rule_book()
    for _ in range(5):
        add()
    with django_assert_num_queries(9):
        assert len(rule_book().rules) == 12


def test_higher_priority_comes_first_and_the_order_is_stable():
    low, high, middle = (make_discount(priority=number) for number in (-5, 9, 0))
    campaign = make_campaign(priority=4)

    assert [rule.rule_id for rule in rule_book().rules] == [high.pk, campaign.pk, middle.pk, low.pk]


def test_moments_are_not_filtered_and_states_are():
    now = timezone.now()
    over = make_discount(starts_at=now - timedelta(days=3), ends_at=now - timedelta(days=2))
    soon = make_campaign(state="scheduled")
    make_campaign(state="draft")
    make_campaign(state="ended")

    assert {rule.rule_id for rule in rule_book().rules} == {over.pk, soon.pk}


def test_what_is_switched_off_leaves_it_at_once():
    discount, campaign = make_discount(), make_campaign()
    assert len(rule_book().rules) == 2

    change_discount(discount_id=discount.pk, changes={"is_active": False}, actor_id=None)
    deactivate_campaign(campaign_id=campaign.pk, actor_id=None, at=timezone.now())

    assert rule_book().rules == ()


def test_what_was_rolled_back_is_forgotten_even_when_its_number_comes_again():
    make_discount(name="Queda")
    with transaction.atomic():
        make_discount(name="Se deshace")
        inside = rule_book()
        transaction.set_rollback(True)

    make_discount(name="Otro")

    after = rule_book()
    assert inside.version == after.version
    assert sorted(rule.name for rule in inside.rules) == ["Queda", "Se deshace"]
    assert sorted(rule.name for rule in after.rules) == ["Otro", "Queda"]


def test_rules_that_change_while_they_are_read_are_read_again(monkeypatch):
    discount = make_discount(percent_bp=1_000)
    read = campaigns.price_rules
    changes = iter([2_000])

    def read_while_somebody_writes():
        for percent in changes:
            change_discount(discount_id=discount.pk, changes={"percent_bp": percent}, actor_id=None)
        return read()

    monkeypatch.setattr(campaigns, "price_rules", read_while_somebody_writes)

    book = rule_book()

    assert (book.version, book.rules[0].benefits[0].basis_points) == (2, 2_000)


def test_rules_that_never_stand_still_are_old_at_the_next_use(monkeypatch):
    discount = make_discount(percent_bp=1)
    read = campaigns.price_rules
    percents = iter(range(2, 100))

    def read_while_somebody_writes():
        change_discount(discount_id=discount.pk, changes={"percent_bp": next(percents)}, actor_id=None)
        return read()

    monkeypatch.setattr(campaigns, "price_rules", read_while_somebody_writes)
    unsettled = rule_book()
    monkeypatch.undo()

    settled = rule_book()

    assert unsettled.version == settled.version - 1
    assert settled.rules[0].benefits[0].basis_points == next(percents) - 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_writers_own_view_does_not_reach_others_before_it_is_committed():
    make_discount(name="Queda")
    seen: list[list[str]] = []

    def look() -> None:
        seen.append(sorted(rule.name for rule in rule_book().rules))
        connection.close()

    def look_from_elsewhere() -> None:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(30)

    with transaction.atomic():
        make_discount(name="Nuevo")
        inside = sorted(rule.name for rule in rule_book().rules)
        look_from_elsewhere()
    look_from_elsewhere()

    assert inside == ["Nuevo", "Queda"]
    assert seen == [["Queda"], ["Nuevo", "Queda"]]


def test_a_quote_asks_of_each_rule_without_a_query(django_assert_num_queries):
    for number in range(6):
        make_discount(weekdays=frozenset({number + 1}))
    rules, at = rule_book().rules, timezone.now()

    with django_assert_num_queries(0):
        day = local_day(at)
        found = [
            refusals(
                rule,
                buyer=Buyer(),
                at=at,
                ticket_minor=100,
                currency="MXN",
                has_coupon=False,
                limit=None,
                day=day,
            )
            for rule in rules
        ]

    assert sum(not refused for refused in found) <= 1
    assert {refused.code for each in found for refused in each} == {"not_today"}
