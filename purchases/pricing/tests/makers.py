"""Items, rules and random carts for tests of prices."""

from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from marketplace.core.money import Money
from promotions.contracts import Benefit, BenefitKind, PriceRule, RefusedRule
from purchases.pricing.offers import Judged
from purchases.pricing.values import FlashOffer, Item

MXN = "MXN"


def uid(number: int) -> UUID:
    """The same number, the same id."""
    return UUID(int=number)


def item(number: int = 1, *, price: int = 10_000, quantity: int = 1, flash: int | None = None, **changes: Any) -> Item:
    """A line of product `number`, in category 100 and its root 101, of store 200."""
    values: dict[str, Any] = {
        "key": str(number),
        "variant_id": uid(1_000 + number),
        "product_id": uid(number),
        "store_id": uid(200),
        "category_ids": frozenset({uid(100), uid(101)}),
        "quantity": quantity,
        "list_price": Money(price, MXN),
        "flash": None if flash is None else FlashOffer(uid(900 + number), 1, Money(flash, MXN)),
    }
    return Item(**values | changes)


def percent(basis_points: int) -> Benefit:
    """So much off."""
    return Benefit(BenefitKind.PERCENTAGE, basis_points=basis_points)


def amount(minor: int) -> Benefit:
    """So much off each unit, or off the order."""
    return Benefit(BenefitKind.AMOUNT, minor=minor)


def rule(number: int = 500, *benefits: Benefit, **changes: Any) -> PriceRule:
    """A campaign for everything."""
    values: dict[str, Any] = {
        "rule_id": uid(number), "kind": "campaign", "version": 3, "name": f"Rule {number}", "benefits": benefits,
        "currency": MXN,
    }  # fmt: skip
    return PriceRule(**values | changes)


def judged(*rules: PriceRule) -> list[Judged]:
    """Rules whose conditions are all met."""
    return [(each, ()) for each in rules]


def failing(each: PriceRule, code: str = "tier") -> Judged:
    """A rule that fails a condition."""
    return each, (RefusedRule(each.rule_id, code),)


_BENEFITS = st.one_of(
    st.builds(percent, st.integers(1, 10_000)),
    st.builds(amount, st.integers(1, 20_000)),
    st.builds(lambda minor: Benefit(BenefitKind.FIXED_PRICE, minor=minor), st.integers(0, 20_000)),
    st.builds(
        lambda buy, get, off: Benefit(BenefitKind.BUY_X_GET_Y, basis_points=off, buy=buy, get=get),
        st.integers(1, 3), st.integers(1, 2), st.integers(1, 10_000),
    ),
    st.just(Benefit(BenefitKind.FREE_SHIPPING)),
    st.builds(lambda bp: Benefit(BenefitKind.POINTS_MULTIPLIER, basis_points=bp), st.integers(10_001, 50_000)),
)  # fmt: skip

ITEMS = st.lists(
    st.builds(
        lambda number, price, quantity, flash, category, store: item(
            number,
            price=price,
            quantity=1 if flash is not None else quantity,
            flash=flash,
            category_ids=frozenset({uid(100 + category), uid(109)}),
            store_id=uid(200 + store),
        ),
        st.integers(1, 6), st.integers(0, 30_000), st.integers(1, 7),
        st.none() | st.integers(0, 30_000), st.integers(0, 2), st.integers(0, 2),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@st.composite
def rules(draw: st.DrawFn) -> list[Judged]:
    """Up to eight, of every kind, some of which fail a condition."""
    found: list[Judged] = []
    for place in range(draw(st.integers(0, 8))):
        made = rule(
            500 + place,
            *draw(st.lists(_BENEFITS, min_size=1, max_size=2)),
            kind=draw(st.sampled_from(["discount", "campaign", "loyalty"])),
            is_about_orders=draw(st.booleans()),
            priority=draw(st.integers(0, 2)),
            is_exclusive=draw(st.booleans()),
            stack_group=draw(st.sampled_from(["", "", "summer"])),
            product_ids=frozenset(draw(st.lists(st.sampled_from([uid(1), uid(2)]), max_size=2))),
            category_ids=frozenset(draw(st.lists(st.sampled_from([uid(100), uid(101)]), max_size=2))),
            store_ids=frozenset(draw(st.lists(st.sampled_from([uid(200), uid(201)]), max_size=1))),
        )
        found.append(failing(made) if draw(st.integers(0, 4)) == 0 else (made, ()))
    return found
