"""The gauges of the money say what the books say."""

from datetime import timedelta
from typing import Any

import pytest

from funds.ledger.models import Account, AccountKind
from funds.ledger.services import place_hold, roll_up_deltas
from funds.ledger.terms import AccountKey
from marketplace.core.money import Money

from .factories import customer_with, wallet


def gauge(client, name: str) -> str:
    lines: list[str] = client.get("/metrics").content.decode().splitlines()
    return next(line.removeprefix(name).strip() for line in lines if line.startswith(name))


def test_sound_books_have_no_imbalance(client):
    customer_with(1000)
    customer_with(500, "USD")

    text = client.get("/metrics").content.decode()

    assert 'marketplace_ledger_imbalance{currency="MXN"} 0.0' in text
    assert 'marketplace_ledger_imbalance{currency="USD"} 0.0' in text
    assert "marketplace_unreadable_gauges 0.0" in text


@pytest.mark.breaks_books
def test_bent_books_show_by_how_much(client):
    Account.objects.filter(owner_id=customer_with(1000)).update(posted=1007)

    assert gauge(client, 'marketplace_ledger_imbalance{currency="MXN"}') == "7.0"


def test_holds_and_deltas_are_counted(client):
    customer = customer_with(1000)
    payee = AccountKey.house(AccountKind.ESCROW, "MXN")
    order: dict[str, Any] = {"scope": "test", "payer": wallet(customer), "payee": payee, "lasts": timedelta(minutes=1)}
    for key in ("one", "two"):
        place_hold(**order, key=key, amount=Money(10, "MXN"))

    before = gauge(client, "marketplace_ledger_waiting_deltas ")
    roll_up_deltas()

    assert gauge(client, "marketplace_ledger_active_holds ") == "2.0"
    assert (before, gauge(client, "marketplace_ledger_waiting_deltas ")) == ("1.0", "0.0")


def test_nobody_is_named(client):
    customer = customer_with(1000)

    assert str(customer) not in client.get("/metrics").content.decode()
