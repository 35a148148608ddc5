"""`promotions/discounts/`: a tier × a category, between two moments, on some days."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import access
from marketplace.core.errors import InvalidInputError, gettext_noop
from marketplace.core.http import fields
from marketplace.core.http.etags import expected_version
from marketplace.core.http.permissions import HoldsKey
from marketplace.core.http.viewsets import ViewSet
from promotions.rules.stacking import GROUP_LENGTH, MAX_PRIORITY

from . import selectors, services
from .models import TIERS, Discount

WRITE = "promotions:write"
MAX_PRODUCTS = 1_000
_DAYS_HELP = _("Of the platform's calendar; none is every day. With both lists, days that are in both.")
REQUEST = OpenApiExample(
    "Gold customers, Fridays",
    value={
        "name": "Viernes de cerámica",
        "tier": "gold",
        "category": "0190b2f0-c3d5-7c1c-9a51-2f0d6a1b7c11",
        "starts_at": "2026-01-31T06:00:00Z",
        "ends_at": None,
        "weekdays": [5],
        "percent_bp": 1500,
    },
    request_only=True,
)
RESPONSE = OpenApiExample(
    "Gold customers, Fridays",
    value={
        "id": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
        "name": "Viernes de cerámica",
        "tier": "gold",
        "category": "0190b2f0-c3d5-7c1c-9a51-2f0d6a1b7c11",
        "products": [],
        "starts_at": "2026-01-31T06:00:00Z",
        "ends_at": None,
        "weekdays": [5],
        "month_days": [],
        "percent_bp": 1500,
        "amount": None,
        "priority": 0,
        "is_exclusive": False,
        "stack_group": "",
        "is_active": True,
        "created_at": "2026-01-30T18:00:00Z",
        "updated_at": "2026-01-30T18:00:00Z",
    },
    response_only=True,
)


def _days(last: int) -> Any:
    return serializers.ListField(
        child=fields.IntegerField(min_value=1, max_value=last), max_length=last, required=False, help_text=_DAYS_HELP
    )


class DiscountTermsSerializer(serializers.Serializer[dict[str, Any]]):
    """A discount, as its makers write it."""

    name = fields.CharField(max_length=120)
    tier = fields.ChoiceField(choices=TIERS, required=False, help_text=_("Empty is every level."))
    category = fields.UUIDField(source="category_id", help_text=_("With everything below it."))
    products = serializers.ListField(
        source="product_ids",
        child=fields.UUIDField(),
        max_length=MAX_PRODUCTS,
        required=False,
        help_text=_("Products of the category; none is all of them."),
    )
    starts_at = fields.DateTimeField()
    ends_at = fields.DateTimeField(required=False, allow_null=True)
    weekdays = _days(7)
    month_days = _days(31)
    percent_bp = fields.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=10_000, help_text=_("Hundredths of a percent.")
    )
    amount = fields.MoneyField(required=False, allow_null=True, help_text=_("Off each unit."))
    priority = fields.IntegerField(required=False, min_value=-MAX_PRIORITY, max_value=MAX_PRIORITY)
    is_exclusive = fields.BooleanField(required=False)
    stack_group = fields.CharField(required=False, allow_blank=True, max_length=GROUP_LENGTH)
    is_active = fields.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Lists become sets."""
        sets = ("product_ids", "weekdays", "month_days")
        return {name: frozenset(value) if name in sets else value for name, value in attrs.items()}


class DiscountSerializer(serializers.Serializer[Discount]):
    """A discount as its people see it."""

    id = fields.UUIDField()
    name = fields.CharField()
    tier = fields.ChoiceField(choices=TIERS, allow_blank=True)
    category = fields.UUIDField(source="category_id")
    products = serializers.SerializerMethodField()
    starts_at = fields.DateTimeField()
    ends_at = fields.DateTimeField(allow_null=True)
    weekdays = serializers.ListField(child=fields.IntegerField(), help_text=_DAYS_HELP)
    month_days = serializers.ListField(child=fields.IntegerField(), help_text=_DAYS_HELP)
    percent_bp = fields.IntegerField(allow_null=True)
    amount = fields.MoneyField(allow_null=True)
    priority = fields.IntegerField()
    is_exclusive = fields.BooleanField()
    stack_group = fields.CharField()
    is_active = fields.BooleanField()
    created_at = fields.DateTimeField()
    updated_at = fields.DateTimeField()

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_products(self, discount: Discount) -> list[str]:
        """Ids, prefetched."""
        return sorted(str(product.pk) for product in discount.products.all())


