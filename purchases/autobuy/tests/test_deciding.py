"""The decision is pure: whatever the plan, it never spends more than there is, and it says something of every gift."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from funds.contracts import AutomaticRoom
from links.contracts import WantedGift
from marketplace.core.money import Money
from purchases.autobuy import outcomes
from purchases.autobuy.deciding import cost_of, decide
from purchases.autobuy.values import Rule, Terms, View, Wish

AT = datetime(2026, 11, 29, 21, 0, tzinfo=UTC)
TERMS = Terms(margin_percent=15, jump_percent=30, price_age=timedelta(hours=24))
LIST = UUID(int=1)


def mxn(minor: int) -> Money:
    return Money(minor, "MXN")


def wish(
    number: int, minor: int = 10_000, *, priority: int = 2, pot: int = 0, shared: int = 0, **facts: object
) -> Wish:
    """Of the one list; the higher its number, the younger it is."""
    defaults: dict[str, object] = {
        "gift_id": UUID(int=1_000 + number),
        "gift_list_id": LIST,
        "owner_id": UUID(int=2),
        "list_currency": "MXN",
        "priority": priority,
        "added_at": AT - timedelta(days=100) + timedelta(hours=number),
        "title": f"Wish {number}",
        "is_list_on": True,
        "is_on": True,
        "is_wanted": True,
        "is_claimed": False,
        "variant_id": None,
        "page_id": UUID(int=5_000 + number),
        "url": "https://tienda.example/",
        "price": mxn(minor),
        "availability": "in_stock",
        "may_be_bought": True,
        "why_not_priced": "",
        "read_at": AT,
        "seen_price": mxn(minor),
        "is_owners": True,
        "gift_pot": mxn(pot),
        "list_pot": mxn(shared),
    }
    gift = WantedGift(**(defaults | facts))  # type: ignore[arg-type]
    return Wish(gift=gift, price=gift.price)


def view(*wishes: Wish, wallet: int = 1_000_000, left: int | None = None, rules: tuple[Rule, ...] = ()) -> View:
    balance = Rule(schedule_id=UUID(int=9), kind="balance", subject=LIST)
    room = AutomaticRoom(mxn(wallet), None if left is None else mxn(left))
    return View(at=AT, wishes=wishes, rules=rules or (balance,), rooms={"MXN": room}, terms=TERMS)


def said(decided_on: View) -> list[str]:
    return [verdict.outcome for verdict in decide(decided_on).verdicts]


def test_priority_first_then_age():
    plain, younger, dear = wish(1), wish(2), wish(3, priority=3)

    order = [verdict.wish for verdict in decide(view(younger, plain, dear)).verdicts]

    assert order == [dear, plain, younger]


def test_a_promised_gift_reads_as_any_other_until_it_would_be_bought():
    later = Rule(schedule_id=UUID(int=7), kind="on_date", subject=LIST, next_at=AT + timedelta(days=9))
    cheap = Rule(schedule_id=UUID(int=7), kind="target_price", subject=LIST, target=mxn(5))
    elsewhere = Rule(schedule_id=UUID(int=7), kind="balance", subject=UUID(int=3))
    unknown = {"price": None, "may_be_bought": False}

    for facts, rules in (({}, (later,)), ({}, (cheap,)), ({}, (elsewhere,)), (unknown, ()), ({"is_on": False}, ())):
        one, other = said(view(wish(1, is_claimed=True, **facts), wish(2, **facts), rules=rules))
        assert one == other
    assert said(view(wish(1, is_claimed=True))) == ["not_available_now"]


def test_a_target_answers_for_what_the_owner_put_there_only():
    target = Rule(schedule_id=UUID(int=7), kind="target_price", subject=LIST, target=mxn(50_000))

    assert said(view(wish(1, seen_price=None), rules=(target,))) == ["bought"]
    assert said(view(wish(1, seen_price=None, is_owners=False), rules=(target,))) == ["asked"]


def test_one_thing_a_turn_but_another_schedule_has_its_own():
    turn = Rule(schedule_id=UUID(int=7), kind="interval", subject=LIST, next_at=AT, starts_on=AT.date(), every_days=7)
    other = Rule(schedule_id=UUID(int=8), kind="on_date", subject=LIST, next_at=AT)

    assert said(view(wish(1), wish(2), wish(3), rules=(turn, other))) == ["bought", "bought", "next_time"]


def test_a_target_leaves_the_turn_to_others():
    turn = Rule(schedule_id=UUID(int=1), kind="on_date", subject=LIST, next_at=AT)
    target = Rule(schedule_id=UUID(int=8), kind="target_price", subject=UUID(int=1_001), target=mxn(10_000))

    assert said(view(wish(1), wish(2), rules=(turn, target))) == ["bought", "bought"]


def test_pots_are_used_before_the_wallet_and_a_lists_pot_once():
    cost = 11_500  # with the margin
    wishes = [wish(1, pot=1_500, shared=10_000), wish(2, shared=10_000)]

    verdicts = decide(view(*wishes, wallet=11_499)).verdicts

    assert [verdict.outcome for verdict in verdicts] == ["bought", "insufficient_funds"]
    assert verdicts[0].cost == mxn(cost)
    assert verdicts[1].missing == mxn(1)


def test_a_margin_is_rounded_up_to_the_minor_unit():
    assert cost_of(wish(1), mxn(33_333), TERMS) == mxn(38_333)
    assert cost_of(wish(1), Money(7, "CLP"), TERMS) == Money(9, "CLP")


prices = st.integers(1, 50_000)
wishes = st.lists(
    st.builds(
        lambda minor, priority, pot, claimed, on: (minor, priority, pot, claimed, on),
        *(prices, st.integers(1, 3), st.integers(0, 20_000), st.booleans(), st.booleans()),
    ),
    max_size=8,
)


@given(given=wishes, wallet=st.integers(0, 120_000), left=st.none() | st.integers(0, 120_000), shared=prices)
def test_it_never_spends_what_is_not_there_and_answers_for_every_gift(given, wallet, left, shared):
    asked = [
        wish(number, minor, priority=priority, pot=pot, shared=shared, is_claimed=claimed, is_on=on)
        for number, (minor, priority, pot, claimed, on) in enumerate(given)
    ]

    decision = decide(view(*asked, wallet=wallet, left=left))

    assert {verdict.gift_id for verdict in decision.verdicts} == {each.gift.gift_id for each in asked}
    bought = [verdict for verdict in decision.verdicts if verdict.outcome == outcomes.BOUGHT]
    total = sum(verdict.cost.minor for verdict in bought if verdict.cost)
    assert total <= wallet + shared + sum(verdict.wish.gift.gift_pot.minor for verdict in bought)
    assert left is None or total <= left
    assert not [verdict for verdict in bought if verdict.wish.gift.is_claimed or not verdict.wish.gift.is_on]
    for verdict in decision.verdicts:
        assert outcomes.sentence(verdict.outcome, outcomes.kept({**verdict.params, "answer_by": AT}))


@given(given=wishes, wallet=st.integers(0, 120_000))
def test_what_was_tried_in_vain_leaves_its_money_to_the_next(given, wallet):
    asked = [wish(number, minor, priority=priority) for number, (minor, priority, *_rest) in enumerate(given)]
    seen = view(*asked, wallet=wallet)
    first = decide(seen).next_action({})
    if first is None:
        return
    failed = first.__class__(wish=first.wish, outcome=outcomes.REFUSED, params={"reason": "x"})

    again = decide(seen, {first.gift_id: failed})

    without = decide(view(*(each for each in asked if each != first.wish), wallet=wallet))
    assert [verdict for verdict in again.verdicts if verdict.gift_id != first.gift_id] == list(without.verdicts)
