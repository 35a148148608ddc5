"""The worked example in docs/prices.md: the pipeline is run on its values, every amount in its tables is compared."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from django.conf import settings

from marketplace.core.money import Money
from promotions import facade as promotions
from promotions.contracts import Benefit, BenefitKind, Buyer, PriceRule
from purchases.pricing.pipeline import price, ticket_of
from purchases.pricing.values import Applied, FlashOffer, Item, Quote, Refused, Sending

AT = datetime(2026, 1, 31, tzinfo=UTC)
NOTHING = "–"
DOCUMENT = (settings.BASE_DIR / "docs" / "prices.md").read_text(encoding="utf-8")


def named(name: str, place: int = 0) -> UUID:
    """The same name, the same id; `place` keeps rules in the order they are written in."""
    return UUID(int=(place << 100) | (uuid5(NAMESPACE_URL, name).int >> 28))


def names(row: dict[str, Any], key: str) -> frozenset[UUID]:
    return frozenset(named(name) for name in row.get(key, ()))


def table(*columns: str) -> list[list[str]]:
    """The rows of the table with these first columns."""
    head = re.escape("| " + " | ".join(columns))
    found = re.search(rf"^{head}[^\n]*\n\|[-|]+\n((?:\|[^\n]*\n)+)", DOCUMENT, re.MULTILINE)
    assert found, columns
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in found[1].splitlines()]


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    found = re.search(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found
    values: dict[str, Any] = json.loads(found[1])
    return values


@pytest.fixture(scope="module")
def quote(example) -> Quote:
    currency = example["currency"]

    def money(amount: str) -> Money:
        return Money.parse(amount, currency)

    def item(row: dict[str, Any]) -> Item:
        flash = FlashOffer(named("flash"), 1, money(row["flash"])) if "flash" in row else None
        categories = frozenset({named(row["category"])})
        return Item(
            row["line"], named(row["line"]), named(row["line"]), named(row["store"]), categories, row["quantity"],
            money(row["list_price"]), flash,
        )  # fmt: skip

    def benefit(row: dict[str, Any]) -> Benefit:
        [kind] = [kind for kind in BenefitKind if kind.value in row]
        if kind == BenefitKind.AMOUNT:
            return Benefit(kind, minor=money(row["amount"]).minor)
        return Benefit(kind, basis_points=0 if kind == BenefitKind.FREE_SHIPPING else row[kind.value])

    rules = [
        PriceRule(
            rule_id=named(row["rule"], place),
            kind=row.get("kind", "campaign"),
            version=1,
            name=row["rule"],
            benefits=(benefit(row),),
            is_about_orders=row.get("is_about_orders", False),
            currency=currency,
            priority=row.get("priority", 0),
            is_exclusive=row.get("is_exclusive", False),
            stack_group=row.get("stack_group", ""),
            category_ids=names(row, "categories"),
            product_ids=names(row, "products"),
            store_ids=names(row, "stores"),
            tiers=frozenset(row.get("tiers", ())),
            min_ticket_minor=money(row["min_ticket"]).minor if "min_ticket" in row else 0,
        )
        for place, row in enumerate(example["rules"], 1)
    ]
    items, buyer = [item(row) for row in example["lines"]], Buyer(None, example["buyer"]["tier"])
    judged = [
        (rule, promotions.refusals(rule, buyer=buyer, at=AT, ticket_minor=ticket_of(items), currency=currency))
        for rule in rules
    ]
    shipping = {named(store): Sending(money(costs)) for store, costs in example["shipping"].items()}
    return price(items, currency=currency, rules=judged, shipping=shipping)


def amounts(applied: tuple[Applied, ...]) -> dict[str, str]:
    """By the rule's name; a flash promotion has none."""
    return {each.name or each.kind: str(each.amount.decimal) for each in applied}


def reasons(refused: tuple[Refused, ...], at: str) -> set[tuple[str, str, str]]:
    return {(each.name, at, each.code) for each in refused}


def test_what_comes_off_each_line(example, quote):
    rows = table("line", "list", "flash")
    rules = [
        cell.strip()
        for cell in re.findall(r"^\| line \| list \|([^\n]*)\| costs \|$", DOCUMENT, re.MULTILINE)[0].split("|")
    ]

    assert [row[0] for row in rows] == [line["line"] for line in example["lines"]]
    for row, line in zip(rows, quote.items, strict=True):
        said = {name: amount for name, amount in zip(rules, row[2:-1], strict=True) if amount != NOTHING}
        assert (row[1], row[-1]) == (str(line.item.list_total.decimal), str(line.total.decimal))
        assert said == amounts(line.applied)


def test_what_the_order_comes_to(quote):
    said = dict(table("what", "amount"))

    sums = {
        "list total": quote.list_total,
        "discount": quote.discount,
        "goods": quote.goods_total,
        "shipping": quote.shipping_total,
        "total": quote.total,
    }
    assert said == amounts(quote.applied) | {name: str(amount.decimal) for name, amount in sums.items()}
    assert quote.points_bp == 20_000


def test_why_the_others_did_not_apply(quote):
    refused = reasons(quote.refused, "order")
    for line in quote.items:
        refused |= reasons(line.refused, line.item.key)

    assert {tuple(row) for row in table("promotion", "at", "because")} == refused