class DiscountFilter(django_filters.FilterSet):
    """By level, category, and whether it is switched on."""

    tier = django_filters.ChoiceFilter(choices=TIERS[1:])
    category = django_filters.UUIDFilter(field_name="category_id")
    is_active = django_filters.BooleanFilter()

    class Meta:
        model = Discount
        fields: Sequence[str] = []


@extend_schema(tags=["discounts"])
@extend_schema_view(
    list=extend_schema(
        summary="List discounts",
        description="Newest first, of the departments in which the caller holds `promotions:read`.",
        examples=[RESPONSE],
    ),
    retrieve=extend_schema(
        summary="One discount", description="For its department; the ETag is its version.", examples=[RESPONSE]
    ),
    create=extend_schema(
        summary="Make a discount",
        description="For staff with `promotions:write` in the category's department (elsewhere the category does not "
        "exist). A percentage or an amount per unit; it applies to the category and everything below it, or to the "
        "products given.",
        request=DiscountTermsSerializer,
        responses={201: DiscountSerializer},
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a discount",
        description="Only what is given. From a percentage to an amount, give `percent_bp: null` too. 412 when "
        "`If-Match` is stale.",
        request=DiscountTermsSerializer,
        responses={200: DiscountSerializer},
        examples=[OpenApiExample("Switch off", value={"is_active": False}, request_only=True), RESPONSE],
    ),
    destroy=extend_schema(
        summary="Remove a discount",
        description="Orders keep what it gave them. 412 when `If-Match` is stale.",
        responses={204: None},
    ),
)
class DiscountViewSet(ViewSet):
    """Discounts of the caller's departments."""

    serializer_class = DiscountSerializer
    permission_classes = [HoldsKey]
    filterset_class = DiscountFilter
    access_area = "promotions"
    uses_etags = True
    lookup_value_converter = "uuid"
    queryset = Discount.objects.none()

    def get_queryset(self) -> "QuerySet[Discount]":
        verb = "read" if self.action in {"list", "retrieve"} else "write"
        return selectors.discounts_within(access.reach(self.request.user, f"promotions:{verb}"))

    def list(self, request: Request) -> Response:
        """One page."""
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One discount."""
        return self.present(self._mine(pk))

    def create(self, request: Request) -> Response:
        """201."""
        terms = services.DiscountTerms(**self._terms(request))
        discount = services.create_discount(terms=terms, actor_id=request.user.pk)
        return self._shown(discount.pk, status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """200."""
        discount = self._mine(pk)
        services.change_discount(
            discount_id=discount.pk,
            changes=self._terms(request, partial=True),
            actor_id=request.user.pk,
            expected_version=expected_version(request),
        )
        return self._shown(discount.pk)

    def destroy(self, request: Request, pk: UUID) -> Response:
        """204."""
        services.delete_discount(
            discount_id=self._mine(pk).pk, actor_id=request.user.pk, expected_version=expected_version(request)
        )
        return Response(status=204)

    def _mine(self, pk: UUID) -> Discount:
        discount: Discount = get_object_or_404(self.get_queryset(), pk=pk)
        return discount

    def _shown(self, pk: UUID, *, status: int = 200) -> Response:
        return self.present(selectors.discounts_for_show().get(pk=pk), status=status)

    def _terms(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """The validated terms; a category out of reach does not exist for the caller."""
        terms = self.read(request, partial=partial, serializer=DiscountTermsSerializer)
        where = access.reach(request.user, WRITE)
        if "category_id" in terms and not selectors.category_within(terms["category_id"], where):
            raise InvalidInputError.of("category", "does_not_exist", gettext_noop("There is no such category."))
        return terms
