"""Reading pages: whose turn it is, one visit outside of any transaction, and keeping what came of it."""

import logging
import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Q

from links.events import PageRead
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish

from . import documents
from .addresses import Address, AddressRefusedError, read_address
from .extracting import Extracted, extract
from .fetching import FetchError
from .models import Page, ProductLink
from .selectors import due_pages, is_wanted
from .services import page_at, plan_page, refresh_period
from .visiting import HostBusyError, Visit

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)
"""So long a page that was handed out is nobody else's; a message that is lost comes again after it."""
MOST_HANDED_OUT: Final = 200
BATCH: Final = 50
MOST_ATTEMPTS: Final = 5
FIRST_RETRY: Final = timedelta(minutes=1)
LONGEST_RETRY: Final = timedelta(days=1)
BUSY_SECONDS: Final = 60.0
OTHER_HOST_RETRY: Final = timedelta(seconds=5)
_REFUSED: Final = {"robots", "host_not_public", "address_refused"}


class Outcome(StrEnum):
    """What one attempt came to."""

    READ = "read"
    MOVED = "moved"
    NOT_READ = "not_read"
    ROBOTS_READ = "robots_read"
    BUSY = "busy"
    NOT_DUE = "not_due"


def take_due_pages(limit: int = BATCH) -> list[UUID]:
    """Hand out pages that are due, at most one of each host; each is leased, so nobody is handed it meanwhile."""
    due = due_pages(limit)
    if not due:
        return []
    room = max(MOST_HANDED_OUT - Page.objects.filter(leased_until__gt=db_now()).count(), 0)
    return [page_id for page_id in due[:room] if _lease(page_id)]


def read_page(page_id: UUID) -> Outcome:
    """Read a page if it is due and its host's turn is to be had. Harmless twice, also at the same time.

    The first request to a host in a day is for its rules; the page then waits for the next turn.
    """
    page = Page.objects.filter(pk=page_id, due_at__lte=db_now()).first()
    if page is None:
        _release(page_id)
        return Outcome.NOT_DUE
    visit = Visit(read_db_now())
    try:
        return _attempt(page, visit) if visit.begin(page.host) else Outcome.BUSY
    finally:
        visit.end()
        _release(page_id)


def _attempt(page: Page, visit: Visit) -> Outcome:
    # Whoever had the turn before may have read it.
    if not Page.objects.filter(pk=page.pk, due_at__lte=db_now()).exists():
        return Outcome.NOT_DUE
    try:
        return _visit(page, visit)
    except FetchError as error:
        _note_failure(page.pk, error.reason, is_final=error.is_final, at=visit.at)
        if error.reason == "shop_busy":
            visit.leave_alone(page.host, BUSY_SECONDS)
    except HostBusyError:
        Page.objects.filter(pk=page.pk).update(due_at=db_now() + OTHER_HOST_RETRY)
        return Outcome.BUSY
    except DatabaseError:
        raise
    except Exception:
        # One page that our reader stumbles over must not be read for ever.
        logger.exception("page not understood", extra={"page": str(page.pk)})
        _note_failure(page.pk, "unreadable", is_final=False, at=visit.at)
    return Outcome.NOT_READ


def sweep_due_pages(seconds: float) -> int:
    """Read what is due, one after the other, for so long at most; how many attempts. Beat's safety net."""
    ends, attempts = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        taken = take_due_pages(limit=1)
        if not taken:
            break
        read_page(taken[0])
        attempts += 1
    return attempts


def _visit(page: Page, visit: Visit) -> Outcome:
    address = Address(page.canonical_url, page.host)
    if visit.read_robots(address):
        return Outcome.ROBOTS_READ
    fetched = visit.fetch(address)
    extracted = extract(fetched.text, fetched.url)
    successor = _successor(page, extracted)
    if successor is not None and _follow(page.pk, successor, at=visit.at):
        return Outcome.MOVED
    snapshot_id = documents.keep_snapshot(page.pk, fetched, extracted, at=visit.at)
    documents.note_price(page.pk, extracted, snapshot_id, at=visit.at)
    _keep(page.pk, extracted, at=visit.at)
    return Outcome.READ


def _successor(page: Page, extracted: Extracted) -> Address | None:
    if extracted.canonical_url in {"", page.canonical_url}:
        return None
    try:
        return read_address(extracted.canonical_url)
    except AddressRefusedError:
        return None


