"""The town as rows: everything follows from the seed, nothing touches the database here."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.utils.text import slugify

from marketplace.core.money import Money
from promotions.facade import CampaignTerms, DiscountTerms, LevelTerms, RewardTerms
from purchases.contracts import ImportedLine, ImportedOrder
from stores.contracts import BrandRow, CategoryRow, ProductRow, StoreRow, SupplierRow, VariantRow
from users.contracts import NewCustomer

from .goods import DEPARTMENTS, TOWN, Good, Shelf
from .people import FIRST_NAMES, LAST_NAMES, SHOPS, Shop

CURRENCY = "MXN"
PRODUCTS = 300
CUSTOMERS = 500
MEMBERS = 60
ORDERS = 240
ORDERS = 480
PAST_CAMPAIGN_OF = "abarrotes"
PAST_CAMPAIGN_BEGAN, PAST_CAMPAIGN_DAYS = 12, 7
"""So many days ago, for so many."""
RUNNING, COMING = 12, 6
SUPPLIERS = {
    "abarrotes": ("Distribuidora La Merced", 3),
    "hogar": ("Talleres de Puebla", 8),
    "electronica": ("Componentes del Bajío", 12),
}
"""By department: who delivers, and in how many days."""
SOLD_OUT = 18
"""So many variants of these departments have sold down to their reorder point."""
SENDING, SENDING_FREE_FROM = Money(59_00, CURRENCY), Money(800_00, CURRENCY)
KM_PER_DEGREE = 111.2
WALKING_KM = 1.6
"""How far from a shop its customers live, mostly."""


@dataclass(frozen=True, slots=True)
class PlannedPromo:
    """A promotion by its SKU: which share of the price is asked, when it runs relative to now."""

    store_slug: str
    sku: str
    price: Money
    starts_in: timedelta
    runs_for: timedelta
    radius_km: float
    units: int


@dataclass(frozen=True, slots=True)
class Town:
    """Everything that does not need an id of the database."""

    products: tuple[ProductRow, ...]
    customers: tuple[NewCustomer, ...]
    promos: tuple[PlannedPromo, ...]


def plan_town(seed: int) -> Town:
    """The same town for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - made-up data
    products = tuple(_products(dice))
    return Town(products, tuple(_customers(dice)), tuple(_promos(dice, products)))


def store_rows(owner_id: UUID) -> list[StoreRow]:
    """The shops; the first one belongs to the demo merchant."""
    return [
        StoreRow(
            slug=shop.slug,
            name=shop.name,
            latitude=shop.latitude,
            longitude=shop.longitude,
            currency=CURRENCY,
            owner_ids=(owner_id,) if shop is SHOPS[0] else (),
        )
        for shop in SHOPS
    ]


def category_rows(department_ids: dict[str, UUID]) -> list[CategoryRow]:
    """A category for each department, the shelves below it."""
    rows = []
    for department, shelves in TOWN.items():
        department_id = department_ids[department]
        rows.append(CategoryRow(department, DEPARTMENTS[department], department_id))
        rows += [CategoryRow(shelf.slug, shelf.name, department_id, department, shelf.tax_bp) for shelf in shelves]
    return rows


def brand_rows() -> list[BrandRow]:
    """Every brand on some shelf."""
    names = {name for shelves in TOWN.values() for shelf in shelves for name in shelf.brands}
    return [BrandRow(slugify(name), name) for name in sorted(names)]


def supplier_rows(
    town: Town, department_ids: dict[str, UUID], variant_ids: dict[tuple[str, str], UUID]
) -> list[SupplierRow]:
    """Who delivers to the departments, with everything of theirs on the price list. Of the first beat may order."""
    shelves = {shelf.slug: department for department, each in TOWN.items() for shelf in each}
    costs: dict[str, dict[UUID, Money]] = {department: {} for department in SUPPLIERS}
    for product in town.products:
        for variant in product.variants:
            if shelves[product.category_slug] in costs and variant.cost is not None:
                costs[shelves[product.category_slug]][variant_ids[product.store_slug, variant.sku]] = variant.cost
    return [
        SupplierRow(
            name=name,
            department_id=department_ids[department],
            currency=CURRENCY,
            costs=costs[department],
            lead_time_days=days,
            auto_order_limit=Money(5_000_00, CURRENCY) if department == "abarrotes" else None,
        )
        for department, (name, days) in SUPPLIERS.items()
    ]


