"""Writes of shipping rates."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.errors import InvalidInputError, StaleError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from marketplace.core.money import CurrencyMismatchError, Money
from purchases.shipments.errors import RateNameTakenError, TooManyRatesError
from purchases.shipments.models import ShippingRate
from stores import facade as stores

MOST_RATES = 20


@transaction.atomic
def add_rate(
    *,
    store_id: UUID,
    name: str,
    price: Money,
    actor_id: UUID | None,
    free_from: Money | None = None,
    is_active: bool = True,
) -> ShippingRate:
    """A way of sending that the store offers, in its own currency.

    Raises `NotFoundError` for an unknown store, `CurrencyMismatchError`, `InvalidInputError` for a name that is
    empty or a free amount of nothing, `RateNameTakenError`, `TooManyRatesError`.
    """
    currency = stores.store_place(store_id).currency
    # Two at once may pass together: the limit keeps a list readable, nothing hangs on one more.
    if ShippingRate.objects.filter(store=store_id).count() >= MOST_RATES:
        raise TooManyRatesError(limit=MOST_RATES)
    columns = _columns(currency, {"name": name, "price": price, "free_from": free_from, "is_active": is_active})
    rate = ShippingRate(store_id=store_id, currency=currency, **columns)
    try:
        with transaction.atomic():
            rate.save(force_insert=True)
    except IntegrityError as error:
        raise RateNameTakenError(name=columns["name"]) from error
    audit.record(actor_id=actor_id, action="purchases.add_rate", subject=rate, after={"store": store_id, **columns})
    return rate


@transaction.atomic
def change_rate(
    *, rate: ShippingRate, expected_version: int | None, changes: dict[str, Any], actor_id: UUID | None
) -> ShippingRate:
    """Set `name`, `price`, `free_from`, `is_active`, those that are given. Orders keep what they were placed with.

    Raises `StaleError`, `CurrencyMismatchError`, `InvalidInputError`, `RateNameTakenError`.
    """
    columns = _columns(rate.currency, changes)
    before = {name: getattr(rate, name) for name in columns}
    try:
        with transaction.atomic():
            compare_and_set(rate, expected_version, **columns)
    except IntegrityError as error:
        raise RateNameTakenError(name=columns.get("name", rate.name)) from error
    changed = {name: value for name, value in columns.items() if before[name] != value}
    audit.record(
        actor_id=actor_id,
        action="purchases.change_rate",
        subject=rate,
        before={name: before[name] for name in changed},
        after=changed,
    )
    return rate


@transaction.atomic
def delete_rate(*, rate: ShippingRate, expected_version: int | None, actor_id: UUID | None) -> None:
    """The store does not send this way any more; orders have their own copy of it. Raises `StaleError`."""
    version = rate.version if expected_version is None else expected_version
    before = {"store": rate.store_id, "name": rate.name, "price_minor": rate.price_minor}
    audit.record(actor_id=actor_id, action="purchases.delete_rate", subject=rate, before=before)
    deleted, _by_model = ShippingRate.objects.filter(pk=rate.pk, version=version).delete()
    if not deleted:
        raise StaleError


def _columns(currency: str, values: dict[str, Any]) -> dict[str, Any]:
    """From what people say to columns."""
    columns = dict(values)
    if "name" in columns:
        columns["name"] = columns["name"].strip()
        if not columns["name"]:
            raise InvalidInputError.of("name", "blank", gettext_noop("Give it a name."))
    for name in ("price", "free_from"):
        if name in columns:
            amount: Money | None = columns.pop(name)
            if amount is not None and amount.currency != currency:
                raise CurrencyMismatchError(left=amount.currency, right=currency)
            columns[f"{name}_minor"] = None if amount is None else amount.minor
    if columns.get("free_from_minor") == 0:
        detail = gettext_noop("The amount must be more than zero. A price of zero is free for everybody.")
        raise InvalidInputError.of("free_from", "not_positive", detail)
    return columns
