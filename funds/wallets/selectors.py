"""What a customer's money is and was: balances, the statement, sums by week and month."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import BooleanField, Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, TruncMonth, TruncWeek

from funds.contracts import AutomaticRoom, WalletBalance
from funds.ledger.models import Account, AccountKind, Hold, OwnerKind, Posting, Tally
from funds.ledger.selectors import wallets_of_owners
from marketplace.core.clock import db_now, platform_day
from marketplace.core.money import Money

from .models import StatementNote, WalletSettings

AUTOMATIC_SCOPE: Final = "automatic"
"""Of holds for automatic purchases; the weekly limit counts these."""


class Period(StrEnum):
    """What sums are grouped by; weeks begin on Monday, both in the platform's time zone."""

    WEEK = "week"
    MONTH = "month"


PERIODS_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class PeriodSum:
    """What came in and went out of a wallet in one period."""

    starts_on: date
    currency: str
    deposited: Money
    spent: Money
    incoming: Money
    outgoing: Money


def wallets_of(customer_id: UUID) -> list[WalletBalance]:
    """The customer's wallets by currency (one query, one indexed row each)."""
    return balances_of([customer_id]).get(customer_id, [])


def balances_of(customers: Iterable[UUID]) -> dict[UUID, list[WalletBalance]]:
    """The wallets of many customers (one query)."""
    found: dict[UUID, list[WalletBalance]] = {}
    for row in wallets_of_owners(customers).order_by("currency"):
        found.setdefault(row.owner_id, []).append(_balance(row))
    return found


def statement_of(customer_id: UUID) -> "QuerySet[Any]":
    """Every posting on the customer's wallets, with the side it is on, the balance after it and the customer's note.

    Two queries when it is read: the wallets' numbers first, so that both sides are found by their own index.
    """
    mine = list(
        Account.objects.filter(
            owner_kind=OwnerKind.CUSTOMER, owner_id=customer_id, kind=AccountKind.WALLET
        ).values_list("pk", flat=True)
    )
    notes = StatementNote.objects.filter(posting=OuterRef("pk"), customer_id=customer_id).values("text")
    incoming = Q(credit_id__in=mine)
    return (
        Posting.objects.filter(Q(debit_id__in=mine) | incoming)
        .select_related("journal")
        .annotate(
            is_incoming=Case(When(incoming, then=Value(True)), default=Value(False), output_field=BooleanField()),
            balance_after=Case(When(incoming, then=F("credit_after")), default=F("debit_after")),
            note=Coalesce(Subquery(notes[:1]), Value(""), output_field=CharField()),
        )
    )


def spends_of(customer_id: UUID) -> "QuerySet[Any]":
    """The statement's lines that paid for something."""
    return statement_of(customer_id).filter(is_incoming=False, journal__tally=Tally.SPENT)


def holds_of(customer_id: UUID) -> "QuerySet[Any]":
    """What is or was set aside from the customer's wallets; `is_lapsed` when the clock has freed it already."""
    lapsed = Q(state=Hold.State.ACTIVE, expires_at__lte=db_now())
    return Hold.objects.filter(
        payer__owner_kind=OwnerKind.CUSTOMER, payer__owner_id=customer_id, payer__kind=AccountKind.WALLET
    ).annotate(is_lapsed=Case(When(lapsed, then=Value(True)), default=Value(False), output_field=BooleanField()))


def sums_of(customer_id: UUID, *, period: Period, at: datetime) -> list[PeriodSum]:
    """The last twelve weeks or months up to `at`, newest first, zeros included (two queries)."""
    zone = ZoneInfo(settings.PLATFORM_TIME_ZONE)
    starts = _starts(platform_day(at), period)
    since = datetime.combine(starts[-1], datetime.min.time(), tzinfo=zone)
    truncate = TruncWeek if period is Period.WEEK else TruncMonth
    rows = (
        statement_of(customer_id)
        .filter(journal__event_at__gte=since)
        .annotate(start=truncate("journal__event_at", tzinfo=zone))
        .order_by()
        .values("start", "currency", "is_incoming", "journal__tally")
        .annotate(total=Sum("amount"))
    )
    totals: dict[tuple[date, str], dict[str, int]] = {}
    for row in rows:
        cell = totals.setdefault((row["start"].date(), row["currency"]), {})
        for name, amount in _columns(row["is_incoming"], row["journal__tally"], int(row["total"])).items():
            cell[name] = cell.get(name, 0) + amount
    currencies = sorted({currency for _start, currency in totals}) or [settings.DEFAULT_CURRENCY]
    return [
        _period_sum(start, currency, totals.get((start, currency), {})) for start in starts for currency in currencies
    ]


def settings_of(customer_id: UUID) -> list[WalletSettings]:
    """The customer's own limits, by currency."""
    return list(WalletSettings.objects.filter(customer_id=customer_id).order_by("currency"))


