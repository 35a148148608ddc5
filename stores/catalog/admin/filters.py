"""What the list of products is narrowed by, beside its own columns."""

from abc import ABC, abstractmethod
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from stores.catalog.models import Product
from stores.catalog.selectors import on_promotion


class _YesNo(admin.SimpleListFilter, ABC):
    """Those that have it, or those that have it not."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("yes")), ("no", _("no"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return self.narrowed(queryset, wanted=self.value() == "yes")

    @abstractmethod
    def narrowed(self, rows: QuerySet[Product], *, wanted: bool) -> QuerySet[Product]:
        """By the kind."""


class PictureFilter(_YesNo):
    """Whether it has a picture."""

    title = _("picture")
    parameter_name = "picture"

    def narrowed(self, rows: QuerySet[Product], *, wanted: bool) -> QuerySet[Product]:
        return rows.exclude(listing__images=[]) if wanted else rows.filter(listing__images=[])


class StockFilter(_YesNo):
    """Whether anything of it is available."""

    title = _("in stock")
    parameter_name = "stock"

    def narrowed(self, rows: QuerySet[Product], *, wanted: bool) -> QuerySet[Product]:
        return rows.filter(in_stock=wanted)  # type: ignore[misc]  # selectors annotate it


class PromotionFilter(_YesNo):
    """Whether it has a promoted price now."""

    title = _("promoted price")
    parameter_name = "promotion"

    def narrowed(self, rows: QuerySet[Product], *, wanted: bool) -> QuerySet[Product]:
        return on_promotion(rows, timezone.now(), wanted=wanted)
