"""Reads of stores, and where their people may act."""

from uuid import UUID

from django.db.models import QuerySet

from marketplace.core import access
from marketplace.core.admin_map import MapPoint
from marketplace.core.errors import NotFoundError
from marketplace.core.kpis import Kpi
from stores.contracts import StorePlace

from .models import Store, StoreMember

# What a store's people may do inside it, owners and members alike.
MEMBER_AREAS = frozenset({"catalog", "inventory", "procurement", "questions", "promotions", "orders"})
# What only owners may do.
OWNER_AREAS = frozenset({"money"})


def present_stores() -> QuerySet[Store]:
    """Every store that was not deleted."""
    return Store.objects.filter(archived_at__isnull=True)


def has_stores() -> bool:
    """Whether there is any store, deleted ones included."""
    return Store.objects.exists()


def stores_run_by(user_id: UUID) -> frozenset[UUID]:
    """The stores `user_id` owns or is a member of."""
    members = StoreMember.objects.filter(user_id=user_id, store__archived_at__isnull=True)
    return frozenset(members.values_list("store_id", flat=True))


def map_of_stores(limit: int) -> list[MapPoint]:
    """The stores that are not closed, as the maps of the back office show them; the newest if there are many."""
    rows = present_stores().exclude(state=Store.State.CLOSED).order_by("-pk")[:limit]
    return [MapPoint(str(store.pk), store.latitude, store.longitude, store.name) for store in rows]


def people_of_store(store_id: UUID) -> frozenset[UUID]:
    """The owners and members of a store."""
    return frozenset(StoreMember.objects.filter(store=store_id).values_list("user_id", flat=True))


def stores_owned_by(user_id: UUID) -> frozenset[UUID]:
    """The stores `user_id` owns, deleted ones included: what they have earned is still to be paid out."""
    owned = StoreMember.objects.filter(user_id=user_id, role=StoreMember.Role.OWNER)
    return frozenset(owned.values_list("store_id", flat=True))


def merchants_reach(user: access.Person, key: str) -> access.Reach:
    """The merchants' part of `core.access`: a store's people hold the keys of its areas, for that store."""
    area = key.partition(":")[0]
    if user.pk is not None and area in MEMBER_AREAS:
        return access.Reach(stores=access.recalled("stores run", user, lambda: stores_run_by(user.pk)))
    if user.pk is not None and area in OWNER_AREAS:
        return access.Reach(stores=access.recalled("stores owned", user, lambda: stores_owned_by(user.pk)))
    return access.NOWHERE


def editable_stores(user: access.Person) -> QuerySet[Store]:
    """Stores `user` may change: administrators all, merchants their own.

    A store has goods of many departments, so a department's key alone opens none.
    """
    return access.within(present_stores(), access.reach(user, "catalog:write"), store_path="pk")


def owned_stores(user: access.Person) -> QuerySet[Store]:
    """Stores whose people `user` may manage: administrators all, owners their own."""
    if access.reach(user, "catalog:write").everywhere:
        return present_stores()
    if user.pk is None:
        return Store.objects.none()
    owned = StoreMember.objects.filter(user_id=user.pk, role=StoreMember.Role.OWNER)
    return present_stores().filter(pk__in=owned.values("store_id"))


def store_place(store_id: UUID) -> StorePlace:
    """Where a store is. Raises `NotFoundError`."""
    store = Store.objects.filter(pk=store_id).first()
    if store is None:
        raise NotFoundError
    return StorePlace(
        store_id=store.pk,
        name=store.name,
        latitude=store.latitude,
        longitude=store.longitude,
        currency=store.currency,
        is_open=store.state == Store.State.OPEN,
    )


def open_stores_kpi() -> Kpi:
    """How many stores sell now."""
    count = present_stores().filter(state=Store.State.OPEN).count()
    return Kpi(label=Store._meta.verbose_name_plural, value=str(count), link="admin:stores_store_changelist")
