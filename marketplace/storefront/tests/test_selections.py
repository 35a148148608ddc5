"""Carousels of the first page, and what people do with them."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.core.ids import uuid7
from marketplace.storefront.tests.people import make_shopper, signed_in, text_of
from promotions.engagement.services.draining import drain_events
from promotions.experiments.models import ExperimentUnit
from promotions.experiments.running import forget_running
from promotions.experiments.tests.factories import make_experiment
from promotions.exposure.models import Slot
from promotions.exposure.services.folding import fold_drains
from promotions.exposure.tests.factories import make_products, make_scores
from promotions.models import EventBatch

pytestmark = pytest.mark.django_db


def test_everybody_sees_what_people_want_and_gets_a_session():
    products = make_products(2)
    make_scores(products)
    browser = Client()

    answer = browser.get("/")

    text = text_of(answer)
    assert text.count('class="carousel"') == 1
    assert all(f'data-product="{product.pk}"' in text for product in products)
    assert len(answer.cookies["X-Session-Id"].value) == 32
    assert "X-Session-Id" not in browser.get("/").cookies


def test_a_customer_has_a_second_one_of_their_own():
    make_scores(make_products(2))

    text = text_of(signed_in(make_shopper()).get("/selections/"))

    assert text.count('class="carousel"') == 2


def test_an_empty_shop_has_no_carousels():
    assert 'class="carousel"' not in text_of(Client().get("/"))


def test_what_was_seen_goes_to_the_inbox_as_the_customers():
    make_scores(make_products(1))
    shopper = make_shopper()
    browser = signed_in(shopper)
    browser.get("/")
    slot = Slot.objects.earliest("pk")
    now = timezone.now().isoformat()
    event = {
        "event_id": str(uuid7()),
        "type": "impression",
        "product_id": str(slot.product_id),
        "exposure_id": str(slot.pk),
        "position": 1,
        "occurred_at": now,
    }

    answer = browser.post(
        "/selections/seen/", json.dumps({"sent_at": now, "events": [event]}), content_type="text/plain"
    )
    refused = browser.post("/selections/seen/", "no", content_type="text/plain")

    assert (answer.status_code, refused.status_code) == (204, 400)
    batch = EventBatch.objects.get()
    assert (batch.customer_id, batch.events_count) == (shopper.pk, 1)


def test_who_comes_for_the_first_time_is_shown_the_way_that_their_events_are_counted_by():
    make_scores(make_products(1))
    now = timezone.now()
    make_experiment(at=now - timedelta(hours=1), ends_at=now + timedelta(days=14))
    forget_running()

    for _number in range(8):
        browser = Client()
        slot = re.search(r'data-exposure="([0-9a-f-]{36})"', text_of(browser.get("/")))
        assert slot is not None
        event = {
            "event_id": str(uuid7()),
            "type": "impression",
            "product_id": str(Slot.objects.get(pk=slot[1]).product_id),
            "exposure_id": slot[1],
            "occurred_at": timezone.now().isoformat(),
        }
        browser.post("/selections/seen/", json.dumps({"events": [event]}), content_type="text/plain")
    drain_events(at=timezone.now())
    fold_drains(at=timezone.now())

    assert list(ExperimentUnit.objects.values_list("is_mixed", flat=True)) == [False] * 8
