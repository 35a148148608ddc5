"""Writes of stores and their people."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.errors import NotFoundError
from marketplace.core.geo import canonical_degrees
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from stores.events import StoreMoved, StoreStateChanged
from stores.revisions import insert_with_slug, revise
from stores.slugs import SlugTakenError, slug_candidates

from .errors import AlreadyMemberError, LastOwnerError, StoreCurrencyFixedError
from .models import Store, StoreMember

SLUG_LENGTH = 140


@transaction.atomic
def create_store(
    *,
    name: str,
    latitude: float,
    longitude: float,
    actor_id: UUID | None,
    slug: str = "",
    owner_id: UUID | None = None,
    currency: str = "",
    **terms: Any,
) -> Store:
    """Open a store at these degrees, in the platform's currency unless said; `owner_id` becomes its owner.

    Without a slug one is made from the name. `terms` are further columns of the store (`state`, `language`,
    `commission_bp`). Raises `SlugTakenError`.
    """

    def build(candidate: str) -> Store:
        return Store(
            name=name,
            slug=candidate,
            latitude=canonical_degrees(latitude),
            longitude=canonical_degrees(longitude),
            currency=currency or settings.DEFAULT_CURRENCY,
            **terms,
        )

    candidates = slug_candidates(given=slug, name=name, fallback="store", max_length=SLUG_LENGTH)
    store = insert_with_slug(build, candidates)
    audit.record(actor_id=actor_id, action="stores.create_store", subject=store, after={"slug": store.slug})
    if owner_id is not None:
        StoreMember.objects.create(store=store, user_id=owner_id, role=StoreMember.Role.OWNER)
    return store


@transaction.atomic
def change_store(
    *, store: Store, expected_version: int | None, changes: dict[str, Any], actor_id: UUID | None
) -> Store:
    """Set the given columns; says so when the state or the place became another.

    Raises `StaleError`, `SlugTakenError`, `StoreCurrencyFixedError` once there are products.
    """
    currency = changes.get("currency", store.currency)
    if currency != store.currency and store.products.exists():
        raise StoreCurrencyFixedError(currency=store.currency)
    place = {name: canonical_degrees(changes[name]) for name in ("latitude", "longitude") if name in changes}
    before = revise(
        store,
        expected_version=expected_version,
        changes=changes | place,
        actor_id=actor_id,
        action="stores.change_store",
        clash=SlugTakenError(slug=changes.get("slug", store.slug)),
    )
    _publish_changes(store, before)
    return store


@transaction.atomic
def archive_store(*, store: Store, expected_version: int | None, at: datetime, actor_id: UUID | None) -> None:
    """Take the store out of the shop for good: closed, and no longer shown. Its books stay.

    Raises `StaleError`.
    """
    before = revise(
        store,
        expected_version=expected_version,
        changes={"archived_at": at, "state": Store.State.CLOSED},
        actor_id=actor_id,
        action="stores.archive_store",
    )
    _publish_changes(store, before)


@transaction.atomic
def add_member(*, store: Store, user_id: UUID, role: str, actor_id: UUID | None) -> StoreMember:
    """Let a person run the store. Raises `AlreadyMemberError`."""
    try:
        with transaction.atomic():
            member = StoreMember.objects.create(store=store, user_id=user_id, role=role)
    except IntegrityError as error:
        if not StoreMember.objects.filter(store=store, user_id=user_id).exists():
            raise
        raise AlreadyMemberError from error
    _record_member(actor_id, "stores.add_member", member, {}, {"role": role})
    return member


@transaction.atomic
def change_role(*, member: StoreMember, role: str, actor_id: UUID | None) -> StoreMember:
    """Make an owner a member or the other way round. Raises `LastOwnerError`, `NotFoundError`."""
    mine = _locked_member(member)
    before = mine.role
    if role == StoreMember.Role.MEMBER:
        _keep_an_owner(mine)
    mine.role = role
    mine.save(update_fields=["role", "updated_at"])
    _record_member(actor_id, "stores.change_role", mine, {"role": before}, {"role": role})
    return mine


@transaction.atomic
def remove_member(*, member: StoreMember, actor_id: UUID | None) -> None:
    """Take a person out of the store. Raises `LastOwnerError`, `NotFoundError`."""
    mine = _locked_member(member)
    _keep_an_owner(mine)
    _record_member(actor_id, "stores.remove_member", mine, {"role": mine.role}, {})
    mine.delete()


def refuse_last_owner(user_id: UUID) -> None:
    """A guard of erasure: nobody leaves a store without an owner. Raises `LastOwnerError`."""
    for member in StoreMember.objects.filter(user_id=user_id, store__archived_at__isnull=True):
        _keep_an_owner(member)


@transaction.atomic
def forget_member(user_id: UUID) -> None:
    """Erasure: a person that leaves runs no store."""
    StoreMember.objects.filter(user_id=user_id).delete()


def _publish_changes(store: Store, before: dict[str, Any]) -> None:
    was = before.get("state", store.state)
    if was != store.state:
        publish(StoreStateChanged(store_id=store.pk, from_state=str(was), to_state=str(store.state)))
    place = (before.get("latitude", store.latitude), before.get("longitude", store.longitude))
    if place != (store.latitude, store.longitude):
        publish(StoreMoved(store_id=store.pk))


def _locked_member(member: StoreMember) -> StoreMember:
    # The store's row is the lock of its list of members.
    lock(LockRank.CATALOG, Store.objects.filter(pk=member.store_id))
    found = StoreMember.objects.filter(pk=member.pk).first()
    if found is None:
        raise NotFoundError
    return found


def _keep_an_owner(member: StoreMember) -> None:
    owners = StoreMember.objects.filter(store_id=member.store_id, role=StoreMember.Role.OWNER)
    if member.role == StoreMember.Role.OWNER and not owners.exclude(pk=member.pk).exists():
        raise LastOwnerError


def _record_member(
    actor_id: UUID | None, action: str, member: StoreMember, before: dict[str, Any], after: dict[str, Any]
) -> None:
    audit.record(
        actor_id=actor_id,
        action=action,
        subject=member,
        before={"store": member.store_id, **before},
        after={"user": member.user_id, **after},
    )
