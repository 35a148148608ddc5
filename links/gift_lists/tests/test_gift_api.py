"""Gifts over HTTP: what may be wished for, order, the archive, and what it costs to read a list."""

from uuid import uuid4

import pytest
from django.utils import timezone

from links.events import GiftChanged
from links.gift_lists.models import Gift
from links.gift_lists.services.editors import add_editor
from links.gift_lists.services.gifts import mark_gift_received, mark_gift_wanted, note_seen_price
from links.product_links.models import Page
from marketplace.core.errors import NotFoundError
from marketplace.core.outbox.models import OutboxEvent
from stores.catalog.tests.factories import VariantFactory

from .factories import given, make_gift, make_link, make_list, make_page, mxn, ordering, person, purse
from .http import ROOT, client

pytestmark = pytest.mark.django_db
GIFTS = f"{ROOT}/gifts/"


def rows():
    return list(Gift.objects.order_by("pk").values())


def order(gift_list):
    answer = client(gift_list.owner).get(f"{GIFTS}?gift_list={gift_list.pk}").json()["results"]
    return [row["id"] for row in answer]


def add(user, gift_list, **body):
    return client(user).post(GIFTS, {"gift_list": str(gift_list.pk)} | body, format="json")


def test_a_link_becomes_a_gift_with_its_price_and_the_links_own_priority():
    gift_list = make_list()
    link = make_link(gift_list.owner, make_page(price=499_900), priority=3, is_enabled=False)

    answer = add(gift_list.owner, gift_list, product_link=str(link.pk), note="La azul")

    body = answer.json()
    assert (answer.status_code, body["product_link"], body["variant"]) == (201, str(link.pk), None)
    assert (body["title"], body["price"]["amount"]) == ("Bicicleta", "4999.00")
    assert (body["priority"], body["is_enabled"], body["note"]) == ("high", False, "La azul")
    assert Gift.objects.get().seen_price == mxn(499_900)


def test_something_of_the_catalogue_becomes_a_gift():
    gift_list, variant = make_list(), VariantFactory.create()

    answer = add(gift_list.owner, gift_list, variant=str(variant.pk), priority="low")

    assert answer.status_code == 201
    assert (answer.json()["title"], answer.json()["priority"]) == (variant.product.name, "low")
    assert Gift.objects.get().seen_price == mxn(34_900)


def test_what_is_not_ones_own_or_not_there_is_not_added():
    gift_list, stranger = make_list(), person(0)
    gone = make_link(gift_list.owner, archived_at=timezone.now())
    hidden = VariantFactory.create(is_active=False)
    mine = make_link(gift_list.owner)

    refused = [
        add(gift_list.owner, gift_list, product_link=str(make_link(stranger).pk)),
        add(gift_list.owner, gift_list, product_link=str(gone.pk)),
        add(gift_list.owner, gift_list, variant=str(hidden.pk)),
        add(gift_list.owner, gift_list, variant=str(uuid4())),
        add(gift_list.owner, gift_list, variant=str(hidden.pk), product_link=str(mine.pk)),
        add(gift_list.owner, gift_list),
        add(gift_list.owner, gift_list, product_link=str(mine.pk), priority="urgent"),
    ]

    assert [answer.status_code for answer in refused] == [400] * len(refused)
    assert add(stranger, gift_list, product_link=str(make_link(stranger).pk)).status_code == 404
    assert rows() == []


def test_goods_of_the_catalogue_are_of_the_lists_currency():
    gift_list = make_list(currency="USD")

    answer = add(gift_list.owner, gift_list, variant=str(VariantFactory.create().pk))

    assert (answer.status_code, answer.json()["code"]) == (409, "currency_mismatch")
    assert rows() == []


def test_an_editor_adds_links_of_their_own():
    gift_list, editor = make_list(), person(0)
    add_editor(gift_list_id=gift_list.pk, email=editor.email)

    assert add(editor, gift_list, product_link=str(make_link(gift_list.owner).pk)).status_code == 400
    assert add(editor, gift_list, product_link=str(make_link(editor).pk)).status_code == 201


def test_a_list_takes_so_many_gifts(settings):
    settings.GIFTS_PER_LIST = 1
    gift = make_gift()

    answer = add(gift.gift_list.owner, gift.gift_list, product_link=str(make_link(gift.gift_list.owner).pk))

    assert (answer.status_code, answer.json()["code"], len(rows())) == (409, "too_many_gifts", 1)
    mark_gift_received(gift_id=gift.pk, at=timezone.now())
    make_gift(gift.gift_list)


def test_gifts_stand_in_the_order_that_people_give_them():
    gift_list = make_list()
    first, second, third = (str(make_gift(gift_list).pk) for _ in range(3))
    assert order(gift_list) == [first, second, third]
    api, versions = client(gift_list.owner), {row["id"]: row["version"] for row in rows()}

    api.patch(f"{GIFTS}{third}/", {"position": 0}, format="json")
    assert order(gift_list) == [third, first, second]
    api.patch(f"{GIFTS}{third}/", {"position": 99}, format="json")
    assert order(gift_list) == [first, second, third]
    top = make_gift(gift_list, position=0)
    assert order(gift_list) == [str(top.pk), first, second, third]
    # Who edits another one meanwhile is not told that it has changed.
    assert {str(row["id"]): row["version"] for row in rows()}[first] == versions[Gift.objects.get(pk=first).pk]


