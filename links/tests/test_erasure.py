"""Erasing people who keep lists, give, claim or edit."""

import pytest
from django.utils import timezone

from links.gift_lists.services.claims import claim_gift
from links.gift_lists.services.editors import add_editor
from links.gift_lists.services.lists import close_list
from links.gift_lists.tests.factories import given, make_gift, person
from links.models import Contribution, Gift, GiftClaim, GiftList, GiftListEditor
from links.pots.errors import PotsNotEmptyError
from links.privacy import forget_person, refuse_while_money_is_in_pots
from marketplace.core.erasure import erase_person

pytestmark = pytest.mark.django_db


def test_nobody_leaves_while_money_of_theirs_or_for_them_is_in_a_pot():
    giver, gift = person(), make_gift(note="La azul")
    given(giver, 100, to=gift, message="¡Felicidades!")

    for who in (giver, gift.gift_list.owner):
        with pytest.raises(PotsNotEmptyError):
            refuse_while_money_is_in_pots(who.pk)

    assert (Gift.objects.get().note, Contribution.objects.get().message) == ("La azul", "¡Felicidades!")
    close_list(gift_list_id=gift.gift_list_id, at=timezone.now())
    refuse_while_money_is_in_pots(giver.pk)


def test_an_owner_is_forgotten_and_the_amounts_stay():
    giver, gift = person(), make_gift(note="La azul")
    owner = gift.gift_list.owner
    given(giver, 100, to=gift, message="Para Ana")
    claim_gift(gift_id=gift.pk, claimer_id=None, guest_name="Tía Rosa")
    add_editor(gift_list_id=gift.gift_list_id, email="tia@example.com")
    token = gift.gift_list.share_token
    close_list(gift_list_id=gift.gift_list_id, at=timezone.now())

    erase_person(owner.pk)

    gift_list, row = GiftList.objects.get(), Contribution.objects.get()
    assert (gift_list.name, gift_list.visibility, gift_list.state) == ("", "private", "closed")
    assert gift_list.share_token != token
    assert (Gift.objects.get().note, GiftClaim.objects.get().guest_name, row.message) == ("", "—", "")
    assert GiftListEditor.objects.count() == 0
    assert (row.amount_minor, row.refunded_minor) == (100, 100)


def test_an_open_list_without_money_does_not_keep_its_owner():
    owner = make_gift().gift_list.owner

    erase_person(owner.pk)

    assert GiftList.objects.get().state == "closed"


def test_a_guest_with_an_account_is_forgotten():
    gift, who = make_gift(), person(0)
    gift_list = gift.gift_list
    claim_gift(gift_id=gift.pk, claimer_id=who.pk, guest_name="")
    add_editor(gift_list_id=gift_list.pk, email=who.email)
    GiftListEditor.objects.create(gift_list=make_gift().gift_list, email=who.email)

    forget_person(who.pk)

    assert GiftListEditor.objects.count() == 0
    assert GiftClaim.objects.get().released_at is not None
