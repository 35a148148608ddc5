"""Calls of machines to internal routes: signed, of now, and each once.

What is signed is `<METHOD> <path>`, a line feed, and the body as it came: a call to one route opens no other. Behind
nginx such routes are reached through the door that asks for a client's certificate (deploy/nginx/tls.conf).
"""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from marketplace.core.jobs import take_slot
from marketplace.core.signatures import SIGNATURE_HEADER, SignatureError, check

if TYPE_CHECKING:
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)
JOB: Final = "core.signed_call"
"""Taken slots outlive the window of a signature by far (`core.retention`)."""


class Machine:
    """Who signed: no account, no role, no key of a department."""

    pk = None
    is_authenticated = True
    is_active = True
    is_verified = False
    is_staff = False
    is_superuser = False


class SignatureRefused(AuthenticationFailed):
    """The one answer to every signature that does not open."""

    def __init__(self) -> None:
        super().__init__(_("The signature is not valid (any more)."), code="signature_invalid")


def signed_part(method: str, path: str, body: bytes) -> bytes:
    """What is signed of a call; `path` without the query, which internal routes do not read."""
    return f"{method} {path}\n".encode() + body


class SignedCallAuthentication(BaseAuthentication):
    """`X-Marketplace-Signature` under one of `INTERNAL_CALL_SECRETS`; without that header others may know who calls."""

    def authenticate(self, request: Request) -> tuple[Machine, None] | None:
        header = request.headers.get(SIGNATURE_HEADER)
        if header is None:
            return None
        # The body is read before its parser comes, and stays readable for it.
        said = signed_part(str(request.method), request.path, request._request.body)
        window = timedelta(seconds=settings.INTERNAL_CALL_WINDOW_SECONDS)
        try:
            signature = check(header, said, secrets=settings.INTERNAL_CALL_SECRETS, at=timezone.now(), window=window)
            # The slot stands for the signature, not for the work: a call that fails afterwards is signed anew.
            with transaction.atomic():
                is_first = take_slot(JOB, signature.digest)
        except SignatureError as error:
            raise _refused(str(error)) from error
        if not is_first:
            raise _refused("used before")
        return Machine(), None

    def authenticate_header(self, request: Request) -> str:
        return 'Signature realm="internal"'


def _refused(because: str) -> SignatureRefused:
    logger.warning("signed call refused", extra={"because": because})
    return SignatureRefused()


class IsMachine(BasePermission):
    """A call that was signed."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return isinstance(request.user, Machine)


class SignatureScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema calls it."""

    target_class = SignedCallAuthentication
    name = "signature"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        description = (
            "`t=<seconds>,v1=<hex>`: HMAC-SHA256 of `<seconds>.<METHOD> <path>`, a line feed and the body. "
            "Within five minutes, and once."
        )
        return {"type": "apiKey", "in": "header", "name": SIGNATURE_HEADER, "description": description}
