"""HTTP of the customers slice: segments, profiles."""

from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.permissions import IsStaff, SignedIn
from marketplace.core.http.viewsets import UUID_PATTERN, ViewSet
from users.accounts.api.caller import caller
from users.accounts.models import User

from . import selectors
from .models import CustomerProfile, Segment
from .services import profiles, segments

NOTHING = OpenApiResponse(description="Done; nothing to say.")
SEGMENT = {
    "id": "0198c6a0-5f3e-7c1e-9d5f-2b6f0a3c4d5e",
    "name": "Bakers",
    "slug": "bakers",
    "rule": "manual",
    "member_count": 12,
    "created_at": "2026-01-31T10:00:00Z",
}
PROFILE = {
    "id": "0198c6a0-6b1d-7a52-8f0e-7d0f3c2b1a09",
    "user": "0198c6a0-5f3e-7c1e-9d5f-2b6f0a3c4d5e",
    "latitude": 19.4326,
    "longitude": -99.1332,
    "language": "es",
    "time_zone": "America/Mexico_City",
    "tier": "silver",
    "segments": [SEGMENT["id"]],
    "successful_orders_count": 23,
    "created_at": "2026-01-31T10:00:00Z",
}
SEGMENT_EXAMPLE = OpenApiExample("A segment", value=SEGMENT, response_only=True)
PROFILE_EXAMPLE = OpenApiExample("A profile", value=PROFILE, response_only=True)


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The names of the IANA database."""
    return frozenset(available_timezones())


class TimeZoneField(fields.CharField):
    """An IANA name, such as America/Mexico_City."""

    default_error_messages = {"unknown_time_zone": _("Give a name of the IANA time zone database.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in time_zones():
            self.fail("unknown_time_zone")
        return name


class SegmentOutput(fields.ModelSerializer):
    """A segment."""

    member_count = fields.IntegerField(read_only=True)

    class Meta:
        model = Segment
        fields = ["id", "name", "slug", "rule", "member_count", "created_at"]
        read_only_fields = fields


class SegmentInput(serializers.Serializer[None]):
    """A segment that staff fill."""

    name = fields.CharField(max_length=80)
    slug = fields.SlugField(max_length=80)


class ProfileOutput(fields.ModelSerializer):
    """What the shop knows of a customer."""

    user = fields.UUIDField(source="user_id", read_only=True)
    segments = serializers.SerializerMethodField()

    class Meta:
        model = CustomerProfile
        fields = [
            "id",
            "user",
            "latitude",
            "longitude",
            "language",
            "time_zone",
            "tier",
            "segments",
            "successful_orders_count",
            "created_at",
        ]
        read_only_fields = fields

    def get_segments(self, profile: CustomerProfile) -> list[UUID]:
        return sorted(membership.segment_id for membership in profile.memberships.all())


class OwnProfileInput(serializers.Serializer[None]):
    """What is absent stays. A place is both coordinates, or null for both."""

    latitude = fields.LatitudeField(required=False, allow_null=True)
    longitude = fields.LongitudeField(required=False, allow_null=True)
    language = fields.ChoiceField(choices=settings.LANGUAGES, required=False)
    time_zone = TimeZoneField(required=False)


class ProfileInput(OwnProfileInput):
    """As the owner's, with `segments`: the manual ones become exactly these; automatic ones stay as they are."""

    segments: Any = fields.PrimaryKeyRelatedField(queryset=Segment.objects.all(), many=True, required=False)


class NewProfileInput(ProfileInput):
    """For an account whose profile was deleted."""

    user: Any = fields.PrimaryKeyRelatedField(queryset=User.objects.filter(archived_at__isnull=True))


