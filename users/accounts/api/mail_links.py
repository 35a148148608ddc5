"""What mails link to: proving an address, choosing a new password. GET is a small page that posts."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.permissions import Anyone
from marketplace.core.http.throttling import AuthRateLimit, MailRateLimit
from marketplace.core.http.viewsets import ViewSet
from users.accounts.services import registration

from .serializers import (
    AddressInput,
    AddressOutput,
    MailTokenInput,
    NewPasswordInput,
    PasswordSetOutput,
    VerifiedOutput,
)

TOKEN_PARAMETER = OpenApiParameter("token", str, description="From the mail; put into the page's form.")
PAGE = {(200, "text/html"): OpenApiResponse(OpenApiTypes.STR, description="The page.")}
ADDRESS_EXAMPLES = [
    OpenApiExample("An address", value={"email": "ana@example.com"}, request_only=True),
    OpenApiExample("Accepted", value={"email": "ana@example.com"}, response_only=True, status_codes=["202"]),
]


class PageRenderer(JSONRenderer):
    """Lets a browser ask these routes for HTML; the page itself is rendered by the action, a problem stays JSON."""

    media_type = "text/html"
    format = "html"


@extend_schema(tags=["users"])
class MailLinkViewSet(ViewSet):
    """Open to everybody: the secret of the mail is the proof."""

    authentication_classes = []
    permission_classes = [Anyone]
    throttle_classes = [AuthRateLimit]

    @extend_schema(
        summary="Verify the address",
        description="The token works once, for a limited time.",
        request=MailTokenInput,
        responses=VerifiedOutput,
        examples=[
            OpenApiExample("The token", value={"token": "pXv1…"}, request_only=True),
            OpenApiExample("Verified", value={"is_verified": True}, response_only=True, status_codes=["200"]),
        ],
    )
    @action(detail=False, methods=["post"], url_path="verify-email", serializer_class=MailTokenInput)
    def verify_email(self, request: Request) -> Response:
        registration.verify_email(**self.read(request))
        return self.present({"is_verified": True}, serializer=VerifiedOutput)

    @extend_schema(
        summary="The page to verify the address",
        description="What the link in the mail opens; its button posts.",
        parameters=[TOKEN_PARAMETER],
        responses=PAGE,
    )
    @verify_email.mapping.get
    def verify_email_page(self, request: Request) -> HttpResponse:
        texts = {
            "title": _("Confirm your e-mail address"),
            "button": _("Confirm"),
            "done": _("Thank you. Your address is confirmed."),
        }
        return _page(request, texts, asks_password=False)

    @extend_schema(
        summary="Send the verification mail again",
        description="The answer is the same for an unknown address.",
        request=AddressInput,
        responses={202: AddressOutput},
        examples=ADDRESS_EXAMPLES,
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="resend-verification",
        serializer_class=AddressInput,
        throttle_classes=[MailRateLimit],
    )
    def resend_verification(self, request: Request) -> Response:
        values = self.read(request)
        registration.request_verification(**values)
        return self.present(values, status=202, serializer=AddressOutput)

    @extend_schema(
        summary="Send a link to choose a new password",
        description="The answer is the same for an unknown address.",
        request=AddressInput,
        responses={202: AddressOutput},
        examples=ADDRESS_EXAMPLES,
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="password-reset",
        serializer_class=AddressInput,
        throttle_classes=[MailRateLimit],
    )
    def password_reset(self, request: Request) -> Response:
        values = self.read(request)
        registration.request_password_reset(**values)
        return self.present(values, status=202, serializer=AddressOutput)

    @extend_schema(
        summary="Set a new password",
        description="The token works once, for a limited time; a weak password does not use it up. Every session ends.",
        request=NewPasswordInput,
        responses=PasswordSetOutput,
        examples=[
            OpenApiExample(
                "A new one", value={"token": "pXv1…", "password": "correct horse battery"}, request_only=True
            ),
            OpenApiExample("Set", value={"is_changed": True}, response_only=True, status_codes=["200"]),
        ],
    )
    @action(detail=False, methods=["post"], url_path="password-reset/confirm", serializer_class=NewPasswordInput)
    def confirm_password_reset(self, request: Request) -> Response:
        registration.reset_password(**self.read(request))
        return self.present({"is_changed": True}, serializer=PasswordSetOutput)

    @extend_schema(
        summary="The page to choose a new password",
        description="What the link in the mail opens; its form posts.",
        parameters=[TOKEN_PARAMETER],
        responses=PAGE,
    )
    @confirm_password_reset.mapping.get
    def confirm_password_reset_page(self, request: Request) -> HttpResponse:
        texts = {
            "title": _("Choose a new password"),
            "button": _("Set the password"),
            "done": _("Your new password is set. You can log in with it now."),
        }
        return _page(request, texts, asks_password=True)

    def get_renderers(self) -> list[BaseRenderer]:
        return [JSONRenderer(), PageRenderer()]


def _page(request: Request, texts: dict[str, str], *, asks_password: bool) -> HttpResponse:
    token = request.query_params.get("token", "")
    page = render(request, "users/link_page.html", {**texts, "token": token, "asks_password": asks_password})
    # The address of this page holds the secret: it goes into no cache and no Referer header.
    page["Cache-Control"] = "no-store"
    page["Referrer-Policy"] = "no-referrer"
    return page
