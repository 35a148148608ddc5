"""Of offers that compete the same wins, and the same is said of the others, as if each were asked in turn."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promotions.contracts import Benefit, BenefitKind, PriceRule
from purchases.pricing.offers import NO_SAVING, OUTRANKED, Contender, Offer, Rivals, offers_of, ranked
from purchases.pricing.savings import WHOLE, least_rate, part_of

from .makers import percent, uid

# Small amounts and near rates: shares that are rounded to the same unit, or to nothing.
benefits = st.one_of(
    st.integers(1, WHOLE).map(percent),
    st.integers(1, 60).map(percent),
    st.integers(1, 300).map(lambda minor: Benefit(BenefitKind.AMOUNT, minor=minor)),
    st.integers(0, 300).map(lambda minor: Benefit(BenefitKind.FIXED_PRICE, minor=minor)),
    st.tuples(st.integers(1, 3), st.integers(1, 2)).map(
        lambda pair: Benefit(BenefitKind.BUY_X_GET_Y, basis_points=5_000, buy=pair[0], get=pair[1])
    ),
)
terms = st.tuples(
    st.lists(benefits, min_size=1, max_size=2), st.integers(0, 2), st.booleans(), st.sampled_from(["", "", "summer"])
)


def offers(many: list[Any]) -> list[Offer]:
    rules = [
        PriceRule(
            rule_id=uid(number),
            kind="campaign",
            version=1,
            name=str(number),
            benefits=tuple(each),
            currency="MXN",
            priority=priority,
            is_exclusive=is_exclusive,
            stack_group=group,
        )
        for number, (each, priority, is_exclusive, group) in enumerate(many, 1)
    ]
    return offers_of(ranked((rule, ()) for rule in rules))


def asked_in_turn(many: list[Offer], left: int, quantity: int) -> tuple[list[tuple[Contender, int]], Counter[Any]]:
    """The rule as it is written in the pipeline's page: offer by offer."""
    won, most = None, 0
    said: dict[int, str] = {}
    for place, offer in enumerate(many):
        saving = sum(saved for _each, saved in offer.shares(left, quantity))
        is_late = won is not None and offer.priority < won.priority
        said[place] = OUTRANKED if saving or is_late else NO_SAVING
        if saving > most and not is_late:
            won, most = offer, saving
    shares = won.shares(left, quantity) if won else []
    refused = Counter((each, said[p]) for p, offer in enumerate(many) if offer is not won for each in offer.contenders)
    refused.update((each, NO_SAVING) for each, saved in shares if not saved)
    return [(each, saved) for each, saved in shares if saved], refused


@given(st.lists(terms, min_size=1, max_size=12), st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 5))))
def test_the_same_wins_and_loses_as_if_each_were_asked_in_turn(many, lines):
    contending = offers(many)
    rivals = Rivals(contending)

    for left, quantity in lines:
        applied, refused = rivals.best(left, quantity)

        wins, loses = asked_in_turn(contending, left, quantity)
        assert applied == wins
        assert Counter((each.rule_id, each.code) for each in refused) == Counter(
            {(each.rule.rule_id, code): count for (each, code), count in loses.items()}
        )


@given(st.integers(1, 10**9), st.integers(1, WHOLE))
def test_the_least_rate_is_the_lowest_that_takes_as_much(minor, rate):
    saving = part_of(minor, rate)
    if not saving:
        return

    least = least_rate(minor, saving)

    assert part_of(minor, least) == saving
    assert part_of(minor, least - 1) < saving
