"""Customers in front of the shop, for its tests."""

from typing import Any

from django.test import Client

from funds.payments.services import fund_wallets
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.flash.tests.factories import make_customer

HTMX: dict[str, Any] = {"headers": {"HX-Request": "true"}}


def signed_in(person: Any) -> Client:
    """Their browser."""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def make_shopper(pesos: int = 500, **account: Any) -> Any:
    """A verified customer at the Zócalo with so much in the wallet."""
    person = make_customer(**account)
    if pesos:
        fund_wallets(rows=[(person.pk, Money(pesos * 100, "MXN"), uuid7().hex)])
    return person


def text_of(answer: Any) -> str:
    """The page as it was sent."""
    return str(answer.content.decode())
