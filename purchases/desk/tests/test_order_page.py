"""The order page: everything about an order at a glance, moved by its actions alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from funds.ledger.tests.factories import posted_and_held
from marketplace.core.admin_recent import SESSION_KEY
from marketplace.core.outbox.relay import drain
from promotions.campaigns.tests.factories import make_campaign
from promotions.flash.tests.factories import make_variant
from purchases.checkout.tests.factories import PRICE, bought, buy, delivered, fill, home_of, shelf, shopper
from purchases.checkout.values import PaymentPlan
from purchases.models import Order, OrderReturn, Shipment, ShipmentEvent
from purchases.orders.services import request_return
from purchases.orders.tests.factories import OrderFactory
from purchases.shipments.tests.factories import parcel_of
from users.accounts.tests.factories import AdministratorFactory, StaffFactory

pytestmark = pytest.mark.django_db
LIST = "admin:purchases_order_changelist"


def page(order: Order, name: str = "change") -> str:
    return reverse(f"admin:purchases_order_{name}", args=[order.pk])


def clerk(*codenames: str) -> Client:
    """Somebody of the house with these permissions, who has just logged in."""
    person = StaffFactory.create()
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(person)
    return client


def desk() -> Client:
    return clerk("view_order", "change_order")


def press(client: Client, order: Order, name: str, **values: Any) -> Any:
    return client.post(page(order, name), {"_form_submitted": "True", **values}, HTTP_HX_REQUEST="true")


def state(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def ask_back(order: Order, quantity: int = 1) -> OrderReturn:
    line = order.lines.order_by("sku")[0]
    return request_return(
        order_id=order.pk,
        customer_id=order.customer_id,
        quantities={line.pk: quantity},
        reason="Too small",
        within=timedelta(days=30),
        at=timezone.now(),
    )


def test_the_page_says_what_it_cost_who_saved_what_and_where_it_goes():
    customer = shopper()
    home = home_of(customer)
    make_campaign(name="Spring")
    fill(customer, 2)
    order = buy(customer, address_id=home.pk).order

    sheet = desk().get(page(order)).context["sheet"]

    assert sheet.address[:2] == ("Ana Pérez", "Reforma 1")
    (part,) = sheet.parts
    (line,) = part.lines
    assert (sheet.list_total.minor, sheet.total.minor) == (2 * PRICE, order.total_minor)
    assert sheet.discount.minor == 2 * PRICE - order.total_minor > 0
    assert "Spring" in " ".join([*sheet.saved, *line.saved])
    assert part.shares is None


def test_the_timeline_has_everything_in_order():
    order = delivered(bought(shopper(), 2))
    drain()
    part = order.parts.get()
    parcel = Shipment.objects.create(part=part, carrier="DHL", tracking="JD014", state="packed")
    ShipmentEvent.objects.create(shipment=parcel, to_state="packed", note="two boxes", at=timezone.now())
    returned = ask_back(order)
    client = clerk("view_order", "change_order")
    client.post(
        reverse("admin:purchases_orderreturn_approve", args=[returned.pk]),
        {"_form_submitted": "True", "answer": "Send it"},
    )

    answer = client.get(page(order))

    entries = answer.context["sheet"].timeline
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert [entry.title for entry in entries if entry.group == "order"] == [
        f"Order {each}" for each in ("placed", "paid", "packed", "shipped", "delivered")
    ]
    assert {entry.group for entry in entries} == {"order", "money", "goods", "parcel", "return"}
    titles = " | ".join(entry.title for entry in entries)
    assert "Payment received: " in titles
    assert "Shared out" in titles
    assert "Goods sold" in titles
    assert [entry.title for entry in entries if entry.group == "return"] == ["Return requested", "Return approved"]
    assert "DHL JD014 · two boxes" in {entry.detail for entry in entries if entry.group == "parcel"}
    body = answer.content.decode()
    assert "JD014" in body
    assert "Send it" in body


def test_the_page_asks_as_often_for_much_as_for_little():
    def queries(order: Order) -> int:
        client = desk()
        client.get(page(order))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page(order)).status_code == 200
        return len(asked)

    small, large = delivered(bought(shopper(), 1)), delivered(bought(shopper(10_000_000), *([2] * 5)))
    drain()
    for order, times in ((small, 1), (large, 2)):
        for _ in range(times):
            ask_back(order)
        for part in order.parts.all():
            for _ in range(times):
                parcel = Shipment.objects.create(part=part)
                ShipmentEvent.objects.create(shipment=parcel, to_state="packed", at=timezone.now())

    assert queries(large) == queries(small)
    assert queries(large) <= 36


@pytest.mark.parametrize(
    ("reached", "offered"),
    [
        ("paid", {"pack", "call_off", "cancel"}),
        ("packed", {"send", "cancel"}),
        ("shipped", {"deliver"}),
        ("delivered", set()),
        ("cancelled", set()),
    ],
)
def test_a_state_offers_its_own_actions_and_refuses_the_others(reached, offered):
    order = bought(shopper(), 1)
    Order.objects.filter(pk=order.pk).update(state=reached)
    client = desk()

    body = client.get(page(order)).content.decode()

    names = {"pack", "send", "deliver", "call_off", "cancel"}
    assert {name for name in names if page(order, name) in body} == offered
    for name in names - offered:
        assert press(client, order, name, reason="Why not").status_code == 403
    assert state(order) == reached


def test_an_order_goes_from_paid_to_delivered_by_clicks():
    order = bought(shopper(), 1)
    client = desk()

    for name, reached in (("pack", "packed"), ("send", "shipped"), ("deliver", "delivered")):
        answer = press(client, order, name)

        assert answer.headers["HX-Redirect"] == page(order)
        assert state(order) == reached
    assert client.get(page(order)).context["sheet"].parts[0].shares.settled_at is not None


def test_cancelling_wants_a_reason_and_gives_the_money_back():
    customer = shopper(100_000)
    order = bought(customer, 1)
    client = desk()

    without = press(client, order, "cancel")

    assert "This field is required" in without.content.decode()
    assert state(order) == "paid"
    assert press(client, order, "cancel", reason="Out of stock after all").status_code == 200
    drain()
    assert state(order) == "cancelled"
    assert posted_and_held(customer.pk) == (100_000, 0)
    sheet = client.get(page(order)).context["sheet"]
    assert sheet.refunded == order.total
    assert "Out of stock after all" in {entry.detail for entry in sheet.timeline}


def test_cancelling_asks_who_that_is_when_the_last_proof_is_old():
    order = bought(shopper(), 1)
    client = desk()
    session = client.session
    session[SESSION_KEY] = (timezone.now() - timedelta(hours=2)).isoformat()
    session.save()

    answer = press(client, order, "cancel", reason="No")

    assert reverse("backoffice:confirm") in answer.headers["HX-Redirect"]
    assert state(order) == "paid"
    assert press(client, order, "pack").headers["HX-Redirect"] == page(order)


def test_a_refusal_is_shown_and_changes_nothing():
    client = desk()
    unpaid = OrderFactory.create(state="shipped")
    parcel = parcel_of(unpaid, make_variant())
    Shipment.objects.filter(pk=parcel.pk).update(state="shipped", shipped_at=timezone.now())

    answer = press(client, unpaid, "deliver")

    assert answer.headers["HX-Redirect"] == page(unpaid)
    assert (state(unpaid), Shipment.objects.get(pk=parcel.pk).state) == ("shipped", "shipped")
    shown = [str(each) for each in client.get(page(unpaid)).context["messages"]]
    assert shown == ["This order was not paid, or not with that much."]


def test_looking_is_not_moving():
    order = bought(shopper(), 1)
    client = clerk("view_order")

    body = client.get(page(order)).content.decode()

    assert page(order, "pack") not in body
    for name in ("pack", "cancel"):
        assert press(client, order, name, reason="No").status_code == 403
    client.post(reverse(LIST), {"action": "pack_chosen", "_selected_action": [str(order.pk)]})
    client.post(page(order), {"number": "X", "state": "cancelled"})
    assert (state(order), Order.objects.get().number) == ("paid", order.number)


def test_the_list_finds_by_number_address_sku_and_tracking():
    order, other = bought(shopper(), 1), bought(shopper(), 1)
    Shipment.objects.create(part=order.parts.get(), tracking="1Z999AA1")
    client = desk()

    def found(term: str) -> list[Any]:
        return [row.pk for row in client.get(reverse(LIST), {"q": term}).context["cl"].result_list]

    for term in (order.number, order.customer.email, order.lines.get().sku, "1Z999AA1"):
        assert found(term) == [order.pk]
    assert set(found("")) == {order.pk, other.pk}
    assert found("nothing of the kind") == []


def test_the_queues_lead_to_what_waits():
    paid, waiting = bought(shopper(), 1), bought(shopper(0), 1, plan=PaymentPlan(provider="sandbox"))
    done = delivered(bought(shopper(), 1))
    ask_back(done)
    client = desk()

    answer = client.get(reverse(LIST))

    counts = {queue.title: queue.count for queue in answer.context["queues"]}
    assert counts == {"To pack": 1, "To send": 0, "Waiting for money": 1, "Returns": 1}
    for title, order in (("To pack", paid), ("Waiting for money", waiting)):
        query = next(queue.query for queue in answer.context["queues"] if queue.title == title)
        assert [row.pk for row in client.get(f"{reverse(LIST)}?{query}").context["cl"].result_list] == [order.pk]


def test_many_are_packed_at_once_and_each_refusal_is_told():
    orders = [bought(shopper(), 1) for _ in range(2)]
    gone = bought(shopper(), 1)
    Order.objects.filter(pk=gone.pk).update(state="cancelled")
    client = desk()

    answer = client.post(
        reverse(LIST),
        {"action": "pack_chosen", "_selected_action": [str(each.pk) for each in (*orders, gone)]},
        follow=True,
    )

    assert [state(each) for each in (*orders, gone)] == ["packed", "packed", "cancelled"]
    texts = [str(each) for each in answer.context["messages"]]
    assert any(gone.number in text for text in texts)
    assert any("2" in text for text in texts)


def test_the_list_asks_as_often_for_many_as_for_few():
    client = clerk("view_order", "change_order", "view_orderreturn")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse(LIST))
        return len(asked)

    bought(shopper(), 1)
    client.get(reverse(LIST))
    few = queries()
    for _ in range(3):
        bought(shopper(), 2)

    assert queries() == few


def test_an_administrator_finds_the_shelf_again_after_a_cancelled_order():
    order = bought(shopper(), 3)
    variant = order.lines.get().variant
    client = Client()
    client.force_login(AdministratorFactory())

    press(client, order, "cancel", reason="Changed")
    drain()

    assert shelf(variant) == (20, 0)
    kinds = [entry.title for entry in client.get(page(order)).context["sheet"].timeline if entry.group == "goods"]
    assert kinds == ["Goods sold", "Goods back on the shelf"]
