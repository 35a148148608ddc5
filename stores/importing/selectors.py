"""Reads of imports, and whose keys decide."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from marketplace.core import access
from stores.catalog.models import Variant
from stores.merchants.models import Store

from .models import ImportRow, ImportRun

WORKING = (ImportRun.State.STAGING, ImportRun.State.APPLYING)
EVERYWHERE = access.Reach(everywhere=True)
DEPARTMENT_PATH = "product__category__department"


def runs_of(user: access.Person) -> QuerySet[ImportRun]:
    """A person's own runs; administrators see everybody's."""
    if not user.is_authenticated or not user.is_active:
        return ImportRun.objects.none()
    return ImportRun.objects.all() if user.is_superuser else ImportRun.objects.filter(actor_id=user.pk)


def rows_of(run: ImportRun, verdict: str = "") -> QuerySet[ImportRow]:
    """The run's lines in the file's order."""
    rows = ImportRow.objects.filter(run=run)
    return rows.filter(verdict=verdict) if verdict else rows


@dataclass(frozen=True, slots=True)
class Writer:
    """Where the run's person may write now: in the catalogue, and on its shelves."""

    catalog: access.Reach
    stock: access.Reach


def writer_of(actor_id: UUID | None) -> Writer:
    """The system everywhere."""
    if actor_id is None:
        return Writer(EVERYWHERE, EVERYWHERE)
    person = get_user_model().objects.filter(pk=actor_id).first()
    if person is None:
        return Writer(access.NOWHERE, access.NOWHERE)
    return Writer(access.reach(person, "catalog:write"), access.reach(person, "inventory:write"))


def exported_variants(where: access.Reach) -> QuerySet[Variant]:
    """What a catalogue file holds: everything within reach that was not deleted."""
    present = Variant.objects.filter(archived_at__isnull=True, product__archived_at__isnull=True)
    return access.within(present, where, department_path=DEPARTMENT_PATH, store_path="store")


def offered_variants(store_slug: str = "") -> QuerySet[Variant]:
    """What a product feed holds: what is sold by open stores."""
    offered = Variant.objects.filter(
        archived_at__isnull=True,
        is_active=True,
        product__archived_at__isnull=True,
        product__is_published=True,
        store__archived_at__isnull=True,
        store__state=Store.State.OPEN,
    )
    return offered.filter(store__slug=store_slug) if store_slug else offered


def store_of_reach(user: access.Person, slug: str) -> Store | None:
    """The store with that slug, if the person may write something in it: a department's people may in any."""
    where = access.reach(user, "catalog:write")
    store = Store.objects.filter(slug=slug, archived_at__isnull=True).first()
    if store is None or not (where.everywhere or where.departments or store.pk in where.stores):
        return None
    return store
