"""Writes of suppliers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.errors import InvalidInputError, gettext_noop
from marketplace.core.money import CurrencyMismatchError, exponent
from stores.merchants.models import Store
from stores.procurement.errors import SupplierFixedError
from stores.procurement.models import Supplier
from stores.revisions import revise

FIXED = ("department_id", "store_id", "currency")


@transaction.atomic
def create_supplier(
    *,
    name: str,
    currency: str,
    actor_id: UUID | None,
    department_id: UUID | None = None,
    store_id: UUID | None = None,
    **columns: Any,
) -> Supplier:
    """Add a supplier of one department (in any store) or of one store (any department).

    `columns` are further ones of the supplier; its limit of automatic orders is in minor units of `currency`, its
    tolerance in hundredths of a percent. Raises `InvalidInputError` unless it is of exactly one,
    `UnknownCurrencyError`, `CurrencyMismatchError` for a store of another currency.
    """
    if (department_id is None) == (store_id is None):
        detail = gettext_noop("A supplier serves either a department or a store.")
        raise InvalidInputError.of("department", "of_one", detail)
    exponent(currency)
    for stores_own in Store.objects.filter(pk__in=[store_id]).values_list("currency", flat=True):
        if stores_own != currency:
            raise CurrencyMismatchError(left=currency, right=stores_own)
    supplier = Supplier.objects.create(
        name=name, currency=currency, department_id=department_id, store_id=store_id, **columns
    )
    audit.record(
        actor_id=actor_id,
        action="stores.create_supplier",
        subject=supplier,
        after={"department_id": department_id, "store_id": store_id, "currency": currency},
    )
    return supplier


@transaction.atomic
def change_supplier(
    *, supplier: Supplier, expected_version: int | None, changes: dict[str, Any], actor_id: UUID | None
) -> Supplier:
    """Set the given columns. Raises `StaleError`, `SupplierFixedError` for whom it serves and its currency."""
    if any(changes.get(name, getattr(supplier, name)) != getattr(supplier, name) for name in FIXED):
        raise SupplierFixedError
    revise(
        supplier,
        expected_version=expected_version,
        changes=changes,
        actor_id=actor_id,
        action="stores.change_supplier",
    )
    return supplier


@transaction.atomic
def archive_supplier(*, supplier: Supplier, expected_version: int | None, at: datetime, actor_id: UUID | None) -> None:
    """Order nothing more of it; placed orders are still received. Raises `StaleError`."""
    revise(
        supplier,
        expected_version=expected_version,
        changes={"archived_at": at},
        actor_id=actor_id,
        action="stores.archive_supplier",
    )
