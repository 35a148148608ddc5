"""The price pipeline: what always holds, and each of its rules by example."""

import random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.money import CurrencyMismatchError, Money
from promotions.contracts import Benefit, BenefitKind
from purchases.pricing.pipeline import price, ticket_of
from purchases.pricing.values import Quote, Sending

from .makers import ITEMS, MXN, amount, failing, item, judged, percent, rule, rules, uid

pytestmark = pytest.mark.once

SHIPPING = {uid(200): Sending(Money(5_000, MXN), "Parcel"), uid(201): Sending(Money(7_000, MXN))}
FREE = Benefit(BenefitKind.FREE_SHIPPING)


def minor(money: Money) -> int:
    return money.minor


def codes(refused) -> dict[str, str]:
    return {each.name: each.code for each in refused}


def ids(told) -> set[UUID]:
    return {each.rule_id for each in told}


def quoted(items, *those, shipping=None) -> Quote:
    return price(items, currency=MXN, rules=judged(*those), shipping=shipping)


# --- what always holds


@given(ITEMS, rules())
def test_lines_add_up_to_the_order_and_benefits_to_what_was_taken_off(items, those):
    quote = price(items, currency=MXN, rules=those, shipping=SHIPPING)

    assert quote.total.minor == sum(minor(line.total) for line in quote.items) + minor(quote.shipping_total)
    for line in quote.items:
        assert 0 <= line.total.minor <= line.item.list_total.minor
        assert sum(minor(each.amount) for each in line.applied) == minor(line.item.list_total - line.total)
        assert all(each.amount.minor >= 0 for each in line.applied)


@given(ITEMS, rules(), st.randoms(use_true_random=False))
def test_the_order_of_rules_changes_nothing(items, those, shuffler):
    shuffled = list(those)
    shuffler.shuffle(shuffled)

    assert price(items, currency=MXN, rules=shuffled, shipping=SHIPPING) == price(
        items, currency=MXN, rules=those, shipping=SHIPPING
    )


@given(ITEMS, rules())
def test_every_rule_is_accounted_for(items, those):
    quote = price(items, currency=MXN, rules=those, shipping=SHIPPING)

    told = ids(quote.applied) | ids(quote.refused)
    for line in quote.items:
        told |= ids(line.applied) | ids(line.refused)
    assert {each.rule_id for each, _failed in those} <= told


@given(ITEMS, rules())
def test_a_rule_that_fails_a_condition_gives_nothing(items, those):
    failed = {each.rule_id for each, refusals in those if refusals}

    quote = price(items, currency=MXN, rules=those, shipping=SHIPPING)

    assert not failed & ids(quote.applied)
    assert all(not failed & ids(line.applied) for line in quote.items)


@given(ITEMS)
def test_without_rules_everything_costs_its_list_price_or_its_promotion(items):
    quote = price(items, currency=MXN)

    assert quote.goods_total.minor == ticket_of(items)
    assert quote.points_bp == 10_000


# --- one rule


@pytest.mark.parametrize(
    ("benefit", "price_minor", "quantity", "total"),
    [
        (percent(1_000), 9_999, 3, 26_997),  # 299.97 less 29.997, which is 30.00
        (percent(10_000), 9_999, 3, 0),
        (amount(1_000), 10_000, 3, 27_000),
        (amount(99_999), 10_000, 3, 0),
        (Benefit(BenefitKind.FIXED_PRICE, minor=8_000), 10_000, 3, 24_000),
        (Benefit(BenefitKind.FIXED_PRICE, minor=20_000), 10_000, 3, 30_000),
        (Benefit(BenefitKind.BUY_X_GET_Y, basis_points=10_000, buy=2, get=1), 10_000, 3, 20_000),
        (Benefit(BenefitKind.BUY_X_GET_Y, basis_points=5_000, buy=1, get=1), 10_000, 5, 40_000),
        (Benefit(BenefitKind.BUY_X_GET_Y, basis_points=10_000, buy=2, get=1), 10_000, 2, 20_000),
    ],
)
def test_what_each_benefit_takes_off_a_line(benefit, price_minor, quantity, total):
    quote = quoted([item(price=price_minor, quantity=quantity)], rule(500, benefit))

    assert minor(quote.goods_total) == total


