"""What goes first where much waits: money and the ends of holds do not queue behind a million notifications."""

from collections.abc import Collection
from typing import Final, TypeVar

from django.db.models import Model, QuerySet

FIRST_QUEUES: Final = ("payments", "holds")
OTHERS_SHARE: Final = 5
"""A fifth of each batch is for everything else, whatever goes first: nothing waits for ever."""

Row = TypeVar("Row", bound=Model)


def in_lanes(rows: "QuerySet[Row, Row]", *, column: str, first: Collection[str], order: str, limit: int) -> list[Row]:
    """Up to `limit` rows: those whose `column` is one of `first`, then the others, each lane by `order`.

    The first lane is asked in the order of an index of its own (column, order), so that no backlog is looked through
    for the few rows in it.
    """
    in_front = list(rows.filter(**{f"{column}__in": first}).order_by(column, order)[: limit - limit // OTHERS_SHARE])
    others = rows.exclude(pk__in=[row.pk for row in in_front]).order_by(order, "pk")
    return in_front + list(others[: limit - len(in_front)])
