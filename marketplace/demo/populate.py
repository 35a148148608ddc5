"""Filling the database with the town, through the contexts' facades. Re-runnable: what is there stays as it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar
from uuid import UUID

from django.db import transaction

from funds import facade as funds
from marketplace.core.access import KEYS
from marketplace.core.clock import platform_day
from marketplace.core.jobs import JobSlot, take_slot
from marketplace.core.money import Money
from promotions import facade as promotions
from purchases import facade as purchases
from stores import facade as stores
from stores.contracts import Added, CatalogAdded, StockLine
from users import facade as users
from users.contracts import NewCustomer, NewStaff

from . import shown, town
from .goods import DEPARTMENTS, TOWN
from .logins import ADMINISTRATOR, CUSTOMER, DEMO_PASSWORD, MERCHANT, OTHER_CUSTOMER, STAFF
from .people import SHOPS
from .pictures import picture_of

ItemT = TypeVar("ItemT")
JOB = "demo.populate"
GROCERIES = "abarrotes"
WALLET = Money(5_000_00, town.CURRENCY)
TOTAL = len(SHOPS) + town.PRODUCTS + 2 * town.CUSTOMERS + town.ORDERS + town.RUNNING + town.COMING


class Progress(Protocol):
    """Somebody who wants to know how far it is."""

    def update(self, n: int = 1) -> object:
        """So many more are done."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was new."""

    stores: int
    products: int
    orders: int
    promos: int


def wants_demo_data() -> bool:
    """Whether the database is empty, or a first filling was interrupted."""
    slots = set(JobSlot.objects.filter(job=JOB).values_list("slot", flat=True))
    return "finished" not in slots and ("started" in slots or not stores.has_stores())


def populate(*, seed: int, at: datetime, progress: Progress) -> Result:
    """Make the town of `seed`, with promotions running from `at` and starting two minutes later."""
    _mark("started")
    plan = town.plan_town(seed)
    merchant_id, customer_ids = _people(plan, progress)
    added_stores, added = _shops(plan, merchant_id, progress)
    orders = purchases.import_orders(
        _counted(
            town.past_orders(seed, plan, customer_ids=customer_ids, variant_ids=added.variant_ids, at=at), progress
        )
    )
    purchases.add_up_sales()
    promotions.add_funnel_days(shown.funnel_days(seed, at))
    promotions.add_slot_days(shown.slot_days(seed, at))
    _supply(plan, added.variant_ids, at)
    _draw(plan, added.variant_ids)
    promos = _schedule(plan, added.variant_ids, merchant_id, at, progress)
    _reduce(at)
    _reward(customer_ids, at)
    _popularity(seed, plan, customer_ids, added.variant_ids, at)
    purchases.add_rates(
        added.store_ids.values(), name="Envío a domicilio", price=town.SENDING, free_from=town.SENDING_FREE_FROM
    )
    _mark("finished")
    return Result(added_stores.new_count, added.new_products_count, orders, promos)


def _people(plan: town.Town, progress: Progress) -> tuple[UUID, list[UUID]]:
    departments = users.add_departments(DEPARTMENTS)
    users.add_staff(
        [
            NewStaff(email=ADMINISTRATOR.email, name="Administración", is_administrator=True),
            NewStaff(email=STAFF.email, name="Abarrotes", keys={departments[GROCERIES]: frozenset(KEYS)}),
        ],
        password=DEMO_PASSWORD,
    )
    home = SHOPS[0]
    named = [
        NewCustomer(email=MERCHANT.email, name="Comercio Madero", latitude=home.latitude, longitude=home.longitude),
        NewCustomer(email=CUSTOMER.email, name="Ana", latitude=19.4326, longitude=-99.1332),
        NewCustomer(email=OTHER_CUSTOMER.email, name="Beto", latitude=19.4340, longitude=-99.1370),
    ]
    ids = users.add_customers([*named, *_counted(plan.customers, progress)], password=DEMO_PASSWORD)
    merchant_id, *customer_ids = ids
    funds.fund_wallets(rows=[(each, WALLET, f"demo:{each}") for each in _counted(customer_ids, progress)])
    return merchant_id, customer_ids


def _shops(plan: town.Town, merchant_id: UUID, progress: Progress) -> tuple[Added, CatalogAdded]:
    added = stores.add_stores(_counted(town.store_rows(merchant_id), progress))
    stores.add_brands(town.brand_rows())
    stores.add_categories(town.category_rows(users.add_departments(DEPARTMENTS)))
    return added, stores.add_catalog(_counted(plan.products, progress))


