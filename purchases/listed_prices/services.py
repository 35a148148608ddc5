"""Marking variants whose shown prices may be wrong, and computing those anew, in chunks.

Whoever marks writes after the change is committed; whoever computes holds the marks, reads, and gives them their next
moment. So a mark set meanwhile waits, is not lost, and the variant is computed once more.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from stores import facade as stores
from stores.contracts import PromotedPrice, VariantCard

from .computing import Shown
from .models import DuePrice, KnownRule
from .selectors import has_listed_rules, rules_by_id, shelves_of, shown_now, variants_on

CHUNK: Final = 500
"""Variants computed in one transaction: their listings are locked at once, in order, so two workers never wait in a
circle."""
FOR_ALL: Final = "rules"
FOR_SOME: Final = "rules:some"


@transaction.atomic
def mark_rules(*, rule_ids: Collection[UUID], at: datetime) -> None:
    """Mark what these rules are about by now, and what they were about when they were looked at last."""
    KnownRule.objects.bulk_create([KnownRule(rule_id=rule_id) for rule_id in rule_ids], ignore_conflicts=True)
    known = lock(LockRank.CATALOG, KnownRule.objects.filter(rule_id__in=rule_ids))
    # Read while the rows are held: of two who look at a rule at once the second remembers the later state.
    rules = rules_by_id(rule_ids)
    for row in known:
        before, row.shelves = row.shelves, shelves_of(rules.get(row.rule_id))
        for shelves in (before, row.shelves if row.shelves != before else None):
            if shelves is not None:
                mark(variants_on(shelves), at=at)
    KnownRule.objects.bulk_update(known, ["shelves"])
    KnownRule.objects.filter(rule_id__in=rule_ids, shelves__isnull=True).delete()


@transaction.atomic
def mark_products(*, product_ids: Collection[UUID], at: datetime) -> None:
    """Mark the variants of these products; nothing while there is no rule."""
    if product_ids and has_listed_rules():
        mark(stores.variants_on_shelves(product_ids=product_ids), at=at)


@transaction.atomic
def mark_category(*, category_id: UUID, at: datetime) -> None:
    """Mark the variants in a category and below it; nothing while there is no rule."""
    if has_listed_rules():
        mark(stores.variants_on_shelves(category_ids=[category_id]), at=at)


@transaction.atomic
def mark_variants(*, variant_ids: Collection[UUID], at: datetime) -> int:
    """Mark these variants, rules or not; how many. Unknown and deleted ones are left out."""
    return mark(stores.variants_on_shelves().filter(pk__in=variant_ids), at=at)


@transaction.atomic
def mark_everything(*, at: datetime) -> int:
    """Mark every variant, rules or not; how many."""
    return mark(stores.variants_on_shelves(), at=at)


def mark(variants: "QuerySet[Any, UUID]", *, at: datetime) -> int:
    """Mark these variants in one statement, in the order of their ids, in the caller's transaction; how many."""
    select, params = variants.query.sql_with_params()
    table, moment = DuePrice._meta.db_table, DuePrice._meta.get_field("due_at").get_db_prep_value(at, connection)
    # WHERE TRUE: SQLite takes ON CONFLICT for the ON of a join where a SELECT has no WHERE.
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (variant_id, due_at) SELECT marked.*, {_moment()} "  # noqa: S608
            f"FROM ({select}) marked WHERE TRUE ON CONFLICT (variant_id) DO UPDATE SET due_at = excluded.due_at "
            f"WHERE {table}.due_at > excluded.due_at",
            [moment, *params],
        )
        return int(cursor.rowcount)


@transaction.atomic
def compute_next(*, at: datetime, limit: int = CHUNK) -> int:
    """Compute what lists show of the next variants that are due, and when to look again; how many there were.

    Harmless twice, and at the same time: who comes second takes the next ones. A crash leaves its chunk marked. The
    same few statements for any number of variants.
    """
    due = DuePrice.objects.filter(due_at__lte=at).select_for_update(skip_locked=True, of=("self",), no_key=True)
    ids = list(due.order_by("due_at", "variant").values_list("variant_id", flat=True)[:limit])
    if not ids:
        return 0
    cards = stores.variant_cards(ids)
    shown = shown_now(list(cards.values()), at)
    stores.replace_prices(
        variant_ids=ids,
        prices={
            FOR_ALL: _promoted(cards, shown, at, is_lowest=False),
            FOR_SOME: _promoted(cards, shown, at, is_lowest=True),
        },
    )
    _look_again(ids, shown)
    return len(ids)


def _promoted(
    cards: dict[UUID, VariantCard], shown: dict[UUID, Shown], at: datetime, *, is_lowest: bool
) -> list[PromotedPrice]:
    found = []
    for variant_id, each in shown.items():
        minor = each.lowest if is_lowest else each.price
        if minor is not None:
            price = Money(minor, cards[variant_id].price.currency)
            is_conditional = is_lowest or not each.is_for_all
            found.append(PromotedPrice(variant_id, price, is_conditional, at, each.until))
    return found


def _look_again(ids: Sequence[UUID], shown: dict[UUID, Shown]) -> None:
    """The next moment of each; those of which nothing changes by itself need no row."""
    moments = {pk: each.until for pk, each in shown.items() if each.until is not None}
    DuePrice.objects.filter(pk__in=[pk for pk in ids if pk not in moments]).delete()
    DuePrice.objects.bulk_create(
        (DuePrice(variant_id=pk, due_at=moment) for pk, moment in moments.items()),
        update_conflicts=True,
        unique_fields=["variant"],
        update_fields=["due_at"],
    )


def _moment() -> str:
    # In a SELECT PostgreSQL takes a bare value for text.
    return "CAST(%s AS timestamptz)" if connection.vendor == "postgresql" else "%s"
