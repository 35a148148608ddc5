"""`promotions/promo-reservations/{id}/complete/`: pay for the reserved unit within its minute, or begin to."""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from funds import facade as funds
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.permissions import VerifiedCustomer
from promotions import facade as promotions
from purchases.checkout.api import OrderPaymentSummarySerializer, PaymentPlanField
from purchases.orders.api.serializers import OrderSummarySerializer
from purchases.orders.models import Order

from .services import complete_reservation


class CompleteSerializer(serializers.Serializer[Any]):
    """How to pay; from the wallet if nothing is said."""

    payment = PaymentPlanField(required=False)


class CompletedSerializer(serializers.Serializer[Any]):
    """The reservation as it is now, and the order it became."""

    reservation = promotions.ReservationSerializer()
    order = OrderSummarySerializer()
    payment = OrderPaymentSummarySerializer(
        allow_null=True, help_text=_("The payment that the order waits for; null when it is paid.")
    )


class CompleteReservationView(APIView):
    """Buys the unit: order, stock and wallet money in one transaction; or begins to pay it through a provider."""

    permission_classes = [VerifiedCustomer]

    @extend_schema(
        tags=["flash promotions"],
        summary="Complete a reservation",
        description=(
            "Within the reservation's minute, pay its price from the wallet and receive the order. "
            "409 `reservation_lapsed` when the minute is over, 409 `insufficient_funds` when the wallet holds too "
            "little (the unit stays yours until its minute ends). Completing twice answers with the same order.\n\n"
            "With a provider's part the order is `placed` and `payment` says until when it can be paid "
            "(`payments/{id}/` says where). The reservation is extended once, to five minutes from now, and nothing "
            "extends it again; nobody else gets the unit before. Not paid in time, the order expires and the unit is "
            "free. Money that comes later buys the unit if nobody else has it by then; else it is in the wallet, or "
            "goes back to where it came from. 409 `payment_split` when the parts do not come to the price."
        ),
        request=CompleteSerializer,
        responses={200: CompletedSerializer},
        examples=[
            OpenApiExample("From the wallet", value={}, request_only=True),
            OpenApiExample("Through a provider", value={"payment": "mercadopago"}, request_only=True),
            OpenApiExample(
                "Partly each",
                value={
                    "payment": {
                        "wallet": {"amount": "99.00", "currency": "MXN"},
                        "mercadopago": {"amount": "100.00", "currency": "MXN"},
                    }
                },
                request_only=True,
            ),
        ],
    )
    @idempotent
    def post(self, request: Request, reservation_id: UUID) -> Response:
        customer_id = cast(UUID, request.user.pk)
        form = CompleteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        order = complete_reservation(
            reservation_id=reservation_id,
            customer_id=customer_id,
            at=timezone.now(),
            plan=form.validated_data.get("payment"),
        )
        reservation = promotions.reservation_card(reservation_id)
        payment = funds.order_payment(order.pk) if order.state == Order.State.PLACED else None
        answer = {"reservation": reservation, "order": order, "payment": payment}
        return Response(CompletedSerializer(answer).data)