def _supply(plan: town.Town, variant_ids: dict[tuple[str, str], UUID], at: datetime) -> None:
    """Suppliers with price lists, shelves that have sold low, one order on its way, and what ought to be ordered."""
    suppliers = town.supplier_rows(plan, users.add_departments(DEPARTMENTS), variant_ids)
    added, low = stores.add_suppliers(suppliers), _low(plan, variant_ids)
    places = {variant_id: card.store_id for variant_id, card in stores.variant_cards(low).items()}
    for variant_id, quantity in low.items():
        line = StockLine(variant_id, places[variant_id], quantity)
        stores.sell_stock(lines=[line], idem_key=f"demo:sold:{variant_id}", cause="demo")
    first = suppliers[0]
    theirs = [variant_id for variant_id in low if variant_id in first.costs][:1]
    if added.new_count and theirs:
        stores.order_from_supplier(
            supplier_id=added.ids[first.name],
            store_id=places[theirs[0]],
            quantities={theirs[0]: 48},
            at=at,
        )
    stores.refresh_suggestions(at=at)


def _low(plan: town.Town, variant_ids: dict[tuple[str, str], UUID]) -> dict[UUID, int]:
    """How much of what has sold, down to the reorder point."""
    return {
        variant_ids[store_slug, row.sku]: row.opening_stock - row.reorder_point
        for store_slug, row in town.sold_out(plan)
    }


def _schedule(
    plan: town.Town, variant_ids: dict[tuple[str, str], UUID], actor_id: UUID, at: datetime, progress: Progress
) -> int:
    """Promotions of variants that have none now or to come; how many were new."""
    ids = {promo: variant_ids[promo.store_slug, promo.sku] for promo in plan.promos}
    promoted = promotions.promoted_variants(ids.values(), at)
    fresh = [promo for promo in _counted(plan.promos, progress) if ids[promo] not in promoted]
    for promo in fresh:
        starts_at = at + promo.starts_in
        offer = promotions.Offer(
            variant_id=ids[promo],
            promo_price=promo.price,
            starts_at=starts_at,
            ends_at=starts_at + promo.runs_for,
            radius_km=promo.radius_km,
            units=promo.units,
        )
        promotions.schedule_promo(offer=offer, actor_id=actor_id, at=at)
    return len(fresh)


def _draw(plan: town.Town, variant_ids: dict[tuple[str, str], UUID]) -> None:
    """What is on promotion has a picture."""
    shelves = {shelf.slug: department for department, shelves in TOWN.items() for shelf in shelves}
    promoted = {(promo.store_slug, promo.sku) for promo in plan.promos}
    goods = {
        variant_ids[product.store_slug, variant.sku]: product
        for product in plan.products
        for variant in product.variants
        if (product.store_slug, variant.sku) in promoted
    }
    cards = stores.variant_cards(goods)
    stores.add_pictures(
        (cards[variant_id].product_id, product.name, partial(picture_of, product.name, shelf, shelves[shelf]))
        for variant_id, product in goods.items()
        for shelf in [product.category_slug]
    )


def _reduce(at: datetime) -> None:
    """A campaign for larger baskets, a discount for good customers, and one for each Tuesday."""
    categories = stores.add_categories(town.category_rows(users.add_departments(DEPARTMENTS))).ids
    past = town.past_campaign(at, categories)
    promotions.add_campaign(past, at=past.starts_at)
    promotions.add_campaign(town.campaign(at), at=at)
    for terms in town.discounts(at, categories):
        promotions.add_discount(terms)


def _reward(customer_ids: Iterable[UUID], at: datetime) -> None:
    """Levels, rewards, and points that some customers have earned by now."""
    promotions.add_programme(levels=town.levels(), rewards=town.rewards())
    earned = town.earned(list(customer_ids), at)
    for order_id, customer_id, goods, when in earned:
        promotions.award_points(order_id=order_id, customer_id=customer_id, goods=goods, at=when)
    promotions.write_loyalty_days(platform_day(min(when for *_rest, when in earned)), platform_day(at))


def _popularity(
    seed: int, plan: town.Town, customer_ids: Iterable[UUID], variant_ids: dict[tuple[str, str], UUID], at: datetime
) -> None:
    """What people looked at, the scores that follow, and an experiment with them half-way through."""
    first = {(row.store_slug, row.slug): variant_ids[row.store_slug, row.variants[0].sku] for row in plan.products}
    cards = stores.variant_cards(first.values())
    categories = stores.add_categories(town.category_rows(users.add_departments(DEPARTMENTS))).ids
    liked = dict(zip(customer_ids, shown.LIKED, strict=False))
    promotions.add_signals(
        shown.signals(seed, [cards[variant_id].product_id for variant_id in first.values()], at),
        [row for customer_id, shelf in liked.items() for row in shown.interests(customer_id, categories, shelf, at)],
    )
    promotions.compute_scores(at=at)
    promotions.add_experiment(
        terms=shown.experiment(at),
        started_at=at - shown.EXPERIMENT_AGE,
        units=shown.visitors(),
        story=partial(shown.visit, at),
    )


def _counted(items: Iterable[ItemT], progress: Progress) -> Iterator[ItemT]:
    for item in items:
        progress.update()
        yield item


@transaction.atomic
def _mark(slot: str) -> None:
    take_slot(JOB, slot)