def test_halves_are_rounded_up_for_each_benefit():
    quote = quoted([item(price=5)], rule(500, percent(1_000)))  # half a cent

    assert minor(quote.goods_total) == 4


# --- rules against each other


def test_among_equals_the_larger_saving_wins_and_the_others_say_so():
    quote = quoted([item()], rule(500, percent(1_000)), rule(501, percent(2_000)))

    assert minor(quote.goods_total) == 8_000
    assert codes(quote.items[0].refused) == {"Rule 500": "outranked"}


def test_a_higher_priority_wins_even_if_it_saves_less():
    quote = quoted([item()], rule(500, percent(1_000), priority=5), rule(501, percent(2_000)))

    assert minor(quote.goods_total) == 9_000
    assert codes(quote.items[0].refused) == {"Rule 501": "outranked"}


def test_a_higher_priority_that_saves_nothing_does_not_stand_in_the_way():
    expensive = Benefit(BenefitKind.FIXED_PRICE, minor=20_000)

    quote = quoted([item()], rule(500, expensive, priority=5), rule(501, percent(2_000)))

    assert minor(quote.goods_total) == 8_000
    assert codes(quote.items[0].refused) == {"Rule 500": "no_saving"}


def test_rules_of_a_stack_group_apply_together_each_to_what_is_left():
    summer = {"stack_group": "summer"}

    quote = quoted([item()], rule(500, percent(1_000), priority=2, **summer), rule(501, percent(2_000), **summer))

    assert minor(quote.goods_total) == 7_200
    assert [minor(each.amount) for each in quote.items[0].applied] == [1_000, 1_800]


def test_a_group_competes_as_a_whole():
    summer = {"stack_group": "summer"}

    quote = quoted(
        [item()], rule(500, percent(1_000), **summer), rule(501, percent(1_000), **summer), rule(502, percent(1_500))
    )

    assert minor(quote.goods_total) == 8_100
    assert codes(quote.items[0].refused) == {"Rule 502": "outranked"}


def test_what_an_exclusive_rule_has_priced_takes_part_in_nothing_further():
    quote = quoted(
        [item(1), item(2)],
        rule(500, percent(5_000), is_exclusive=True, product_ids=frozenset({uid(1)})),
        rule(501, percent(1_000), is_about_orders=True),
    )

    assert [minor(line.total) for line in quote.items] == [5_000, 9_000]


def test_a_rule_is_meant_for_lines_in_each_of_its_sets():
    both = rule(500, percent(1_000), category_ids=frozenset({uid(101)}), product_ids=frozenset({uid(2)}))

    quote = quoted([item(1), item(2), item(2, category_ids=frozenset({uid(7)}))], both)

    assert [minor(line.total) for line in quote.items] == [10_000, 9_000, 10_000]


def test_a_rule_that_is_meant_for_no_line_says_so():
    quote = quoted([item()], rule(500, percent(1_000), store_ids=frozenset({uid(1)})))

    assert codes(quote.refused) == {"Rule 500": "not_for_these"}


def test_a_condition_that_fails_is_named_at_the_lines_it_is_about():
    quote = price([item()], currency=MXN, rules=[failing(rule(500, percent(1_000)), "segment")])

    assert minor(quote.goods_total) == 10_000
    assert codes(quote.items[0].refused) == {"Rule 500": "segment"}


# --- flash promotions


def test_a_held_unit_costs_its_promotion_and_nothing_further_comes_off():
    quote = quoted([item(flash=6_000)], rule(500, percent(5_000)), rule(501, amount(1_000), is_about_orders=True))

    assert minor(quote.total) == 6_000
    assert [(each.kind, minor(each.amount)) for each in quote.items[0].applied] == [("flash", 4_000)]
    assert codes(quote.items[0].refused) == {"Rule 500": "final_price"}
    assert codes(quote.refused) == {"Rule 501": "no_saving"}


