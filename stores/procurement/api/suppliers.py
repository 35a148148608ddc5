"""`procurement/suppliers/`."""

from typing import Any
from uuid import UUID

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import access
from marketplace.core.errors import NotFoundError
from marketplace.core.http.etags import expected_version
from marketplace.core.http.fields import (
    CharField,
    ChoiceField,
    EmailField,
    IntegerField,
    ModelSerializer,
    MoneyField,
    PrimaryKeyRelatedField,
)
from marketplace.core.http.permissions import HoldsKey
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.money import CURRENCIES, CurrencyMismatchError, Money
from stores.merchants.selectors import present_stores
from stores.procurement import selectors, services
from stores.procurement.models import Supplier

TAGS = ["procurement"]

REQUEST = OpenApiExample(
    "supplier of a department",
    {
        "name": "Abarrotes del Centro",
        "department": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "currency": "MXN",
        "lead_time_days": 5,
        "auto_order_limit": {"amount": "20000.00", "currency": "MXN"},
    },
    request_only=True,
)
RESPONSE = OpenApiExample(
    "supplier",
    {
        "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e",
        "name": "Abarrotes del Centro",
        "department": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "store": None,
        "email": "pedidos@abarrotes.example",
        "phone": "",
        "tax_id": "ACE010101AB1",
        "address": "",
        "language": "es",
        "currency": "MXN",
        "lead_time_days": 5,
        "over_receipt_bp": 0,
        "auto_order_limit": {"amount": "20000.00", "currency": "MXN"},
        "created_at": "2026-01-31T10:00:00Z",
    },
    response_only=True,
)


class SupplierSerializer(ModelSerializer):
    """Who delivers, to one department or to one store."""

    store = PrimaryKeyRelatedField(queryset=present_stores(), required=False, allow_null=True)
    email = EmailField(required=False, allow_blank=True, max_length=254)
    address = CharField(required=False, allow_blank=True, max_length=500)
    language = ChoiceField(choices=settings.LANGUAGES, required=False, help_text=_("Of the documents it gets."))
    currency = ChoiceField(choices=sorted(CURRENCIES), help_text=_("Of its prices; the store's own."))
    lead_time_days = IntegerField(required=False, min_value=0, max_value=365)
    over_receipt_bp = IntegerField(
        required=False,
        min_value=0,
        max_value=10_000,
        help_text=_("How much more than ordered may come, hundredths of a percent. 0: nothing."),
    )
    auto_order_limit = MoneyField(
        required=False,
        allow_null=True,
        help_text=_("What beat may order by itself a day, in the supplier's currency. Null: nothing."),
    )

    class Meta:
        model = Supplier
        fields = [
            "id",
            "name",
            "department",
            "store",
            "email",
            "phone",
            "tax_id",
            "address",
            "language",
            "currency",
            "lead_time_days",
            "over_receipt_bp",
            "auto_order_limit",
            "created_at",
        ]
        validators: list[object] = []


class SupplierFilter(django_filters.FilterSet):
    """What the list of suppliers may be narrowed by."""

    department = django_filters.UUIDFilter("department_id")
    store = django_filters.UUIDFilter("store_id")
    search = django_filters.CharFilter("name", "icontains", max_length=100, label=_("part of the name"))

    class Meta:
        model = Supplier
        fields: list[str] = []


@extend_schema(tags=TAGS)
@extend_schema_view(
    list=extend_schema(
        summary="List suppliers",
        description="Those of the departments and stores within your `procurement:read`.",
        examples=[RESPONSE],
    ),
    retrieve=extend_schema(
        summary="Read a supplier", description="Within your `procurement:read`.", examples=[RESPONSE]
    ),
    create=extend_schema(
        summary="Add a supplier",
        description="Of a `department` (it delivers that department's variants to any store) or of a `store` (any "
        "variant of that store), not of both, within your `procurement:write` (elsewhere 404). "
        "Refusals: `of_one` (400), `currency_mismatch` (409).",
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a supplier",
        description="Whom it serves and its currency stay. "
        "Refusals: `supplier_fixed`, `currency_mismatch` (409), `stale` (412).",
        examples=[OpenApiExample("tolerance", {"over_receipt_bp": 500}, request_only=True), RESPONSE],
    ),
    destroy=extend_schema(
        summary="Delete a supplier",
        description="Nothing more is ordered of it; placed orders are still received. Refusals: `stale` (412).",
    ),
)
class SupplierViewSet(ViewSet):
    """Suppliers of one's department or store."""

    queryset = Supplier.objects.none()
    serializer_class = SupplierSerializer
    permission_classes = [HoldsKey]
    access_area = "procurement"
    lookup_value_converter = "uuid"
    filterset_class = SupplierFilter
    uses_etags = True

    def get_queryset(self) -> QuerySet[Supplier]:
        verb = "read" if self.action in {"list", "retrieve"} else "write"
        return selectors.suppliers_within(self.request.user, f"procurement:{verb}")

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    def create(self, request: Request) -> Response:
        values = _columns(self.read(request), "")
        department_id, store_id = values.get("department_id"), values.get("store_id")
        where = access.reach(request.user, "procurement:write")
        asked = [{"department_id": department_id}, {"store_id": store_id}]
        if any(next(iter(each.values())) is not None and not where.covers(**each) for each in asked):
            raise NotFoundError
        return self.present(services.create_supplier(**values, actor_id=request.user.pk), status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        supplier = get_object_or_404(self.get_queryset(), pk=pk)
        changes = _columns(self.read(request, partial=True, instance=supplier), supplier.currency)
        services.change_supplier(
            supplier=supplier,
            expected_version=expected_version(request),
            changes=changes,
            actor_id=request.user.pk,
        )
        return self.present(supplier)

    def destroy(self, request: Request, pk: UUID) -> Response:
        services.archive_supplier(
            supplier=get_object_or_404(self.get_queryset(), pk=pk),
            expected_version=expected_version(request),
            at=timezone.now(),
            actor_id=request.user.pk,
        )
        return Response(status=204)


def _columns(values: dict[str, Any], currency: str) -> dict[str, Any]:
    """From validated input to columns. Raises `CurrencyMismatchError` for a limit in another currency."""
    columns = dict(values)
    for name in ("department", "store"):
        if name in columns:
            row = columns.pop(name)
            columns[f"{name}_id"] = None if row is None else row.pk
    if "auto_order_limit" in columns:
        limit: Money | None = columns.pop("auto_order_limit")
        own = columns.get("currency", currency)
        if limit is not None and limit.currency != own:
            raise CurrencyMismatchError(left=limit.currency, right=own)
        columns["auto_order_limit_minor"] = None if limit is None else limit.minor
    return columns
