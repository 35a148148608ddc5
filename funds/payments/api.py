"""HTTP of the payments slice: where providers tell us something."""

from collections.abc import Mapping

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from marketplace.core.errors import NotFoundError
from marketplace.core.http.permissions import Anyone
from marketplace.core.http.viewsets import ViewSet

from .errors import ForgedWebhookError
from .providers import notifying_provider
from .providers.protocol import ForgedNotificationError
from .services import receive_notification


class MercadoPagoWebhooksViewSet(ViewSet):
    """Mercado Pago's notifications. The body is not read: it is not signed."""

    authentication_classes = []
    permission_classes = [Anyone]
    serializer_class = Serializer
    filter_backends = []

    @extend_schema(
        summary="Mercado Pago's webhook",
        description="Proved by its `x-signature` (HMAC-SHA256 over id, request id and time) within a window of time, "
        "written down once, answered at once. It is a hint only: a worker reads the payment back before anything is "
        "credited. The same notification again is 200 and does nothing; a forged one is 403 `webhook_refused`; where "
        "Mercado Pago is not configured, 404.",
        tags=["funds"],
        auth=[],
        request=OpenApiTypes.OBJECT,
        parameters=[
            OpenApiParameter("data.id", str, OpenApiParameter.QUERY, description="The payment's id at the provider."),
            OpenApiParameter("type", str, OpenApiParameter.QUERY, description="`payment` for payments."),
            OpenApiParameter("x-signature", str, OpenApiParameter.HEADER, description="`ts=…,v1=…`"),
            OpenApiParameter("x-request-id", str, OpenApiParameter.HEADER),
        ],
        responses={200: OpenApiTypes.OBJECT},
        examples=[
            OpenApiExample(
                "A payment changed",
                {"type": "payment", "action": "payment.updated", "data": {"id": "123456"}},
                request_only=True,
            ),
            OpenApiExample("Written down", {"received": True}, response_only=True),
        ],
    )
    def create(self, request: Request) -> Response:
        """POST funds/webhooks/mercadopago/"""
        try:
            provider = notifying_provider("mercadopago")
        except KeyError as error:
            raise NotFoundError from error
        at = timezone.now()
        try:
            notification = provider.read_notification(
                headers=_lower(request.headers), query=request.query_params.dict(), body=b"", at=at
            )
        except ForgedNotificationError as error:
            raise ForgedWebhookError from error
        receive_notification(provider=provider.name, notification=notification, at=at)
        return Response({"received": True})


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
