"""The queue in the back office: colours, order, evidence as text, and each step by its form."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from funds.ledger.tests.factories import posted_and_held
from links.models import PageSnapshot
from purchases.autobuy.models import AutoPurchase, PurchaseTicket
from purchases.desk.tests.test_order_page import clerk

from .factories import queued

pytestmark = pytest.mark.django_db
LIST = "admin:purchases_purchaseticket_changelist"


def desk() -> Client:
    return clerk("view_purchaseticket", "change_purchaseticket")


def page(ticket: PurchaseTicket, name: str = "change") -> str:
    return reverse(f"admin:purchases_purchaseticket_{name}", args=[ticket.pk])


def press(client: Client, ticket: PurchaseTicket, name: str, **values: Any) -> Any:
    return client.post(page(ticket, name), {"_form_submitted": "True", **values}, HTTP_HX_REQUEST="true")


def now(ticket: PurchaseTicket) -> PurchaseTicket:
    return PurchaseTicket.objects.select_related("purchase").get(pk=ticket.pk)


def test_what_is_late_is_red_and_comes_first_and_filters_find_it():
    fine, late, over = queued(), queued(), queued()
    moment = timezone.now()
    PurchaseTicket.objects.filter(pk=late.pk).update(
        opened_at=moment - timedelta(days=3),
        due_at=moment - timedelta(hours=1),
        held_until=moment + timedelta(days=1),
    )
    PurchaseTicket.objects.filter(pk=over.pk).update(
        state="given_up", opened_at=moment - timedelta(days=4), due_at=moment - timedelta(minutes=1)
    )
    client = desk()

    answer = client.get(reverse(LIST))

    assert [row.pk for row in answer.context["cl"].result_list] == [late.pk, fine.pk, over.pk]
    for pace in ("late", "hold"):
        rows = client.get(reverse(LIST), {"pace": pace}).context["cl"].result_list
        assert [row.pk for row in rows] == [late.pk]
    assert "text-red-600" in answer.content.decode()


def test_claimed_and_bought_at_the_real_cost():
    ticket, client = queued(), desk()

    assert press(client, ticket, "claim").headers["HX-Redirect"] == page(ticket)
    press(client, ticket, "bought", amount="523.45", shop_reference="A-1", tracking="DHL 1")

    ticket = now(ticket)
    assert (ticket.state, ticket.purchase.cost_minor, ticket.tracking) == ("bought", 52_345, "DHL 1")
    assert posted_and_held(ticket.purchase.customer_id) == (47_655, 0)


@pytest.mark.parametrize("amount", ["", "abc", "-1.00", "0.00", "575.01", "1e3", "523.456"])
def test_an_amount_that_cannot_be_is_refused_and_nothing_changes(amount):
    ticket, client = queued(), desk()
    press(client, ticket, "claim")

    press(client, ticket, "bought", amount=amount)

    assert now(ticket).state == "claimed"
    assert posted_and_held(ticket.purchase.customer_id) == (100_000, 57_500)


def test_given_up_with_a_reason_and_not_without():
    ticket, client = queued(), desk()
    press(client, ticket, "claim")

    press(client, ticket, "give_up", reason="")
    assert now(ticket).state == "claimed"
    press(client, ticket, "give_up", reason="They do not send to Mexico.")

    assert (now(ticket).state, now(ticket).reason) == ("given_up", "They do not send to Mexico.")
    assert posted_and_held(ticket.purchase.customer_id) == (100_000, 0)


def test_asked_again():
    ticket, client = queued(), desk()
    press(client, ticket, "claim")

    press(client, ticket, "ask_again", amount="800.00", reason="It went up.")

    assert AutoPurchase.objects.get(state="asked").price_minor == 80_000


def test_only_ones_own_can_be_finished_and_anybodys_be_put_back():
    ticket = queued()
    first, second = desk(), desk()
    press(first, ticket, "claim")

    press(second, ticket, "give_up", reason="Mine.")
    assert now(ticket).state == "claimed"
    press(second, ticket, "put_back")

    assert (now(ticket).state, now(ticket).claimed_by_id) == ("open", None)


def test_the_page_that_was_read_is_shown_as_text():
    ticket = queued()
    link = ticket.purchase.gift.link
    assert link is not None
    snapshot = PageSnapshot.objects.create(
        page_id=link.page_id, fetched_at=timezone.now(), final_url=link.url, body="<script>alert(1)</script>"
    )
    PurchaseTicket.objects.filter(pk=ticket.pk).update(snapshot_id=snapshot.pk, url="javascript:alert(2)")

    shown = desk().get(page(ticket)).content.decode()

    assert "<script>alert(1)</script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert 'href="javascript:' not in shown


def test_who_may_only_look_changes_nothing():
    ticket = queued()

    press(clerk("view_purchaseticket"), ticket, "claim")

    assert now(ticket).state == "open"
