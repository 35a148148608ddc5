"""Contributions: where they go, what uses them, what comes back. Pots and ledger are compared after every test."""

from uuid import uuid4

import pytest
from django.utils import timezone

from funds.facade import InsufficientFundsError, KeyReusedError, pot_balances
from links.events import ContributionMade, ContributionReturned, GiftListClosed
from links.gift_lists.errors import GiftListClosedError, GiftNotWantedError
from links.gift_lists.services.buying import lock_pots_of, return_to_pots, take_from_pots
from links.gift_lists.services.gifts import receive_gift, remove_gift
from links.gift_lists.services.giving import give_to_person, give_towards_gift, give_towards_list
from links.gift_lists.services.lists import close_list
from links.gift_lists.tests.factories import OPENING, given, giving, make_gift, make_list, mxn, ordering, person, purse
from links.pots.errors import GiftFundedError
from links.pots.models import Contribution, PotUse
from links.pots.verification import pots_in_balance
from marketplace.core.errors import InvalidInputError
from marketplace.core.money import CurrencyMismatchError, Money
from marketplace.core.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db


def told(*kinds):
    names = [kind.wire_name for kind in kinds]
    return [row.payload for row in OutboxEvent.objects.filter(wire_name__in=names).order_by("pk")]


def figures(contribution):
    row = Contribution.objects.get(pk=contribution.pk)
    return (row.amount_minor, row.used_minor, row.refunded_minor, row.moved_minor)


def books():
    return (list(Contribution.objects.order_by("pk").values()), pot_balances(), PotUse.objects.count())


def test_a_contribution_leaves_the_wallet_at_once_and_is_told():
    giver, gift_list = person(), make_list()

    row = given(giver, 300, to=gift_list, message="¡Felicidades!")

    assert purse(giver) == OPENING - 300
    assert pot_balances([gift_list.pk]) == {gift_list.pk: mxn(300)}
    (fact,) = told(ContributionMade)
    assert (fact["contribution_id"], fact["owner_id"]) == (str(row.pk), str(gift_list.owner_id))
    assert "Felicidades" not in str(fact)


def test_the_same_contribution_again_is_the_same_and_another_under_its_key_is_refused():
    giver, gift_list, gift = person(), make_list(), make_gift()
    first = given(giver, 300, to=gift_list, key="one")
    before = books()

    assert given(giver, 300, to=gift_list, key="one") == first
    for minor, target in ((301, gift_list), (300, gift)):
        with pytest.raises(KeyReusedError):
            given(giver, minor, to=target, key="one")
    assert books() == before
    assert purse(giver) == OPENING - 300
    close_list(gift_list_id=gift_list.pk, at=timezone.now())
    assert given(giver, 300, to=gift_list, key="one") == first


def test_keys_are_each_givers_own():
    gift_list, givers = make_list(), [person(), person()]

    for giver in givers:
        given(giver, 100, to=gift_list, key="one")

    assert pot_balances([gift_list.pk]) == {gift_list.pk: mxn(200)}


def test_what_the_wallet_does_not_have_is_refused_and_nothing_changed():
    giver, gift_list = person(100), make_list()
    before = books()

    with pytest.raises(InsufficientFundsError):
        given(giver, 101, to=gift_list)

    assert books() == before
    assert told(ContributionMade) == []


def test_another_currency_than_the_lists_is_refused():
    giver, gift_list = person(), make_list()

    with pytest.raises(CurrencyMismatchError):
        give_towards_list(giving=giving(giver), gift_list_id=gift_list.pk, amount=Money(100, "USD"))

    assert Contribution.objects.count() == 0


def test_a_gift_takes_its_price_and_the_margin_and_no_more():
    giver, gift = person(), make_gift(price=10_001)
    given(giver, 10_000, to=gift)
    before = books()

    # 10,001 and 15 % of it, rounded up: 11,502.
    with pytest.raises(GiftFundedError) as refusal:
        given(giver, 1_503, to=gift)
    assert refusal.value.params == {"left": "15.02", "currency": "MXN"}
    assert books() == before

    given(giver, 1_502, to=gift)
    with pytest.raises(GiftFundedError):
        given(giver, 1, to=gift)


