"""`market/categories/`."""

from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import access
from marketplace.core.http.etags import expected_version
from marketplace.core.http.fields import IntegerField, ModelSerializer, SlugField
from marketplace.core.http.permissions import HoldsKey, ReadOnly
from marketplace.core.http.viewsets import ViewSet
from stores.catalog import selectors, services
from stores.catalog.models import Category

from .columns import column_values

REQUEST = OpenApiExample(
    "category", {"name": "Cerámica", "department": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f"}, request_only=True
)
RESPONSE = OpenApiExample(
    "category",
    {
        "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e",
        "name": "Cerámica",
        "slug": "ceramica",
        "parent": None,
        "department": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f",
        "tax_bp": 1600,
    },
    response_only=True,
)


class CategorySerializer(ModelSerializer):
    """A node of the tree."""

    slug = SlugField(required=False, max_length=140, help_text=_("Made from the name if left out."))
    tax_bp = IntegerField(
        required=False, min_value=0, max_value=10_000, help_text=_("Tax included in prices, hundredths of a percent.")
    )

    class Meta:
        model = Category
        fields = ["id", "name", "slug", "parent", "department", "tax_bp"]


class CategoryFilter(django_filters.FilterSet):
    """What the list of categories may be narrowed by."""

    parent = django_filters.UUIDFilter("parent_id", label=_("directly below this one"))
    department = django_filters.UUIDFilter("department_id")
    search = django_filters.CharFilter("name", "icontains", max_length=100, label=_("part of the name"))

    class Meta:
        model = Category
        fields: list[str] = []


@extend_schema(tags=["market: categories"])
@extend_schema_view(
    list=extend_schema(summary="List categories", description="For anyone.", examples=[RESPONSE]),
    retrieve=extend_schema(summary="Read a category", description="For anyone.", examples=[RESPONSE]),
    create=extend_schema(
        summary="Add a category",
        description="For staff with `catalog:write` in the department (elsewhere 404). "
        "Refusals: `slug_taken`, `department_mismatch`, `category_too_deep` (409).",
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change or move a category",
        description="Another `parent` moves the whole subtree, inside its department. Refusals: `slug_taken`, "
        "`department_mismatch`, `category_cycle`, `category_too_deep` (409), `stale` (412).",
        examples=[OpenApiExample("move to the top", {"parent": None}, request_only=True), RESPONSE],
    ),
    destroy=extend_schema(
        summary="Delete a category", description="Only an empty one. Refusals: `category_in_use` (409)."
    ),
)
class CategoryViewSet(ViewSet):
    """Written by the staff of their department."""

    serializer_class = CategorySerializer
    permission_classes = [ReadOnly | HoldsKey]
    access_area = "catalog"
    lookup_value_converter = "uuid"
    filterset_class = CategoryFilter
    uses_etags = True

    def get_queryset(self) -> QuerySet[Category]:
        if self.action in {"list", "retrieve"}:
            return Category.objects.all()
        where = access.reach(self.request.user, "catalog:write")
        return access.within(Category.objects.all(), where, department_path="department")

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    def create(self, request: Request) -> Response:
        values = column_values(self.read(request))
        selectors.require_reach(request.user, "catalog:write", department_id=values["department_id"])
        return self.present(services.create_category(**values, actor_id=request.user.pk), status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        category = get_object_or_404(self.get_queryset(), pk=pk)
        services.change_category(
            category=category,
            expected_version=expected_version(request),
            changes=column_values(self.read(request, partial=True, instance=category)),
            actor_id=request.user.pk,
        )
        return self.present(category)

    def destroy(self, request: Request, pk: UUID) -> Response:
        services.delete_category(
            category=get_object_or_404(self.get_queryset(), pk=pk),
            expected_version=expected_version(request),
            actor_id=request.user.pk,
        )
        return Response(status=204)
