"""What came in and went out of many wallets, week by week."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import TruncWeek

from funds.contracts import WeekSum
from funds.ledger.models import Account, AccountKind, OwnerKind, Posting
from marketplace.core.money import Money


def week_sums_of(customer_ids: Collection[UUID], *, since: date, until: date) -> dict[UUID, list[WeekSum]]:
    """By customer, the weeks from `since` to before `until` (Mondays) in which money moved, oldest first.

    Three queries for any number of customers.
    """
    wallets = {
        pk: (owner, currency)
        for pk, owner, currency in Account.objects.filter(
            owner_kind=OwnerKind.CUSTOMER, owner_id__in=customer_ids, kind=AccountKind.WALLET
        ).values_list("pk", "owner_id", "currency")
    }
    cells: dict[tuple[UUID, date, str], list[int]] = {}
    for column, side in enumerate(("credit", "debit")):
        for wallet, start, total in _sums(side, list(wallets), since, until):
            owner, currency = wallets[wallet]
            cells.setdefault((owner, start, currency), [0, 0])[column] += total
    found: dict[UUID, list[WeekSum]] = {}
    for (owner, start, currency), (incoming, outgoing) in sorted(cells.items()):
        row = WeekSum(start, Money(incoming, currency), Money(outgoing, currency))
        found.setdefault(owner, []).append(row)
    return found


def _sums(side: str, wallets: list[int], since: date, until: date) -> list[tuple[int, date, int]]:
    zone = ZoneInfo(settings.PLATFORM_TIME_ZONE)
    rows = (
        Posting.objects.filter(
            **{f"{side}__in": wallets},
            journal__event_at__gte=datetime.combine(since, datetime.min.time(), tzinfo=zone),
            journal__event_at__lt=datetime.combine(until, datetime.min.time(), tzinfo=zone),
        )
        .annotate(start=TruncWeek("journal__event_at", tzinfo=zone))
        .order_by()
        .values_list(side, "start")
        .annotate(total=Sum("amount"))
    )
    return [(wallet, start.date(), int(total)) for wallet, start, total in rows]
