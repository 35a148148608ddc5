"""Every number of the reports, worked out a second time from the rows behind it on a seeded data set."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from funds.models import Account
from marketplace.backoffice.analytics.presenting import as_json
from marketplace.backoffice.analytics.reports import REPORTS
from marketplace.backoffice.analytics.values import Period
from marketplace.core.clock import platform_day
from promotions.models import DayFunnel, LoyaltyMember, PointsEntry, PointsLot, SlotDaily
from purchases.models import Order, OrderLine, OrderPart
from stores.models import StockItem

from .factories import FIRST, LAST, random_house

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("error")]
SOLD = {"paid", "packed", "shipped", "delivered", "closed", "partly_returned", "returned"}
BEFORE = (FIRST - timedelta(days=10), LAST - timedelta(days=10))


@pytest.fixture
def house() -> None:
    random_house(11)


def report(key: str, first: date = FIRST, last: date = LAST) -> dict[str, Any]:
    period = Period(first, last, Period(*BEFORE))
    return as_json(REPORTS[key].build(period, "MXN", timezone.now()))


def mxn(minor: int) -> dict[str, str]:
    return {"amount": f"{minor / 100:.2f}", "currency": "MXN"}


def sold_between(first: date, last: date) -> list[Order]:
    orders = Order.objects.filter(currency="MXN", state__in=SOLD)
    return [order for order in orders if first <= platform_day(order.placed_at) <= last]


def rows(table: dict[str, Any]) -> list[list[Any]]:
    return [list(row["values"].values()) for row in table["rows"]]


def sales_of(orders: list[Order]) -> dict[str, Any]:
    lines = [line for order in orders for line in OrderLine.objects.filter(order=order)]
    parts = [part for order in orders for part in OrderPart.objects.filter(order=order)]
    revenue = sum(order.total_minor for order in orders)
    refunds = sum(line.refunded_minor for line in lines) + sum(part.shipping_refunded_minor for part in parts)
    everything = sorted(Order.objects.filter(state__in=SOLD), key=lambda order: (order.placed_at, order.pk))
    firsts: dict[Any, Any] = {}
    for order in everything:
        firsts.setdefault(order.customer_id, order.pk)
    return {
        "revenue": mxn(revenue),
        "orders": len(orders),
        "average_ticket": mxn((2 * revenue + len(orders)) // (2 * len(orders))),
        "net_revenue": mxn(revenue - refunds),
        "refunds": mxn(refunds),
        "discount": mxn(sum(max(0, line.list_price_minor * line.quantity - line.total_minor) for line in lines)),
        "units": sum(line.quantity for line in lines),
        "new_customers": sum(order.pk in firsts.values() for order in orders),
    }


def test_sales_and_those_before(house):
    found = report("overview")["figures"]

    now, before = sales_of(sold_between(FIRST, LAST)), sales_of(sold_between(*BEFORE))
    assert {key: found[key]["value"] for key in now} == now
    assert {key: found[key]["before"] for key in before} == before
    for key in ("orders", "units"):
        assert found[key]["change"] == round((now[key] - before[key]) / before[key], 6)


def test_sales_by_day_and_door(house):
    found = report("overview")

    for first, last, name in ((FIRST, LAST, "values"), (*BEFORE, "before")):
        by_day: dict[date, list[Order]] = defaultdict(list)
        for order in sold_between(first, last):
            by_day[platform_day(order.placed_at)].append(order)
        days = [first + timedelta(days=n) for n in range(10)]
        assert found["series"]["orders"][name] == [len(by_day[day]) for day in days]
        assert found["series"]["revenue"][name] == [mxn(sum(o.total_minor for o in by_day[day])) for day in days]
    doors: dict[str, list[int]] = defaultdict(list)
    for order in sold_between(FIRST, LAST):
        doors[str(order.get_source_display())].append(order.total_minor)
    assert {row[0]: row[1:3] for row in rows(found["tables"]["sales_by_source"])} == {
        door: [len(totals), mxn(sum(totals))] for door, totals in doors.items()
    }


def test_what_was_shown_and_clicked(house):
    found = report("overview")

    slots = [row for row in SlotDaily.objects.all() if FIRST <= row.day <= LAST]
    seen, clicked = sum(row.impressions for row in slots), sum(row.clicks for row in slots)
    assert found["figures"]["impressions"]["value"] == seen
    assert found["figures"]["ctr"]["value"] == round(clicked / seen, 6)
    reasons: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    places: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in slots:
        for sums in (reasons[str(row.get_reason_display())], places[str(row.get_context_display()), row.position]):
            sums[0] += row.impressions
            sums[1] += row.clicks
    mix = {name: [round(a / seen, 6), a, b, round(b / a, 6) if a else None] for name, (a, b) in reasons.items()}
    assert {row[0]: row[1:] for row in rows(found["tables"]["exposure_mix"])} == mix
    assert sum(row[1] for row in rows(found["tables"]["exposure_mix"])) == pytest.approx(1, abs=1e-5)
    assert {(row[0], row[1]): row[2:4] for row in rows(found["tables"]["ctr_per_slot"])} == places
    by_day = [[row for row in slots if row.day == FIRST + timedelta(days=n)] for n in range(10)]
    assert found["series"]["ctr"]["values"] == [
        round(sum(row.clicks for row in day) / sum(row.impressions for row in day), 6) for day in by_day
    ]


def test_the_way_from_seen_to_bought(house):
    days = [row for row in DayFunnel.objects.all() if FIRST <= row.day <= LAST]
    looked = sum(row.view_actors for row in days)

    found = rows(report("overview")["tables"]["funnel"])

    assert [row[1] for row in found] == [
        sum(getattr(row, name) for row in days) for name in ("impressions", "views", "clicks", "carts", "purchases")
    ]
    assert [row[2] for row in found] == [
        None,
        *(sum(getattr(row, f"{name}_actors") for row in days) for name in ("view", "click", "cart", "purchase")),
    ]
    bought = sum(row.purchase_actors for row in days)
    assert (found[1][3], found[4][3]) == (1.0, round(bought / looked, 6))


def test_members_levels_and_points(house):
    today = platform_day(timezone.now())
    found = report("loyalty", today - timedelta(days=1), today)

    members = list(LoyaltyMember.objects.select_related("level"))
    rose = sum(1 for member in members if member.level and member.level.threshold)
    assert found["figures"]["loyalty_members"]["value"] == len(members) == 25
    assert found["figures"]["loyalty_upgrades"]["value"] == rose
    assert found["figures"]["upgrade_rate"]["value"] == round(rose / 25, 6)
    levels: dict[str, int] = defaultdict(int)
    for member in members:
        levels[member.level.name if member.level else "no level yet"] += 1
    assert {row[0]: row[1] for row in rows(found["tables"]["loyalty_levels"])} == levels
    points = sum(lot.left for lot in PointsLot.objects.all())
    assert found["figures"]["points_outstanding"]["value"] == points
    assert found["figures"]["loyalty_liability"]["value"] == mxn(points * 10)
    assert found["figures"]["points_earned"]["value"] == sum(row.points for row in PointsEntry.objects.all())
    months = rows(found["tables"]["liability"])
    assert sum(row[1] for row in months) == points
    assert [row[0] for row in months] == sorted(row[0] for row in months)


def test_stock_and_how_long_it_lasts(house):
    found = report("inventory")

    items = list(StockItem.objects.select_related("variant"))
    low = [item for item in items if item.available <= item.reorder_point]
    sold = sum(line.quantity for order in sold_between(FIRST, LAST) for line in OrderLine.objects.filter(order=order))
    figures = {key: each["value"] for key, each in found["figures"].items()}
    assert figures["stock_items"] == len(items)
    assert figures["stock_low"] == len(low)
    assert figures["stock_out"] == sum(1 for item in items if item.available <= 0)
    assert figures["on_hand"] == sum(item.on_hand for item in items)
    assert figures["days_of_stock"] == round(figures["on_hand"] / (sold / 10), 6)
    worth = sum(item.on_hand * (item.variant.cost_minor or 0) for item in items if item.variant.currency == "MXN")
    assert figures["stock_value_mxn"] == mxn(worth)
    units: dict[str, int] = defaultdict(int)
    for order in sold_between(FIRST, LAST):
        for line in OrderLine.objects.filter(order=order):
            units[line.sku] += line.quantity
    best = rows(found["tables"]["best_sellers"])
    assert {row[0]: row[2] for row in best} == units
    left = {item.variant.sku: item.available for item in items}
    assert [row[5] for row in best] == [round(left[row[0]] * 10 / row[2], 6) for row in best]


def test_the_books(house):
    found = report("funds")

    assert found["figures"]["funds_imbalance"]["value"] == 0
    wallets = Account.objects.filter(kind="wallet", currency="MXN")
    assert found["figures"]["wallets"]["value"] == mxn(sum(account.posted for account in wallets))
    balances = rows(found["tables"]["balances"])
    assert sum(float(row[3]["amount"]) for row in balances) == pytest.approx(0)
    assert found["figures"]["revenue"]["value"] == sales_of(sold_between(FIRST, LAST))["revenue"]


def test_what_promotions_took_off(house):
    found = report("promotions")

    took: dict[str, int] = defaultdict(int)
    by_rule: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for order in sold_between(FIRST, LAST):
        for line in OrderLine.objects.filter(order=order):
            for benefit in line.applied_benefits:
                took[benefit["kind"]] += benefit["amount_minor"]
                by_rule[benefit["name"]][0] += benefit["amount_minor"]
                by_rule[benefit["name"]][1] += line.total_minor
    for kind in ("flash", "campaign", "discount"):
        assert found["figures"][f"discount_{kind}"]["value"] == mxn(took[kind])
    assert {row[0]: row[3:] for row in rows(found["tables"]["benefits"])} == {
        name: [mxn(amount), mxn(revenue)] for name, (amount, revenue) in by_rule.items()
    }
