"""`market/products/{product_id}/variants/`."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import access
from marketplace.core.http.etags import expected_version
from marketplace.core.http.fields import BooleanField, CharField, ModelSerializer, MoneyField
from marketplace.core.http.permissions import HoldsKey, ReadOnly
from marketplace.core.http.viewsets import ViewSet
from stores.catalog import selectors, services
from stores.catalog.models import Product, Variant

MAX_OPTIONS = 20
MAX_OPTION_NAME = 40

REQUEST = OpenApiExample(
    "variant",
    {
        "sku": "TAL-27-AZ",
        "price": {"amount": "349.00", "currency": "MXN"},
        "cost": {"amount": "180.00", "currency": "MXN"},
        "options": {"color": "azul"},
    },
    request_only=True,
)
RESPONSE = OpenApiExample(
    "variant",
    {
        "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e",
        "product": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "sku": "TAL-27-AZ",
        "price": {"amount": "349.00", "currency": "MXN"},
        "options": {"color": "azul"},
        "is_active": True,
        "in_stock": True,
    },
    response_only=True,
)


class VariantSerializer(ModelSerializer):
    """What is really bought."""

    price = MoneyField(help_text=gettext_lazy("Tax included, in the store's currency."))
    cost = MoneyField(
        required=False,
        allow_null=True,
        allow_zero=True,
        help_text=gettext_lazy("Shown only to the product's people."),
    )
    options = serializers.DictField(child=CharField(max_length=80), required=False)
    in_stock = BooleanField(read_only=True)

    class Meta:
        model = Variant
        fields = ["id", "product", "sku", "price", "cost", "options", "is_active", "in_stock"]
        read_only_fields = ["product"]
        validators: list[object] = []

    def validate_options(self, options: dict[str, str]) -> dict[str, str]:
        if len(options) > MAX_OPTIONS or any(not 1 <= len(name) <= MAX_OPTION_NAME for name in options):
            raise serializers.ValidationError(
                _("At most %(options)s options, named with 1 to %(letters)s characters.")
                % {"options": MAX_OPTIONS, "letters": MAX_OPTION_NAME},
                code="too_many_options",
            )
        return options

    def to_representation(self, instance: Variant) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if not self.context["shows_cost"]:
            shown.pop("cost")
        return shown


@extend_schema(tags=["market: products"])
@extend_schema_view(
    list=extend_schema(
        summary="List a product's variants",
        description="Active ones for anyone; all, with their cost, for its people.",
        examples=[RESPONSE],
    ),
    retrieve=extend_schema(summary="Read a variant", description="For anyone.", examples=[RESPONSE]),
    create=extend_schema(
        summary="Add a variant",
        description="For staff whose `catalog:write` reaches the product. "
        "Refusals: `sku_taken`, `currency_mismatch` (409).",
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a variant",
        description="Refusals: `sku_taken`, `currency_mismatch` (409), `stale` (412).",
        examples=[
            OpenApiExample("price", {"price": {"amount": "329.00", "currency": "MXN"}}, request_only=True),
            RESPONSE,
        ],
    ),
    destroy=extend_schema(
        summary="Delete a variant", description="It is sold no more; orders and stock that name it stay."
    ),
)
class VariantViewSet(ViewSet):
    """Variants live inside their product."""

    queryset = Variant.objects.none()
    serializer_class = VariantSerializer
    permission_classes = [ReadOnly | HoldsKey]
    access_area = "catalog"
    lookup_value_converter = "uuid"
    filter_backends: list[Any] = []
    uses_etags = True
    _shows_cost = False

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "shows_cost": self._shows_cost}

    def list(self, request: Request, product_id: UUID) -> Response:
        return self.present_page(self._variants(product_id))

    def retrieve(self, request: Request, product_id: UUID, pk: UUID) -> Response:
        return self.present(get_object_or_404(self._variants(product_id), pk=pk))

    def create(self, request: Request, product_id: UUID) -> Response:
        product = self._product(product_id)
        variant = services.create_variant(product=product, **self.read(request), actor_id=request.user.pk)
        return self.present(selectors.variants_of(product, with_inactive=True).get(pk=variant.pk), status=201)

    def partial_update(self, request: Request, product_id: UUID, pk: UUID) -> Response:
        variant = get_object_or_404(self._variants(product_id), pk=pk)
        services.change_variant(
            variant=variant,
            expected_version=expected_version(request),
            changes=self.read(request, partial=True, instance=variant),
            actor_id=request.user.pk,
        )
        return self.present(variant)

    def destroy(self, request: Request, product_id: UUID, pk: UUID) -> Response:
        services.archive_variant(
            variant=get_object_or_404(self._variants(product_id), pk=pk),
            expected_version=expected_version(request),
            at=timezone.now(),
            actor_id=request.user.pk,
        )
        return Response(status=204)

    def _product(self, product_id: UUID) -> Product:
        """To read: what the caller may see. To write: what is within reach; the rest does not exist."""
        user = self.request.user
        if self.action in {"list", "retrieve"}:
            rows = selectors.visible_products(user)
        else:
            rows = selectors.products_within(user, "catalog:write")
        product = get_object_or_404(rows.select_related("store", "category"), pk=product_id)
        where = access.reach(user, "catalog:read")
        self._shows_cost = where.covers(department_id=product.category.department_id, store_id=product.store_id)
        return product

    def _variants(self, product_id: UUID) -> QuerySet[Variant]:
        product = self._product(product_id)
        return selectors.variants_of(product, with_inactive=self._shows_cost)
