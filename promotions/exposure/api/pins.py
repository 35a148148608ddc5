"""`admin/exposure/pins/`: products that staff put in a place for a time."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.etags import expected_version
from marketplace.core.http.viewsets import ViewSet
from promotions.exposure import selectors
from promotions.exposure.models import Context, Pin
from promotions.exposure.permissions import RunsPins
from promotions.exposure.services import pins as services
from promotions.exposure.values import MOST_PLACES

REQUEST = OpenApiExample(
    "First on the home page for a week",
    value={
        "context": "home",
        "product": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
        "position": 1,
        "starts_at": "2026-05-25T06:00:00Z",
        "ends_at": "2026-06-01T06:00:00Z",
        "note": "Hot Sale",
    },
    request_only=True,
)
RESPONSE = OpenApiExample(
    "First on the home page for a week",
    value={
        "id": "0190b2f0-eeee-7c1c-9a51-2f0d6a1b7c11",
        "context": "home",
        "category": None,
        "product": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
        "position": 1,
        "starts_at": "2026-05-25T06:00:00Z",
        "ends_at": "2026-06-01T06:00:00Z",
        "note": "Hot Sale",
        "created_at": "2026-05-20T15:00:00Z",
        "updated_at": "2026-05-20T15:00:00Z",
    },
    response_only=True,
)


class PinTermsSerializer(serializers.Serializer[dict[str, Any]]):
    """A pin, as its makers write it."""

    context = fields.ChoiceField(choices=Context.choices)  # type: ignore[assignment]
    category = fields.UUIDField(
        source="category_id", required=False, allow_null=True, help_text=_("For `category` alone: whose page.")
    )
    product = fields.UUIDField(source="product_id")
    position = fields.IntegerField(min_value=1, max_value=MOST_PLACES)
    starts_at = fields.DateTimeField()
    ends_at = fields.DateTimeField(required=False, allow_null=True)
    note = fields.CharField(required=False, allow_blank=True, max_length=200)


class PinSerializer(serializers.Serializer[Pin]):
    """A pin as its people see it."""

    id = fields.UUIDField()
    context = fields.ChoiceField(choices=Context.choices)  # type: ignore[assignment]
    category = fields.UUIDField(source="category_id", allow_null=True)
    product = fields.UUIDField(source="product_id")
    position = fields.IntegerField()
    starts_at = fields.DateTimeField()
    ends_at = fields.DateTimeField(allow_null=True)
    note = fields.CharField()
    created_at = fields.DateTimeField()
    updated_at = fields.DateTimeField()


class PinFilter(django_filters.FilterSet):
    """By place of the shop, product, and whether they are in force now."""

    context = django_filters.ChoiceFilter(choices=Context.choices)
    category = django_filters.UUIDFilter(field_name="category_id")
    product = django_filters.UUIDFilter(field_name="product_id")
    in_force = django_filters.BooleanFilter(method="by_moment")

    class Meta:
        model = Pin
        fields: Sequence[str] = []

    def by_moment(self, rows: "QuerySet[Pin]", name: str, value: bool) -> "QuerySet[Pin]":
        """In force at the moment of the request, or not."""
        now = timezone.now()
        in_force = Q(starts_at__lte=now) & (Q(ends_at__isnull=True) | Q(ends_at__gt=now))
        return rows.filter(in_force if value else ~in_force)


@extend_schema(tags=["exposure"])
@extend_schema_view(
    list=extend_schema(
        summary="List pins",
        description="Newest first. For people of the house who hold `promotions:read` everywhere, or the back office's "
        "permission for pins.",
        examples=[RESPONSE],
    ),
    retrieve=extend_schema(
        summary="One pin", description="For people of the house; the ETag is its version.", examples=[RESPONSE]
    ),
    create=extend_schema(
        summary="Pin a product",
        description="A product stands in that place between two moments, as long as it can be bought. 409 "
        "`pin_overlaps` where another pin has the place, or the product, at the same time.",
        request=PinTermsSerializer,
        responses={201: PinSerializer},
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a pin",
        description="Only what is given. 412 when `If-Match` is stale.",
        request=PinTermsSerializer,
        responses={200: PinSerializer},
        examples=[OpenApiExample("Move it", value={"position": 3}, request_only=True), RESPONSE],
    ),
    destroy=extend_schema(
        summary="Unpin a product",
        description="Its place is filled like any other from then on. 412 when `If-Match` is stale.",
        responses={204: None},
    ),
)
class PinViewSet(ViewSet):
    """Pins of all places."""

    serializer_class = PinSerializer
    permission_classes = [RunsPins]
    filterset_class = PinFilter
    uses_etags = True
    lookup_value_converter = "uuid"
    queryset = Pin.objects.none()

    def get_queryset(self) -> "QuerySet[Pin]":
        return selectors.pins_for_show()

    def list(self, request: Request) -> Response:
        """One page."""
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One pin."""
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    def create(self, request: Request) -> Response:
        """201."""
        terms = services.PinTerms(**self.read(request, serializer=PinTermsSerializer))
        pin = services.create_pin(terms=terms, actor_id=request.user.pk)
        return self.present(pin, status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """200."""
        pin = services.change_pin(
            pin_id=pk,
            changes=self.read(request, partial=True, serializer=PinTermsSerializer),
            actor_id=request.user.pk,
            expected_version=expected_version(request),
        )
        return self.present(pin)

    def destroy(self, request: Request, pk: UUID) -> Response:
        """204."""
        services.delete_pin(pin_id=pk, actor_id=request.user.pk, expected_version=expected_version(request))
        return Response(status=204)
