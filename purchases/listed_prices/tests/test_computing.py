"""What lists show is what the price pipeline says of one unit in a stranger's cart, at any moment."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions import facade as promotions
from promotions.contracts import Buyer, PriceRule, RuleLimit
from purchases.listed_prices.computing import STRANGER, Shown, shown_prices
from purchases.pricing.pipeline import price, ticket_of
from purchases.pricing.tests.makers import ITEMS, MXN, amount, item, percent, rule, rules, uid
from purchases.pricing.values import Item

pytestmark = pytest.mark.once

NOON = datetime(2026, 3, 13, 18, tzinfo=UTC)  # a Friday in Mexico, where it is noon
MOMENTS = st.integers(0, 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
DAYS = st.frozensets(st.integers(1, 7), max_size=3)


def in_cart(line: Item, those: list[PriceRule], at: datetime, buyer: Buyer = STRANGER) -> int:
    """What a line costs alone in a cart, by rules about lines that ask for no coupon."""
    judged = [
        (each, promotions.refusals(each, buyer=buyer, at=at, ticket_minor=ticket_of([line]), currency=MXN))
        for each in those
        if not each.is_about_orders and not each.needs_coupon
    ]
    return price([line], currency=MXN, rules=judged).items[0].total.minor


def shown_of(line: Item, *those: PriceRule, at: datetime = NOON, limits: dict[UUID, RuleLimit] | None = None) -> Shown:
    return shown_prices([line], those, at=at, limits=limits or {})[line.variant_id]


@st.composite
def conditional_rules(draw: st.DrawFn) -> list[PriceRule]:
    """As `rules`, with moments, days, minimum tickets, levels, segments, coupons and limits."""
    found = []
    for each, _failed in draw(rules()):
        starts_at = draw(st.none() | MOMENTS)
        ends_at = draw(st.none() | MOMENTS)
        conditions = {
            "starts_at": starts_at,
            "ends_at": ends_at if starts_at is None or ends_at is None or starts_at < ends_at else None,
            "weekdays": draw(st.just(frozenset()) | DAYS),
            "month_days": draw(st.just(frozenset()) | DAYS),
            "min_ticket_minor": draw(st.sampled_from([0, 0, 10_000, 20_000])),
            "tiers": frozenset(draw(st.sampled_from(["", "", "gold", "silver"])).split()),
            "segment_ids": frozenset(draw(st.sampled_from([(), (), (uid(1),), (uid(2),)]))),
            "needs_coupon": draw(st.sampled_from([False, False, True])),
            "is_limited": draw(st.sampled_from([False, False, True])),
            "currency": draw(st.sampled_from([MXN, MXN, "USD"])),
        }
        found.append(PriceRule(**{name: getattr(each, name) for name in PriceRule.__slots__} | conditions))
    return found


def once_each(lines: list[Item]) -> list[Item]:
    """One unit, each variant once, nothing held of a flash promotion."""
    return [
        item(number, price=line.list_price.minor, category_ids=line.category_ids, store_id=line.store_id)
        for number, line in enumerate(lines, 1)
    ]


@given(ITEMS, conditional_rules(), MOMENTS)
def test_a_list_shows_what_a_stranger_pays_for_one_unit(lines, those, at):
    lines = once_each(lines)
    for_everybody = [each for each in those if not each.is_limited]

    shown = shown_prices(lines, those, at=at, limits={})

    for line in lines:
        paid, said = in_cart(line, for_everybody, at), shown.get(line.variant_id)
        assert (line.list_price.minor if said is None or said.price is None else said.price) == paid


@given(ITEMS, conditional_rules(), MOMENTS)
def test_a_lower_price_is_one_that_some_customer_pays_and_for_all_means_all(lines, those, at):
    lines = once_each(lines)

    shown = shown_prices(lines, those, at=at, limits={})

    segments = frozenset(uid(number) for number in (1, 2))
    for line in lines:
        customers = [in_cart(line, those, at, Buyer(None, tier, segments)) for tier in ("", "gold", "silver")]
        if said := shown.get(line.variant_id):
            paid = line.list_price.minor if said.price is None else said.price
            assert said.lowest is None or (said.lowest in customers and said.lowest < paid)
            assert said.lowest is not None or min(customers) >= paid
            assert not said.is_for_all or max(customers) <= paid


@given(ITEMS, conditional_rules(), MOMENTS, st.floats(0, 1))
def test_what_is_shown_holds_until_it_says_and_is_worth_another_look_then(lines, those, at, part):
    lines = once_each(lines)

    shown = shown_prices(lines, those, at=at, limits={})

    for line in lines:
        said = shown.get(line.variant_id)
        until = at + timedelta(days=400) if said is None or said.until is None else said.until
        assert until > at
        later = at + (until - at) * part
        if later < until:
            again = shown_prices([line], those, at=later, limits={}).get(line.variant_id)
            assert (said and said[:3]) == (again and again[:3])


@pytest.mark.parametrize(
    ("conditions", "until"),
    [
        ({}, None),
        ({"ends_at": NOON + timedelta(hours=2)}, NOON + timedelta(hours=2)),
        ({"starts_at": NOON + timedelta(hours=1)}, NOON + timedelta(hours=1)),
        # Midnight in Mexico is six o'clock in UTC.
        ({"weekdays": frozenset({5})}, datetime(2026, 3, 14, 6, tzinfo=UTC)),
        ({"weekdays": frozenset({1})}, datetime(2026, 3, 16, 6, tzinfo=UTC)),
        ({"weekdays": frozenset({5}), "month_days": frozenset({13})}, datetime(2026, 3, 14, 6, tzinfo=UTC)),
        ({"weekdays": frozenset({5}), "ends_at": NOON + timedelta(hours=2)}, NOON + timedelta(hours=2)),
        # Far away: looked at again after a month.
        ({"month_days": frozenset({31}), "weekdays": frozenset({7})}, datetime(2026, 4, 13, 6, tzinfo=UTC)),
    ],
)
def test_until_the_next_moment_at_which_a_rule_changes(settings, conditions, until):
    settings.PLATFORM_TIME_ZONE = "America/Mexico_City"

    assert shown_of(item(), rule(500, percent(1_000), **conditions)).until == until


def test_midnight_is_the_platforms(settings):
    settings.PLATFORM_TIME_ZONE = "Asia/Tokyo"
    on_friday = rule(500, percent(1_000), weekdays=frozenset({5}))
    last_moment = datetime(2026, 3, 13, 23, 59, tzinfo=ZoneInfo("Asia/Tokyo"))

    before = shown_of(item(), on_friday, at=last_moment)
    after = shown_of(item(), on_friday, at=last_moment + timedelta(minutes=1))

    assert (before.price, before.until) == (9_000, last_moment + timedelta(minutes=1))
    assert (after.price, after.until) == (None, datetime(2026, 3, 20, tzinfo=ZoneInfo("Asia/Tokyo")))


def test_what_only_some_get_is_told_apart():
    gold = rule(500, percent(2_000), tiers=frozenset({"gold"}))
    everybody = rule(501, percent(1_000))

    assert shown_of(item(), gold, everybody) == Shown(9_000, True, 8_000, None)
    assert shown_of(item(), gold) == Shown(None, True, 8_000, None)


def test_a_price_that_some_customers_do_not_get_is_not_for_all():
    gold = rule(500, percent(500), tiers=frozenset({"gold"}), priority=1)

    assert shown_of(item(), gold, rule(501, percent(1_000))) == Shown(9_000, False, None, None)


def test_limited_rules_are_for_some_while_uses_are_left():
    limited = rule(500, amount(1_000), is_limited=True)

    assert shown_of(item(), limited).lowest == 9_000
    assert shown_of(item(), limited, limits={uid(500): RuleLimit(0, None)}).lowest is None


def test_a_minimum_that_one_unit_reaches_is_reached_by_every_purchase():
    big = rule(500, percent(1_000), min_ticket_minor=10_000)

    assert shown_of(item(price=10_000), big).price == 9_000
    assert shown_of(item(price=9_999), big).price is None


def test_what_no_rule_reaches_is_left_out():
    over = rule(500, percent(1_000), ends_at=NOON)
    about_orders, behind_a_coupon = (
        rule(501, percent(1), is_about_orders=True),
        rule(502, percent(1), needs_coupon=True),
    )
    elsewhere = rule(503, percent(1_000), store_ids=frozenset({uid(7)}))

    assert shown_prices([item()], [over, about_orders, behind_a_coupon, elsewhere], at=NOON, limits={}) == {}
