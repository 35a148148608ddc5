"""Reads of links and pages."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber

from links.contracts import PageCard, PricePointCard
from marketplace.core.clock import db_now
from marketplace.core.money import Money

from .errors import LinkNotFoundError, PageNotFoundError
from .models import HostPace, Page, PageSnapshot, PricePoint, ProductLink


def links_of(customer_id: UUID) -> QuerySet[ProductLink]:
    """A customer's links that are not archived, with their pages, in one query."""
    return ProductLink.objects.filter(customer=customer_id, archived_at__isnull=True).select_related("page")


def link_of(customer_id: UUID, link_id: UUID) -> ProductLink:
    """One of them; raises `LinkNotFoundError`."""
    link = links_of(customer_id).filter(pk=link_id).first()
    if link is None:
        raise LinkNotFoundError
    return link


def is_wanted(page_id: UUID) -> bool:
    """Whether somebody's enabled link leads there: only then is the page read again by itself."""
    return ProductLink.objects.filter(page=page_id, archived_at__isnull=True, is_enabled=True).exists()


def due_pages(limit: int) -> list[UUID]:
    """Pages to be read now, of each host the one that is due longest, where nobody reads and no pause is on."""
    now = db_now()
    taken = Page.objects.filter(host=OuterRef("host"), leased_until__gt=now)
    resting = HostPace.objects.filter(host=OuterRef("host"), next_at__gt=now)
    due = Page.objects.filter(~Exists(taken), ~Exists(resting), due_at__lte=now)
    place = Window(RowNumber(), partition_by=F("host"), order_by=[F("due_at"), F("pk")])
    first = due.annotate(place=place).filter(place=1)
    return list(first.order_by("due_at").values_list("pk", flat=True)[:limit])


def prices_of(page_id: UUID) -> QuerySet[PricePoint]:
    """What the page said, each time it changed."""
    return PricePoint.objects.filter(page_id=page_id)


def latest_price_of(page_id: UUID) -> PricePoint | None:
    """The last step of its history."""
    return prices_of(page_id).order_by("-at", "-pk").first()


def latest_snapshot_of(page_id: UUID) -> PageSnapshot | None:
    """The page as it was kept last, without its body."""
    return PageSnapshot.objects.filter(page_id=page_id).defer("body").order_by("-fetched_at", "-pk").first()


def latest_snapshot_id(page_id: UUID) -> UUID | None:
    """The evidence of the page's price, if there is any."""
    snapshot = latest_snapshot_of(page_id)
    return None if snapshot is None else snapshot.pk


def snapshot_text(snapshot_id: UUID) -> str:
    """The body of a page as it was fetched; empty once it is forgotten. Not to be trusted, nor to be rendered."""
    return PageSnapshot.objects.filter(pk=snapshot_id).values_list("body", flat=True).first() or ""


def price_history(page_id: UUID, since: datetime) -> list[PricePointCard]:
    """Steps since that moment, oldest first, at most 1,000."""
    rows = prices_of(page_id).filter(at__gte=since).order_by("at", "pk")[:1_000]
    return [PricePointCard(row.at, price_of(row), row.availability) for row in rows]


def price_of(point: PricePoint) -> Money | None:
    """Its price, if it had one."""
    return None if point.price_minor is None else Money(point.price_minor, point.currency)


def page_card(page_id: UUID) -> PageCard:
    """For messages and tickets about a page. Raises `PageNotFoundError`."""
    cards = page_cards([page_id])
    if page_id not in cards:
        raise PageNotFoundError
    return cards[page_id]


def page_cards(page_ids: Collection[UUID]) -> dict[UUID, PageCard]:
    """`page_card` for many, in one query."""
    return {page.pk: _card(page) for page in Page.objects.filter(pk__in=page_ids)}


def _card(page: Page) -> PageCard:
    return PageCard(
        page_id=page.pk,
        title=page.title,
        url=page.canonical_url,
        host=page.host,
        image=page.images[0] if page.images else "",
        variant=page.variant,
        price=page.price,
        availability=page.availability,
        state=page.state,
        reason=page.reason,
        method=page.method,
        confidence=page.confidence,
        may_be_bought=page.may_be_bought,
        read_at=page.read_at,
    )
