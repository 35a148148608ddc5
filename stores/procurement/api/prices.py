"""`procurement/suppliers/{supplier_id}/prices/`."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.fields import CharField, IntegerField, ModelSerializer, MoneyField, UUIDField
from marketplace.core.http.permissions import HoldsKey
from marketplace.core.http.viewsets import ViewSet
from stores.procurement import selectors, services
from stores.procurement.models import Supplier, SupplierPrice

MOST = 1_000_000

REQUEST = OpenApiExample(
    "line of a price list",
    {
        "variant": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "cost": {"amount": "180.00", "currency": "MXN"},
        "pack_size": 6,
        "least_qty": 12,
    },
    request_only=True,
)
RESPONSE = OpenApiExample(
    "line of a price list",
    {
        "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e",
        "variant": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "sku": "TAL-27-AZ",
        "product_name": "Plato de talavera 27 cm",
        "supplier_sku": "P-27",
        "cost": {"amount": "180.00", "currency": "MXN"},
        "pack_size": 6,
        "least_qty": 12,
        "is_preferred": False,
    },
    response_only=True,
)


class SupplierPriceSerializer(ModelSerializer):
    """What a unit costs at that supplier, and how it is packed."""

    variant = UUIDField(source="variant_id")
    sku = CharField(source="variant.sku", read_only=True)
    product_name = CharField(source="variant.product.name", read_only=True)
    cost = MoneyField(allow_zero=True, help_text=_("Of one unit, in the supplier's currency."))
    pack_size = IntegerField(required=False, min_value=1, max_value=MOST, help_text=_("Suggestions are whole packs."))
    least_qty = IntegerField(required=False, min_value=1, max_value=MOST)

    class Meta:
        model = SupplierPrice
        fields = [
            "id",
            "variant",
            "sku",
            "product_name",
            "supplier_sku",
            "cost",
            "pack_size",
            "least_qty",
            "is_preferred",
        ]
        validators: list[object] = []


class SupplierPriceFilter(django_filters.FilterSet):
    """What a price list may be narrowed by."""

    variant = django_filters.UUIDFilter("variant_id")
    search = django_filters.CharFilter("variant__sku", "icontains", max_length=64, label=_("part of the SKU"))

    class Meta:
        model = SupplierPrice
        fields: list[str] = []


@extend_schema(tags=["procurement"])
@extend_schema_view(
    list=extend_schema(summary="Read a price list", description="Within your `procurement:read`.", examples=[RESPONSE]),
    retrieve=extend_schema(
        summary="Read a line of a price list", description="Within your `procurement:read`.", examples=[RESPONSE]
    ),
    create=extend_schema(
        summary="Set a price",
        description="Puts a variant on the list, or changes its line when it is there: once per variant. The variant "
        "must be the supplier's department's or store's. "
        "Refusals: `supplier_out_of_scope`, `currency_mismatch`, `supplier_archived` (409).",
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a line of a price list",
        description="The variant stays. Refusals: `currency_mismatch`, `supplier_out_of_scope` (409).",
        examples=[
            OpenApiExample("cost", {"cost": {"amount": "175.00", "currency": "MXN"}}, request_only=True),
            RESPONSE,
        ],
    ),
    destroy=extend_schema(
        summary="Take a variant off a price list", description="Orders that name it keep their cost."
    ),
)
class SupplierPriceViewSet(ViewSet):
    """Prices live inside their supplier."""

    queryset = SupplierPrice.objects.none()
    serializer_class = SupplierPriceSerializer
    permission_classes = [HoldsKey]
    access_area = "procurement"
    lookup_value_converter = "uuid"
    filterset_class = SupplierPriceFilter

    def list(self, request: Request, supplier_id: UUID) -> Response:
        return self.present_page(self.filter_queryset(self._prices(supplier_id)))

    def retrieve(self, request: Request, supplier_id: UUID, pk: UUID) -> Response:
        return self.present(get_object_or_404(self._prices(supplier_id), pk=pk))

    def create(self, request: Request, supplier_id: UUID) -> Response:
        return self._set(self._supplier(supplier_id), self.read(request), status=201)

    def partial_update(self, request: Request, supplier_id: UUID, pk: UUID) -> Response:
        price = get_object_or_404(self._prices(supplier_id), pk=pk)
        values = self.read(request, partial=True, instance=price)
        return self._set(price.supplier, {"cost": price.cost, **values, "variant_id": price.variant_id}, status=200)

    def destroy(self, request: Request, supplier_id: UUID, pk: UUID) -> Response:
        price = get_object_or_404(self._prices(supplier_id), pk=pk)
        services.remove_supplier_price(price=price, actor_id=request.user.pk)
        return Response(status=204)

    def _set(self, supplier: Supplier, values: dict[str, Any], *, status: int) -> Response:
        price = services.set_supplier_price(supplier=supplier, **values, actor_id=self.request.user.pk)
        return self.present(selectors.prices_of(supplier).get(pk=price.pk), status=status)

    def _supplier(self, supplier_id: UUID) -> Supplier:
        verb = "read" if self.action in {"list", "retrieve"} else "write"
        rows = selectors.suppliers_within(self.request.user, f"procurement:{verb}")
        return get_object_or_404(rows, pk=supplier_id)

    def _prices(self, supplier_id: UUID) -> QuerySet[SupplierPrice]:
        return selectors.prices_of(self._supplier(supplier_id))