@transaction.atomic
def _follow(page_id: UUID, address: Address, *, at: datetime) -> bool:
    """Move everybody's links to the address that the page calls its own; False where that leads back here.

    The other page is read for itself: what this one says of its price is not its word.
    """
    target = page_at(address)
    if target.pk == page_id:
        return False
    page, successor = _both(page_id, target.pk)
    if successor.successor_id is not None:
        return False
    moving = list(lock(LockRank.CATALOG, ProductLink.objects.filter(page=page_id)))
    there = ProductLink.objects.filter(page=successor, archived_at__isnull=True).values_list("customer", flat=True)
    doubled = set(there.filter(customer__in=[link.customer_id for link in moving]))
    for link in moving:
        link.page = successor
        if link.archived_at is None and link.customer_id in doubled:
            link.archived_at = at
    ProductLink.objects.bulk_update(moving, ["page", "archived_at"])
    Page.objects.filter(Q(pk=page_id) | Q(successor=page_id)).update(successor=successor)
    Page.objects.filter(pk=page_id).update(due_at=None, read_at=at, attempts=0, reason="")
    plan_page(page_id=successor.pk, at=at)
    return page.pk != successor.pk


def _both(page_id: UUID, successor_id: UUID) -> tuple[Page, Page]:
    locked = {page.pk: page for page in lock(LockRank.CATALOG, Page.objects.filter(pk__in=[page_id, successor_id]))}
    return locked[page_id], locked[successor_id]


@transaction.atomic
def _keep(page_id: UUID, extracted: Extracted, *, at: datetime) -> None:
    """What the page says now; a fact for the others if a customer sees a difference."""
    [page] = lock(LockRank.CATALOG, Page.objects.filter(pk=page_id))
    before, seen = page.price, _seen(page)
    page.title, page.description, page.brand = extracted.title, extracted.description, extracted.brand
    page.variant, page.images = extracted.variant, extracted.images
    page.availability, page.method, page.confidence = extracted.availability, extracted.method, extracted.confidence
    _set_price(page, extracted.price)
    page.may_be_bought, page.reason = extracted.may_be_bought, extracted.reason
    page.state = Page.State.UNPRICED if extracted.price is None else Page.State.READ
    is_first = page.read_at is None
    page.read_at, page.attempts = at, 0
    page.due_at = at + refresh_period() if is_wanted(page_id) else None
    page.save()
    if is_first or seen != _seen(page):
        _tell(page, before, at)


def _note_failure(page_id: UUID, reason: str, *, is_final: bool, at: datetime) -> None:
    """Try again later and later; after five times, or where it would be no use, the page says nothing any more."""
    page = Page.objects.get(pk=page_id)
    gives_up = is_final or page.attempts + 1 >= MOST_ATTEMPTS
    if gives_up:
        documents.note_price_unknown(page, reason, at=at)
    with transaction.atomic():
        [page] = lock(LockRank.CATALOG, Page.objects.filter(pk=page_id))
        page.attempts = min(page.attempts + 1, 1_000)
        wait = _retry_after(page.attempts)
        if gives_up:
            _give_up(page, reason, at)
            wait = LONGEST_RETRY
        elif page.state == Page.State.WAITING:
            page.reason = reason
        is_read_again = page.state != Page.State.REFUSED and (is_wanted(page_id) or not gives_up)
        page.due_at = at + wait if is_read_again else None
        page.save()


def _give_up(page: Page, reason: str, at: datetime) -> None:
    before, seen = page.price, _seen(page)
    page.state = Page.State.REFUSED if reason in _REFUSED else Page.State.FAILED
    page.reason, page.may_be_bought = reason, False
    page.availability, page.method, page.confidence = Page.Availability.UNKNOWN, Page.Method.NONE, 0
    _set_price(page, None)
    if seen != _seen(page):
        _tell(page, before, at)


def _set_price(page: Page, price: Money | None) -> None:
    page.price_minor, page.currency = (price.minor, price.currency) if price else (None, "")


def _seen(page: Page) -> Sequence[object]:
    return page.price_minor, page.currency, page.availability, page.may_be_bought, page.state


def _tell(page: Page, before: Money | None, at: datetime) -> None:
    publish(
        PageRead(
            page_id=page.pk,
            before=before,
            price=page.price,
            availability=page.availability,
            may_be_bought=page.may_be_bought,
            read_at=at,
        )
    )


def _retry_after(attempts: int) -> timedelta:
    """A minute, four, sixteen … a day, each up to a fifth less, so that a shop's pages do not all come back at once."""
    longest: timedelta = min(FIRST_RETRY * 4 ** min(attempts - 1, 10), LONGEST_RETRY)
    return longest * random.uniform(0.8, 1.0)  # noqa: S311  # no secret


def _lease(page_id: UUID) -> bool:
    now = db_now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return bool(Page.objects.filter(free, pk=page_id, due_at__lte=now).update(leased_until=now + LEASE))


def _release(page_id: UUID) -> None:
    Page.objects.filter(pk=page_id).update(leased_until=None)
