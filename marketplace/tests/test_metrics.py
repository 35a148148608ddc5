"""A scrape of a shop with something in every table: right figures, and nobody among the labels."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from marketplace.core.clock import platform_day
from marketplace.core.jobs import tick
from marketplace.core.observability import counting, metrics
from notifications.delivery.models import Delivery
from notifications.delivery.tests.factories import DeliveryFactory
from promotions.engagement.models import DeadEvent, EventBatch
from promotions.engagement.tests.factories import wire_event
from promotions.exposure.models import SlotDaily
from promotions.exposure.tests.factories import make_products, make_scores
from promotions.flash.services.claims import reserve_unit
from promotions.flash.tests.factories import let_lapse, make_customer, make_promo
from promotions.loyalty.models import LoyaltyDay

UUIDS = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


@pytest.fixture
def _fresh(tmp_path, settings):
    settings.METRICS_FOLDER = str(tmp_path)
    counting.tallies.cache_clear()
    metrics.forget_kept()
    yield
    counting.tallies.cache_clear()
    metrics.forget_kept()


def scrape(client):
    families = text_string_to_metric_families(client.get("/metrics").content.decode())
    return [sample for family in families for sample in family.samples]


def seed(api):
    """Something of everything, by the services where there are any."""
    now = timezone.now()
    yesterday = platform_day(now) - timedelta(days=1)
    products = make_products(2)
    make_scores(products, at=now - timedelta(hours=2))
    promo = make_promo(units=3)
    held, lapsed, long_ago = (make_customer() for _number in range(3))
    reserve_unit(promo_id=promo.pk, customer_id=held.pk)
    for customer, ago in ((lapsed, timedelta(minutes=5)), (long_ago, timedelta(hours=3))):
        let_lapse(reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card.reservation_id, ago=ago)
    for position, seen, clicked in ((1, 200, 20), (1, 200, 0), (13, 50, 1), (40, 50, 4), (2, 0, 0)):
        reason = "popular" if clicked else "cold_boost"
        SlotDaily.objects.create(
            day=yesterday, context="home", position=position, reason=reason, impressions=seen, clicks=clicked
        )
    SlotDaily.objects.create(day=yesterday + timedelta(days=1), context="home", position=3, impressions=9, clicks=9)
    LoyaltyDay.objects.create(day=yesterday, upgrades=4, downgrades=1)
    DeadEvent.objects.create(batch_id=1, event={}, reason="a test")
    for state in (Delivery.State.PENDING, Delivery.State.PENDING, Delivery.State.PARKED, Delivery.State.DONE):
        DeliveryFactory.create(from_customer=held.pk, to_customer=held.pk, state=state, due_at=now - timedelta(hours=1))
    tick(now)
    good = wire_event(products[0].pk, at=now)
    api.post("/api/v1/events/batch/", {"events": [good, good, wire_event(uuid4(), at=now)]}, format="json")
    api.post("/api/v1/events/", wire_event(products[0].pk, at=now), format="json", headers={"User-Agent": "Googlebot"})
    EventBatch.objects.update(received_at=now - timedelta(minutes=2))
    return promo, products, [held, lapsed, long_ago]


@pytest.mark.django_db
@pytest.mark.usefixtures("_fresh")
def test_a_scrape_tells_what_the_tables_hold_and_names_nobody(client, api, settings):
    settings.PRODUCT_LIST_CACHE_SECONDS = 60
    promo, products, people = seed(api)
    for _time in range(2):
        api.get("/api/v1/exposure/?context=home")
        api.get(f"/api/v1/market/products/?category={products[0].category_id}")
        api.get(f"/api/v1/market/products/{products[0].pk}/")
    api.get(f"/api/v1/{people[0].email}/{promo.pk}/")

    samples = scrape(client)

    series = metrics.exposed()
    assert {sample.name for sample in samples} <= series.keys()
    assert [sample for sample in samples if sample.labels.keys() != series[sample.name].labels] == []
    found = {(sample.name, *sorted(sample.labels.values())): sample.value for sample in samples}
    assert found["marketplace_unreadable_gauges",] == 0
    expected = {
        ("marketplace_flash_holds", "active"): 1,
        ("marketplace_flash_holds", "lapsed"): 1,
        ("marketplace_slot_click_through_ratio", "1", "home"): 0.05,
        ("marketplace_slot_click_through_ratio", "13+", "home"): 0.05,
        ("marketplace_loyalty_level_changes", "up"): 4,
        ("marketplace_loyalty_level_changes", "down"): 1,
        ("marketplace_dead_events",): 1,
        ("marketplace_event_inbox_batches",): 1,
        ("marketplace_notification_deliveries", "pending"): 2,
        ("marketplace_notification_deliveries", "parked"): 1,
        ("marketplace_events_total", "taken"): 1,
        ("marketplace_events_total", "repeated"): 1,
        ("marketplace_events_total", "rejected"): 1,
        ("marketplace_events_total", "dropped"): 1,
        ("marketplace_product_lists_total", "miss"): 1,
        ("marketplace_product_lists_total", "hit"): 1,
        ("marketplace_selection_seconds_count", "computed"): 1,
        ("marketplace_selection_seconds_count", "process"): 1,
    }
    assert {key: found.get(key) for key in expected} == expected
    assert {key[1] for key in found if key[0] == "marketplace_slot_click_through_ratio"} == {"1", "13+"}
    assert 7_200 <= found["marketplace_scores_age_seconds",] < 7_300
    assert 120 <= found["marketplace_event_inbox_oldest_seconds",] < 220
    assert 3_600 <= found["marketplace_notification_oldest_due_seconds",] < 3_700
    values = {value for sample in samples for label, value in sample.labels.items() if label != "le"}
    assert len(values) > 20
    assert [value for value in values if names_somebody(value)] == []


def names_somebody(value):
    number = value.rstrip("+x")
    return bool(UUIDS.search(value)) or "@" in value or (number.replace(".", "").isdecimal() and float(number) > 48)


@pytest.mark.parametrize(
    "value",
    ["0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11", "/x/0190b2f0aaaa7c1c9a512f0d6a1b7c11/", "a@example.com", "49", "1000000"],
)
def test_the_look_at_labels_sees_people_and_things(value):
    assert names_somebody(value)
