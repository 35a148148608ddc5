"""Two at once under the list's lock: money moves once, and to one place."""

import threading
from typing import Any

import pytest
from django.utils import timezone

from funds.facade import pot_balances, verify_books
from links.events import GiftListClosed
from links.gift_lists.errors import GiftClaimedError, GiftListClosedError
from links.gift_lists.models import Gift, GiftClaim
from links.gift_lists.services import buying, claims
from links.gift_lists.services.buying import return_to_pots, take_from_pots
from links.gift_lists.services.claims import claim_gift
from links.gift_lists.services.lists import close_list
from links.gift_lists.tests.factories import OPENING, given, make_gift, make_list, mxn, person, purse
from links.models import Contribution, GiftList, PotUse
from links.pots import services as pots
from links.pots.errors import GiftFundedError
from links.pots.verification import pots_in_balance
from marketplace.core.outbox.models import OutboxEvent

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def refusals(answers: list[Any], kind: type[Exception]) -> int:
    """How many were refused so; whatever else was raised is a failure."""
    wrong = [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, kind)]
    assert wrong == []
    return sum(isinstance(answer, kind) for answer in answers)


def test_a_list_closes_once_and_whoever_gives_then_is_refused_or_refunded(together):
    gift_list = make_list()
    givers = [person() for _ in range(4)]
    given(givers[0], 100, to=gift_list)

    def work(number: int) -> Any:
        if number < 2:
            return close_list(gift_list_id=gift_list.pk, at=timezone.now())
        return given(givers[number - 2], 500, to=gift_list)

    answers = together(work, 6)

    refusals(answers, GiftListClosedError)
    assert pot_balances() == {gift_list.pk: mxn(0)}
    assert [purse(giver) for giver in givers] == [OPENING] * 4
    assert OutboxEvent.objects.filter(wire_name=GiftListClosed.wire_name).count() == 1


def test_two_purchases_share_a_pot_and_take_no_more_than_there_is(together):
    gift_list = make_list()
    gifts = [make_gift(gift_list) for _ in range(4)]
    given(person(), 1_000, to=gift_list)

    answers = together(
        lambda number: take_from_pots(gift_id=gifts[number].pk, amount=mxn(400), key=f"purchase {number}"), 4
    )

    assert refusals(answers, GiftListClosedError) == 0
    assert sorted(answer.amount.minor for answer in answers) == [0, 200, 400, 400]
    assert purse(gift_list.owner) == 1_000
    assert pots_in_balance() == []


@pytest.mark.breaks_books
def test_without_the_lists_lock_the_same_contribution_is_used_twice_in_the_rows(together, monkeypatch):
    """The harness sees it when the lock is off, so its silence above means something."""
    gift_list = make_list()
    gifts = [make_gift(gift_list) for _ in range(2)]
    given(person(), 1_000, to=gift_list)
    both, looked = threading.Barrier(2), pots._lots

    def look_together(*args: Any) -> Any:
        found = looked(*args)
        both.wait(timeout=5)
        return found

    monkeypatch.setattr(buying, "lock_gift", lambda gift_id: Gift.objects.select_related("gift_list").get(pk=gift_id))
    monkeypatch.setattr(pots, "_lots", look_together)

    together(lambda number: take_from_pots(gift_id=gifts[number].pk, amount=mxn(400), key=f"purchase {number}"), 2)

    assert purse(gift_list.owner) == 800
    assert Contribution.objects.get().used_minor == 400
    assert pots_in_balance() != []


def test_one_purchase_twice_at_once_takes_once_and_gives_back_once(together):
    gift = make_gift()
    given(person(), 1_000, to=gift)

    taken = together(lambda _number: take_from_pots(gift_id=gift.pk, amount=mxn(400), key="purchase"), 4)
    assert [answer.amount for answer in taken] == [mxn(400)] * 4
    assert (purse(gift.gift_list.owner), PotUse.objects.count()) == (400, 1)

    back = together(lambda _number: return_to_pots(key="purchase"), 4)
    assert sorted(answer.minor for answer in back) == [0, 0, 0, 400]
    assert purse(gift.gift_list.owner) == 0


def test_of_many_who_claim_a_gift_one_does(together):
    gift = make_gift()
    people = [person(0) for _ in range(5)]

    answers = together(lambda number: claim_gift(gift_id=gift.pk, claimer_id=people[number].pk, guest_name=""), 5)

    assert refusals(answers, GiftClaimedError) == 4
    assert GiftClaim.objects.filter(released_at__isnull=True).count() == 1


def test_without_the_gifts_lock_the_constraint_is_what_stands(together, monkeypatch):
    gift = make_gift()
    people = [person(0) for _ in range(2)]
    monkeypatch.setattr(claims, "lock_wanted_gift", lambda gift_id: Gift.objects.get(pk=gift_id))

    together(lambda number: claim_gift(gift_id=gift.pk, claimer_id=people[number].pk, guest_name=""), 2)

    assert GiftClaim.objects.count() == 1


def test_a_gift_is_not_paid_for_twice_by_two_at_once(together):
    gift = make_gift(price=10_000)
    people = [person() for _ in range(3)]

    answers = together(lambda number: given(people[number], 11_500, to=gift), 3)

    assert refusals(answers, GiftFundedError) == 2
    assert pot_balances() == {gift.pk: mxn(11_500)}
    assert sorted(map(purse, people)) == [OPENING - 11_500, OPENING, OPENING]


def test_the_same_contribution_at_once_is_charged_once(together):
    gift_list, giver = make_list(), person()

    answers = together(lambda _number: given(giver, 500, to=gift_list, key="one"), 4)

    assert refusals(answers, GiftListClosedError) == 0
    assert {answer.pk for answer in answers} == {Contribution.objects.get().pk}
    assert purse(giver) == OPENING - 500


def test_givers_across_lists_do_not_wait_in_a_circle(together):
    """Each gives to the other's gift, with the rest to the other's list, while purchases take and lists close."""
    people = [person(), person()]
    gifts = [make_gift(make_list(who, overfunding="to_list"), price=1_000) for who in people]

    def work(number: int) -> Any:
        giver, gift = people[number % 2], gifts[(number + 1) % 2]
        if number < 8:
            return given(giver, 900, to=gift)
        if number < 10:
            return take_from_pots(gift_id=gift.pk, amount=mxn(500), key=str(number))
        return close_list(gift_list_id=gift.gift_list_id, at=timezone.now())

    answers = together(work, 12)

    refusals(answers, GiftListClosedError)
    assert set(GiftList.objects.values_list("state", flat=True)) == {"closed"}
    assert {balance.minor for balance in pot_balances().values()} <= {0}
    assert sum(map(purse, people)) == 2 * OPENING
    assert verify_books(at=timezone.now(), is_full=True) == []
