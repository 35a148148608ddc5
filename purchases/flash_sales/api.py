"""`promotions/promo-reservations/{id}/complete/`: pay for the reserved unit within its minute."""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.permissions import VerifiedCustomer
from promotions import facade as promotions
from purchases.orders.api.serializers import OrderSummarySerializer

from .services import complete_reservation


class CompleteSerializer(serializers.Serializer[Any]):
    """Nothing to say: the reservation knows everything."""


class CompletedSerializer(serializers.Serializer[Any]):
    """The reservation as it is now, and the order it became."""

    reservation = promotions.ReservationSerializer()
    order = OrderSummarySerializer()


class CompleteReservationView(APIView):
    """Buys the unit: order, stock and wallet money in one transaction."""

    permission_classes = [VerifiedCustomer]

    @extend_schema(
        tags=["flash promotions"],
        summary="Complete a reservation",
        description=(
            "Within the reservation's minute, pay its price from the wallet and receive the order. "
            "409 `reservation_lapsed` when the minute is over, 409 `insufficient_funds` when the wallet holds too "
            "little (the unit stays yours until its minute ends). Completing twice answers with the same order."
        ),
        request=CompleteSerializer,
        responses={200: CompletedSerializer},
        examples=[OpenApiExample("Nothing to send", value={}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, reservation_id: UUID) -> Response:
        customer_id = cast(UUID, request.user.pk)
        order = complete_reservation(reservation_id=reservation_id, customer_id=customer_id, at=timezone.now())
        reservation = promotions.reservation_card(reservation_id)
        answer = {"reservation": reservation, "order": order}
        return Response(CompletedSerializer(answer).data)
