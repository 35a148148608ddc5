"""`market/brands/`."""

from uuid import UUID

import django_filters
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import access
from marketplace.core.errors import ForbiddenError
from marketplace.core.http.etags import expected_version
from marketplace.core.http.fields import ModelSerializer, SlugField
from marketplace.core.http.permissions import HoldsKey, ReadOnly
from marketplace.core.http.viewsets import ViewSet
from stores.catalog import services
from stores.catalog.models import Brand

REQUEST = OpenApiExample("brand", {"name": "Talavera Azul"}, request_only=True)
RESPONSE = OpenApiExample(
    "brand",
    {"id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e", "name": "Talavera Azul", "slug": "talavera-azul"},
    response_only=True,
)


class BrandSerializer(ModelSerializer):
    """Who makes it."""

    slug = SlugField(required=False, max_length=140, help_text=_("Made from the name if left out."))

    class Meta:
        model = Brand
        fields = ["id", "name", "slug"]


class BrandFilter(django_filters.FilterSet):
    """What the list of brands may be narrowed by."""

    search = django_filters.CharFilter("name", "icontains", max_length=100, label=_("part of the name"))

    class Meta:
        model = Brand
        fields: list[str] = []


@extend_schema(tags=["market: brands"])
@extend_schema_view(
    list=extend_schema(summary="List brands", description="For anyone.", examples=[RESPONSE]),
    retrieve=extend_schema(summary="Read a brand", description="For anyone.", examples=[RESPONSE]),
    create=extend_schema(
        summary="Add a brand",
        description="For everybody with `catalog:write`, merchants included. Refusals: `slug_taken` (409).",
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a brand",
        description="A brand is shared by all stores, so this is for administrators and department staff with "
        "`catalog:write`. Refusals: `slug_taken` (409), `stale` (412).",
        examples=[REQUEST, RESPONSE],
    ),
    destroy=extend_schema(
        summary="Delete a brand",
        description="For administrators and department staff with `catalog:write`. Refusals: `brand_in_use` (409).",
    ),
)
class BrandViewSet(ViewSet):
    """Brands belong to no store."""

    queryset = Brand.objects.all()
    serializer_class = BrandSerializer
    permission_classes = [ReadOnly | HoldsKey]
    access_area = "catalog"
    lookup_value_converter = "uuid"
    filterset_class = BrandFilter
    uses_etags = True

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(get_object_or_404(Brand, pk=pk))

    def create(self, request: Request) -> Response:
        return self.present(services.create_brand(**self.read(request), actor_id=request.user.pk), status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        self._refuse_merchants(request)
        brand = get_object_or_404(Brand, pk=pk)
        services.change_brand(
            brand=brand,
            expected_version=expected_version(request),
            changes=self.read(request, partial=True, instance=brand),
            actor_id=request.user.pk,
        )
        return self.present(brand)

    def destroy(self, request: Request, pk: UUID) -> Response:
        self._refuse_merchants(request)
        services.delete_brand(
            brand=get_object_or_404(Brand, pk=pk),
            expected_version=expected_version(request),
            actor_id=request.user.pk,
        )
        return Response(status=204)

    def _refuse_merchants(self, request: Request) -> None:
        where = access.reach(request.user, "catalog:write")
        if not (where.everywhere or where.departments):
            raise ForbiddenError
