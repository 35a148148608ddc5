"""`market/products/`."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.etags import expected_version
from marketplace.core.http.fields import (
    BooleanField,
    CharField,
    ModelSerializer,
    MoneyField,
    PrimaryKeyRelatedField,
    SlugField,
    URLField,
)
from marketplace.core.http.permissions import HoldsKey, ReadOnly
from marketplace.core.http.viewsets import ViewSet
from stores.catalog import public_list, searching, selectors, services
from stores.catalog.models import Product
from stores.merchants.models import Store

from .asking import question_of
from .columns import column_values
from .filters import MAX_SEARCH, ProductFilter, ProductPagination, filtered
from .keeping import kept
from .presenting import PromotionSerializer, ShownImageSerializer, media_root, product_json, shown

REQUEST = OpenApiExample(
    "product",
    {
        "name": "Plato de talavera 27 cm",
        "category": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "store": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60",
    },
    request_only=True,
)
RESPONSE = OpenApiExample(
    "product",
    {
        "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e",
        "name": "Plato de talavera 27 cm",
        "slug": "plato-de-talavera-27-cm",
        "description": "",
        "category": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "brand": None,
        "store": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d60",
        "is_published": True,
        "price_from": {"amount": "349.00", "currency": "MXN"},
        "promotion": {
            "price": {"amount": "299.00", "currency": "MXN"},
            "ends_at": "2026-02-01T02:00:00Z",
            "is_conditional": True,
        },
        "promotion_for_all": {
            "price": {"amount": "314.10", "currency": "MXN"},
            "ends_at": "2026-02-01T06:00:00Z",
            "is_conditional": False,
        },
        "in_stock": True,
        "thumbnail": "https://shop.example/media/products/thumbnails/5d41402abc4b2a76b9719d911017c592.webp",
        "images": [
            {
                "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d61",
                "url": "https://shop.example/media/products/5d41402abc4b2a76b9719d911017c592.webp",
                "thumbnail": "https://shop.example/media/products/thumbnails/5d41402abc4b2a76b9719d911017c592.webp",
                "alternative_text": "Plato azul y blanco",
                "width": 1600,
                "height": 1200,
            }
        ],
        "created_at": "2026-01-31T10:00:00Z",
    },
    response_only=True,
)


class ProductSerializer(ModelSerializer):
    """A product with its lowest price."""

    slug = SlugField(
        required=False, max_length=220, help_text=_("Unique inside the store; made from the name if left out.")
    )
    description = CharField(required=False, allow_blank=True, max_length=20_000)
    store = PrimaryKeyRelatedField(queryset=Store.objects.filter(archived_at__isnull=True))
    price_from = MoneyField(read_only=True, allow_null=True, help_text=_("Lowest price of its active variants."))
    promotion = PromotionSerializer(read_only=True, allow_null=True, help_text=_("The lowest promoted price of now."))
    promotion_for_all = PromotionSerializer(
        read_only=True, allow_null=True, help_text=_("The lowest promoted price of now that everybody gets.")
    )
    in_stock = BooleanField(read_only=True)
    thumbnail = URLField(read_only=True, allow_null=True, help_text=_("Of the first picture."))
    images = ShownImageSerializer(many=True, read_only=True)

    class Meta:
        model = Product
        fields = [
            "id",
            "name",
            "slug",
            "description",
            "category",
            "brand",
            "store",
            "is_published",
            "price_from",
            "promotion",
            "promotion_for_all",
            "in_stock",
            "thumbnail",
            "images",
            "created_at",
        ]
        validators: list[object] = []

    def to_representation(self, instance: Product) -> dict[str, Any]:
        # By hand: a page of a list is many of these, and DRF's fields take most of a request's time.
        return product_json(shown(instance), at=self.context["at"], media=self.context["media"])


@extend_schema(tags=["market: products"])
@extend_schema_view(
    list=extend_schema(
        summary="List products",
        description="Published products, for anyone. `search` finds what has each of its words, or begins with it; "
        "where nothing has them, what misspelt words may have meant. `promotion` is the lowest promoted price of now: "
        "a flash promotion, or what one unit costs by discounts and campaigns that need no coupon; with "
        "`is_conditional` not everybody gets it (flash, a level, a segment, limited uses). `promotion_for_all` is the "
        "lowest that everybody gets, as in a cart. Both follow changes of rules and prices within seconds. "
        "`published=false` shows instead what is not published of "
        "the departments and stores within your `catalog:read`.",
        examples=[RESPONSE],
    ),
    retrieve=extend_schema(
        summary="Read a product",
        description="For anyone; what is not published exists only for its people.",
        examples=[RESPONSE],
    ),
    create=extend_schema(
        summary="Add a product",
        description="For staff whose `catalog:write` reaches the category's department or the store (elsewhere "
        "404). Refusals: `slug_taken` (409).",
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a product",
        description="It stays in its store. Refusals: `slug_taken`, `store_fixed` (409), `stale` (412).",
        examples=[OpenApiExample("hide", {"is_published": False}, request_only=True), RESPONSE],
    ),
    destroy=extend_schema(
        summary="Delete a product", description="Takes it off the shelves for good; orders that name it stay."
    ),
)
class ProductViewSet(ViewSet):
    """Read by anyone, written by the department's staff and the store's people."""

    serializer_class = ProductSerializer
    permission_classes = [ReadOnly | HoldsKey]
    access_area = "catalog"
    lookup_value_converter = "uuid"
    filterset_class = ProductFilter
    pagination_class = ProductPagination
    uses_etags = True

    def get_queryset(self) -> QuerySet[Product]:
        match self.action:
            case "list" if self.request.query_params.get("published") == "false":
                return selectors.products_within(self.request.user, "catalog:read").filter(is_published=False)
            case "list":
                return selectors.public_products()
            case "retrieve":
                return selectors.visible_products(self.request.user)
        return selectors.products_within(self.request.user, "catalog:write")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "at": timezone.now(), "media": media_root(self.request)}

    def list(self, request: Request) -> HttpResponseBase:
        return kept(request, lambda: self._list(request))

    def _list(self, request: Request) -> Response:
        """What the filters leave; where a search finds nothing, what its misspelt words may have meant."""
        given = request.query_params
        answer = self._page(request, given)
        text = given.get("search", "")
        if answer.data["results"] or not text:
            return answer
        better = searching.corrected(text)[:MAX_SEARCH]
        if not better:
            return answer
        meant = given.copy()
        meant["search"] = better
        return self._page(request, meant)

    def _page(self, request: Request, given: QueryDict) -> Response:
        """By the short way if the query is plainly a question to the public list, else by the filters' form."""
        question = question_of(given) if public_list.is_spoken() else None
        if question is None:
            return self.present_page(filtered(given, self.get_queryset(), request))
        at, media, pages = timezone.now(), media_root(request), ProductPagination()
        rows = pages.paginate_question(question, request, at)
        return pages.get_paginated_response([product_json(row, at=at, media=media) for row in rows])

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    def create(self, request: Request) -> Response:
        values = self.read(request)
        category, store = values.pop("category"), values.pop("store")
        selectors.require_reach(request.user, "catalog:write", department_id=category.department_id, store_id=store.pk)
        product = services.create_product(
            store=store, category=category, **column_values(values), actor_id=request.user.pk
        )
        return self.present(selectors.offered_products().get(pk=product.pk), status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        product = get_object_or_404(self.get_queryset(), pk=pk)
        changes = self.read(request, partial=True, instance=product)
        if "category" in changes:
            department_id = changes["category"].department_id
            selectors.require_reach(
                request.user, "catalog:write", department_id=department_id, store_id=product.store_id
            )
        services.change_product(
            product=product,
            expected_version=expected_version(request),
            changes=column_values(changes),
            actor_id=request.user.pk,
        )
        return self.present(product)

    def destroy(self, request: Request, pk: UUID) -> Response:
        services.archive_product(
            product=get_object_or_404(self.get_queryset(), pk=pk),
            expected_version=expected_version(request),
            at=timezone.now(),
            actor_id=request.user.pk,
        )
        return Response(status=204)
