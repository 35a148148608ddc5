"""HTTP of stores and their members."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import access
from marketplace.core.errors import ForbiddenError
from marketplace.core.http.etags import expected_version
from marketplace.core.http.fields import ChoiceField, LatitudeField, LongitudeField, ModelSerializer, SlugField
from marketplace.core.http.permissions import HoldsKey, ReadOnly
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.money import CURRENCIES

from . import selectors, services
from .models import Store, StoreMember

TAGS = ["market: stores"]
STORE_REQUEST = OpenApiExample(
    "store", {"name": "Librería del Centro", "latitude": 19.4326, "longitude": -99.1332}, request_only=True
)
STORE_RESPONSE = OpenApiExample(
    "store",
    {
        "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e",
        "name": "Librería del Centro",
        "slug": "libreria-del-centro",
        "latitude": 19.4326,
        "longitude": -99.1332,
        "state": "open",
        "currency": "MXN",
        "language": "es",
        "created_at": "2026-01-31T10:00:00Z",
    },
    response_only=True,
)
MEMBER_EXAMPLE = {"user": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5f", "role": "member"}


class StoreSerializer(ModelSerializer):
    """A store as everybody sees it."""

    slug = SlugField(required=False, max_length=services.SLUG_LENGTH, help_text=_("Made from the name if left out."))
    latitude = LatitudeField()
    longitude = LongitudeField()
    currency = ChoiceField(choices=sorted(CURRENCIES), required=False)
    language = ChoiceField(choices=["en", "es", "pt"], required=False, help_text=_("Language of its catalogue."))

    class Meta:
        model = Store
        fields = ["id", "name", "slug", "latitude", "longitude", "state", "currency", "language", "created_at"]


class MemberSerializer(ModelSerializer):
    """A person who runs a store."""

    class Meta:
        model = StoreMember
        fields = ["id", "user", "role", "created_at"]
        validators: list[Any] = []


class MemberChangeSerializer(MemberSerializer):
    """Only the role changes."""

    class Meta(MemberSerializer.Meta):
        read_only_fields = ["user"]


class StoreFilter(django_filters.FilterSet):
    """What the list of stores may be narrowed by."""

    state = django_filters.ChoiceFilter(choices=Store.State.choices)
    search = django_filters.CharFilter(method="by_text", max_length=100, label=_("part of the name"))

    class Meta:
        model = Store
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Store], name: str, value: str) -> QuerySet[Store]:
        return rows.filter(Q(name__icontains=value) | Q(slug__icontains=value))


@extend_schema(tags=TAGS)
@extend_schema_view(
    list=extend_schema(summary="List stores", description="Newest first, for anyone.", examples=[STORE_RESPONSE]),
    retrieve=extend_schema(summary="Read a store", description="For anyone.", examples=[STORE_RESPONSE]),
    create=extend_schema(
        summary="Open a store",
        description="For administrators and department staff with `catalog:write`. Staff become its owner. "
        "Refusals: `slug_taken` (409).",
        examples=[STORE_REQUEST, STORE_RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a store",
        description="For administrators and the store's people. Only an open store sells. "
        "Refusals: `slug_taken`, `store_currency_fixed` (409), `stale` (412).",
        examples=[OpenApiExample("pause", {"state": "paused"}, request_only=True), STORE_RESPONSE],
    ),
    destroy=extend_schema(
        summary="Delete a store",
        description="Closes it and takes it out of the shop; its books stay. For administrators and its owners.",
    ),
)
class StoreViewSet(ViewSet):
    """`market/stores/`."""

    serializer_class = StoreSerializer
    permission_classes = [ReadOnly | HoldsKey]
    access_area = "catalog"
    lookup_value_converter = "uuid"
    filterset_class = StoreFilter
    uses_etags = True

    def get_queryset(self) -> QuerySet[Store]:
        match self.action:
            case "partial_update":
                return selectors.editable_stores(self.request.user)
            case "destroy":
                return selectors.owned_stores(self.request.user)
        return selectors.present_stores()

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    def create(self, request: Request) -> Response:
        where = access.reach(request.user, "catalog:write")
        if not (where.everywhere or where.departments):
            raise ForbiddenError
        owner_id = None if where.everywhere else request.user.pk
        store = services.create_store(**self.read(request), owner_id=owner_id, actor_id=request.user.pk)
        return self.present(store, status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        store = get_object_or_404(self.get_queryset(), pk=pk)
        changes = self.read(request, partial=True, instance=store)
        services.change_store(
            store=store, expected_version=expected_version(request), changes=changes, actor_id=request.user.pk
        )
        return self.present(store)

    def destroy(self, request: Request, pk: UUID) -> Response:
        store = get_object_or_404(self.get_queryset(), pk=pk)
        services.archive_store(
            store=store, expected_version=expected_version(request), at=timezone.now(), actor_id=request.user.pk
        )
        return Response(status=204)


@extend_schema(tags=TAGS)
@extend_schema_view(
    list=extend_schema(summary="List a store's people", description="For administrators and the store's people."),
    retrieve=extend_schema(summary="Read a member", description="For administrators and the store's people."),
    create=extend_schema(
        summary="Add a member",
        description="For administrators and the store's owners. Refusals: `already_member` (409).",
        examples=[OpenApiExample("member", MEMBER_EXAMPLE, request_only=True)],
    ),
    partial_update=extend_schema(
        summary="Change a member's role",
        description="For administrators and the store's owners. Refusals: `last_owner` (409).",
        request=MemberChangeSerializer,
        responses=MemberSerializer,
        examples=[OpenApiExample("owner", {"role": "owner"}, request_only=True)],
    ),
    destroy=extend_schema(
        summary="Remove a member",
        description="For administrators and the store's owners. Refusals: `last_owner` (409).",
    ),
)
class MemberViewSet(ViewSet):
    """`market/stores/{store_id}/members/`."""

    queryset = StoreMember.objects.none()
    serializer_class = MemberSerializer
    permission_classes = [HoldsKey]
    access_area = "catalog"
    lookup_value_converter = "uuid"
    filter_backends: list[Any] = []

    def get_serializer_class(self) -> type[MemberSerializer]:
        return MemberChangeSerializer if self.action == "partial_update" else MemberSerializer

    def list(self, request: Request, store_id: UUID) -> Response:
        return self.present_page(self._members(store_id))

    def retrieve(self, request: Request, store_id: UUID, pk: UUID) -> Response:
        return self.present(get_object_or_404(self._members(store_id), pk=pk))

    def create(self, request: Request, store_id: UUID) -> Response:
        store = self._store(store_id)
        values = self.read(request)
        role = values.get("role", StoreMember.Role.MEMBER)
        member = services.add_member(store=store, user_id=values["user"].pk, role=role, actor_id=request.user.pk)
        return self.present(member, status=201)

    def partial_update(self, request: Request, store_id: UUID, pk: UUID) -> Response:
        member = get_object_or_404(self._members(store_id), pk=pk)
        changes = self.read(request, partial=True, instance=member)
        role = changes.get("role", member.role)
        return self.present(services.change_role(member=member, role=role, actor_id=request.user.pk))

    def destroy(self, request: Request, store_id: UUID, pk: UUID) -> Response:
        member = get_object_or_404(self._members(store_id), pk=pk)
        services.remove_member(member=member, actor_id=request.user.pk)
        return Response(status=204)

    def _store(self, store_id: UUID) -> Store:
        """Reading is for all who run the store, writing for its owners; to others it does not exist."""
        reading = self.action in {"list", "retrieve"}
        rows = selectors.editable_stores if reading else selectors.owned_stores
        return get_object_or_404(rows(self.request.user), pk=store_id)

    def _members(self, store_id: UUID) -> QuerySet[StoreMember]:
        return StoreMember.objects.filter(store=self._store(store_id))
