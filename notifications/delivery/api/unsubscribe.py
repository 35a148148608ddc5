"""What the foot of a mail links to. GET is a small page; POST acts, also by itself from a mail program (RFC 8058)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.errors import DomainError
from marketplace.core.http import fields
from marketplace.core.http.parsing import StrictJSONParser
from marketplace.core.http.permissions import Anyone
from marketplace.core.http.throttling import RateLimit
from marketplace.core.http.viewsets import ViewSet
from notifications.delivery.links import read_token
from notifications.kinds.channels import Channel
from notifications.kinds.table import KINDS
from notifications.preferences.services import switch_mail_off

STOPS = [("kind", "this kind"), ("all", "all that is not required")]
TOKEN = OpenApiParameter("token", str, description="From the mail's link.")
LONGEST_TOKEN = 400


class PageRenderer(JSONRenderer):
    """Lets a browser ask for HTML; the page itself is rendered by the action, a problem stays JSON."""

    media_type = "text/html"
    format = "html"


class UnsubscribeRateLimit(RateLimit):
    """Mail programs of many people come from one address: what counts is the token. Without a good one, the address."""

    scope = "unsubscribe"

    def who(self, request: Request) -> str:
        token = _token_of(request)
        try:
            read_token(token)
        except DomainError:
            return super().who(request)
        return hashlib.sha256(token.encode()).hexdigest()


class UnsubscribeSerializer(serializers.Serializer[Any]):
    """What to stop. A mail program sends `List-Unsubscribe=One-Click` and has the token in the address."""

    token = fields.CharField(required=False, max_length=LONGEST_TOKEN)
    stop = fields.ChoiceField(
        choices=STOPS, required=False, help_text="Default: the mail's kind; of a digest, all that is not required."
    )


class UnsubscribedSerializer(serializers.Serializer[Any]):
    """What is stopped now."""

    kinds = serializers.ListField(child=fields.CharField(), help_text="Kinds that come by e-mail no more.")


@extend_schema(tags=["notifications"])
class UnsubscribeViewSet(ViewSet):
    """Open to everybody: the mail's token is the proof, and opens nothing else."""

    authentication_classes = []
    permission_classes = [Anyone]
    throttle_classes = [UnsubscribeRateLimit]
    parser_classes = [StrictJSONParser, FormParser, MultiPartParser]
    serializer_class = UnsubscribeSerializer
    pagination_class = None

    def get_renderers(self) -> list[BaseRenderer]:
        return [JSONRenderer(), PageRenderer()]

    @extend_schema(
        summary="The page to stop e-mails",
        description="What the link in the mail opens; its buttons post. Nothing changes before.",
        parameters=[TOKEN],
        responses={
            (200, "text/html"): OpenApiResponse(OpenApiTypes.STR, description="The page."),
            (400, "text/html"): OpenApiResponse(OpenApiTypes.STR, description="The page says what is wrong."),
        },
    )
    def page(self, request: Request) -> HttpResponse:
        token = _token_of(request)
        try:
            link = read_token(token)
        except DomainError as error:
            return _page(request, {"problem": _(error.message)}, status=400)
        kind = KINDS.get(link.kind or "")
        may_stop = kind is not None and not kind.is_required_on(Channel.EMAIL)
        return _page(request, {"token": token, "kind_name": kind.name if kind and may_stop else ""})

    @extend_schema(
        summary="Stop e-mails",
        description="Without a log-in, as RFC 8058 wants it. Harmless twice.",
        parameters=[TOKEN],
        request={
            "application/json": UnsubscribeSerializer,
            "application/x-www-form-urlencoded": UnsubscribeSerializer,
        },
        responses={200: UnsubscribedSerializer},
        examples=[
            OpenApiExample("all of them", {"token": "WyIwMTky…", "stop": "all"}, request_only=True),
            OpenApiExample(
                "this kind",
                {"token": "WyIwMTky…", "stop": "kind"},
                request_only=True,
                media_type="application/x-www-form-urlencoded",
            ),
            OpenApiExample("stopped", {"kinds": ["question_answered"]}, response_only=True),
        ],
    )
    def stop(self, request: Request) -> HttpResponse:
        values = self.read(request)
        link = read_token(_token_of(request))
        is_all = link.kind is None or values.get("stop") == "all"
        stopped = switch_mail_off(customer_id=link.customer_id, kind=None if is_all else link.kind)
        if isinstance(request.accepted_renderer, PageRenderer):
            return _page(request, {"is_done": True})
        return Response(UnsubscribedSerializer({"kinds": stopped}).data)


def _token_of(request: Request) -> str:
    """The body's, or the address'. What is no text reads as no token."""
    given = request.data.get("token") if request.method == "POST" and isinstance(request.data, Mapping) else None
    return str(given or request.query_params.get("token", "")).strip()


def _page(request: Request, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    page = render(request, "notifications/unsubscribe.html", context, status=status)
    # The address of this page holds the token: it goes into no cache and no Referer header.
    page["Cache-Control"] = "no-store"
    page["Referrer-Policy"] = "no-referrer"
    return page
