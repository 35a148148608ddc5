"""Writes of customers' links: paste, switch, archive, ask for a fresh look. Nothing here waits for a shop."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from links.priority import Priority
from marketplace.core import audit
from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.wake import wake_relay

from .addresses import Address, read_address
from .errors import JustReadError, PageNotFoundError, TooManyLinksError
from .models import Page, ProductLink
from .selectors import is_wanted, link_of, links_of

FRESH_FOR: Final = timedelta(minutes=5)
"""Nobody makes a page be read again sooner than this after the last time."""


@transaction.atomic
def submit_link(
    *, customer_id: UUID, url: str, at: datetime, priority: int = Priority.MEDIUM, is_enabled: bool = True
) -> ProductLink:
    """A link to the page behind an address; the page is read soon, once for everybody who pastes it.

    Pasting an address again gives the same link, as it was; an archived one is taken out again with the new priority
    and switch. Raises `AddressRefusedError`, `TooManyLinksError` past LINKS_PER_CUSTOMER.
    """
    address = read_address(url)
    lock(LockRank.PERSON, get_user_model()._default_manager.filter(pk=customer_id))
    page = page_at(address)
    live = links_of(customer_id).filter(page=page).first()
    if live is not None:
        return live
    if links_of(customer_id).count() >= settings.LINKS_PER_CUSTOMER:
        raise TooManyLinksError(limit=settings.LINKS_PER_CUSTOMER)
    archived = ProductLink.objects.filter(customer=customer_id, page=page).order_by("-archived_at")
    link = archived.first() or ProductLink(customer_id=customer_id, page=page)
    link.url, link.priority, link.is_enabled, link.archived_at = url.strip(), priority, is_enabled, None
    link.save()
    link.page = plan_page(page_id=page.pk, at=at)
    return link


@transaction.atomic
def change_link(
    *,
    customer_id: UUID,
    link_id: UUID,
    at: datetime,
    priority: int | None = None,
    is_enabled: bool | None = None,
) -> ProductLink:
    """Another priority, or the switch. A page that nobody's link is on for is not read any more.

    Raises `LinkNotFoundError`.
    """
    lock(LockRank.PERSON, get_user_model()._default_manager.filter(pk=customer_id))
    link = link_of(customer_id, link_id)
    changes: dict[str, Any] = {"priority": priority, "is_enabled": is_enabled}
    for name, value in changes.items():
        if value is not None:
            setattr(link, name, value)
    link.save(update_fields=["priority", "is_enabled", "updated_at"])
    link.page = plan_page(page_id=link.page_id, at=at)
    return link


@transaction.atomic
def archive_link(*, customer_id: UUID, link_id: UUID, at: datetime) -> None:
    """Put a link away; gifts that were made from it keep it. Raises `LinkNotFoundError`."""
    lock(LockRank.PERSON, get_user_model()._default_manager.filter(pk=customer_id))
    link = link_of(customer_id, link_id)
    link.archived_at = at
    link.save(update_fields=["archived_at", "updated_at"])
    plan_page(page_id=link.page_id, at=at)


@transaction.atomic
def refresh_link(*, customer_id: UUID, link_id: UUID, at: datetime) -> ProductLink:
    """Have the page read again as soon as its shop's turn comes.

    Raises `LinkNotFoundError`, `JustReadError` within five minutes after it was read.
    """
    link = link_of(customer_id, link_id)
    link.page = make_page_due(page_id=link.page_id, at=at)
    return link


@transaction.atomic
def make_page_due(*, page_id: UUID, at: datetime, actor_id: UUID | None = None) -> Page:
    """Read a page again soon, whoever wants it; also one that was refused or failed.

    Raises `PageNotFoundError`, `JustReadError` within five minutes after it was read.
    """
    page = _locked(page_id)
    if page.read_at is not None and page.read_at > at - FRESH_FOR:
        left = (page.read_at + FRESH_FOR - at).total_seconds()
        raise JustReadError(retry_after=max(int(left), 1))
    if page.due_at is None or page.due_at > at:
        _set_due(page, at)
    if actor_id is not None:
        audit.record(actor_id=actor_id, action="links.read_again", subject=page)
    return page


def read_pages_soon(page_ids: Collection[UUID]) -> int:
    """Have these pages read again, where they may be read and nobody is about to; how many."""
    now = db_now()
    later = Page.objects.filter(pk__in=page_ids).filter(Q(due_at__gt=now) | Q(due_at__isnull=True))
    count = later.exclude(state=Page.State.REFUSED).update(due_at=now, updated_at=now)
    if count:
        transaction.on_commit(wake_relay, robust=True)
    return count


def plan_page(*, page_id: UUID, at: datetime) -> Page:
    """When a page is read next, after somebody's wish for it came or went; in the caller's transaction.

    At once if it was never read; LINK_REFRESH_HOURS after it was; not at all while nobody wants it, or its shop
    refuses to be read.
    """
    page = _locked(page_id)
    due_at = page.due_at
    if not is_wanted(page_id) or page.state == Page.State.REFUSED:
        due_at = None
    elif due_at is None:
        due_at = at if page.read_at is None else max(at, page.read_at + refresh_period())
    if due_at != page.due_at:
        _set_due(page, due_at)
    return page


def refresh_period() -> timedelta:
    """How old a page gets that somebody wants."""
    return timedelta(hours=settings.LINK_REFRESH_HOURS)


def forget_links_of(customer_id: UUID) -> None:
    """The slice's eraser: what the person pasted is nobody's wish any more, and its words are gone.

    An address may hold a name: the page's canonical one stays, which others may have pasted as well.
    """
    mine = ProductLink.objects.filter(customer=customer_id)
    pages = list(mine.filter(archived_at__isnull=True).order_by("page").values_list("page", flat=True).distinct())
    mine.update(url="", archived_at=Coalesce("archived_at", db_now()), is_enabled=False)
    for page_id in pages:
        if not is_wanted(page_id):
            Page.objects.filter(pk=page_id).update(due_at=None)


def page_at(address: Address) -> Page:
    """The one page of an address, or the one that it said was meant. One row under any number of callers at once."""
    defaults = {"canonical_url": address.url, "host": address.host}
    page, _made = Page.objects.get_or_create(address_hash=address.hash, defaults=defaults)
    return page if page.successor is None else page.successor


def _set_due(page: Page, due_at: datetime | None) -> None:
    page.due_at = due_at
    page.save(update_fields=["due_at", "updated_at"])
    if due_at is not None:
        transaction.on_commit(wake_relay, robust=True)


def _locked(page_id: UUID) -> Page:
    found = lock(LockRank.CATALOG, Page.objects.filter(pk=page_id))
    if not found:
        raise PageNotFoundError
    return found[0]