def taken_this_week(account: Account, *, at: datetime) -> Money:
    """What automatic purchases begun in the platform's week of `at` took and still hold; weeks begin on Monday."""
    return Money(_taken_in_week([account.pk], at).get(account.pk, 0), account.currency)


def automatic_room(customer_ids: Iterable[UUID], currency: str, at: datetime) -> dict[UUID, AutomaticRoom]:
    """What is free in these customers' wallets, and what their weekly limit leaves to automatic purchases.

    Three queries for any number. A look, not a promise: `hold_for_purchase` decides. Who has no wallet is left out.
    """
    rows = wallets_of_owners(customer_ids).filter(currency=currency)
    wallets = {owner: wallet for owner, *wallet in rows.values_list("owner_id", "pk", "posted", "held", "lapsed")}
    limits: dict[UUID, Any] = dict(
        WalletSettings.objects.filter(
            customer_id__in=list(wallets), currency=currency, weekly_limit_minor__isnull=False
        ).values_list("customer_id", "weekly_limit_minor")
    )
    taken = _taken_in_week([wallets[owner][0] for owner in limits], at) if limits else {}
    return {
        owner: AutomaticRoom(
            available=Money(posted - held + lapsed, currency),
            weekly_left=Money(max(0, limits[owner] - taken.get(account, 0)), currency) if owner in limits else None,
        )
        for owner, (account, posted, held, lapsed) in wallets.items()
    }


def week_of(at: datetime) -> tuple[datetime, datetime]:
    """The platform's week that `at` is in: from Monday's first moment to the next one's."""
    zone = ZoneInfo(settings.PLATFORM_TIME_ZONE)
    day = platform_day(at)
    monday = day - timedelta(days=day.weekday())
    return tuple(  # type: ignore[return-value]
        datetime.combine(each, datetime.min.time(), tzinfo=zone) for each in (monday, monday + timedelta(weeks=1))
    )


def _taken_in_week(account_ids: Collection[int], at: datetime) -> dict[int, int]:
    starts_at, ends_at = week_of(at)
    still_held = Case(
        When(state=Hold.State.ACTIVE, expires_at__gt=db_now(), then=F("amount") - F("captured")), default=Value(0)
    )
    taken = (
        Hold.objects.filter(
            scope=AUTOMATIC_SCOPE, payer__in=account_ids, created_at__gte=starts_at, created_at__lt=ends_at
        )
        .values("payer")
        .annotate(total=Sum(F("captured") - F("refunded") + still_held))
    )
    return dict(taken.values_list("payer", "total"))


def weekly_limit(customer_id: UUID, currency: str) -> Money | None:
    """What automatic purchases may take in a week; None without a limit."""
    rows = WalletSettings.objects.filter(customer_id=customer_id, currency=currency)
    minor = rows.values_list("weekly_limit_minor", flat=True).first()
    return None if minor is None else Money(minor, currency)


def left_this_week(account: Account, limit: Money, *, at: datetime) -> Money:
    """What automatic purchases may still take of the limit. The caller holds the account's lock."""
    return Money(max(0, limit.minor - taken_this_week(account, at=at).minor), account.currency)


def _balance(row: Any) -> WalletBalance:
    held = row.held - row.lapsed
    return WalletBalance(
        customer_id=row.owner_id,
        available=Money(row.posted - held, row.currency),
        held=Money(held, row.currency),
        deposited=Money(row.deposited, row.currency),
        spent=Money(row.spent, row.currency),
    )


def _starts(day: date, period: Period) -> list[date]:
    if period is Period.WEEK:
        monday = day - timedelta(days=day.weekday())
        return [monday - timedelta(weeks=back) for back in range(PERIODS_SHOWN)]
    months = [day.year * 12 + day.month - 1 - back for back in range(PERIODS_SHOWN)]
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def _columns(is_incoming: bool, tally: str, amount: int) -> dict[str, int]:
    columns = {"incoming" if is_incoming else "outgoing": amount}
    match Tally(tally), is_incoming:
        case Tally.DEPOSITED, True:
            columns["deposited"] = amount
        case Tally.DEPOSIT_BACK, False:
            columns["deposited"] = -amount
        case Tally.SPENT, False:
            columns["spent"] = amount
        case Tally.SPENT_BACK, True:
            columns["spent"] = -amount
    return columns


def _period_sum(start: date, currency: str, cell: dict[str, int]) -> PeriodSum:
    return PeriodSum(
        start,
        currency,
        deposited=Money(cell.get("deposited", 0), currency),
        spent=Money(cell.get("spent", 0), currency),
        incoming=Money(cell.get("incoming", 0), currency),
        outgoing=Money(cell.get("outgoing", 0), currency),
    )
