"""Rows for the measurements. Import only after Django is set up (`bench.served.database`)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from funds import facade as funds
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain
from marketplace.tests import journeys
from promotions.models import ActiveHold
from users import facade as users
from users.accounts.tokens import sign_pair
from users.contracts import NewCustomer
from users.models import User


@dataclass(frozen=True)
class FlashSale:
    """A running promotion and funded customers beside it."""

    promo_id: UUID
    customer_ids: list[UUID]
    tokens: list[str]

    def queries_of_one_completion(self) -> int:
        """How many statements one complete request costs, transaction control left out."""
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.tokens[0]}")
        path = "/api/v1/promotions/promo-reservations/"
        reservation = journeys.ok(client.post(path, {"promo": str(self.promo_id)}, format="json"), 201)
        with CaptureQueriesContext(connection) as queries:
            journeys.ok(client.post(f"{path}{reservation['id']}/complete/", {}, format="json", **journeys.key()))
        control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
        return sum(not query["sql"].startswith(control) for query in queries)


def flash_sale(*, customers: int, units: int) -> FlashSale:
    """Everything through the product's own doors."""
    ids = users.add_customers(
        NewCustomer(email=f"bench{n}@example.com", latitude=19.4326, longitude=-99.1332) for n in range(customers)
    )
    funds.fund_wallets(rows=((customer_id, Money(1_000_00, "MXN"), f"bench:{customer_id}") for customer_id in ids))
    ends = timezone.now() + timedelta(hours=1)
    promo = journeys.running_promo(journeys.administrator(), units=units, ends_at=ends.isoformat())
    drain()
    return FlashSale(UUID(promo["id"]), ids, tokens_of(ids))


@dataclass(frozen=True)
class FlashSales:
    """Several running promotions, and customers beside them."""

    promo_ids: list[UUID]
    customer_ids: list[UUID]
    tokens: list[str]

    def let_go(self) -> None:
        """Whoever holds a unit anywhere may take another one: their one hold is over, the unit stays held."""
        ActiveHold.objects.filter(customer__in=self.customer_ids).delete()


def flash_sales(*, customers: int, units: int, count: int) -> FlashSales:
    """The same with `count` promotions, one after the other; wallets are empty."""
    first = flash_sale(customers=customers, units=units)
    administrator = journeys.administrator()
    ends = (timezone.now() + timedelta(hours=1)).isoformat()
    others = [journeys.running_promo(administrator, units=units, ends_at=ends)["id"] for _ in range(count - 1)]
    drain()
    return FlashSales([first.promo_id, *(UUID(each) for each in others)], first.customer_ids, first.tokens)


def tokens_of(customer_ids: list[UUID]) -> list[str]:
    """An access token of each; signed here, because two thousand log-ins would measure the password hash."""
    accounts = User.objects.in_bulk(customer_ids)
    return [sign_pair(accounts[customer_id], uuid7()).access for customer_id in customer_ids]
