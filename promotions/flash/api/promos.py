"""`promotions/flash-promos/`: what is offered, to whom it is open, what runs now."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import access
from marketplace.core.errors import InvalidInputError, NotFoundError, gettext_noop
from marketplace.core.http.etags import expected_version
from marketplace.core.http.idempotency import HEADER, idempotent
from marketplace.core.http.pagination import BoundedPagePagination
from marketplace.core.http.permissions import Anyone, HoldsKey, SignedIn
from marketplace.core.http.viewsets import ViewSet
from promotions.flash import selectors
from promotions.flash.models import FlashPromo
from promotions.flash.running import Nearby, running_copy
from promotions.flash.services import planning
from promotions.flash.state import in_state
from stores.facade import variant_card
from users.facade import customer_card

from .serializers import (
    EligiblePromoSerializer,
    FlashPromoSerializer,
    NoticeSerializer,
    OfferSerializer,
    RunningPromoSerializer,
)

TAGS = ["flash promotions"]
WRITE = "promotions:write"
_WRITES = {"create", "partial_update", "destroy", "end"}
_TERMS = OpenApiExample(
    "Two units near the store",
    value={
        "variant": "0190b2f0-c3d5-7c1c-9a51-2f0d6a1b7c11",
        "promo_price": {"amount": "499.00", "currency": "MXN"},
        "starts_at": "2026-01-31T18:00:00Z",
        "ends_at": "2026-01-31T19:00:00Z",
        "segments": [],
        "radius_km": 2.0,
        "units": 2,
        "units_per_customer": 1,
        "is_active": True,
    },
    request_only=True,
)


class FlashPromoFilter(django_filters.FilterSet):
    """By state, store and variant."""

    state = django_filters.ChoiceFilter(choices=FlashPromo.State.choices, method="in_state")
    store = django_filters.UUIDFilter(field_name="store_id")
    variant = django_filters.UUIDFilter(field_name="variant_id")

    class Meta:
        model = FlashPromo
        fields: Sequence[str] = []

    def in_state(self, promos: "QuerySet[FlashPromo]", name: str, value: str) -> "QuerySet[FlashPromo]":
        """As it stands at this moment."""
        return promos.filter(in_state(value, timezone.now()))


class EligiblePagination(BoundedPagePagination):
    """Pages by distance, and a notice where the customer's profile keeps promotions from them."""

    notice: dict[str, str] | None = None

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        response.data = {"notice": self.notice, **response.data}
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        notice = {
            "type": ["object", "null"],
            "required": ["code", "detail"],
            "properties": {"code": {"type": "string", "enum": ["no_location"]}, "detail": {"type": "string"}},
        }
        page["properties"] = {"notice": notice, **page["properties"]}
        page["required"] = ["notice", *page["required"]]
        return page


