"""`checkout/`: buy what is in the cart. `payments/`: pay an order that still waits."""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from funds import facade as funds
from marketplace.core.http import fields
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.permissions import VerifiedCustomer
from marketplace.core.http.throttling import RateLimit
from marketplace.core.http.viewsets import ViewSet
from purchases.orders.api.serializers import OrderSerializer
from purchases.orders.models import Order

from .services import check_out, pay_again
from .values import Acceptance, CheckedOut, PaymentPlan

WALLET = "wallet"
PROVIDERS = ("mercadopago", "sandbox")
_MONEY = {"$ref": "#/components/schemas/Money"}


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "enum": [WALLET, *PROVIDERS]},
            {
                "type": "object",
                "description": "So much from the wallet, the rest through one provider; together the total.",
                "properties": {
                    name: {
                        "type": "object",
                        "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}},
                        "required": ["amount", "currency"],
                    }
                    for name in (WALLET, *PROVIDERS)
                },
                "additionalProperties": False,
                "minProperties": 2,
                "maxProperties": 2,
                "required": [WALLET],
            },
        ]
    }
)
class PaymentPlanField(serializers.Field[PaymentPlan, Any, Any, Any]):
    """`"wallet"`, a provider's name, or `{"wallet": money, "<provider>": money}`."""

    default_error_messages = {
        "invalid": _("Pay by wallet, through a provider, or say how much of each."),
        "unknown_provider": _("Unknown payment provider."),
    }

    def to_internal_value(self, data: Any) -> PaymentPlan:
        if isinstance(data, str):
            if data not in {WALLET, *PROVIDERS}:
                self.fail("unknown_provider")
            return PaymentPlan(provider="" if data == WALLET else data)
        if not isinstance(data, dict) or len(data) != 2 or WALLET not in data:
            self.fail("invalid")
        (provider,) = data.keys() - {WALLET}
        if provider not in PROVIDERS:
            self.fail("unknown_provider")
        parts = {name: fields.MoneyField().run_validation(part) for name, part in data.items()}
        return PaymentPlan(provider=provider, from_wallet=parts[WALLET], from_provider=parts[provider])


class CheckoutInput(serializers.Serializer[Any]):
    """How to pay, what the customer agreed to pay, and where to send it."""

    payment = PaymentPlanField()
    expected_total = fields.MoneyField(
        required=False, allow_zero=True, help_text=_("The total that was shown: if it has moved, nothing is bought.")
    )
    shipping_address = fields.UUIDField(
        required=False, help_text=_("Of the address book; the default one if not given.")
    )
    shipping_rates: Any = serializers.DictField(
        child=fields.UUIDField(), required=False, help_text=_("By store, the id of a rate; else its cheapest.")
    )

    def validate_shipping_rates(self, rates: dict[str, UUID]) -> dict[UUID, UUID]:
        return {fields.UUIDField().run_validation(store): rate for store, rate in rates.items()}


class OrderPaymentSummarySerializer(serializers.Serializer[Any]):
    """The order's payment: paid at once, or waiting for the provider's part (`payments/{id}/` says where to pay)."""

    id = fields.UUIDField(source="payment_id")
    state = fields.CharField()
    provider = fields.CharField()
    from_wallet = fields.MoneyField()
    expires_at = fields.DateTimeField(allow_null=True)


class CheckedOutSerializer(OrderSerializer):
    """The order, and its payment."""

    payment = OrderPaymentSummarySerializer(help_text=_("The payment that was begun."))

    def to_representation(self, instance: CheckedOut) -> Any:  # type: ignore[override]
        instance.order.payment = instance.payment  # type: ignore[attr-defined]
        return super().to_representation(instance.order)


class PayInput(serializers.Serializer[Any]):
    """Which order, and how."""

    order = fields.UUIDField()
    payment = PaymentPlanField()


class CheckoutRateLimit(RateLimit):
    """Purchases, per person."""

    scope = "checkout"


@extend_schema(tags=["checkout"])
class CheckoutViewSet(ViewSet):
    """From a cart to an order."""

    is_private = True
    throttle_classes = [CheckoutRateLimit]
    permission_classes = [VerifiedCustomer]
    serializer_class = CheckedOutSerializer
    queryset = Order.objects.none()

    @extend_schema(
        summary="Buy what is in my cart",
        description="Stock, money and order in one step, or nothing at all; the cart then stays as it was. By wallet "
        "the order is paid at once. With a provider's part its goods are set aside until `expires_at`; "
        "`payments/{id}/` says where to pay.\n\n"
        "409 `cart_empty` (also for the second of two clicks or windows), 409 `items_unavailable` with `lines`, 409 "
        "`price_changed` with `total` and `difference`, 409 `promotion_used_up`, 409 `insufficient_stock`, 409 "
        "`insufficient_funds`, 409 `payment_split`, 409 `reserved_needs_wallet`, 409 `address_needed` where something "
        "is sent, 409 `too_many_waiting_orders`, 409 `total_too_large`.",
        request=CheckoutInput,
        responses={201: CheckedOutSerializer},
        examples=[
            OpenApiExample(
                "By wallet",
                value={"payment": "wallet", "expected_total": {"amount": "838.00", "currency": "MXN"}},
                request_only=True,
            ),
            OpenApiExample(
                "Partly each",
                value={
                    "payment": {
                        "wallet": {"amount": "300.00", "currency": "MXN"},
                        "mercadopago": {"amount": "538.00", "currency": "MXN"},
                    }
                },
                request_only=True,
            ),
        ],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=CheckoutInput)
        customer_id = cast(UUID, request.user.pk)
        bought = check_out(
            customer_id=customer_id,
            accepted=Acceptance(
                plan=values["payment"],
                expected_total=values.get("expected_total"),
                address_id=values.get("shipping_address"),
                rates=values.get("shipping_rates", {}),
            ),
            at=timezone.now(),
        )
        return self.present(bought, status=201)


class OrderPaymentsViewSet(funds.PaymentsViewSet):
    """Payments as funds shows them; paying again is a matter of the order."""

    is_private = True

    @extend_schema(
        summary="Pay an order that still waits",
        description="After a payment that failed, or that the customer called off, while the order's time is not "
        "over. 409 `order_payment_exists` while another payment is under way, 409 `order_not_payable` when the order "
        "is paid or over, 409 `payment_split` when the parts do not come to the total.",
        tags=["payments"],
        request=PayInput,
        responses={201: OrderPaymentSummarySerializer},
        examples=[
            OpenApiExample(
                "From the wallet after all",
                value={"order": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2", "payment": "wallet"},
                request_only=True,
            )
        ],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """POST payments/"""
        values = self.read(request, serializer=PayInput)
        payment = pay_again(order_id=values["order"], customer_id=self.customer_id, plan=values["payment"])
        return self.present(payment, status=201, serializer=OrderPaymentSummarySerializer)
