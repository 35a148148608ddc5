"""What a campaign would have cost on orders that were sold: with it and without it, by the same pipeline."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from marketplace.core.clock import platform_day
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.campaigns.errors import CampaignNotFoundError
from promotions.campaigns.tests.factories import make_campaign
from promotions.discounts.tests.factories import make_discount
from promotions.flash.tests.factories import make_variant
from purchases.checkout.tests.factories import buy, fill, shopper
from purchases.orders.models import Order
from purchases.previews.selectors import preview_campaign
from users.accounts.tests.factories import UserFactory
from users.customers.models import CustomerProfile

pytestmark = pytest.mark.django_db


def url(campaign: Any) -> str:
    return f"/api/v1/admin/promotions/{getattr(campaign, 'pk', campaign)}/preview/"


def sold(*quantities: int, **account: Any) -> Order:
    """An order that was paid, of so many of each variant at 349.00."""
    customer = shopper(10_000_000, **account)
    fill(customer, *quantities)
    return Order.objects.get(pk=buy(customer).order.pk)


def pesos(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "MXN"}


def test_a_draft_is_tried_on_last_weeks_orders(api):
    sold(1)
    big = sold(2, 1)
    draft = make_campaign(state="draft", min_ticket=Money(100_000, "MXN"), currency="MXN")
    api.force_authenticate(UserFactory(is_superuser=True, is_staff=True))

    seen = api.get(url(draft)).json()

    today = platform_day(big.placed_at)
    assert (seen["promotion"], seen["since"], seen["until"]) == (
        str(draft.pk),
        str(today - timedelta(days=6)),
        str(today),
    )
    assert (seen["orders"], seen["touched"], seen["is_cut"]) == (2, 1, False)
    assert (seen["revenue"], seen["discount"]) == ([pesos("1396.00")], [pesos("104.70")])
    assert seen["days"] == [
        {
            "day": str(today),
            "orders": 2,
            "touched": 1,
            "revenue": pesos("1396.00"),
            "discount": pesos("104.70"),
        }
    ]
    assert Order.objects.get(pk=big.pk).total_minor == 104_700


def test_what_other_promotions_give_anyway_is_no_cost_of_the_campaign():
    order = sold(1)
    line = order.lines.get()
    make_discount(line.variant.product.category, percent_bp=2_000)
    stores: Any = {"scope": "store", "store_ids": frozenset({line.variant.store_id})}
    better = make_campaign(state="draft", benefits_json=[{"kind": "percentage", "basis_points": 3_000}], **stores)
    worse = make_campaign(state="draft", **stores)
    displaces = make_campaign(state="draft", priority=5, **stores)

    costs = [
        [(day.touched, day.discount.minor) for day in preview_campaign(each.pk, at=timezone.now(), days=7).days]
        for each in (better, worse, displaces)
    ]

    assert costs == [[(1, 3_490)], [(0, 0)], [(1, -3_490)]]


@pytest.mark.parametrize(
    ("change", "counted"),
    [
        ({"source": Order.Source.IMPORT}, 0),
        ({"state": Order.State.PLACED}, 0),
        ({"state": Order.State.CANCELLED}, 0),
        ({"state": Order.State.DELIVERED}, 1),
        ({"placed_at": timezone.now() - timedelta(days=7, hours=1)}, 0),
        ({"placed_at": timezone.now() - timedelta(days=5)}, 1),
    ],
)
def test_paid_orders_of_those_days_count(change, counted):
    order = sold(1)
    Order.objects.filter(pk=order.pk).update(**change)
    draft = make_campaign(state="draft")

    preview = preview_campaign(draft.pk, at=timezone.now(), days=7)

    assert (preview.orders, preview.touched) == (counted, counted)


def test_an_active_campaign_is_compared_with_being_without_it():
    campaign = make_campaign()
    order = sold(1)

    preview = preview_campaign(campaign.pk, at=timezone.now(), days=7)

    assert order.total_minor == 31_410
    assert ([each.minor for each in preview.revenue], [each.minor for each in preview.discount]) == ([31_410], [3_490])


def test_a_coupon_counts_as_entered_and_the_level_is_todays():
    order = sold(1)
    behind_a_coupon = make_campaign("VERANO", state="draft")
    for_gold = make_campaign(state="draft", tiers=frozenset({"gold"}))
    at = timezone.now()

    before = [preview_campaign(each.pk, at=at, days=1).touched for each in (behind_a_coupon, for_gold)]
    CustomerProfile.objects.filter(user=order.customer).update(tier="gold")

    assert before == [1, 0]
    assert preview_campaign(for_gold.pk, at=at, days=1).touched == 1


def test_beyond_the_limit_the_newest_are_looked_at():
    for _ in range(3):
        sold(1)
    draft = make_campaign(state="draft")

    preview = preview_campaign(draft.pk, at=timezone.now(), days=7, most=2)

    assert (preview.orders, preview.is_cut) == (2, True)


def test_any_number_of_orders_takes_the_same_queries(django_assert_num_queries):
    variant = make_variant(on_hand=100)
    draft = make_campaign(state="draft")
    queries = []
    for _ in range(2):
        for _order in range(2):
            customer = shopper(10_000_000)
            fill(customer, 1, variants=[variant])
            buy(customer)
        with django_assert_num_queries(12) as captured:
            preview_campaign(draft.pk, at=timezone.now(), days=7)
        queries.append(len(captured))

    assert queries[0] == queries[1]


def test_only_who_runs_campaigns_sees_it(api):
    draft = make_campaign(state="draft")

    anonymous = api.get(url(draft)).status_code
    api.force_authenticate(shopper(0))
    customer = api.get(url(draft)).status_code
    api.force_authenticate(UserFactory(is_superuser=True, is_staff=True))
    unknown, too_long = api.get(url(uuid7())), api.get(f"{url(draft)}?days=32")

    assert (anonymous, customer) == (401, 403)
    assert (unknown.status_code, too_long.status_code) == (404, 400)
    with pytest.raises(CampaignNotFoundError):
        preview_campaign(uuid7(), at=timezone.now(), days=7)


def test_the_back_office_has_a_page_for_it(client):
    order = sold(1)
    draft = make_campaign(state="draft")
    page = reverse("backoffice:campaign-preview", args=[draft.pk])

    refused = client.get(page)
    client.force_login(UserFactory(is_staff=True))
    forbidden = client.get(page)
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    led_on = client.get(reverse("admin:promotions_campaign_preview", args=[draft.pk]))
    seen = client.get(page, headers={"Accept-Language": "es"})

    assert (refused.status_code, forbidden.status_code) == (302, 403)
    assert (led_on.status_code, led_on["Location"]) == (302, page)
    assert seen.status_code == 200
    assert "34.90 MXN" in seen.content.decode()
    assert "Lo que habría costado la campaña" in seen.content.decode()
    assert client.get(reverse("backoffice:campaign-preview", args=[uuid7()])).status_code == 404
    assert Order.objects.get().total_minor == order.total_minor
