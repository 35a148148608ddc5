"""The slice's documents: pages as they were fetched, and the steps of their prices.

They may live in another database than the page, and are written before it: a crash in between leaves a document that
nothing refers to, or a step that is not written a second time.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from marketplace.core.retention import delete_in_batches

from .extracting import Extracted
from .fetching import Fetched
from .models import Page, PageSnapshot, PricePoint
from .selectors import latest_price_of, latest_snapshot_of


def keep_snapshot(page_id: UUID, fetched: Fetched, extracted: Extracted, *, at: datetime) -> UUID:
    """The evidence of what was found; the one that is there as long as the same is found, renewed before it goes."""
    found = _found(extracted)
    latest = latest_snapshot_of(page_id)
    still = at - timedelta(days=settings.LINK_SNAPSHOT_DAYS) / 2
    if latest is not None and latest.found == found and latest.fetched_at > still:
        return latest.pk
    snapshot = PageSnapshot.objects.create(
        page_id=page_id,
        fetched_at=at,
        final_url=fetched.url,
        content_type=fetched.content_type,
        body=fetched.text,
        found=found,
    )
    return snapshot.pk


def note_price(page_id: UUID, extracted: Extracted, snapshot_id: UUID | None, *, at: datetime) -> None:
    """One more step of the page's history, if it is one."""
    latest = latest_price_of(page_id)
    price = extracted.price
    stated = (price.minor if price else None, price.currency if price else "")
    step = (*stated, extracted.availability, extracted.reason)
    if latest and step == (latest.price_minor, latest.currency, latest.availability, latest.reason):
        return
    PricePoint.objects.create(
        page_id=page_id,
        at=at,
        price_minor=stated[0],
        currency=stated[1],
        availability=extracted.availability,
        method=extracted.method,
        confidence=extracted.confidence,
        reason=extracted.reason,
        snapshot_id=snapshot_id,
    )


def note_price_unknown(page: Page, reason: str, *, at: datetime) -> None:
    """A page that can no longer be read says nothing any more; no step for one that never said anything."""
    if latest_price_of(page.pk) is not None:
        note_price(page.pk, Extracted(reason=reason), None, at=at)


def forget_old_documents(at: datetime) -> tuple[int, int]:
    """Delete snapshots after LINK_SNAPSHOT_DAYS and steps after LINK_HISTORY_DAYS; how many of each. Harmless twice."""
    old_page = at - timedelta(days=settings.LINK_SNAPSHOT_DAYS)
    old_price = at - timedelta(days=settings.LINK_HISTORY_DAYS)
    snapshots = delete_in_batches(PageSnapshot.objects.filter(fetched_at__lt=old_page))
    return snapshots, delete_in_batches(PricePoint.objects.filter(at__lt=old_price))


def _found(extracted: Extracted) -> dict[str, Any]:
    price = extracted.price
    return {
        "title": extracted.title,
        "brand": extracted.brand,
        "variant": extracted.variant,
        "images": extracted.images,
        "price": f"{price.decimal:f}" if price else None,
        "currency": price.currency if price else "",
        "availability": extracted.availability,
        "method": extracted.method,
        "confidence": extracted.confidence,
        "may_be_bought": extracted.may_be_bought,
        "reason": extracted.reason,
        "evidence": extracted.evidence,
    }
