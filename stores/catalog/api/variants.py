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
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import access
from marketplace.core.http.etags import expected_version
from marketplace.core.http.fields import (
    BooleanField,
    CharField,
    DateTimeField,
    ModelSerializer,
    MoneyField,
    UUIDField,
)
from marketplace.core.http.permissions import HoldsKey, ReadOnly
from marketplace.core.http.viewsets import ViewSet
from stores.catalog import selectors, services
from stores.catalog.barcodes import WRONG_BARCODE, is_barcode
from stores.catalog.models import PriceChange, Product, Variant

MAX_OPTIONS = 20
MAX_OPTION_NAME = 40

REQUEST = OpenApiExample(
    "variant",
    {
        "sku": "TAL-27-AZ",
        "barcode": "7501055300075",
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
        "barcode": "7501055300075",
        "price": {"amount": "349.00", "currency": "MXN"},
        "options": {"color": "azul"},
        "is_active": True,
        "in_stock": True,
    },
    response_only=True,
)

PRICES = OpenApiExample(
    "price",
    {
        "price": {"amount": "349.00", "currency": "MXN"},
        "cost": {"amount": "180.00", "currency": "MXN"},
        "cause": "edit",
        "actor": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d62",
        "created_at": "2026-01-31T10:00:00Z",
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
    barcode = CharField(
        required=False,
        allow_blank=True,
        max_length=14,
        help_text=gettext_lazy("8, 12, 13 or 14 digits with a right check digit; one variant of a store has it."),
    )
    options = serializers.DictField(child=CharField(max_length=80), required=False)
    in_stock = BooleanField(read_only=True)

    class Meta:
        model = Variant
        fields = ["id", "product", "sku", "barcode", "price", "cost", "options", "is_active", "in_stock"]
        read_only_fields = ["product"]
        validators: list[object] = []

    def validate_barcode(self, barcode: str) -> str:
        if barcode and not is_barcode(barcode):
            raise serializers.ValidationError(_(WRONG_BARCODE), code="invalid_barcode")
        return barcode

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


class PriceChangeSerializer(serializers.Serializer[PriceChange]):
    """What a variant cost from a moment on."""

    price = MoneyField()
    cost = MoneyField(allow_null=True, allow_zero=True)
    cause = CharField(
        help_text=gettext_lazy("`edit`, `opening`, or what it came from, such as `bulk:…` or `import:…`.")
    )
    actor = UUIDField(source="actor_id", allow_null=True)
    created_at = DateTimeField()


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
        "Refusals: `sku_taken`, `barcode_taken`, `currency_mismatch` (409).",
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a variant",
        description="A new price goes into its history. Refusals: `sku_taken`, `barcode_taken`, `currency_mismatch` "
        "(409), `stale` (412).",
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

    @extend_schema(
        summary="Read what a variant has cost",
        description="Newest first, for staff whose `catalog:read` reaches the product (elsewhere 404).",
        responses=PriceChangeSerializer(many=True),
        examples=[PRICES],
    )
    @action(detail=True, permission_classes=[HoldsKey])
    def prices(self, request: Request, product_id: UUID, pk: UUID) -> Response:
        rows = selectors.products_within(request.user, "catalog:read")
        product = get_object_or_404(rows, pk=product_id)
        variant = get_object_or_404(selectors.variants_of(product, with_inactive=True), pk=pk)
        return self.present_page(selectors.price_history(variant), serializer=PriceChangeSerializer)

    def stale_resource(self) -> Variant | None:
        return self._variants(self.kwargs["product_id"]).filter(pk=self.kwargs["pk"]).first()

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
