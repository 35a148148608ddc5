"""The tables of docs/let-it-buy.md add up: each step's posting is the difference between two rows of balances."""

import re
from decimal import Decimal
from itertools import pairwise

import pytest

from marketplace.core.money import Money
from marketplace.settings.env import BASE_DIR

PAGE = (BASE_DIR / "docs" / "let-it-buy.md").read_text(encoding="utf-8")
TABLES = [
    [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    for table in re.findall(r"\| step \| debit .*\n\|[-|:]+\n((?:\|.*\n)+)", PAGE)
]


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", "") or "0")


def test_the_page_has_its_tables():
    assert [len(table) for table in TABLES] == [7, 3, 4]


@pytest.mark.parametrize("table", TABLES, ids=["another shop", "comes to nothing", "catalogue"])
def test_every_row_follows_from_the_one_before(table):
    for before, row in pairwise(table):
        step, debit, credit, amount = row[0], row[1], row[2], number(row[3])
        free, held, *pot = [number(now) - number(then) for now, then in zip(row[4:], before[4:], strict=True)]
        if debit.startswith("*("):
            # Money that is set aside stays in the wallet.
            assert free + held == 0, step
            assert abs(held) == amount, step
            continue
        in_wallet = (amount if credit == "Ana's wallet" else 0) - (amount if debit == "Ana's wallet" else 0)
        assert free + held == in_wallet, step
        if pot:
            in_pot = (amount if credit == "the gift's pot" else 0) - (amount if debit == "the gift's pot" else 0)
            assert pot == [in_pot], step


def test_the_margin_and_the_shares_are_what_the_page_says():
    price, cost, given = (Money.parse(text, "MXN") for text in ("1299.00", "1310.00", "500.00"))
    held = price + price.percent(1_500)
    back = held - cost

    assert f"{held.decimal:,f}" in PAGE
    assert [str((given - back).decimal), str((cost - (given - back)).decimal)] == ["316.15", "993.85"]