def sold_out(town: Town) -> list[tuple[str, VariantRow]]:
    """Variants that have sold well, by store; none that is on promotion."""
    shelves = {shelf.slug for department in SUPPLIERS for shelf in TOWN[department]}
    promoted = {(promo.store_slug, promo.sku) for promo in town.promos}
    found = [
        (product.store_slug, variant)
        for product in town.products
        for variant in product.variants
        if product.category_slug in shelves and (product.store_slug, variant.sku) not in promoted
    ]
    return found[:: max(1, len(found) // SOLD_OUT)][:SOLD_OUT]


def past_orders(
    seed: int, town: Town, *, customer_ids: list[UUID], variant_ids: dict[tuple[str, str], UUID], at: datetime
) -> Iterator[ImportedOrder]:
    """Two months of sales before `at`: most delivered, the latest still under way. More were sold in the week of the
    campaign that is over, of what it was about.
    """
    dice = random.Random(seed + 1)  # noqa: S311
    shelves = {shelf.slug for shelf in TOWN[PAST_CAMPAIGN_OF]}
    on_campaign = [product for product in town.products if product.category_slug in shelves]
    for number in range(ORDERS):
        age = timedelta(days=60 * dice.random() ** 1.3, minutes=5)
        product = dice.choice(town.products)
        if number % 24 == 0:
            age = timedelta(days=PAST_CAMPAIGN_BEGAN - PAST_CAMPAIGN_DAYS * dice.random())
            product = dice.choice(on_campaign)
        variant = dice.choice(product.variants)
        state = "delivered" if age.days >= 4 else dice.choice(("paid", "packed", "shipped"))
        if dice.random() < 0.04:
            state = "cancelled"
        line = ImportedLine(
            variant_id=variant_ids[product.store_slug, variant.sku],
            quantity=dice.choice((1, 1, 1, 2, 3)),
            unit_price=variant.price,
        )
        yield ImportedOrder(
            source_key=f"demo:{number}",
            customer_id=dice.choice(customer_ids),
            state=state,
            placed_at=at - age,
            delivered_at=at - age + timedelta(days=3) if state == "delivered" else None,
            lines=(line,),
        )


def past_campaign(at: datetime, category_ids: dict[str, UUID]) -> CampaignTerms:
    """15 % off groceries for a week that is over: what a report can measure."""
    starts_at = at - timedelta(days=PAST_CAMPAIGN_BEGAN)
    return CampaignTerms(
        name="Semana de abarrotes",
        description="15 % menos en abarrotes.",
        benefits_json=[{"kind": "percentage", "basis_points": 1_500}],
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=PAST_CAMPAIGN_DAYS),
        scope="category",
        category_ids=frozenset({category_ids[PAST_CAMPAIGN_OF]}),
        currency=CURRENCY,
    )


def campaign(at: datetime) -> CampaignTerms:
    """A tenth off what comes to 500 and more, for a month."""
    return CampaignTerms(
        name="Canasta grande",
        description="10 % menos en compras desde 500 pesos.",
        benefits_json=[{"kind": "percentage", "basis_points": 1_000}],
        starts_at=at,
        ends_at=at + timedelta(days=30),
        currency=CURRENCY,
        min_ticket=Money(500_00, CURRENCY),
    )


def discounts(at: datetime, category_ids: dict[str, UUID]) -> list[DiscountTerms]:
    """5 % off groceries for gold customers, and 15 % off the first of their shelves each Tuesday."""
    groceries = "abarrotes"
    shelf = TOWN[groceries][0]
    gold = DiscountTerms(
        name="Clientes oro", category_id=category_ids[groceries], starts_at=at, tier="gold", percent_bp=500
    )
    tuesday = DiscountTerms(
        name=f"Martes de {shelf.name.lower()}",
        category_id=category_ids[shelf.slug],
        starts_at=at,
        weekdays=frozenset({2}),
        percent_bp=1_500,
    )
    return [gold, tuesday]


def _products(dice: random.Random) -> Iterator[ProductRow]:
    """The same number for each shop; a shop has each thing once, from the departments it sells."""
    each, rest = divmod(PRODUCTS, len(SHOPS))
    for number, shop in enumerate(SHOPS):
        shelves = [shelf for department in shop.departments for shelf in TOWN[department]]
        # Things before brands: another brand of the same thing only when the shop has every thing once.
        choice: list[tuple[int, Shelf, Good]] = []
        for shelf in shelves:
            for good in shelf.goods:
                brands = dice.sample(range(len(shelf.brands)), len(shelf.brands))
                choice += [(rank * len(brands) + brand, shelf, good) for rank, brand in enumerate(brands)]
        dice.shuffle(choice)
        choice.sort(key=lambda entry: entry[0] // len(entry[1].brands))
        for place, shelf, good in choice[: each + (number < rest)]:
            yield _product(dice, shop, shelf, good, place % len(shelf.brands))


def _product(dice: random.Random, shop: Shop, shelf: Shelf, good: Good, brand_number: int) -> ProductRow:
    brand = shelf.brands[brand_number]
    name = f"{good.name} {brand}"
    slug = slugify(name)
    code = f"{shelf.slug[:4]}-{shelf.goods.index(good):02d}{brand_number}".upper()
    pesos = dice.randint(good.least, good.most)
    # As price labels are: small amounts end in .50, larger ones in 9.
    minor = pesos * 100 + 50 if pesos < 100 else (pesos // 10 * 10 + 9) * 100
    price = Money(minor, CURRENCY)
    cost = price.percent(dice.randint(4_500, 7_000))
    return ProductRow(
        store_slug=shop.slug,
        slug=slug,
        name=name,
        category_slug=shelf.slug,
        brand_slug=slugify(brand),
        description=f"{good.name}, de {brand}. En {shop.name}.",
        variants=tuple(
            VariantRow(
                sku=f"{code}-{size[:3].upper()}" if size else code,
                price=price,
                cost=cost,
                options={"talla": size} if size else {},
                opening_stock=dice.randint(60, 180),
                reorder_point=dice.randint(5, 15),
                reorder_qty=dice.randint(20, 60),
            )
            for size in (good.sizes or ("",))
        ),
    )


def _customers(dice: random.Random) -> Iterator[NewCustomer]:
    """Most live around a shop, so that what runs there is theirs to take."""
    for number in range(CUSTOMERS):
        shop = SHOPS[number % len(SHOPS)]
        name = f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}"
        north, east = dice.gauss(0, WALKING_KM / 2), dice.gauss(0, WALKING_KM / 2)
        yield NewCustomer(
            email=f"{slugify(name).replace('-', '.')}.{number:03d}@demo.example",
            name=name,
            latitude=shop.latitude + north / KM_PER_DEGREE,
            longitude=shop.longitude + east / (KM_PER_DEGREE * math.cos(math.radians(shop.latitude))),
            language="es" if dice.random() < 0.9 else "en",
        )


def _promos(dice: random.Random, products: tuple[ProductRow, ...]) -> Iterator[PlannedPromo]:
    """Running ones first: the four shops nearest the Zócalo always have one, the other shops take turns."""
    by_shop: dict[str, list[ProductRow]] = {}
    for product in products:
        by_shop.setdefault(product.store_slug, []).append(product)
    centre = [shop.slug for shop in SHOPS[:4]]
    others = [shop.slug for shop in SHOPS[4:]]
    dice.shuffle(others)
    for number, store_slug in enumerate((centre + others)[: RUNNING + COMING]):
        is_running = number < RUNNING
        variant = dice.choice(by_shop[store_slug]).variants[0]
        yield PlannedPromo(
            store_slug=store_slug,
            sku=variant.sku,
            price=variant.price.percent(dice.choice((4_000, 5_000, 6_000, 7_000))),
            starts_in=timedelta(0) if is_running else timedelta(minutes=2),
            runs_for=timedelta(days=7 if number < len(centre) else dice.randint(1, 3)),
            radius_km=3.0 if number < len(centre) else dice.choice((1.5, 2.0, 5.0)),
            units=40 if number < len(centre) else dice.randint(1, 12),
        )


def levels() -> list[LevelTerms]:
    """Three levels by what was earned within a year."""
    return [
        LevelTerms("bronce", "Bronce", 0, perks=("Tus puntos valen un año",)),
        LevelTerms("plata", "Plata", 300, 12_500, ("25 % más puntos en cada compra",)),
        LevelTerms("oro", "Oro", 1_000, 15_000, ("50 % más puntos en cada compra", "Recompensas solo para oro")),
    ]


def rewards() -> list[RewardTerms]:
    """A voucher, free sending, and money for the wallet."""
    fifty, hundred = Money(50_00, CURRENCY), Money(100_00, CURRENCY)
    return [
        RewardTerms("Envío gratis", "free_shipping", 150),
        RewardTerms("$50 de descuento", "voucher", 400, fifty, Money(200_00, CURRENCY)),
        RewardTerms("$100 en tu monedero", "wallet_credit", 900, hundred),
    ]


def earned(customer_ids: Sequence[UUID], at: datetime) -> list[tuple[UUID, UUID, Money, datetime]]:
    """Orders of the last weeks by which the first customers came to points: order, customer, goods, moment."""
    orders = [
        (customer_id, 350_00 + 97_00 * ((place * 7 + turn * 13) % 40), timedelta(days=3 + 9 * turn + place % 9))
        for place, customer_id in enumerate(customer_ids[:MEMBERS])
        for turn in range(1 + place % 4 if place else 4)
    ]
    return [
        (uuid5(customer_id, f"demo:{age.days}"), customer_id, Money(minor, CURRENCY), at - age)
        for customer_id, minor, age in sorted(orders, key=lambda order: -order[2])
    ]