def test_what_a_gift_does_not_need_goes_to_its_list_when_the_list_says_so():
    giver, gift_list = person(), make_list(overfunding="to_list")
    gift = make_gift(gift_list, price=10_000)

    rows = give_towards_gift(giving=giving(giver, "one"), gift_id=gift.pk, amount=mxn(12_000))
    again = give_towards_gift(giving=giving(giver, "one"), gift_id=gift.pk, amount=mxn(12_000))
    more = give_towards_gift(giving=giving(giver, "two"), gift_id=gift.pk, amount=mxn(70))

    assert [(row.gift_id, row.gift_list_id, row.amount_minor) for row in [*rows, *more]] == [
        (gift.pk, None, 11_500),
        (None, gift_list.pk, 500),
        (None, gift_list.pk, 70),
    ]
    assert again == rows
    assert pot_balances() == {gift.pk: mxn(11_500), gift_list.pk: mxn(570)}
    assert purse(giver) == OPENING - 12_070


def test_a_gift_without_a_price_takes_anything():
    giver, gift = person(), make_gift(price=None)

    given(giver, OPENING, to=gift)

    assert pot_balances() == {gift.pk: mxn(OPENING)}


def test_a_contribution_to_a_person_is_theirs_at_once_and_never_ones_own():
    giver, owner = person(), person(0)
    gift_list = make_list(owner)

    give_to_person(giving=giving(giver), gift_list_id=gift_list.pk, amount=mxn(500))
    with pytest.raises(InvalidInputError):
        give_to_person(giving=giving(owner), gift_list_id=gift_list.pk, amount=mxn(500))

    assert (purse(giver), purse(owner)) == (OPENING - 500, 500)
    assert pot_balances() == {}


def test_the_gifts_pot_is_used_first_then_the_lists_oldest_contributions_first():
    givers, gift = [person() for _ in range(4)], make_gift()
    on_list = [given(givers[0], 100, to=gift.gift_list), given(givers[1], 100, to=gift.gift_list)]
    on_gift = [given(givers[2], 100, to=gift), given(givers[3], 100, to=gift)]

    share = take_from_pots(gift_id=gift.pk, amount=mxn(250), key="purchase")

    assert share.amount == mxn(250)
    assert [figures(row)[1] for row in [*on_gift, *on_list]] == [100, 100, 50, 0]
    assert purse(gift.gift_list.owner) == 250


def test_a_purchase_takes_no_more_than_there_is_and_once():
    giver, gift = person(), make_gift()
    given(giver, 100, to=gift)

    shares = [take_from_pots(gift_id=gift.pk, amount=mxn(500), key="purchase") for _ in range(2)]
    given(giver, 100, to=gift)
    shares.append(take_from_pots(gift_id=gift.pk, amount=mxn(500), key="purchase"))

    assert [share.amount for share in shares] == [mxn(100)] * 3
    assert purse(gift.gift_list.owner) == 100
    with pytest.raises(KeyReusedError):
        take_from_pots(gift_id=make_gift().pk, amount=mxn(500), key="purchase")


def test_empty_pots_give_nothing_and_there_is_nothing_to_return():
    gift = make_gift()

    assert take_from_pots(gift_id=gift.pk, amount=mxn(500), key="purchase").amount == mxn(0)
    assert return_to_pots(key="purchase") is None
    lock_pots_of(key="purchase")


def test_what_was_not_needed_goes_back_to_who_gave_last_and_the_rest_when_it_came_to_nothing():
    givers, gift = [person(), person()], make_gift()
    first, last = given(givers[0], 100, to=gift), given(givers[1], 100, to=gift)
    take_from_pots(gift_id=gift.pk, amount=mxn(180), key="purchase")

    assert return_to_pots(key="purchase", amount=mxn(90)) == mxn(90)
    assert return_to_pots(key="purchase", amount=mxn(90)) == mxn(0)
    assert (figures(first)[1], figures(last)[1]) == (90, 0)
    assert return_to_pots(key="purchase") == mxn(90)
    assert return_to_pots(key="purchase") == mxn(0)

    assert (figures(first)[1], figures(last)[1]) == (0, 0)
    assert (pot_balances()[gift.pk], purse(gift.gift_list.owner)) == (mxn(200), 0)


def test_what_the_owner_has_spent_cannot_go_back():
    giver, owner = person(), person(0)
    gift = make_gift(make_list(owner))
    given(giver, 100, to=gift)
    take_from_pots(gift_id=gift.pk, amount=mxn(100), key="purchase")
    give_to_person(giving=giving(owner), gift_list_id=make_list(giver).pk, amount=mxn(1))
    before = books()

    with pytest.raises(InsufficientFundsError):
        return_to_pots(key="purchase")

    assert books() == before


