"""`admin/promotions/`: campaigns as the house runs them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.etags import expected_version
from marketplace.core.http.permissions import Anyone
from marketplace.core.http.viewsets import ViewSet
from promotions.campaigns import selectors
from promotions.campaigns.benefits import benefits_schema
from promotions.campaigns.models import Campaign
from promotions.campaigns.permissions import RunsCampaigns
from promotions.campaigns.services import lifecycle, planning
from promotions.campaigns.terms import CampaignTerms

from .serializers import CampaignSerializer, CampaignTermsSerializer

_TERMS = {
    "name": "Hot Sale",
    "description": "15 % off and free shipping from 500 pesos on.",
    "starts_at": "2026-05-25T06:00:00Z",
    "ends_at": "2026-06-02T06:00:00Z",
    "scope": "order",
    "tiers": ["silver", "gold"],
    "min_ticket": {"amount": "500.00", "currency": "MXN"},
    "benefits_json": [{"kind": "percentage", "basis_points": 1500}, {"kind": "free_shipping"}],
    "needs_coupon": True,
    "max_uses_per_customer": 1,
    "coupons": [{"code": "HOTSALE", "max_uses": 1000}],
}
REQUEST = OpenApiExample("With a coupon", value=_TERMS, request_only=True)
RESPONSE = OpenApiExample(
    "With a coupon",
    value=_TERMS
    | {
        "id": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
        "state": "scheduled",
        "categories": [],
        "products": [],
        "stores": [],
        "segments": [],
        "currency": "MXN",
        "priority": 0,
        "is_exclusive": False,
        "stack_group": "",
        "max_uses": None,
        "coupons": [{"code": "HOTSALE", "max_uses": 1000, "used_count": 12}],
        "started_at": None,
        "ended_at": None,
        "created_at": "2026-05-20T18:00:00Z",
        "updated_at": "2026-05-20T18:00:00Z",
    },
    response_only=True,
)
WHO = "For people of the house with the permission for campaigns, and whoever holds `promotions:write` everywhere."


class CampaignFilter(django_filters.FilterSet):
    """By state and scope, and by part of the name."""

    state = django_filters.ChoiceFilter(choices=Campaign.State.choices)
    scope = django_filters.ChoiceFilter(choices=Campaign.Scope.choices)
    search = django_filters.CharFilter("name", "icontains", max_length=100)

    class Meta:
        model = Campaign
        fields: Sequence[str] = []


@extend_schema(tags=["campaigns"])
@extend_schema_view(
    list=extend_schema(summary="List campaigns", description=f"Newest first. {WHO}", examples=[RESPONSE]),
    retrieve=extend_schema(
        summary="One campaign", description=f"With its coupons; the ETag is its version. {WHO}", examples=[RESPONSE]
    ),
    create=extend_schema(
        summary="Make a campaign",
        description=f"A draft; `activate` schedules it. {WHO} Refusals: 400 with every wrong field (of `benefits_json` "
        "the place in the list), 409 `coupon_taken`.",
        request=CampaignTermsSerializer,
        responses={201: CampaignSerializer},
        examples=[REQUEST, RESPONSE],
    ),
    partial_update=extend_schema(
        summary="Change a campaign",
        description="Only what is given; a list replaces the list before it. Once it has started, `starts_at` and "
        "`scope` stay: 409 `campaign_started`. 409 `campaign_state` when it has ended, 412 when `If-Match` is stale.",
        request=CampaignTermsSerializer,
        responses={200: CampaignSerializer},
        examples=[OpenApiExample("Twice a customer", value={"max_uses_per_customer": 2}, request_only=True), RESPONSE],
    ),
    destroy=extend_schema(
        summary="Remove a draft",
        description="Otherwise 409 `campaign_state`: deactivate it first; what has begun stays with the books.",
        responses={204: None},
    ),
)
class CampaignViewSet(ViewSet):
    """Campaigns."""

    serializer_class = CampaignSerializer
    filterset_class = CampaignFilter
    uses_etags = True
    lookup_value_converter = "uuid"
    queryset = Campaign.objects.none()

    def get_permissions(self) -> list[Any]:
        return [Anyone()] if self.action == "benefits_schema" else [RunsCampaigns()]

    def get_queryset(self) -> "QuerySet[Campaign]":
        return selectors.campaigns_for_show()

    def list(self, request: Request) -> Response:
        """One page."""
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One campaign."""
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    def create(self, request: Request) -> Response:
        """201."""
        terms = CampaignTerms(**self.read(request, serializer=CampaignTermsSerializer))
        campaign = planning.create_campaign(terms=terms, actor_id=request.user.pk)
        return self._shown(campaign.pk, status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """200."""
        planning.change_campaign(
            campaign_id=pk,
            changes=self.read(request, partial=True, serializer=CampaignTermsSerializer),
            actor_id=request.user.pk,
            at=timezone.now(),
            expected_version=expected_version(request),
        )
        return self._shown(pk)

    def destroy(self, request: Request, pk: UUID) -> Response:
        """204."""
        planning.delete_campaign(campaign_id=pk, actor_id=request.user.pk, expected_version=expected_version(request))
        return Response(status=204)

    @extend_schema(
        summary="Activate a campaign",
        description="Schedules a draft; one whose `starts_at` has passed starts now. Twice is the same as once. 409 "
        "`campaign_state` when it has ended.",
        request=None,
        responses={200: CampaignSerializer},
        examples=[RESPONSE],
    )
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: UUID) -> Response:
        """200."""
        lifecycle.activate_campaign(
            campaign_id=pk, actor_id=request.user.pk, at=timezone.now(), expected_version=expected_version(request)
        )
        return self._shown(pk)

    @extend_schema(
        summary="Deactivate a campaign",
        description="One that is scheduled is a draft again. One that has begun ends for good. 409 "
        "`campaign_state` when it has ended.",
        request=None,
        responses={200: CampaignSerializer},
        examples=[RESPONSE],
    )
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, pk: UUID) -> Response:
        """200."""
        lifecycle.deactivate_campaign(
            campaign_id=pk, actor_id=request.user.pk, at=timezone.now(), expected_version=expected_version(request)
        )
        return self._shown(pk)

    @extend_schema(
        summary="The JSON Schema of benefits",
        description="What `benefits_json` may hold, as JSON Schema 2020-12. For anyone.",
        responses={200: OpenApiResponse(OpenApiTypes.OBJECT, "The schema")},
        filters=False,
    )
    @action(detail=False, url_path="benefits-schema", filterset_class=None, pagination_class=None, uses_etags=False)
    def benefits_schema(self, request: Request) -> Response:
        """As it is in the package."""
        return Response(benefits_schema())

    def _shown(self, pk: UUID, *, status: int = 200) -> Response:
        return self.present(self.get_queryset().get(pk=pk), status=status)
