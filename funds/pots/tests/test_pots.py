"""Money into pots and out of them, on each engine; the books are read in full after every test."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from funds.contracts import PotRefund
from funds.ledger import services as ledger
from funds.ledger.errors import InsufficientFundsError, KeyReusedError
from funds.ledger.models import Account, Journal, JournalKind, Posting, Tally
from funds.ledger.orm_engine import OrmEngine
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.pots.selectors import pot_balances
from funds.pots.services import (
    contribute_to_pots,
    contribute_to_wallet,
    lock_pots,
    pay_from_pots,
    pay_into_pots,
    refund_contributions,
    return_to_contributors,
)
from funds.wallets.selectors import statement_of
from marketplace.core.money import Money

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["orm", pytest.param("postgresql", marks=pytest.mark.postgres)], autouse=True)
def _each_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The portable engine everywhere, and PostgreSQL's own there."""
    if request.param == "orm" and connection.vendor == "postgresql":
        monkeypatch.setattr(ledger, "engine", OrmEngine)


def mxn(minor: int) -> Money:
    return Money(minor, "MXN")


def books() -> tuple[Any, ...]:
    """Everything that a refusal must leave as it is."""
    accounts = Account.objects.exclude(posted=0).order_by("pk").values_list("pk", "posted", "held", "spent")
    return (list(accounts), Journal.objects.count(), Posting.objects.count())


def test_a_contribution_leaves_the_wallet_at_once_and_is_in_the_pots():
    giver, gift, gift_list = customer_with(1000), uuid4(), uuid4()

    number = contribute_to_pots(contributor_id=giver, amounts={gift: mxn(300), gift_list: mxn(50)}, key="one")

    assert posted_and_held(giver) == (650, 0)
    assert pot_balances([gift, gift_list, uuid4()]) == {gift: mxn(300), gift_list: mxn(50)}
    journal = Journal.objects.get(pk=number)
    assert (journal.kind, journal.tally, journal.postings.count()) == (JournalKind.CONTRIBUTION, Tally.NONE, 2)


def test_the_same_contribution_again_moves_nothing_and_another_under_its_key_is_refused():
    giver, pot = customer_with(1000), uuid4()
    first = contribute_to_pots(contributor_id=giver, amounts={pot: mxn(300)}, key="one")
    before = books()

    assert contribute_to_pots(contributor_id=giver, amounts={pot: mxn(300)}, key="one") == first
    with pytest.raises(KeyReusedError):
        contribute_to_pots(contributor_id=giver, amounts={pot: mxn(301)}, key="one")

    assert books() == before


@pytest.mark.parametrize("amounts", [[1001], [600, 401]], ids=["one pot", "two pots"])
def test_more_than_the_wallet_has_is_refused_as_a_whole(amounts):
    giver = customer_with(1000)
    before = books()

    with pytest.raises(InsufficientFundsError) as refusal:
        contribute_to_pots(contributor_id=giver, amounts={uuid4(): mxn(each) for each in amounts}, key="one")

    assert refusal.value.params == {"missing": "0.01", "currency": "MXN"}
    assert books() == before


def test_nothing_is_no_contribution():
    before = books()

    with pytest.raises(ValueError, match="at least one leg"):
        contribute_to_pots(contributor_id=uuid4(), amounts={}, key="one")

    assert books() == before


def test_a_contribution_to_a_person_is_theirs_at_once():
    giver, taker = customer_with(1000), customer_with()

    contribute_to_wallet(contributor_id=giver, beneficiary_id=taker, amount=mxn(400), key="one")

    assert (posted_and_held(giver), posted_and_held(taker)) == ((600, 0), (400, 0))


def test_pots_pay_a_wallet_and_are_paid_back_once_per_key():
    giver, owner, pots = customer_with(1000), customer_with(), (uuid4(), uuid4())
    amounts = {pots[0]: mxn(300), pots[1]: mxn(100)}
    contribute_to_pots(contributor_id=giver, amounts=amounts, key="one")

    for _again in range(2):
        pay_from_pots(amounts=amounts, to_customer=owner, key="purchase")
    assert posted_and_held(owner) == (400, 0)
    for _again in range(2):
        pay_into_pots(amounts={pots[1]: mxn(60)}, from_customer=owner, key="purchase")

    assert posted_and_held(owner) == (340, 0)
    assert pot_balances(pots) == {pots[0]: mxn(0), pots[1]: mxn(60)}


def test_a_pot_gives_no_more_than_it_has():
    giver, owner, pot = customer_with(1000), customer_with(), uuid4()
    contribute_to_pots(contributor_id=giver, amounts={pot: mxn(300)}, key="one")
    before = books()

    with pytest.raises(InsufficientFundsError):
        pay_from_pots(amounts={pot: mxn(301)}, to_customer=owner, key="purchase")
    with pytest.raises(InsufficientFundsError):
        refund_contributions(refunds=[PotRefund(pot, giver, mxn(200), "a"), PotRefund(pot, giver, mxn(101), "b")])

    assert books() == before


def test_refunds_are_a_journal_each_and_happen_once():
    givers, pot = [customer_with(1000), customer_with(1000)], uuid4()
    for number, giver in enumerate(givers):
        contribute_to_pots(contributor_id=giver, amounts={pot: mxn(300)}, key=str(number))
    refunds = [PotRefund(pot, giver, mxn(300), str(giver)) for giver in givers]

    for _again in range(2):
        refund_contributions(refunds=refunds)

    assert [posted_and_held(giver) for giver in givers] == [(1000, 0), (1000, 0)]
    assert pot_balances([pot]) == {pot: mxn(0)}
    assert Journal.objects.filter(kind=JournalKind.POT_RETURN).count() == 2


def test_what_comes_back_when_a_pot_has_ended_goes_to_those_who_gave():
    givers, owner = [customer_with(), customer_with()], customer_with(1000)

    return_to_contributors(from_customer=owner, amounts={givers[0]: mxn(100), givers[1]: mxn(50)}, key="purchase")

    assert [posted_and_held(who)[0] for who in (*givers, owner)] == [100, 50, 850]


def test_a_statement_names_these_movements_in_words():
    giver, pot = customer_with(1000), uuid4()
    contribute_to_pots(contributor_id=giver, amounts={pot: mxn(300)}, key="one")
    refund_contributions(refunds=[PotRefund(pot, giver, mxn(300), "one")])

    lines = statement_of(giver).order_by("pk")

    words = [str(JournalKind(line.journal.kind).label) for line in lines][1:]
    assert words == ["contribution to a gift", "return to a gift pot or its contributors"]


def test_pots_locked_beforehand_may_follow_a_wallet_with_a_higher_number(transactional_db: None):
    giver, pot = customer_with(1000), uuid4()
    contribute_to_pots(contributor_id=giver, amounts={pot: mxn(300)}, key="one")
    owner = customer_with()
    pay_from_pots(amounts={pot: mxn(300)}, to_customer=owner, key="purchase")  # the wallet's number is the higher one

    with transaction.atomic():
        lock_pots(pots=[pot], customers=[owner, giver])
        contribute_to_wallet(contributor_id=owner, beneficiary_id=giver, amount=mxn(10), key="two")
        pay_into_pots(amounts={pot: mxn(290)}, from_customer=owner, key="purchase")

    assert pot_balances([pot]) == {pot: mxn(290)}
