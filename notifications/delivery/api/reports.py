"""What the mail provider reports: bounces and complaints, by anymail's webhooks."""

import importlib
import re
from collections.abc import Mapping
from typing import Any, Final

from anymail.exceptions import AnymailError
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.dispatch import receiver
from django.http import HttpResponse, HttpResponseBadRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from marketplace.core.errors import NotFoundError
from marketplace.core.http.permissions import Anyone
from notifications.delivery.models import Suppression
from notifications.delivery.services.suppression import suppress_address

SOFT: Final = {"softbounce", "transient", "undetermined", "blocked"}
"""The providers' own words for what may pass."""


class MailReportsView(APIView):
    """The one provider's webhook. Without a provider, or without a secret in its settings, there is none."""

    authentication_classes = []
    permission_classes = [Anyone]

    @extend_schema(
        tags=["notifications"],
        summary="Reports of the mail provider",
        description="Bounces and complaints in the provider's own format, with the secret as basic authentication. A "
        "forged report learns nothing, and neither does one that does not read: 400 without a body.",
        request=OpenApiTypes.OBJECT,
        responses={200: OpenApiResponse(description="Taken.")},
        examples=[
            OpenApiExample(
                "a hard bounce, as Postmark writes it",
                {"RecordType": "Bounce", "Type": "HardBounce", "Email": "ana@example.com"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        if not settings.EMAIL_PROVIDER or not settings.EMAIL_WEBHOOK_SECRETS:
            raise NotFoundError
        try:
            # The provider's view reads the body itself: what it checks is signed byte by byte.
            answer: HttpResponse = _view(settings.EMAIL_PROVIDER)(request._request)
        except (SuspiciousOperation, AnymailError, ValueError, KeyError, TypeError, AttributeError):
            return HttpResponseBadRequest(b"")
        return answer


def _view(provider: str) -> Any:
    module = importlib.import_module(f"anymail.webhooks.{provider}")
    name = next(name for name in dir(module) if name.endswith("TrackingWebhookView") and "Base" not in name)
    return getattr(module, name).as_view()


@receiver(tracking)
def suppress_on_report(sender: Any, event: AnymailTrackingEvent, esp_name: str, **_more: Any) -> None:
    """Hard bounces, complaints and unsubscriptions; what may pass (a full mailbox, a slow server) changes nothing."""
    reason = _reason(event)
    if reason and event.recipient:
        suppress_address(address=event.recipient, reason=reason, detail=f"{esp_name}: {event.event_type}")


def _reason(event: AnymailTrackingEvent) -> str:
    if event.event_type == EventType.COMPLAINED:
        return Suppression.Reason.COMPLAINED
    if event.event_type == EventType.UNSUBSCRIBED:
        return Suppression.Reason.UNSUBSCRIBED
    if event.event_type not in {EventType.BOUNCED, EventType.REJECTED} or _may_pass(event.esp_event):
        return ""
    if event.reject_reason == RejectReason.SPAM:
        return Suppression.Reason.COMPLAINED
    is_dead = event.reject_reason in {RejectReason.BOUNCED, RejectReason.INVALID}
    return Suppression.Reason.BOUNCED if is_dead else ""


def _may_pass(raw: Any) -> bool:
    """Anymail calls some providers' soft bounces bounces: what the provider itself said counts."""
    if not isinstance(raw, Mapping):
        return False
    bounce = raw.get("bounce")
    inner = bounce.get("bounceType") if isinstance(bounce, Mapping) else ""
    words = {
        re.sub("[^a-z]", "", str(word).lower()) for word in (raw.get("Type"), raw.get("event"), inner, raw.get("type"))
    }
    return bool(words & SOFT) or raw.get("hard_bounce") is False