def test_a_change_compares_versions_and_sees_the_price():
    gift = make_gift(price=10_000)
    Page.objects.update(price_minor=12_000)
    api, url = client(gift.gift_list.owner), f"{GIFTS}{gift.pk}/"

    changed = api.patch(url, {"priority": "high"}, format="json", headers={"If-Match": '"1"'})
    stale = api.patch(url, {"priority": "low"}, format="json", headers={"If-Match": '"1"'})

    assert (changed.status_code, changed["ETag"]) == (200, '"2"')
    assert (stale.status_code, stale.json()["current"]["priority"]) == (412, "high")
    assert Gift.objects.get().seen_price == mxn(12_000)
    assert OutboxEvent.objects.filter(wire_name=GiftChanged.wire_name).count() == 2


@pytest.mark.parametrize(
    "body", [{"priority": 3}, {"position": -1}, {"state": "wanted"}, {"note": "x" * 501}, {"is_enabled": "yes"}],
    ids=["number", "before the first", "back from the archive", "long note", "word"],
)  # fmt: skip
def test_a_change_that_makes_no_sense_changes_nothing(body):
    gift = make_gift()
    before = rows()

    assert client(gift.gift_list.owner).patch(f"{GIFTS}{gift.pk}/", body, format="json").status_code == 400
    assert rows() == before


def test_a_received_gift_is_in_the_archive_for_good():
    gift, giver = make_gift(), person()
    given(giver, 100, to=gift)
    api, url = client(gift.gift_list.owner), f"{GIFTS}{gift.pk}/"

    answers = [api.patch(url, {"state": "received", "note": "¡Gracias!"}, format="json") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert (answers[1].json()["state"], answers[1].json()["note"]) == ("received", "¡Gracias!")
    assert answers[1].json()["received_at"] == answers[0].json()["received_at"] is not None
    assert purse(giver) == 100_000
    archive = api.get(f"{GIFTS}?state=received").json()["results"]
    assert [row["id"] for row in archive] == [str(gift.pk)]


def test_what_an_editor_adds_or_edits_its_owner_has_not_seen():
    gift, editor = make_gift(), person(0)
    add_editor(gift_list_id=gift.gift_list_id, email=editor.email)
    Page.objects.update(price_minor=90_000)

    added = add(editor, gift.gift_list, product_link=str(make_link(editor).pk)).json()
    client(editor).patch(f"{GIFTS}{gift.pk}/", {"priority": "high"}, format="json", HTTP_IF_MATCH="*")

    gift.refresh_from_db()
    assert (gift.priority, gift.seen_price) == (3, mxn(10_000))
    assert Gift.objects.get(pk=added["id"]).seen_price is None
    client(gift.gift_list.owner).patch(f"{GIFTS}{added['id']}/", {"note": "Sí"}, format="json", HTTP_IF_MATCH="*")
    assert Gift.objects.get(pk=added["id"]).seen_price is not None


def test_a_gift_that_is_ordered_stays_and_one_with_money_is_not_an_editors_to_remove():
    gift, ordered, editor = make_gift(), make_gift(), person(0)
    add_editor(gift_list_id=gift.gift_list_id, email=editor.email)
    given(person(), 100, to=gift)
    ordering(ordered)

    assert client(editor).delete(f"{GIFTS}{gift.pk}/").status_code == 403
    refused = client(ordered.gift_list.owner).delete(f"{GIFTS}{ordered.pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "gift_not_wanted")
    assert set(Gift.objects.values_list("state", flat=True)) == {"wanted", "ordered"}

    assert client(gift.gift_list.owner).delete(f"{GIFTS}{gift.pk}/").status_code == 204
    assert client(gift.gift_list.owner).get(f"{GIFTS}{gift.pk}/").status_code == 404
    assert Gift.objects.get(pk=gift.pk).state == "removed"


def test_gifts_of_others_are_not_there():
    gift, stranger = make_gift(make_list(visibility="public")), client(person(0))
    before = rows()

    for answer in (
        stranger.get(f"{GIFTS}{gift.pk}/"),
        stranger.patch(f"{GIFTS}{gift.pk}/", {"note": "x"}, format="json"),
        stranger.delete(f"{GIFTS}{gift.pk}/"),
    ):
        assert answer.status_code == 404
    assert stranger.get(GIFTS).json()["results"] == []
    assert rows() == before


def test_purchases_move_a_gift_to_and_fro_and_only_from_where_it_stands():
    gift = make_gift()

    mark_gift_wanted(gift_id=gift.pk)
    ordering(gift)
    mark_gift_wanted(gift_id=gift.pk)
    assert Gift.objects.get().state == "wanted"
    ordering(gift)
    mark_gift_received(gift_id=gift.pk, at=timezone.now())
    mark_gift_wanted(gift_id=gift.pk)

    assert Gift.objects.get().state == "received"


def test_a_price_is_seen_without_an_edit():
    gift = make_gift()

    note_seen_price(gift_id=gift.pk, price=mxn(1))

    assert (Gift.objects.get().seen_price, Gift.objects.get().version) == (mxn(1), gift.version)
    with pytest.raises(NotFoundError):
        note_seen_price(gift_id=uuid4(), price=mxn(1))


@pytest.mark.parametrize("count", [1, 12])
def test_a_list_is_read_with_the_same_number_of_queries(count, django_assert_num_queries):
    gift_list = make_list()
    for _ in range(count):
        make_gift(gift_list)
    api = client(gift_list.owner)

    with django_assert_num_queries(5):
        assert len(api.get(GIFTS).json()["results"]) == count
