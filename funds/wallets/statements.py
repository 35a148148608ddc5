"""A statement of one wallet for some days: opening balance, every line, closing balance."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet

from marketplace.core.money import Money

from .selectors import statement_of

CHUNK: Final = 1_000
"""Lines read at a time, whatever the statement's length."""


@dataclass(frozen=True, slots=True)
class Line:
    """One movement; `amount` is negative when money went out."""

    number: int
    booked_at: datetime
    kind: str
    amount: Money
    balance: Money
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What moved from the first to the last day in the platform's time zone, in the order in which it was booked.

    Lines belong to the day on which they were booked: a deposit that the provider tells of a day later does not change
    a statement that was printed already.
    """

    holder: str
    currency: str
    since: date
    until: date
    opening: Money
    closing: Money
    rows: "QuerySet[Any]"

    @property
    def name(self) -> str:
        """Of a file, without its ending."""
        return f"statement-{self.currency}-{self.since}-{self.until}"

    def lines(self) -> Iterator[Line]:
        """Every movement, oldest first."""
        zone, last = platform_zone(), 0
        while rows := list(self.rows.filter(pk__gt=last).order_by("pk")[:CHUNK]):
            last = rows[-1].pk
            yield from (_line(row, zone) for row in rows)

    def count(self) -> int:
        """How many lines it has."""
        return self.rows.count()


def platform_zone() -> ZoneInfo:
    """Days are counted in it."""
    return ZoneInfo(settings.PLATFORM_TIME_ZONE)


def statement_for(*, customer_id: UUID, holder: str, currency: str, since: date, until: date) -> Statement:
    """The customer's statement; the balances come from the lines themselves, so that they always agree."""
    start, end = _midnight(since), _midnight(until + timedelta(days=1))
    all_rows = statement_of(customer_id).filter(currency=currency)
    rows = all_rows.filter(journal__created_at__gte=start, journal__created_at__lt=end)
    first, last = rows.order_by("pk").first(), rows.order_by("-pk").first()
    if first is None or last is None:
        before = all_rows.filter(journal__created_at__lt=start).order_by("-pk").first()
        opening = closing = Money(before.balance_after if before else 0, currency)
    else:
        opening, closing = Money(first.balance_after, currency) - _signed(first), Money(last.balance_after, currency)
    return Statement(holder, currency, since, until, opening, closing, rows)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=platform_zone())


def _line(row: Any, zone: ZoneInfo) -> Line:
    return Line(
        number=row.pk,
        booked_at=row.journal.created_at.astimezone(zone),
        kind=row.journal.kind,
        amount=_signed(row),
        balance=Money(row.balance_after, row.currency),
        source=row.journal.source,
        note=row.note,
    )


def _signed(row: Any) -> Money:
    return Money(row.amount if row.is_incoming else -row.amount, row.currency)
