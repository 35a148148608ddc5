"""What other contexts are told of gifts, in the same number of queries whatever their number."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from links.facade import (
    contribution_card,
    gift_card,
    gifts_owned_by,
    list_name,
    lock_gift,
    locked_gift,
    wanted_gifts,
    watched_lists_of_page,
    watched_lists_of_products,
    with_pots,
)
from links.gift_lists.services.gifts import add_gift, mark_gift_received, remove_gift
from links.gift_lists.services.giving import give_to_person
from links.gift_lists.services.lists import change_list, close_list
from marketplace.core.errors import NotFoundError
from stores.catalog.tests.factories import VariantFactory

from .factories import given, giving, make_gift, make_link, make_list, make_page, mxn, ordering, person

pytestmark = pytest.mark.django_db


def test_a_gift_is_told_with_all_that_buying_it_needs():
    giver, gift = person(), make_gift(price=10_000)
    given(giver, 300, to=gift)
    given(giver, 70, to=gift.gift_list)

    (told,) = with_pots(wanted_gifts(list_ids=[gift.gift_list_id]))

    link: Any = gift.link
    page = link.page
    assert (told.gift_id, told.owner_id, told.list_currency) == (gift.pk, gift.gift_list.owner_id, "MXN")
    assert (told.page_id, told.variant_id, told.url, told.title) == (page.pk, None, link.url, "Bicicleta")
    assert (told.price, told.seen_price, told.gift_pot, told.list_pot) == (mxn(10_000), mxn(10_000), mxn(300), mxn(70))
    assert (told.may_be_bought, told.read_at, told.why_not_priced) == (True, page.read_at, "")
    assert (told.is_list_on, told.is_on, told.is_wanted, told.is_claimed) == (True, True, True, False)


def test_something_of_the_catalogue_is_told_with_its_base_price():
    gift_list, variant = make_list(), VariantFactory.create()
    gift = add_gift(gift_list_id=gift_list.pk, added_by_id=gift_list.owner_id, variant_id=variant.pk)

    (told,) = wanted_gifts(gift_ids=[gift.pk])

    assert (told.variant_id, told.page_id, told.price, told.may_be_bought) == (variant.pk, None, mxn(34_900), False)


def test_flags_say_what_is_off_and_every_state_is_told():
    off, closed, ordered = make_gift(is_enabled=False), make_gift(), make_gift()
    change_list(gift_list_id=off.gift_list_id, expected_version=None, changes={"buys_itself": False})
    close_list(gift_list_id=closed.gift_list_id, at=timezone.now())
    ordering(ordered)

    told = {gift.gift_id: gift for gift in wanted_gifts(gift_ids=[off.pk, closed.pk, ordered.pk])}

    flags = {key: (gift.is_list_on, gift.is_on, gift.is_wanted) for key, gift in told.items()}
    assert flags == {
        off.pk: (False, False, True),
        closed.pk: (False, True, False),
        ordered.pk: (True, True, False),
    }


@pytest.mark.parametrize("count", [1, 50])
def test_any_number_of_gifts_is_told_in_one_query_and_their_pots_in_another(count, django_assert_num_queries):
    lists = [make_list() for _ in range(min(count, 5))]
    for number in range(count):
        gift_list = lists[number % len(lists)]
        link = make_link(gift_list.owner)
        add_gift(gift_list_id=gift_list.pk, added_by_id=gift_list.owner_id, link_id=link.pk)

    with django_assert_num_queries(1):
        found = wanted_gifts(list_ids=[each.pk for each in lists])
    with django_assert_num_queries(1):
        assert len(with_pots(found)) == count
    with django_assert_num_queries(0):
        assert with_pots([]) == []


def test_whose_wishes_rest_on_a_page_or_a_variant():
    page, variant = make_page(), VariantFactory.create()
    lists = [make_list() for _ in range(4)]
    gifts = []
    for each in lists:
        gifts.append(add_gift(gift_list_id=each.pk, added_by_id=each.owner_id, link_id=make_link(each.owner, page).pk))
        add_gift(gift_list_id=each.pk, added_by_id=each.owner_id, variant_id=variant.pk)
    mark_gift_received(gift_id=gifts[1].pk, at=timezone.now())
    close_list(gift_list_id=lists[2].pk, at=timezone.now())

    assert watched_lists_of_page(page.pk) == {lists[0].owner_id, lists[3].owner_id}
    assert watched_lists_of_products([variant.product_id]) == {lists[0].owner_id, lists[1].owner_id, lists[3].owner_id}


def test_what_a_customer_may_schedule_is_their_own_open_and_live():
    owner = person(0)
    mine, closed, another = make_list(owner), make_list(owner), make_list()
    gift, gone, others = make_gift(mine), make_gift(mine), make_gift(another)
    remove_gift(gift_id=gone.pk, expected_version=None, is_owner=True)
    close_list(gift_list_id=closed.pk, at=timezone.now())

    found = gifts_owned_by(
        customer_id=owner.pk,
        gift_ids=[gift.pk, gone.pk, others.pk],
        list_ids=[mine.pk, closed.pk, another.pk],
    )

    assert found == {gift.pk, mine.pk}


def test_cards_for_messages():
    giver, gift = person(name="Luis Pérez"), make_gift()
    named = given(giver, 100, to=gift, message="¡Felicidades!")
    hidden = given(giver, 100, to=gift.gift_list, is_anonymous=True)
    (to_person,) = give_to_person(giving=giving(giver), gift_list_id=gift.gift_list_id, amount=mxn(5))

    card = gift_card(gift.pk)
    assert (card.title, card.list_name, card.owner_id, card.keeps_surprise) == (
        "Bicicleta", "Cumpleaños", gift.gift_list.owner_id, True,
    )  # fmt: skip
    assert list_name(gift.gift_list_id) == "Cumpleaños"
    cards = [contribution_card(row.pk) for row in (named, hidden, to_person)]
    assert [(each.contributor_name, each.list_name, each.gift_title, each.message) for each in cards] == [
        ("Luis P.", "Cumpleaños", "Bicicleta", "¡Felicidades!"),
        ("", "Cumpleaños", "", ""),
        ("Luis P.", "", "", ""),
    ]
    assert {each.owner_id for each in cards} == {gift.gift_list.owner_id}
    assert cards[2].gift_list_id is None


@pytest.mark.parametrize(
    "ask", [gift_card, list_name, contribution_card, lock_gift, locked_gift], ids=lambda ask: ask.__name__
)
def test_what_does_not_exist_is_not_found(ask):
    with pytest.raises(NotFoundError), transaction.atomic():
        ask(uuid4())


def test_gifts_come_list_by_list_in_their_order():
    gift_list = make_list()
    first, second = make_gift(gift_list), make_gift(gift_list)
    top = make_gift(gift_list, position=0)

    told = wanted_gifts(list_ids=[gift_list.pk])

    assert [gift.gift_id for gift in told] == [top.pk, first.pk, second.pk]
    assert all(timezone.now() - gift.added_at < timedelta(days=1) for gift in told)


@pytest.mark.parametrize("given_minor", [0, 300])
def test_a_locked_gift_is_told_as_any_with_what_is_in_its_pots(given_minor):
    gift = make_gift(price=10_000)
    if given_minor:
        given(person(), given_minor, to=gift)
        given(person(), given_minor, to=gift.gift_list)

    with transaction.atomic():
        told = locked_gift(gift.pk)

    assert [told] == with_pots(wanted_gifts(gift_ids=[gift.pk]))
    assert (told.gift_pot, told.list_pot) == (mxn(given_minor), mxn(given_minor))