@extend_schema_view(
    list=extend_schema(
        summary="List flash promotions",
        description="Newest first. Anyone sees what is announced: scheduled, running, sold out, ended. Staff of the "
        "department and members of the store also see their drafts and what is paused.",
    ),
    retrieve=extend_schema(
        summary="One flash promotion", description="With `units_left` and its derived `state`; the ETag is its version."
    ),
)
@extend_schema(tags=TAGS)
class FlashPromoViewSet(ViewSet):
    """Flash promotions."""

    serializer_class = FlashPromoSerializer
    filterset_class = FlashPromoFilter
    access_area = "promotions"
    uses_etags = True
    queryset = FlashPromo.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        if self.action in _WRITES:
            return [HoldsKey()]
        return [SignedIn()] if self.action == "eligible" else [Anyone()]

    def get_queryset(self) -> "QuerySet[FlashPromo]":
        if self.action in _WRITES:
            return selectors.promos_within(selectors.promos_for_show(), access.reach(self.request.user, WRITE))
        return selectors.visible_promos(access.reach(self.request.user, "promotions:read"))

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "at": timezone.now()}

    def list(self, request: Request) -> Response:
        """One page."""
        return self.present_page(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request: Request, pk: str) -> Response:
        """One promotion."""
        return self.present(self.get_object())

    @extend_schema(
        summary="Schedule a flash promotion",
        description="Sets its stock aside at once unless it is a draft (`is_active: false`). One whose `starts_at` has "
        "passed starts now. For staff with `promotions:write` in the product's department and the store's "
        "members. With an `Idempotency-Key`, repeating the request gives the first answer.",
        request=OfferSerializer,
        responses={201: FlashPromoSerializer},
        parameters=[OpenApiParameter(HEADER, str, OpenApiParameter.HEADER, description="Optional here.")],
        examples=[_TERMS],
    )
    def create(self, request: Request) -> Response:
        """201."""
        if HEADER in request.headers:
            return self._schedule_once(request)
        return self._schedule(request)

    @idempotent
    def _schedule_once(self, request: Request) -> Response:
        return self._schedule(request)

    def _schedule(self, request: Request) -> Response:
        terms = self._terms(OfferSerializer(data=request.data))
        promo = planning.schedule_promo(offer=planning.Offer(**terms), actor_id=request.user.pk, at=timezone.now())
        return self._shown(promo.pk, status=201)

    @extend_schema(
        summary="Change a flash promotion",
        description="Only what is given. After the start: variant, price and start stay, units can only be added; "
        "`is_active: false` pauses it. Who holds a unit keeps the minute, also when `units_per_customer` becomes less. "
        "409 `promo_started`, `promo_ended`; 412 when `If-Match` is stale.",
        request=OfferSerializer,
        responses={200: FlashPromoSerializer},
        examples=[OpenApiExample("One unit more", value={"units": 3}, request_only=True)],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """200."""
        promo = self.get_object()
        changes = self._terms(OfferSerializer(data=request.data, partial=True), promo)
        planning.change_promo(
            promo_id=promo.pk,
            changes=changes,
            actor_id=request.user.pk,
            at=timezone.now(),
            expected_version=expected_version(request),
        )
        return self._shown(promo.pk)

    @extend_schema(
        summary="Withdraw a flash promotion",
        description="Removes one that never started; its stock goes back. Otherwise 409 `promo_started`: end it.",
        responses={204: None},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """204."""
        planning.withdraw_promo(
            promo_id=self.get_object().pk, actor_id=request.user.pk, expected_version=expected_version(request)
        )
        return Response(status=204)

    @extend_schema(
        summary="End a flash promotion now",
        description="For good. Who holds a unit keeps the minute; then the unsold stock goes back to the shelf.",
        request=None,
        responses={200: FlashPromoSerializer},
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """200."""
        promo = self.get_object()
        planning.end_promo(promo_id=promo.pk, actor_id=request.user.pk, at=timezone.now())
        return self._shown(promo.pk)

    @extend_schema(
        summary="Flash promotions running now",
        description="Everything that can be taken now, by anyone eligible; those that end first come first.",
        responses=RunningPromoSerializer(many=True),
    )
    @action(
        detail=False,
        serializer_class=RunningPromoSerializer,
        pagination_class=BoundedPagePagination,
        filterset_class=None,
        uses_etags=False,
    )
    def running(self, request: Request) -> Response:
        """From this process's copy."""
        at = timezone.now()
        return self.present_page([Nearby(promo, None) for promo in running_copy(at).at(at)])

    @extend_schema(
        summary="Flash promotions I may take now",
        description="Running now, for one of my segments, within its radius of my place; nearest first, then those "
        "that end first. Without a place in the profile only promotions without a radius are listed, and `notice` "
        "says so.",
        responses=EligiblePromoSerializer(many=True),
    )
    @action(
        detail=False,
        serializer_class=EligiblePromoSerializer,
        pagination_class=EligiblePagination,
        filterset_class=None,
        uses_etags=False,
    )
    def eligible(self, request: Request) -> Response:
        """From this process's copy and the customer's card."""
        at = timezone.now()
        customer = customer_card(cast(UUID, request.user.pk))
        if customer.latitude is None:
            notice = {"code": "no_location", "detail": _("Say where you are in your profile to see what is near you.")}
            cast(EligiblePagination, self.paginator).notice = NoticeSerializer(notice).data
        return self.present_page(running_copy(at).eligible(customer, at))

    def _shown(self, pk: UUID, *, status: int = 200) -> Response:
        return self.present(selectors.promos_for_show().get(pk=pk), status=status)

    def _terms(self, serializer: OfferSerializer, promo: FlashPromo | None = None) -> dict[str, Any]:
        """The validated terms; the variant must lie within the caller's reach, else it does not exist for them."""
        serializer.is_valid(raise_exception=True)
        terms: dict[str, Any] = serializer.validated_data
        store_id = terms.pop("store", None)
        variant_id = terms.get("variant_id")
        if variant_id is None and store_id is None:
            return terms
        try:
            variant = variant_card(variant_id or promo.variant_id)  # type: ignore[union-attr]  # partial: there is one
        except NotFoundError:
            variant = None
        where = access.reach(self.request.user, WRITE)
        if variant is None or not where.covers(department_id=variant.department_id, store_id=variant.store_id):
            raise InvalidInputError.of("variant", "does_not_exist", gettext_noop("There is no such variant."))
        if store_id not in {None, variant.store_id}:
            raise InvalidInputError.of("store", "invalid", gettext_noop("The variant belongs to another store."))
        return terms
