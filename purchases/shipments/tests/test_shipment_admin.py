"""Parcels in the back office: the store's people and the house see theirs, and take the next step."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from purchases.checkout.tests.factories import bought, shopper
from purchases.models import Shipment
from stores.merchants.models import StoreMember
from users.accounts.tests.factories import AdministratorFactory, StaffFactory

from .factories import packed

pytestmark = [pytest.mark.django_db, pytest.mark.once]
LIST = "admin:purchases_shipment_changelist"


def desk(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def act(client: Client, action: str, shipment: Shipment, **said: str) -> Any:
    return client.post(
        reverse(f"admin:purchases_shipment_{action}", args=[shipment.pk]), {"_form_submitted": "on"} | said
    )


def choose(client: Client, page: str, action: str, *rows: Any) -> str:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(reverse(page), data, follow=True).content.decode()


def state_of(shipment: Shipment) -> str:
    return Shipment.objects.get(pk=shipment.pk).state


def test_a_stores_people_of_the_house_see_and_send_their_parcels_only():
    mine, foreign = packed(bought(shopper(), 1)), packed(bought(shopper(), 1))
    user = StaffFactory()
    StoreMember.objects.create(store=mine.part.store, user=user)
    client = desk(user)

    page = client.get(reverse(LIST)).content.decode()
    act(client, "send", mine, carrier="Estafeta", tracking="8055", tracking_url="https://estafeta.example/8055")
    act(client, "send", foreign)
    choose(client, LIST, "ship", foreign)

    assert mine.part.order.number in page
    assert foreign.part.order.number not in page
    sent = Shipment.objects.get(pk=mine.pk)
    assert (sent.state, sent.carrier, sent.tracking) == ("shipped", "Estafeta", "8055")
    assert sent.history.order_by("pk").values_list("actor_id", flat=True).last() == user.pk
    assert state_of(foreign) == "packed"
    shown = client.get(reverse("admin:purchases_shipment_change", args=[mine.pk])).content.decode()
    assert 'href="https://estafeta.example/8055"' in shown


def test_each_step_is_there_in_the_state_it_belongs_to():
    order = bought(shopper(), 3)
    client = desk(AdministratorFactory())
    apart, gone, there = (packed(order, 1) for _ in range(3))

    act(client, "take_apart", apart, note="Wrong box")
    for shipment in (gone, there):
        act(client, "arrived", shipment)
        assert state_of(shipment) == "packed"
        act(client, "send", shipment)
    act(client, "lost", gone, note="Carrier says so")
    act(client, "arrived", there)
    act(client, "lost", there)

    assert [state_of(each) for each in (apart, gone, there)] == ["cancelled", "lost", "delivered"]
    assert apart.history.get(to_state="cancelled").note == "Wrong box"


def test_a_refused_step_is_said_and_changes_nothing():
    shipment = packed(bought(shopper(), 1))
    client = desk(AdministratorFactory())

    act(client, "send", shipment, tracking_url="javascript:alert(1)")
    page = client.get(reverse(LIST)).content.decode()

    assert state_of(shipment) == "packed"
    assert "Give an address that begins with https://" in page


def test_many_parcels_are_sent_and_delivered_at_once():
    shipments = [packed(bought(shopper(), 1)) for _ in range(2)]
    client = desk(AdministratorFactory())

    choose(client, LIST, "ship", *shipments)
    page = choose(client, LIST, "deliver", *shipments)

    assert [state_of(each) for each in shipments] == ["delivered"] * 2
    assert "2 done." in page


def test_who_may_only_look_at_orders_moves_none():
    shipment = packed(bought(shopper(), 1))
    user = StaffFactory()
    user.user_permissions.add(Permission.objects.get(codename="view_order"))
    client = desk(user)

    assert client.get(reverse(LIST)).status_code == 403
    choose(client, "admin:purchases_order_changelist", "ship", shipment.part.order)

    assert state_of(shipment) == "packed"
