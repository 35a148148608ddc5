"""The sale that is played: store, variant, funded customers and a promotion, made through the contexts' doors."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from funds import facade as funds
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions import facade as promotions
from stores import facade as stores
from stores.contracts import CategoryRow, ProductRow, StoreRow, VariantRow
from users import facade as users
from users.contracts import NewCustomer

LATITUDE, LONGITUDE = 19.4326, -99.1332
PRICE, LIST_PRICE = Money(199_00, "MXN"), Money(499_00, "MXN")


@dataclass(frozen=True, slots=True)
class Crowd:
    """Customers beside the store, each with the price in the wallet and a token to ask with."""

    customer_ids: list[UUID]
    tokens: list[str]


@dataclass(frozen=True, slots=True)
class Sale:
    """The promotion, and when it starts."""

    promo_id: UUID
    starts_at: datetime


def gather_crowd(customers: int) -> Crowd:
    """New customers: nobody has been told anything today, nobody holds anything."""
    run = uuid7().hex
    ids = users.add_customers(
        NewCustomer(email=f"simulated-{run}-{number}@example.com", latitude=LATITUDE, longitude=LONGITUDE)
        for number in range(customers)
    )
    funds.fund_wallets(rows=((customer_id, PRICE, f"simulation:{customer_id}") for customer_id in ids))
    return Crowd(ids, [users.access_token(customer_id) for customer_id in ids])


def announce_sale(*, units: int, seconds: float, at: datetime, lead: timedelta) -> Sale:
    """A store, a product, and its promotion starting `lead` after `at`; it lasts a minute longer than the play."""
    starts_at = at + lead
    promo = promotions.schedule_promo(
        offer=promotions.Offer(
            variant_id=_shelf(uuid7().hex, units),
            promo_price=PRICE,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(seconds=seconds + 60),
            units=units,
        ),
        actor_id=None,
        at=at,
    )
    return Sale(promo.pk, starts_at)


def _shelf(run: str, units: int) -> UUID:
    slug, name = f"simulation-{run}", "Simulation"
    department = users.add_departments({slug: name})[slug]
    stores.add_stores([StoreRow(slug, name, LATITUDE, LONGITUDE, "MXN")])
    stores.add_categories([CategoryRow(slug=slug, name=name, department_id=department)])
    variant = VariantRow(sku=f"SIM-{run[-8:]}", price=LIST_PRICE, opening_stock=units)
    product = ProductRow(store_slug=slug, slug=slug, name=name, category_slug=slug, variants=(variant,))
    return stores.add_catalog([product]).variant_ids[slug, variant.sku]
