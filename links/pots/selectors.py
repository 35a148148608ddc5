"""Reads of contributions."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum

from .models import Contribution, PotUse

LEFT = F("amount_minor") - F("used_minor") - F("refunded_minor") - F("moved_minor")
"""What is still in its pot of a contribution, in minor units. Of those into wallets it means nothing."""
STAYED = F("amount_minor") - F("refunded_minor") - F("moved_minor")
"""What went towards the purpose, spent or not yet."""


def contributions() -> QuerySet[Contribution]:
    """With what is shown of them, in one query."""
    return Contribution.objects.select_related(
        "contributor", "beneficiary", "gift_list", "gift__gift_list", "gift__link__page", "gift__variant__product"
    )


def given_by(customer_id: UUID) -> QuerySet[Contribution]:
    """What the customer gave, to whomever."""
    return contributions().filter(contributor=customer_id)


def received_by(customer_id: UUID) -> QuerySet[Contribution]:
    """What was given for the customer: towards their lists and gifts, or straight into the wallet."""
    return contributions().filter(
        Q(gift_list__owner=customer_id) | Q(gift__gift_list__owner=customer_id) | Q(beneficiary=customer_id)
    )


def in_pots() -> QuerySet[Contribution]:
    """Contributions with something left in a pot."""
    return Contribution.objects.filter(beneficiary__isnull=True).annotate(rest=LEFT).filter(rest__gt=0)


def has_money_in_pots(customer_id: UUID) -> bool:
    """Whether something of this person, or for them, is in a pot."""
    mine = Q(contributor=customer_id) | Q(gift_list__owner=customer_id) | Q(gift__gift_list__owner=customer_id)
    return in_pots().filter(mine).exists()


def purchases_helped_by(customer_id: UUID) -> list[str]:
    """Keys of the purchases that money of this person went into, and has not wholly come back from."""
    mine = Contribution.objects.filter(contributor=customer_id, used_minor__gt=0).values_list("pk", flat=True)
    ids = [str(pk) for pk in mine]
    uses = PotUse.objects.filter(shares__has_any_keys=ids, returned_minor__lt=F("amount_minor")) if ids else ()
    return [use.key for use in uses]


def has_contributions(gift_list_id: UUID) -> bool:
    """Whether anybody ever gave towards the list or one of its gifts."""
    return Contribution.objects.filter(Q(gift_list=gift_list_id) | Q(gift__gift_list=gift_list_id)).exists()


def put_together(*, list_ids: Collection[UUID] = (), gift_ids: Collection[UUID] = ()) -> dict[UUID, int]:
    """What stayed of the contributions to these lists' own pots and to these gifts, in minor units, by id; one query.

    Spent or not: the progress that is shown. What was returned is not counted.
    """
    rows: Any = (
        Contribution.objects.filter(Q(gift_list__in=list_ids) | Q(gift__in=gift_ids))
        .values("gift_list_id", "gift_id")
        .annotate(total=Sum(STAYED))
        .order_by()
    )
    return {row["gift_id"] or row["gift_list_id"]: int(row["total"]) for row in rows}
