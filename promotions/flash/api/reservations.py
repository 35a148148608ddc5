"""`promotions/promo-reservations/`: a minute with a unit."""

from typing import cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from marketplace.core.http.permissions import VerifiedCustomer
from marketplace.core.http.throttling import RateLimit
from marketplace.core.http.viewsets import ViewSet
from promotions.flash import selectors
from promotions.flash.models import Reservation
from promotions.flash.services import claims

from .serializers import ReservationSerializer, ReserveSerializer

TAGS = ["flash promotions"]
_HELD = OpenApiExample(
    "Held",
    value={
        "id": "0190b2f0-c3d5-7c1c-9a51-2f0d6a1b7c11",
        "promo": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
        "state": "held",
        "expires_at": "2026-01-31T18:01:00Z",
        "seconds_left": 60,
        "order": None,
        "created_at": "2026-01-31T18:00:00Z",
    },
    response_only=True,
)


class ReservationRateLimit(RateLimit):
    """Reserving and giving back: each give-back tells somebody in line."""

    scope = "reservations"


@extend_schema_view(
    list=extend_schema(summary="My reservations", description="Newest first."),
    retrieve=extend_schema(
        summary="One of my reservations",
        description="With the seconds left by the database's clock; `lapsed` once they are over.",
    ),
)
@extend_schema(tags=TAGS)
class ReservationViewSet(ViewSet):
    """The caller's own reservations."""

    is_private = True
    serializer_class = ReservationSerializer
    permission_classes = [VerifiedCustomer]
    queryset = Reservation.objects.none()

    def get_queryset(self) -> "QuerySet[Reservation]":
        return selectors.reservations_of(self._customer_id)

    def get_throttles(self) -> list[BaseThrottle]:
        return [ReservationRateLimit()] if self.action in {"create", "cancel"} else super().get_throttles()

    @property
    def rereads_account(self) -> bool:
        """Whoever reserves is looked at with everything else, in one statement: the account is not loaded before."""
        return self.action == "create"

    @property
    def _customer_id(self) -> UUID:
        return cast(UUID, self.request.user.pk)  # permissions let nobody anonymous come here

    def list(self, request: Request) -> Response:
        """One page."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([ReservationSerializer(selectors.card_as_read(row)).data for row in page])

    def retrieve(self, request: Request, pk: str) -> Response:
        """One reservation."""
        return self.present(selectors.card_as_read(self.get_object()))

    @extend_schema(
        summary="Reserve a unit for 60 seconds",
        description="First come, first served, by the database's clock; nobody else gets the unit before `expires_at`. "
        "Asking again while holding it answers 200 with the same reservation and the same deadline. Refusals: 403 "
        "`not_eligible` with `failed_rules` (`segment`, `distance`, `no_location`, `inactive`); 409 "
        "`promo_already_held` with `seconds_left`, `promo_sold_out`, `promo_not_running`, `active_hold_exists` (one "
        "unit at a time) with `promo`, `reservation`, `seconds_left`, `promo_limit_reached` with `limit`; 429 "
        "`cooling_down` with `seconds_left` and `Retry-After` for who let several holds lapse; 404 for an unknown "
        "promotion.",
        request=ReserveSerializer,
        responses={
            201: ReservationSerializer,
            200: OpenApiResponse(ReservationSerializer, "You hold it already; the deadline has not moved"),
        },
        examples=[
            OpenApiExample("Reserve", value={"promo": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11"}, request_only=True),
            _HELD,
        ],
    )
    def create(self, request: Request) -> Response:
        """201, or 200 for the holder."""
        form = ReserveSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        reserved = claims.reserve_unit(
            promo_id=form.validated_data["promo_id"],
            customer_id=self._customer_id,
            token_version=getattr(request.auth, "version", None),
        )
        return self.present(reserved.card, status=201 if reserved.is_new else 200)

    @extend_schema(
        summary="Give a reserved unit back",
        description="It is free for others at once. Cancelling twice is the same as once; 409 `reservation_lapsed` or "
        "`reservation_completed` when there is nothing to give back.",
        request=None,
        responses={200: ReservationSerializer},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """200."""
        card = claims.cancel_reservation(reservation_id=self.get_object().pk, customer_id=self._customer_id)
        return self.present(card)
