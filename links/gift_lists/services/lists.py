"""Lists: opened, changed, shared anew, closed, deleted."""

import secrets
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from links.events import GiftListClosed
from links.gift_lists.errors import (
    GiftListInUseError,
    GiftListPromisedError,
    SurpriseKeptError,
    TooManyGiftListsError,
)
from links.gift_lists.models import Gift, GiftClaim, GiftList, GiftListEditor
from links.pots.selectors import has_contributions
from links.pots.services import end_pots
from marketplace.core.clock import db_now
from marketplace.core.errors import StaleError
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish

from .locking import ends, lock_list, lock_open_list

TERMS: Final = ("on_close", "overfunding")
ERASED_GUEST: Final = "—"


@transaction.atomic
def open_list(*, owner_id: UUID, values: dict[str, Any]) -> GiftList:
    """Begin a list; `values` are its columns. Its currency is the platform's unless said, and stays.

    Raises `TooManyGiftListsError` beyond GIFT_LISTS_PER_CUSTOMER (two at once may pass it by one).
    """
    most = settings.GIFT_LISTS_PER_CUSTOMER
    if GiftList.objects.filter(owner=owner_id).count() >= most:
        raise TooManyGiftListsError(most=most)
    columns = {"currency": settings.DEFAULT_CURRENCY} | values
    return GiftList.objects.create(owner_id=owner_id, share_token=new_token(), **columns)


@transaction.atomic
def change_list(*, gift_list_id: UUID, expected_version: int | None, changes: dict[str, Any]) -> GiftList:
    """Change the list's columns. One that is public no more gets a new link: the old one was everybody's.

    Raises `StaleError`, `GiftListClosedError`, `GiftListPromisedError` for the terms of a list to which somebody has
    given, `SurpriseKeptError`.
    """
    gift_list = lock_open_list(gift_list_id, expected_version)
    changed = {name: value for name, value in changes.items() if value != getattr(gift_list, name)}
    if any(name in changed for name in TERMS) and has_contributions(gift_list_id):
        raise GiftListPromisedError
    if changed.get("keeps_surprise") is False:
        raise SurpriseKeptError
    if "visibility" in changed and gift_list.visibility == GiftList.Visibility.PUBLIC:
        changed["share_token"] = new_token()
    if changed:
        compare_and_set(gift_list, gift_list.version, **changed)
    return gift_list


@transaction.atomic
def renew_link(*, gift_list_id: UUID) -> GiftList:
    """Give the list a new link; the old one opens nothing any more. Raises `GiftListClosedError`."""
    gift_list = lock_open_list(gift_list_id)
    compare_and_set(gift_list, gift_list.version, share_token=new_token())
    return gift_list


@transaction.atomic
def close_list(*, gift_list_id: UUID, at: datetime) -> GiftList:
    """End the list for good: what is left in its pots goes where the owner had chosen. Harmless twice.

    What purchases took from the pots stays with them. Publishes `GiftListClosed`, and `ContributionReturned` for each
    who gets something back.
    """
    gift_list = lock_list(gift_list_id)
    if gift_list.state == GiftList.State.CLOSED:
        return gift_list
    pots = frozenset([gift_list.pk, *gift_list.gifts.values_list("pk", flat=True)])
    left = end_pots(ends=ends(gift_list, pots), key=f"close:{gift_list.pk}", currency=gift_list.currency)
    compare_and_set(gift_list, gift_list.version, state=GiftList.State.CLOSED, closed_at=at)
    publish(GiftListClosed(gift_list_id=gift_list.pk, owner_id=gift_list.owner_id, left=left, closed_at=at))
    return gift_list


@transaction.atomic
def delete_list(*, gift_list_id: UUID, expected_version: int | None) -> None:
    """Make the list disappear with its gifts and claims, if it has no history of money or purchases.

    Raises `StaleError`, `GiftListInUseError`. Whether anybody has claimed something makes no difference.
    """
    gift_list = lock_list(gift_list_id)
    if expected_version not in {None, gift_list.version}:
        raise StaleError
    if has_contributions(gift_list_id):
        raise GiftListInUseError
    try:
        with transaction.atomic():
            GiftClaim.objects.filter(gift__gift_list=gift_list).delete()
            gift_list.gifts.all().delete()
            gift_list.delete()
    except ProtectedError as error:
        raise GiftListInUseError from error


def lock_lists_of(customer_id: UUID) -> None:
    """Lock the person's lists, in the caller's transaction."""
    lock(LockRank.GIFT_LIST, GiftList.objects.filter(owner=customer_id))


@transaction.atomic
def forget_keeper(*, customer_id: UUID, email: str, at: datetime) -> None:
    """Erasure: the person's lists lose their words and guests and are seen by nobody; their claims and places end.

    `lock_lists_of` has locked them, and their pots are empty, or it would not have come to this.
    """
    GiftClaim.objects.filter(gift__gift_list__owner=customer_id, claimer__isnull=True).update(guest_name=ERASED_GUEST)
    Gift.objects.filter(gift_list__owner=customer_id).update(note="", updated_at=db_now())
    GiftListEditor.objects.filter(gift_list__owner=customer_id).delete()
    for gift_list in GiftList.objects.filter(owner=customer_id):
        compare_and_set(
            gift_list,
            None,
            name="",
            visibility=GiftList.Visibility.PRIVATE,
            share_token=new_token(),
            state=GiftList.State.CLOSED,
            closed_at=gift_list.closed_at or at,
        )
    GiftListEditor.objects.filter(user=customer_id).delete()
    GiftListEditor.objects.filter(user__isnull=True, email=email).delete()
    GiftClaim.objects.filter(claimer=customer_id, released_at__isnull=True).update(released_at=at)


def new_token() -> str:
    """43 characters that nobody guesses."""
    return secrets.token_urlsafe(32)