def test_closing_gives_back_what_is_left_to_each_who_gave():
    givers, gift = [person(), person()], make_gift()
    rows = [given(givers[0], 100, to=gift), given(givers[1], 200, to=gift.gift_list)]
    take_from_pots(gift_id=gift.pk, amount=mxn(150), key="purchase")

    for _again in range(2):
        close_list(gift_list_id=gift.gift_list_id, at=timezone.now())

    assert [figures(row) for row in rows] == [(100, 100, 0, 0), (200, 50, 150, 0)]
    assert [purse(giver) for giver in givers] == [OPENING - 100, OPENING - 50]
    assert [fact["amount"]["minor"] for fact in told(ContributionReturned)] == [150]
    assert [fact["left"]["minor"] for fact in told(GiftListClosed)] == [150]
    assert set(pot_balances().values()) == {mxn(0)}


def test_closing_moves_what_is_left_to_the_owner_who_chose_so():
    giver, gift_list = person(), make_list(on_close="to_wallet")
    gift = make_gift(gift_list)
    rows = [given(giver, 100, to=gift), given(giver, 200, to=gift_list)]

    close_list(gift_list_id=gift_list.pk, at=timezone.now())

    assert [figures(row)[3] for row in rows] == [100, 200]
    assert (purse(giver), purse(gift_list.owner)) == (OPENING - 300, 300)
    assert told(ContributionReturned) == []


@pytest.mark.parametrize(("on_close", "goes_to"), [("refund", "givers"), ("to_wallet", "owner")])
def test_what_comes_back_after_the_end_goes_where_the_owner_had_chosen(on_close, goes_to):
    owner, giver = person(0), person()
    gift = make_gift(make_list(owner, on_close=on_close))
    mine = given(giver, 100, to=gift)
    take_from_pots(gift_id=gift.pk, amount=mxn(100), key="purchase")
    close_list(gift_list_id=gift.gift_list_id, at=timezone.now())

    assert return_to_pots(key="purchase") == mxn(100)

    assert figures(mine) == ((100, 0, 100, 0) if goes_to == "givers" else (100, 0, 0, 100))
    assert (purse(giver), purse(owner)) == ((OPENING, 0) if goes_to == "givers" else (OPENING - 100, 100))
    assert set(pot_balances().values()) == {mxn(0)}


def test_what_owners_gave_to_their_own_list_stays_in_their_wallet_in_the_end():
    owner = person(1000)
    gift = make_gift(make_list(owner))
    given(owner, 400, to=gift)
    take_from_pots(gift_id=gift.pk, amount=mxn(400), key="purchase")
    close_list(gift_list_id=gift.gift_list_id, at=timezone.now())

    return_to_pots(key="purchase")

    assert purse(owner) == 1000


@pytest.mark.parametrize("end", ["received", "removed"])
def test_the_pot_of_a_gift_ends_with_it(end):
    giver, gift = person(), make_gift()
    kept, row = given(giver, 50, to=gift.gift_list), given(giver, 100, to=gift)

    if end == "received":
        receive_gift(gift_id=gift.pk, expected_version=None, at=timezone.now())
    else:
        remove_gift(gift_id=gift.pk, expected_version=None, is_owner=True)

    assert (figures(row)[2], figures(kept)[2]) == (100, 0)
    with pytest.raises(GiftNotWantedError):
        given(giver, 1, to=gift)


def test_nothing_more_is_given_to_a_closed_list_nor_to_an_ordered_gift():
    giver, gift = person(), make_gift()
    ordering(gift)
    with pytest.raises(GiftNotWantedError):
        given(giver, 1, to=gift)
    close_list(gift_list_id=gift.gift_list_id, at=timezone.now())

    for target in (gift, gift.gift_list):
        with pytest.raises(GiftListClosedError):
            given(giver, 1, to=target)
    assert purse(giver) == OPENING


@pytest.mark.breaks_books
def test_the_verifier_sees_a_pot_that_says_otherwise():
    row = given(person(), 100, to=make_gift())
    Contribution.objects.filter(pk=row.pk).update(used_minor=1)

    faults = pots_in_balance()

    assert [(fault.pot_id, fault.in_ledger.minor, fault.in_contributions.minor) for fault in faults] == [
        (row.gift_id, 100, 99),
        (None, 0, 1),
    ]


def test_an_unknown_key_returns_nothing():
    assert return_to_pots(key=uuid4().hex) is None