@extend_schema(tags=["users"])
@extend_schema_view(
    list=extend_schema(summary="Segments (staff)", description="Newest first.", responses=SegmentOutput(many=True)),
    retrieve=extend_schema(summary="A segment (staff)", responses=SegmentOutput, examples=[SEGMENT_EXAMPLE]),
)
class SegmentViewSet(ViewSet):
    """Groups of customers."""

    queryset = Segment.objects.none()
    serializer_class = SegmentOutput
    permission_classes = [IsStaff]
    filterset_fields = ["slug", "rule"]
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> "QuerySet[Segment]":
        return selectors.segments()

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.present(self.get_object())

    @extend_schema(
        summary="Add a segment (staff)",
        description="409 `segment_slug_taken` for a slug in use.",
        request=SegmentInput,
        responses={201: SegmentOutput},
        examples=[
            OpenApiExample("Bakers", value={"name": "Bakers", "slug": "bakers"}, request_only=True),
            SEGMENT_EXAMPLE,
        ],
    )
    def create(self, request: Request) -> Response:
        segment = segments.add_segment(actor=caller(request), **self.read(request, serializer=SegmentInput))
        return self.present(self.get_queryset().get(pk=segment.pk), status=201)

    @extend_schema(
        summary="Change a segment (staff)",
        description="Name and slug; what fills a segment stays.",
        request=SegmentInput,
        responses=SegmentOutput,
        examples=[OpenApiExample("Another name", value={"name": "Good bakers"}, request_only=True), SEGMENT_EXAMPLE],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        values = self.read(request, serializer=SegmentInput, partial=True)
        segment = segments.change_segment(actor=caller(request), segment_id=UUID(pk), **values)
        return self.present(self.get_queryset().get(pk=segment.pk))

    @extend_schema(
        summary="Delete a segment (staff)",
        description="409 `automatic_segment` for one that behaviour fills, `segment_in_use` while something names it.",
        responses={204: NOTHING},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        segments.delete_segment(actor=caller(request), segment_id=UUID(pk))
        return Response(status=204)


class ProfileFilter(django_filters.FilterSet):
    """The list's filters."""

    user = django_filters.UUIDFilter(field_name="user_id")
    segment = django_filters.UUIDFilter(field_name="memberships__segment_id")

    class Meta:
        model = CustomerProfile
        fields = ["tier", "language"]


@extend_schema(tags=["users"])
@extend_schema_view(
    list=extend_schema(
        summary="Customer profiles (staff)", description="Newest first.", responses=ProfileOutput(many=True)
    ),
    retrieve=extend_schema(summary="A customer profile (staff)", responses=ProfileOutput, examples=[PROFILE_EXAMPLE]),
)
class ProfileViewSet(ViewSet):
    """Profiles, for staff."""

    is_private = True
    queryset = CustomerProfile.objects.none()
    serializer_class = ProfileOutput
    permission_classes = [IsStaff]
    filterset_class = ProfileFilter
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> "QuerySet[CustomerProfile]":
        return selectors.profiles()

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.present(self.get_object())

    @extend_schema(
        summary="Add a profile (staff)",
        description="Every account has one from the start; this is for one that was deleted. 409 `profile_exists`.",
        request=NewProfileInput,
        responses={201: ProfileOutput},
        examples=[OpenApiExample("A profile", value={"user": PROFILE["user"]}, request_only=True), PROFILE_EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        profile = profiles.add_profile(actor=caller(request), **self.read(request, serializer=NewProfileInput))
        return self.present(selectors.profile_of(profile.user_id), status=201)

    @extend_schema(
        summary="Change a profile (staff)",
        description="Place, language, time zone, manual segments. The tier follows the orders.",
        request=ProfileInput,
        responses=ProfileOutput,
        examples=[
            OpenApiExample("Segments", value={"segments": PROFILE["segments"]}, request_only=True),
            PROFILE_EXAMPLE,
        ],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        customer_id = self.get_object().user_id
        values = self.read(request, serializer=ProfileInput)
        profiles.change_profile(actor=caller(request), customer_id=customer_id, **values)
        return self.present(selectors.profile_of(customer_id))

    @extend_schema(
        summary="Delete a profile (staff)",
        description="Forgets place, segments and order count; the account stays.",
        responses={204: NOTHING},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        profiles.delete_profile(actor=caller(request), customer_id=self.get_object().user_id)
        return Response(status=204)


@extend_schema(deprecated=True)
class ProfileAliasViewSet(ProfileViewSet):
    """`users/clients-profiles/`: the name of an earlier system, the same routes."""


@extend_schema(tags=["users"])
class OwnProfileViewSet(ViewSet):
    """One's own profile."""

    is_private = True
    serializer_class = ProfileOutput
    permission_classes = [SignedIn]

    @extend_schema(summary="My profile", responses=ProfileOutput, examples=[PROFILE_EXAMPLE])
    @action(detail=False, methods=["get"])
    def profile(self, request: Request) -> Response:
        return self.present(selectors.profile_of(caller(request).pk))

    @extend_schema(
        summary="Change my profile",
        description="Place, language, time zone. `segments` and `tier` cannot be set here and are passed over.",
        request=OwnProfileInput,
        responses=ProfileOutput,
        examples=[
            OpenApiExample("Where I am", value={"latitude": 19.4326, "longitude": -99.1332}, request_only=True),
            PROFILE_EXAMPLE,
        ],
    )
    @profile.mapping.patch
    def change_profile(self, request: Request) -> Response:
        values = self.read(request, serializer=OwnProfileInput)
        profiles.change_profile(actor=caller(request), customer_id=caller(request).pk, **values)
        return self.present(selectors.profile_of(caller(request).pk))
