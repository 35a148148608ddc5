"""What a client says of an exposure is a claim: only a place that showed this product to this viewer makes it one."""

from uuid import UUID

import pytest

from marketplace.core.ids import uuid7
from promotions.engagement.models import EngagementHourly, EventKind, ProductSignal
from promotions.engagement.services.draining import drain_events
from promotions.engagement.services.replaying import replay_signals

from .factories import NOON, inbox_event, make_product, place_of, put

pytestmark = pytest.mark.django_db
VIEWER = UUID(int=7)


def exposed_clicks(product, exposure_id: UUID, customer: UUID | None) -> tuple[int, float, int]:
    """Exposed clicks of the hour, clicks of the signal, clicks that count at all."""
    put(inbox_event(product.pk, EventKind.CLICK, exposure=exposure_id.hex), customer=customer)
    drain_events(at=NOON)
    hour = EngagementHourly.objects.get(product_id=product.pk, kind=EventKind.CLICK)
    return hour.exposed, ProductSignal.objects.get(product_id=product.pk).clicks, hour.counted


@pytest.mark.parametrize("customer", [None, VIEWER])
def test_a_click_in_a_place_that_everybody_saw_is_exposed(customer):
    product = make_product()

    assert exposed_clicks(product, place_of(product.pk).pk, customer) == (1, 1.0, 1)


def test_a_click_in_ones_own_selection_is_exposed():
    product = make_product()

    assert exposed_clicks(product, place_of(product.pk, VIEWER).pk, VIEWER) == (1, 1.0, 1)


@pytest.mark.parametrize("claim", ["of nothing", "of another product", "of somebody else's"])
def test_a_click_in_a_place_that_was_not_shown_counts_and_is_not_exposed(claim):
    product = make_product()
    places = {
        "of nothing": uuid7,
        "of another product": lambda: place_of(make_product().pk).pk,
        "of somebody else's": lambda: place_of(product.pk, UUID(int=8)).pk,
    }

    assert exposed_clicks(product, places[claim](), VIEWER) == (0, 0.0, 1)


def test_made_anew_signals_have_the_same_clicks():
    product = make_product()
    exposed_clicks(product, uuid7(), None)
    before = exposed_clicks(product, place_of(product.pk).pk, None)

    replay_signals()

    assert before == (1, 1.0, 2)
    assert ProductSignal.objects.get(product_id=product.pk).clicks == 1.0
