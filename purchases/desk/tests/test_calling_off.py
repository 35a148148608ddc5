"""Calling off what is never sent, on the order's page."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from funds.ledger.tests.factories import posted_and_held
from marketplace.core.admin_recent import SESSION_KEY
from purchases.call_offs.tests.factories import of_two_stores, sent
from purchases.checkout.tests.factories import PRICE, bought, delivered, shopper
from purchases.models import CallOff, Order, OrderPart

from .test_order_page import clerk, desk, page, press, state

pytestmark = pytest.mark.django_db
MONEY = 1_000_000


def units(part: OrderPart, quantity: int) -> dict[str, Any]:
    return {f"units_{part.lines.get().pk}": quantity}


def call_off(client: Client, order: Order, **values: Any) -> Any:
    return press(client, order, "call_off", **{"reason": "It broke.", "fate": "write_off", **values})


def test_the_dialog_offers_what_is_left_and_the_page_tells_what_happened():
    order, part, other = of_two_stores(shopper(MONEY), 3, 1)
    sent(other)
    sent(part, 1)
    client = desk()
    dialog = client.get(page(order, "call_off"), HTTP_HX_REQUEST="true").content.decode()
    assert f"units_{part.lines.get().pk}" in dialog
    assert f"units_{other.lines.get().pk}" not in dialog

    assert call_off(client, order, **units(part, 2)).headers["HX-Redirect"] == page(order)

    assert state(order) == "delivered"
    called_off = CallOff.objects.get()
    assert (called_off.fate, called_off.refund_minor) == ("write_off", 2 * PRICE)
    sheet = client.get(page(order)).context["sheet"]
    (entry,) = [each for each in sheet.timeline if each.icon == "remove_shopping_cart"]
    assert (entry.detail, "2 × " in entry.title) == ("It broke.", True)
    assert sum(each.title == "Order paid" for each in sheet.timeline) == 1
    told = [line.returned for each in sheet.parts for line in each.lines if line.returned]
    assert told == [f"2 will not be sent, {called_off.refund_minor / 100:.2f} MXN paid back"]


def test_one_store_at_a_time_and_with_a_reason():
    order, part, other = of_two_stores(shopper(MONEY), 2, 1)
    client = desk()

    for wrong in (
        {},
        {**units(part, 1), **units(other, 1)},
        units(part, 3),
        units(part, -1),
        {**units(part, 1), "reason": ""},
        {**units(part, 1), "fate": "burned"},
    ):
        assert "HX-Redirect" not in call_off(client, order, **wrong).headers

    assert not CallOff.objects.exists()
    assert posted_and_held(order.customer_id) == (MONEY - order.total_minor, 0)
    assert "HX-Redirect" in call_off(client, order, **units(part, 1)).headers
    assert CallOff.objects.get().part == part


def test_whoever_only_looks_calls_nothing_off():
    order, part, _other = of_two_stores(shopper(MONEY), 2, 1)

    answer = call_off(clerk("view_order"), order, **units(part, 1))

    assert answer.status_code == 403
    assert not CallOff.objects.exists()


def test_it_is_asked_who_that_is():
    order, part, _other = of_two_stores(shopper(MONEY), 2, 1)
    client = desk()
    session = client.session
    session[SESSION_KEY] = (timezone.now() - timedelta(hours=2)).isoformat()
    session.save()

    answer = call_off(client, order, **units(part, 1))

    assert reverse("backoffice:confirm") in answer.headers["HX-Redirect"]
    assert not CallOff.objects.exists()


def test_what_has_arrived_is_not_called_off():
    order = delivered(bought(shopper(MONEY), 1))

    answer = call_off(desk(), order, **units(order.parts.get(), 1))

    assert answer.status_code == 403
    assert not CallOff.objects.exists()
