"""The queue of returns: who waits longest first, decided with words, received line by line."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from funds.ledger.tests.factories import posted_and_held
from marketplace.core.admin_recent import SESSION_KEY
from marketplace.core.outbox.relay import drain
from purchases.checkout.tests.factories import PRICE, bought, delivered, shelf, shopper
from purchases.models import Order, OrderReturn, ReturnLine
from purchases.orders.services import request_return

from .test_order_page import clerk, desk
from .test_order_page import page as order_page

pytestmark = pytest.mark.django_db
LIST = "admin:purchases_orderreturn_changelist"


def page(returned: OrderReturn, name: str = "change") -> str:
    return reverse(f"admin:purchases_orderreturn_{name}", args=[returned.pk])


def press(client: Client, returned: OrderReturn, name: str, **values: Any) -> Any:
    headers = values.pop("headers", {})
    return client.post(page(returned, name), {"_form_submitted": "True", **values}, headers=headers)


def asked(*quantities: int, customer: Any = None) -> OrderReturn:
    """A return of so many of each line of an order that has arrived."""
    order = delivered(bought(customer or shopper(), *quantities))
    drain()
    return request_return(
        order_id=order.pk,
        customer_id=order.customer_id,
        quantities={line.pk: line.quantity for line in order.lines.all()},
        reason="Too small",
        within=timedelta(days=30),
        at=timezone.now(),
    )


def state(returned: OrderReturn) -> str:
    return OrderReturn.objects.get(pk=returned.pk).state


def test_who_waits_for_an_answer_comes_first_and_of_those_who_waits_longest():
    first, second, decided = asked(1), asked(1), asked(1)
    OrderReturn.objects.filter(pk=first.pk).update(state="refused")
    OrderReturn.objects.filter(pk=decided.pk).update(state="approved")
    third = asked(1)

    rows = desk().get(reverse(LIST)).context["cl"].result_list

    assert [row.pk for row in rows] == [second.pk, third.pk, decided.pk, first.pk]


def test_the_menu_says_how_many_wait():
    client = desk()

    def badge() -> Any:
        items = [
            item
            for group in client.get(reverse("admin:index")).context["sidebar_navigation"]
            for item in group["items"]
        ]
        return next(item for item in items if item["link"] == reverse(LIST)).get("badge")

    assert badge() is None
    asked(1)
    assert badge() == 1


def test_approved_and_received_line_by_line():
    customer = shopper(1_000_000)
    returned = asked(2, 3, customer=customer)
    good, bad = returned.lines.select_related("line").order_by("pk")
    client = desk()

    assert press(client, returned, "approve", answer="").headers["HX-Redirect"] == page(returned)
    assert state(returned) == "approved"
    fates = {f"fate_{good.line_id}": "restock", f"fate_{bad.line_id}": "write_off"}
    press(client, returned, "receive", **fates)
    drain()

    returned.refresh_from_db()
    assert (returned.state, returned.refund_minor) == ("received", 5 * PRICE)
    assert posted_and_held(customer.pk) == (1_000_000, 0)
    assert [shelf(row.line.variant) for row in (good, bad)] == [(20, 0), (17, 0)]
    assert set(ReturnLine.objects.values_list("line", "fate")) == {
        (good.line_id, "restock"),
        (bad.line_id, "write_off"),
    }
    assert Order.objects.get(pk=returned.order_id).state == "returned"
    assert client.get(page(returned)).status_code == 200


def test_nobody_is_refused_without_a_word():
    returned = asked(1)
    client = desk()

    without = press(client, returned, "refuse", answer=" ")

    assert "This field is required" in without.content.decode()
    assert state(returned) == "requested"
    press(client, returned, "refuse", answer="Worn for a month")
    returned.refresh_from_db()
    assert (returned.state, returned.answer) == ("refused", "Worn for a month")


@pytest.mark.parametrize("fate", ["", "sold"])
def test_a_line_without_a_fate_is_asked_for_again(fate):
    returned = asked(1)
    OrderReturn.objects.update(state="approved")
    line = returned.lines.get()

    answer = press(desk(), returned, "receive", **{f"fate_{line.line_id}": fate})

    assert answer.status_code == 200
    assert "HX-Redirect" not in answer.headers
    assert (state(returned), ReturnLine.objects.get().fate) == ("approved", "")


@pytest.mark.parametrize(
    ("reached", "offered"),
    [("requested", {"approve", "refuse"}), ("approved", {"receive"}), ("received", set()), ("refused", set())],
)
def test_a_state_offers_its_own_actions_here_and_on_the_orders_page(reached, offered):
    returned = asked(1)
    OrderReturn.objects.update(state=reached, received_at=timezone.now())
    client, names = desk(), {"approve", "refuse", "receive"}

    for address in (page(returned), order_page(returned.order)):
        body = client.get(address).content.decode()
        assert {name for name in names if page(returned, name) in body} == offered
    for name in names - offered:
        assert press(client, returned, name, answer="No").status_code == 403
    assert state(returned) == reached


def test_a_dialog_of_the_orders_page_leads_back_there():
    returned = asked(1)
    there = order_page(returned.order)

    answer = press(desk(), returned, "approve", headers={"HX-Current-URL": f"http://testserver{there}?x=1"})

    assert answer.headers["HX-Redirect"] == there


def test_receiving_asks_who_that_is_when_the_last_proof_is_old():
    returned = asked(1)
    OrderReturn.objects.update(state="approved")
    client = desk()
    session = client.session
    session[SESSION_KEY] = (timezone.now() - timedelta(hours=2)).isoformat()
    session.save()

    answer = press(client, returned, "receive", **{f"fate_{returned.lines.get().line_id}": "restock"})

    assert answer.headers.get("HX-Redirect", answer.headers.get("Location")).startswith(reverse("backoffice:confirm"))
    assert state(returned) == "approved"


def test_looking_is_not_deciding():
    returned = asked(1)
    reader, stranger = clerk("view_order"), clerk("view_user")

    assert page(returned, "approve") not in reader.get(page(returned)).content.decode()
    assert press(reader, returned, "approve", answer="").status_code == 403
    assert stranger.get(reverse(LIST)).status_code == 403
    assert press(stranger, returned, "refuse", answer="No").status_code == 403
    assert state(returned) == "requested"
