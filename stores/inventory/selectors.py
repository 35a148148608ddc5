"""Reads of stock."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Case, F, QuerySet, Sum, Value, When
from django.utils.translation import gettext_lazy as _

from marketplace.core import access
from marketplace.core.errors import NotFoundError
from marketplace.core.kpis import Kpi
from stores.contracts import StockName, StockStep

from .models import StockItem, StockMovement, StockReconciliation

DEPARTMENT_PATH = "variant__product__category__department"


def stock_within(user: access.Person, key: str) -> QuerySet[StockItem]:
    """Stock items that `key` reaches, by department or store, with their variant and product."""
    rows = StockItem.objects.select_related("variant__product")
    return access.within(rows, access.reach(user, key), department_path=DEPARTMENT_PATH, store_path="store")


def movements_within(user: access.Person, key: str) -> QuerySet[StockMovement]:
    """Movements of stock items that `key` reaches."""
    return access.within(
        StockMovement.objects.select_related("stock_item"),
        access.reach(user, key),
        department_path=f"stock_item__{DEPARTMENT_PATH}",
        store_path="stock_item__store",
    )


def low_stock(rows: QuerySet[StockItem]) -> QuerySet[StockItem]:
    """Items of which no more than the reorder point is available."""
    return rows.filter(on_hand__lte=F("allocated") + F("reorder_point"))


def stock_log(causes: Iterable[str]) -> list[StockStep]:
    """Movements of any of these causes, oldest first. One query, over an index."""
    rows = StockMovement.objects.filter(cause__in=list(causes)).select_related("stock_item__variant").order_by("pk")
    return [
        StockStep(
            at=row.created_at,
            kind=row.kind,
            label=row.get_kind_display(),
            quantity=row.quantity,
            sku=row.stock_item.variant.sku,
            cause=row.cause,
            actor_id=row.actor_id,
            stock_item_id=row.stock_item_id,
        )
        for row in rows
    ]


def set_aside_by_staff(item: StockItem, *, cause: str) -> int:
    """How much of `allocated` staff set aside by hand and did not give back or sell."""
    signed = Case(
        When(kind=StockMovement.Kind.RESERVE, then=F("quantity")),
        When(kind=StockMovement.Kind.RELEASE, then=-F("quantity")),
        When(kind=StockMovement.Kind.SALE, then=-F("from_allocated")),
        default=Value(0),
    )
    total: int | None = StockMovement.objects.filter(stock_item=item, cause=cause).aggregate(total=Sum(signed))["total"]
    return total or 0


def low_stock_kpi() -> Kpi:
    """How many stock items ask to be reordered."""
    count = low_stock(StockItem.objects.all()).count()
    return Kpi(label=_("stock items to reorder"), value=str(count), link="admin:stores_stockitem_changelist")


def drift_found() -> int:
    """How many items were adrift in the latest reconciliation; none when there was none yet."""
    latest = StockReconciliation.objects.order_by("-pk").values_list("drift_count", flat=True).first()
    return latest or 0


def stock_name(stock_item_id: UUID) -> StockName:
    """Which item that is, for people. Raises `NotFoundError`."""
    row = (
        StockItem.objects.filter(pk=stock_item_id)
        .values_list("variant__sku", "variant__product__name", "store_id", "store__name", DEPARTMENT_PATH)
        .first()
    )
    if row is None:
        raise NotFoundError
    return StockName(*row)
