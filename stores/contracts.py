"""Values that cross the context's border."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from marketplace.core.money import Money


@dataclass(frozen=True, slots=True)
class StockLine:
    """So many of a variant in a store. Negative only when adjusting."""

    variant_id: UUID
    store_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class VariantCard:
    """All that selling a variant needs to know of it. `price` is the base price, tax included."""

    variant_id: UUID
    product_id: UUID
    store_id: UUID
    store_name: str
    store_is_open: bool
    sku: str
    name: str
    price: Money
    department_id: UUID
    # Its category and all above it.
    category_ids: frozenset[UUID]
    tax_bp: int
    commission_bp: int
    latitude: float
    longitude: float
    # The store is open, the product published, the variant active, nothing archived. It may be out of stock.
    is_sellable: bool
    # Units that can still be promised: on the shelf and not set aside.
    available: int


@dataclass(frozen=True, slots=True)
class ProductFace:
    """How a product looks in a list: names of its first picture's files in the media storage, empty without one."""

    product_id: UUID
    category_name: str
    picture: str
    thumbnail: str
    alternative_text: str


@dataclass(frozen=True, slots=True)
class ShelfProduct:
    """A product that can be bought now, as selections show it. `available`: units of all its variants together.

    `category_ids`: its category and all above it. `price_from`: of its cheapest variant, before promotions.
    """

    product_id: UUID
    name: str
    store_id: UUID
    store_name: str
    category_id: UUID
    category_name: str
    category_ids: frozenset[UUID]
    brand_id: UUID | None
    price_from: Money
    thumbnail: str
    alternative_text: str
    available: int


class Goods(NamedTuple):
    """A product that can be bought now, and what it belongs to: what selections choose among."""

    product_id: UUID
    category_id: UUID
    store_id: UUID
    brand_id: UUID | None


@dataclass(frozen=True, slots=True)
class PromotedPrice:
    """A price that lists show of a variant between two moments. `is_conditional`: not everybody gets it."""

    variant_id: UUID
    price: Money
    is_conditional: bool
    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A store, where it is, and whether it sells now."""

    store_id: UUID
    name: str
    latitude: float
    longitude: float
    currency: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class StockName:
    """A stock item as people call it, and whose it is."""

    sku: str
    product_name: str
    store_id: UUID
    store_name: str
    department_id: UUID


@dataclass(frozen=True, slots=True)
class OrderName:
    """A purchase order as people call it, and whose it is: its supplier serves a department or a store."""

    number: str
    supplier_name: str
    store_id: UUID
    store_name: str
    department_id: UUID | None
    total: Money


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A store to add, known by its slug. Without a currency it takes the platform's."""

    slug: str
    name: str
    latitude: float
    longitude: float
    currency: str = ""
    language: str = "es"
    owner_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category to add, known by its slug; a parent comes before its children."""

    slug: str
    name: str
    department_id: UUID
    parent_slug: str = ""
    tax_bp: int = 0


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A brand to add, known by its slug."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class VariantRow:
    """A variant to add, known by its SKU within the store. `opening_stock` is received once, when it is new."""

    sku: str
    price: Money
    cost: Money | None = None
    options: dict[str, str] = field(default_factory=dict)
    barcode: str = ""
    opening_stock: int = 0
    reorder_point: int = 0
    reorder_qty: int = 0


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product to add, known by its slug within the store, with its variants."""

    store_slug: str
    slug: str
    name: str
    category_slug: str
    variants: tuple[VariantRow, ...]
    brand_slug: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class SupplierRow:
    """A supplier of a department to add, known by its name there; `costs` of a unit by variant."""

    name: str
    department_id: UUID
    currency: str
    costs: dict[UUID, Money]
    lead_time_days: int = 7
    auto_order_limit: Money | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What adding rows came to: the id of every row by its natural key, and how many were not there before."""

    ids: dict[str, UUID]
    new_count: int


@dataclass(frozen=True, slots=True)
class CatalogAdded:
    """What adding products came to; variants by (store slug, SKU)."""

    store_ids: dict[str, UUID]
    variant_ids: dict[tuple[str, str], UUID]
    new_products_count: int
    new_variants_count: int


@dataclass(frozen=True, slots=True)
class QuestionCard:
    """A question as messages need it. `asker_id` is None once the person was erased."""

    question_id: UUID
    product_id: UUID
    product_name: str
    department_id: UUID
    store_people: frozenset[UUID]
    asker_id: UUID | None
    asked_on: date
    is_waiting: bool
    is_published: bool
    is_answered: bool
    # A person decided about it; False for one that the policy published at once.
    was_moderated: bool
    rejection_reason: str


@dataclass(frozen=True, slots=True)
class StockStep:
    """A movement of goods, for whoever tells its cause's story. `kind` is as the movement's, `label` for people."""

    at: datetime
    kind: str
    label: str
    quantity: int
    sku: str
    cause: str
    actor_id: UUID | None
    stock_item_id: UUID


@dataclass(frozen=True, slots=True)
class StockHealth:
    """How stock stands: items (a variant in a store), those with nothing available, those at or below their reorder
    point (the empty ones among them), units on the shelf and set aside, and items adrift in the last reconciliation.
    """

    items: int
    out: int
    low: int
    on_hand: int
    allocated: int
    drifting: int


@dataclass(frozen=True, slots=True)
class StoreStock:
    """The same of a store, by name."""

    store_id: UUID
    name: str
    items: int
    out: int
    low: int
    on_hand: int
