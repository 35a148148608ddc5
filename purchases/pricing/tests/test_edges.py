"""Where one rule ends and the next begins: limits, ties, and what a rule gives beside a lower price."""

from promotions.contracts import Benefit, BenefitKind
from purchases.pricing.pipeline import price
from purchases.pricing.savings import points_of
from purchases.pricing.values import Quote

from .makers import MXN, amount, item, judged, percent, rule, uid
from .test_pipeline import FREE, SHIPPING, codes


def quoted(items, *those) -> Quote:
    return price(items, currency=MXN, rules=judged(*those), shipping=SHIPPING)


def test_a_rule_about_a_product_of_a_store_is_not_meant_for_it_elsewhere() -> None:
    here = item(1, store_id=uid(200))
    there = item(1, store_id=uid(201))
    those = rule(500, percent(1_000), product_ids=frozenset({uid(1)}), store_ids=frozenset({uid(200)}))

    quote = quoted([here, there], those)

    assert [line.total.minor for line in quote.items] == [9_000, 10_000]


def test_of_equal_priorities_one_that_comes_to_nothing_is_told_apart_from_one_that_saves_less() -> None:
    nothing, less, most = rule(500, percent(1)), rule(501, percent(1_000)), rule(502, percent(5_000))

    quote = quoted([item(1, price=100)], nothing, less, most)

    assert quote.items[0].total.minor == 50
    assert codes(quote.items[0].refused) == {"Rule 500": "no_saving", "Rule 501": "outranked"}


def test_a_smaller_amount_that_comes_first_does_not_win_over_a_larger_share() -> None:
    quote = quoted([item(1, price=10_000)], rule(500, amount(5)), rule(501, percent(5_000)))

    assert quote.items[0].total.minor == 5_000


def test_an_amount_that_saves_as_much_and_comes_first_wins() -> None:
    quote = quoted([item(1, price=10_000)], rule(500, amount(5_000)), rule(501, percent(5_000)))

    assert [each.name for each in quote.items[0].applied] == ["Rule 500"]


def test_what_takes_off_the_order_can_send_for_free_too() -> None:
    quote = quoted([item(1)], rule(500, percent(1_000), FREE, is_about_orders=True))

    assert quote.items[0].total.minor == 9_000
    assert {each.store_id: each.price.minor for each in quote.shipping} == {uid(200): 0, uid(201): 7_000}


def test_no_reward_comes_off_what_an_exclusive_rule_about_the_order_has_priced() -> None:
    exclusive = rule(500, percent(1_000), is_about_orders=True, is_exclusive=True)
    reward = rule(501, amount(100), is_about_orders=True, kind="loyalty")

    quote = quoted([item(1)], exclusive, reward)

    assert [each.name for each in quote.applied] == ["Rule 500"]
    assert quote.items[0].total.minor == 9_000


def test_of_two_multipliers_of_one_rule_the_higher_counts() -> None:
    those = [Benefit(BenefitKind.POINTS_MULTIPLIER, basis_points=points) for points in (30_000, 20_000)]

    assert points_of(rule(500, *those)) == 30_000
