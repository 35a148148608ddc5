"""Filters, orders and pages of the product list."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import django_filters
from django.conf import settings
from django.core.validators import RegexValidator
from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.pagination import BoundedPagePagination, CursorPagination
from marketplace.core.money import CURRENCIES, Money
from stores.catalog import public_list, selectors
from stores.catalog.models import Product
from stores.catalog.public_list import NEWEST, OLDEST, Question, ShownProduct

if TYPE_CHECKING:
    from rest_framework.views import APIView

NEWEST_FIRST = "-created_at"
MAX_SEARCH = 100
ORDERS: dict[str, tuple[str | OrderBy, ...]] = {
    "price": (F("listing__price_from_minor").asc(nulls_last=True), "pk"),
    "-price": (F("listing__price_from_minor").desc(nulls_last=True), "pk"),
    "name": ("name", "pk"),
    "-name": ("-name", "-pk"),
}
LONGEST_AMOUNT = 16
AMOUNT = r"^[0-9]{1,12}(\.[0-9]{1,3})?$"


@extend_schema_field({"type": "string", "pattern": AMOUNT, "maxLength": LONGEST_AMOUNT})
class AmountFilter(django_filters.CharFilter):
    """An amount in major units, such as 499.00."""

    def __init__(self, **kwargs: Any) -> None:
        message = _("Write the amount as plain digits, such as 499.00.")
        super().__init__(max_length=LONGEST_AMOUNT, validators=[RegexValidator(AMOUNT, message)], **kwargs)


@extend_schema_field(OpenApiTypes.BOOL)
class FlagFilter(django_filters.TypedChoiceFilter):
    """true or false, nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[("true", "true"), ("false", "false")], coerce=lambda text: text == "true", **kwargs)


class ProductFilter(django_filters.FilterSet):
    """What the list of products may be narrowed and ordered by."""

    category = django_filters.UUIDFilter(method="by_category", label=_("this category and all below it"))
    brand = django_filters.UUIDFilter("listing__brand_id")
    store = django_filters.UUIDFilter("listing__store_id")
    min_price = AmountFilter(method="by_nothing", label=_("a variant costs at least this"))
    max_price = AmountFilter(method="by_nothing", label=_("a variant costs at most this"))
    currency = django_filters.ChoiceFilter(
        choices=[(code, code) for code in sorted(CURRENCIES)],
        method="by_nothing",
        label=_("of the price range; the platform's if left out"),
    )
    in_stock = FlagFilter(label=_("something is available"))
    on_promotion = FlagFilter(method="by_promotion", label=_("has a promoted price now"))
    search = django_filters.CharFilter(
        method="by_text",
        max_length=MAX_SEARCH,
        label=_("beginnings of words of the name, brand, SKU, barcode or description; accents do not matter"),
    )
    published = FlagFilter(
        method="by_nothing", label=_("`false`: what is not published, of the shelves you may look after")
    )
    ordering = django_filters.ChoiceFilter(
        choices=[(name, name) for name in (NEWEST_FIRST, *ORDERS)],
        method="by_nothing",
        label=_(
            "if left out: newest first, by cursor; with `search` the best match first. Matches, prices and names are "
            "walked by page number"
        ),
    )

    class Meta:
        model = Product
        fields: ClassVar[list[str]] = []

    def filter_queryset(self, queryset: QuerySet[Product]) -> QuerySet[Product]:
        rows: QuerySet[Product] = super().filter_queryset(queryset)
        given = self.form.cleaned_data
        currency = given["currency"] or settings.DEFAULT_CURRENCY
        least, most = (
            Money.parse(text, currency) if text else None for text in (given["min_price"], given["max_price"])
        )
        if least is not None or most is not None:
            rows = selectors.priced_between(rows, least=least, most=most)
        return rows.order_by(*ORDERS[given["ordering"]]) if given["ordering"] in ORDERS else rows

    @extend_schema_field(OpenApiTypes.UUID)
    def by_category(self, rows: QuerySet[Product], name: str, value: Any) -> QuerySet[Product]:
        return selectors.in_subtree(rows, value)

    def by_promotion(self, rows: QuerySet[Product], name: str, value: bool) -> QuerySet[Product]:
        return selectors.on_promotion(rows, timezone.now(), wanted=value)

    def by_text(self, rows: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return selectors.search_products(rows, value)

    def by_nothing(self, rows: QuerySet[Product], name: str, value: Any) -> QuerySet[Product]:
        """Read together in `filter_queryset`, or by the view."""
        return rows


def filtered(given: QueryDict, rows: QuerySet[Product], request: Request) -> QuerySet[Product]:
    """What the query leaves of the rows, in its order; raises 400 with every parameter that is wrong."""
    asked = ProductFilter(given, queryset=rows, request=request)
    if not asked.is_valid():
        raise translate_validation(asked.errors)
    left: QuerySet[Product] = asked.qs
    return left


class ProductPagination(BasePagination):
    """A cursor for newest first; bounded page numbers for orders by match, price or name."""

    _pages: CursorPagination | BoundedPagePagination

    def paginate_queryset(self, queryset: Any, request: Request, view: "APIView | None" = None) -> list[Any]:
        given = request.query_params
        by_page = given.get("ordering") in ORDERS or bool(given.get("search") and not given.get("ordering"))
        self._pages = BoundedPagePagination() if by_page else CursorPagination()
        return self._pages.paginate_queryset(queryset, request, view)

    def paginate_question(self, question: Question, request: Request, at: datetime) -> list[ShownProduct]:
        """The same page of the same list, by `public_list`."""
        if question.order != NEWEST:
            by_number = self._pages = BoundedPagePagination()
            offset, limit = by_number.read(request)
            return by_number.finish(public_list.page(question, at=at, offset=offset, limit=limit))
        by_cursor = self._pages = CursorPagination()
        walk = by_cursor.read(request, Product)
        rows = public_list.page(
            replace(question, order=NEWEST if walk.descending else OLDEST),
            at=at,
            limit=walk.limit,
            beyond=walk.position[1] if walk.position else None,
        )
        return by_cursor.finish(rows)

    def get_paginated_response(self, data: Any) -> Response:
        return self._pages.get_paginated_response(data)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return CursorPagination().get_paginated_response_schema(schema)

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        both = [
            *CursorPagination().get_schema_operation_parameters(view),
            *BoundedPagePagination().get_schema_operation_parameters(view),
        ]
        return list({parameter["name"]: parameter for parameter in both}.values())
