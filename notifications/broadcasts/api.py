"""`admin/broadcasts/`: what the house tells an audience in its own words."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.etags import expected_version
from marketplace.core.http.viewsets import ViewSet

from . import selectors
from .models import Broadcast
from .permissions import SendsBroadcasts
from .serializers import (
    AudienceSizeSerializer,
    BroadcastSerializer,
    BroadcastTermsSerializer,
    TestSentSerializer,
)
from .services import lifecycle, planning
from .terms import BroadcastTerms

_TERMS = {
    "name": "Opening in Roma Norte",
    "title_en": "We open in Roma Norte",
    "title_es": "Abrimos en la Roma Norte",
    "body_en": "Come and see us on Saturday from ten o'clock on.",
    "body_es": "Ven a visitarnos el sábado a partir de las diez.",
    "channels": ["push"],
    "segments": [],
    "tiers": ["silver", "gold"],
    "latitude": 19.4194,
    "longitude": -99.1616,
    "radius_km": 5.0,
    "active_within_days": 180,
    "send_at": "2026-05-25T16:00:00Z",
}
REQUEST = OpenApiExample("Near a new shop", value=_TERMS, request_only=True)
RESPONSE = OpenApiExample(
    "Near a new shop",
    value=_TERMS
    | {
        "id": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
        "state": "sending",
        "told_count": 120_000,
        "expected_count": 480_000,
        "percent": 25,
        "started_at": "2026-05-25T16:00:00Z",
        "ended_at": None,
        "created_at": "2026-05-20T18:00:00Z",
        "updated_at": "2026-05-25T16:00:00Z",
    },
    response_only=True,
)
SIZE = OpenApiExample("Counted", value={"count": 48_120, "is_more": False}, response_only=True)
WHO = "For people of the house with the permission for broadcasts."


class BroadcastFilter(django_filters.FilterSet):
    """By state, and by part of the name."""

    state = django_filters.ChoiceFilter(choices=Broadcast.State.choices)
    search = django_filters.CharFilter("name", "icontains", max_length=80)

    class Meta:
        model = Broadcast
        fields: Sequence[str] = []


@extend_schema(tags=["broadcasts"])
@extend_schema_view(
    list=extend_schema(summary="List broadcasts", description=f"Newest first. {WHO}", examples=[RESPONSE]),
    retrieve=extend_schema(
        summary="One broadcast",
        description=f"With how far sending has come; the ETag is its version. {WHO}",
        examples=[RESPONSE],
    ),
    create=extend_schema(
        summary="Write a broadcast",
        description=f"A draft. Customers read it in their language. {WHO} 400 with every wrong field.",
        request=BroadcastTermsSerializer,
        responses={201: BroadcastSerializer},
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a broadcast",
        description="Only what is given; a list replaces the list before it. Until it is being sent, then 409 "
        "`broadcast_state`. 412 when `If-Match` is stale.",
        request=BroadcastTermsSerializer,
        responses={200: BroadcastSerializer},
        examples=[OpenApiExample("A wider circle", value={"radius_km": 8.0}, request_only=True), RESPONSE],
    ),
    destroy=extend_schema(
        summary="Remove a draft",
        description="Otherwise 409 `broadcast_state`.",
        responses={204: None},
    ),
)
class BroadcastViewSet(ViewSet):
    """Broadcasts."""

    serializer_class = BroadcastSerializer
    filterset_class = BroadcastFilter
    permission_classes = [SendsBroadcasts]
    uses_etags = True
    lookup_value_converter = "uuid"
    queryset = Broadcast.objects.none()

    def get_queryset(self) -> "QuerySet[Broadcast]":
        return selectors.broadcasts_for_show()

    def list(self, request: Request) -> Response:
        """One page."""
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One broadcast."""
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    def create(self, request: Request) -> Response:
        """201."""
        terms = BroadcastTerms(**self.read(request, serializer=BroadcastTermsSerializer))
        return self._shown(planning.create_broadcast(terms=terms, actor_id=request.user.pk).pk, status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """200."""
        planning.change_broadcast(
            broadcast_id=pk,
            changes=self.read(request, partial=True, serializer=BroadcastTermsSerializer),
            actor_id=request.user.pk,
            at=timezone.now(),
            expected_version=expected_version(request),
        )
        return self._shown(pk)

    def destroy(self, request: Request, pk: UUID) -> Response:
        """204."""
        planning.delete_broadcast(broadcast_id=pk, actor_id=request.user.pk, expected_version=expected_version(request))
        return Response(status=204)

    @extend_schema(
        summary="How many it would reach",
        description=f"Everybody in its audience who takes broadcasts, counted no further than a million. {WHO}",
        responses={200: AudienceSizeSerializer},
        filters=False,
        examples=[SIZE],
    )
    @action(detail=True, pagination_class=None, filterset_class=None, uses_etags=False)
    def audience(self, request: Request, pk: UUID) -> Response:
        """200."""
        size = selectors.size_of_broadcast(pk, timezone.now())
        return Response({"count": size.count, "is_more": size.is_more})

    @extend_schema(
        summary="Send a test to oneself",
        description="Into the caller's inbox and over its channels, in whatever state it is.",
        request=None,
        responses={200: TestSentSerializer},
        examples=[OpenApiExample("Sent", value={"message": "8125"}, response_only=True)],
    )
    @action(detail=True, methods=["post"], uses_etags=False)
    def test(self, request: Request, pk: UUID) -> Response:
        """200."""
        message = lifecycle.send_test(broadcast_id=pk, actor_id=cast(UUID, request.user.pk), at=timezone.now())
        return Response({"message": str(message.pk)})

    @extend_schema(
        summary="Schedule a broadcast",
        description="For its `send_at`, which must lie ahead: else 400. Twice is the same as once. 409 "
        "`broadcast_state` when it was sent or stopped.",
        request=None,
        responses={200: BroadcastSerializer},
        examples=[RESPONSE],
    )
    @action(detail=True, methods=["post"])
    def schedule(self, request: Request, pk: UUID) -> Response:
        """200."""
        return self._step(request, pk, lifecycle.schedule_broadcast)

    @extend_schema(
        summary="Send a broadcast now",
        description="Whatever its `send_at`. The answer comes at once; `percent` says how far it has come. Twice is "
        "the same as once while it is being sent; 409 `broadcast_state` when it was sent or stopped.",
        request=None,
        responses={200: BroadcastSerializer},
        examples=[RESPONSE],
    )
    @action(detail=True, methods=["post"])
    def send(self, request: Request, pk: UUID) -> Response:
        """200."""
        return self._step(request, pk, lifecycle.send_broadcast)

    @extend_schema(
        summary="Stop a broadcast",
        description="A scheduled one, or one that is being sent, for good: nobody more is told; who was told keeps it. "
        "409 `broadcast_state` for a draft and once everybody has been told.",
        request=None,
        responses={200: BroadcastSerializer},
        examples=[RESPONSE],
    )
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: UUID) -> Response:
        """200."""
        return self._step(request, pk, lifecycle.stop_broadcast)

    def _step(self, request: Request, pk: UUID, act: Any) -> Response:
        act(broadcast_id=pk, actor_id=request.user.pk, at=timezone.now(), expected_version=expected_version(request))
        return self._shown(pk)

    def _shown(self, pk: UUID, *, status: int = 200) -> Response:
        return self.present(self.get_queryset().get(pk=pk), status=status)
