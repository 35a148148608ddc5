"""Reads of policies, versions and scores."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from .errors import NoScoresError
from .goods import goods
from .models import CategoryLevel, ProductScore, ScoresVersion, ScoringPolicy

BY_EXPOSURE: Final = 200
BY_COLD: Final = 100
SCORES: Final = ("exposure", "popularity", "cold", "profit", "freshness", "log_key")
"""What a ranking may go by; `log_key` is the leaderboard: decayed weight without a percentile."""


def policy() -> ScoringPolicy:
    """The policy in force; the defaults while nobody has written one."""
    return ScoringPolicy.objects.order_by("-pk").first() or ScoringPolicy()


def current_version() -> ScoresVersion | None:
    """The newest complete version; none before the first."""
    return ScoresVersion.objects.filter(completed_at__isnull=False).order_by("-pk").first()


def complete_version(number: int | None) -> ScoresVersion:
    """That complete version, the newest one without a number. Raises `NoScoresError`."""
    if number is None:
        found = current_version()
    else:
        found = ScoresVersion.objects.filter(pk=number, completed_at__isnull=False).first()
    if found is None:
        raise NoScoresError
    return found


def subtree(category_id: UUID) -> list[UUID]:
    """The category and everything below it; empty when there is none."""
    categories = goods("Category").objects
    path = categories.filter(pk=category_id).values_list("path", flat=True).first()
    return [] if path is None else list(categories.filter(path__startswith=path).values_list("pk", flat=True))


# Three hundred rows a selection: what a product belongs to now is known from the shelf.
_OF_CANDIDATES = (
    "product_id", "popularity", "cold", "profit", "freshness", "log_key", "impressions", "clicks", "fresh_since",
)  # fmt: skip


def candidates(
    version: int, *, category_ids: Iterable[UUID] | None = None, exposure: int = BY_EXPOSURE, cold: int = BY_COLD
) -> list[ProductScore]:
    """What a selection is made of: the best by exposure, then the coldest that are not among them; two queries.

    Only what had stock then. Ties of exposure go by the leaderboard's key, then by the id. `category_ids`: only of
    these (`subtree`, or the categories of a customer's interests).
    """
    rows = ProductScore.objects.filter(version=version, available__gt=0).only(*_OF_CANDIDATES)
    if category_ids is not None:
        rows = rows.filter(category_id__in=list(category_ids))
    best = list(rows.order_by("-exposure", "-log_key", "product_id")[:exposure])
    others = rows.filter(cold__gt=0).exclude(product_id__in=[row.product_id for row in best])
    return best + list(others.order_by("-cold", "-fresh_since", "product_id")[:cold])


def scores_of(version: int, product_ids: Iterable[UUID]) -> dict[UUID, ProductScore]:
    """The scores of some products; who has none is left out. One query."""
    rows = ProductScore.objects.filter(version=version, product_id__in=list(product_ids))
    return {row.product_id: row for row in rows}


def levels_of(version: int, category_ids: Iterable[UUID]) -> list[CategoryLevel]:
    """What some categories are measured against, and the level of all (no category). One query."""
    return list(
        CategoryLevel.objects.filter(Q(category_id__in=list(category_ids)) | Q(category_id=None), version=version)
    )


def ranking(version: int, score: str, *, category_id: UUID | None = None) -> "QuerySet[ProductScore]":
    """Products by one of `SCORES`, highest first, in all or in a category's tree."""
    rows = ProductScore.objects.filter(version=version)
    if category_id is not None:
        rows = rows.filter(category_id__in=subtree(category_id))
    return rows.order_by(f"-{score}", *(["-log_key"] if score != "log_key" else []), "product_id")