def test_a_shelf_price_that_fell_below_the_promotion_counts_for_the_holder():
    assert minor(quoted([item(price=5_000, flash=6_000)]).total) == 5_000


# --- rules about orders


def test_what_comes_off_the_order_is_spread_without_losing_a_unit():
    quote = quoted(
        [item(1, price=100), item(2, price=100), item(3, price=100)], rule(500, amount(100), is_about_orders=True)
    )

    assert [minor(line.total) for line in quote.items] == [66, 67, 67]
    assert minor(quote.total) == 200


def test_an_order_rule_comes_after_the_lines_own():
    quote = quoted([item()], rule(500, percent(1_000)), rule(501, percent(1_000), is_about_orders=True))

    assert minor(quote.total) == 8_100


def test_a_reward_comes_off_last_and_never_more_than_there_is():
    reward = rule(500, amount(9_000), kind="loyalty", is_about_orders=True)

    quote = quoted([item()], reward, rule(501, percent(1_000), is_about_orders=True))

    assert minor(quote.total) == 0
    assert [(each.kind, minor(each.amount)) for each in quote.applied] == [("campaign", 1_000), ("loyalty", 9_000)]


@pytest.mark.parametrize(
    "lines", [[item()], [item(price=8_999), item(2, price=90_000, flash=80_000)]], ids=["a campaign", "a held unit"]
)
def test_a_reward_never_goes_for_less_than_it_is_worth(lines):
    """The smallest order it asks is one at list prices."""
    reward = rule(500, amount(9_001), kind="loyalty", is_about_orders=True, min_ticket_minor=9_001)
    campaign = rule(501, percent(1_000), is_about_orders=True)

    quote = quoted(lines, reward, campaign)

    assert [each.kind for each in quote.applied] == ["campaign"]
    assert [(each.rule_id, each.code) for each in quote.refused] == [(reward.rule_id, "worth_more")]


# --- sending and points


def test_sending_is_free_for_the_stores_that_a_rule_is_about():
    lines = [item(1), item(2, store_id=uid(201))]

    quote = quoted(lines, rule(500, FREE, store_ids=frozenset({uid(201)})), shipping=SHIPPING)

    assert [(each.store_id, minor(each.price)) for each in quote.shipping] == [(uid(200), 5_000), (uid(201), 0)]
    assert quote.shipping[0].rate == "Parcel"
    assert [(each.name, minor(each.amount)) for each in quote.applied] == [("Rule 500", 7_000)]
    assert minor(quote.total) == 25_000


def test_free_sending_stands_beside_what_comes_off_the_goods():
    sent = {uid(200): SHIPPING[uid(200)]}

    quote = quoted([item()], rule(500, FREE, is_about_orders=True), rule(501, percent(1_000)), shipping=sent)

    assert minor(quote.total) == 9_000


def test_only_the_best_multiplier_of_points_counts():
    double, triple = (Benefit(BenefitKind.POINTS_MULTIPLIER, basis_points=bp) for bp in (20_000, 30_000))

    quote = quoted([item()], rule(500, double), rule(501, triple, is_about_orders=True))

    assert quote.points_bp == 30_000
    assert codes(quote.refused) == {"Rule 500": "no_saving"}


# --- refusals


def test_two_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatchError):
        price([item(list_price=Money(100, "USD"))], currency=MXN)
    with pytest.raises(CurrencyMismatchError):
        price([item()], currency=MXN, shipping={uid(200): Sending(Money(100, "USD"))})


def test_many_lines_and_rules_are_priced_as_each_alone():
    """Lines do not influence each other where no rule is about orders."""
    rng = random.Random(7)
    lines = [item(number, price=rng.randrange(1, 50_000), quantity=rng.randrange(1, 5)) for number in range(40)]
    those = [
        rule(500 + place, percent(rng.randrange(1, 5_000)), product_ids=frozenset({uid(rng.randrange(40))}))
        for place in range(40)
    ]

    whole = quoted(lines, *those)

    assert [line.total for line in whole.items] == [quoted([each], *those).items[0].total for each in lines]
