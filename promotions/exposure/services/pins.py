"""Writes of pins: each is audited, and tells whoever shows selections."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from marketplace.core import audit
from marketplace.core.errors import FieldError, InvalidInputError, StaleError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, enter, lock
from marketplace.core.outbox.publishing import publish
from promotions.events import PinsChanged
from promotions.exposure import selectors
from promotions.exposure.errors import PinNotFoundError, PinOverlapsError
from promotions.exposure.models import Context, Pin
from promotions.exposure.standing import standing_changed
from promotions.exposure.values import MOST_PLACES


@dataclass(frozen=True, slots=True)
class PinTerms:
    """A product in a place (from 1 on) of a context, between two moments; a category for `category` alone."""

    context: str
    product_id: UUID
    position: int
    starts_at: datetime
    ends_at: datetime | None = None
    category_id: UUID | None = None
    note: str = ""


@transaction.atomic
def create_pin(*, terms: PinTerms, actor_id: UUID | None) -> Pin:
    """Pin a product. Raises `InvalidInputError` with every wrong field, `PinOverlapsError`."""
    _check(terms)
    _one_at_a_time()
    pin = Pin(**asdict(terms))
    _refuse_overlap(pin)
    pin.save(force_insert=True)
    audit.record(actor_id=actor_id, action="promotions.create_pin", subject=pin, after=asdict(terms))
    _tell(terms)
    return pin


@transaction.atomic
def change_pin(
    *, pin_id: UUID, changes: Mapping[str, Any], actor_id: UUID | None, expected_version: int | None = None
) -> Pin:
    """Change some of the terms (`PinTerms`' names). Raises `PinNotFoundError`, `StaleError`, `InvalidInputError`,
    `PinOverlapsError`."""
    _one_at_a_time()
    pin = _locked(pin_id, expected_version)
    before = terms_of(pin)
    terms = replace(before, **changes)
    if terms == before:
        return pin
    _check(terms)
    _refuse_overlap(Pin(pk=pin.pk, **asdict(terms)))
    compare_and_set(pin, pin.version, **asdict(terms))
    old, new = asdict(before), asdict(terms)
    changed = [name for name in old if old[name] != new[name]]
    audit.record(
        actor_id=actor_id,
        action="promotions.change_pin",
        subject=pin,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )
    for each in {(before.context, before.category_id): before, (terms.context, terms.category_id): terms}.values():
        _tell(each)
    return pin


@transaction.atomic
def delete_pin(*, pin_id: UUID, actor_id: UUID | None, expected_version: int | None = None) -> None:
    """Unpin. Selections that were made with it keep saying so. Raises `PinNotFoundError`, `StaleError`."""
    _one_at_a_time()
    pin = _locked(pin_id, expected_version)
    terms = terms_of(pin)
    audit.record(actor_id=actor_id, action="promotions.delete_pin", subject=pin, before=asdict(terms))
    pin.delete()
    _tell(terms)


def terms_of(pin: Pin) -> PinTerms:
    """The terms as they are stored."""
    return PinTerms(
        context=pin.context,
        product_id=pin.product_id,
        position=pin.position,
        starts_at=pin.starts_at,
        ends_at=pin.ends_at,
        category_id=pin.category_id,
        note=pin.note,
    )


def _locked(pin_id: UUID, expected_version: int | None) -> Pin:
    for pin in lock(LockRank.CAMPAIGN_USAGE, Pin.objects.filter(pk=pin_id)):
        if expected_version not in {None, pin.version}:
            raise StaleError
        return pin
    raise PinNotFoundError


def _one_at_a_time() -> None:
    """Two at the same moment would see each other's rows too late. Few people pin: they queue, readers do not.

    Before any row, or two could stand against each other: one with the row, one with the table. SQLite has one writer.
    """
    enter(LockRank.CAMPAIGN_USAGE)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {Pin._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def _refuse_overlap(pin: Pin) -> None:
    other = selectors.overlapping_pins(pin).select_related("product").first()
    if other is not None:
        raise PinOverlapsError(other=f"{other.position} · {other.product.name}")


def _check(terms: PinTerms) -> None:
    errors = list(_errors(terms))
    if errors:
        raise InvalidInputError(errors)


def _errors(terms: PinTerms) -> Iterator[FieldError]:
    if terms.context not in Context.values:
        yield FieldError("context", "invalid", gettext_noop("Choose a place of the shop."))
    if not 1 <= terms.position <= MOST_PLACES:
        yield FieldError("position", "invalid", gettext_noop("Places go from 1 to 48."))
    if terms.ends_at is not None and terms.ends_at <= terms.starts_at:
        yield FieldError("ends_at", "invalid", gettext_noop("The end must come after the start."))
    if (terms.context == Context.CATEGORY) != (terms.category_id is not None):
        yield FieldError("category", "invalid", gettext_noop("A category page needs its category, others have none."))
    elif terms.category_id is not None and not selectors.category_exists(terms.category_id):
        yield FieldError("category", "does_not_exist", gettext_noop("There is no such category."))
    if not selectors.product_exists(terms.product_id):
        yield FieldError("product", "does_not_exist", gettext_noop("There is no such product."))


def _tell(terms: PinTerms) -> None:
    publish(PinsChanged(context=terms.context, category_id=terms.category_id))
    transaction.on_commit(standing_changed, robust=True)
