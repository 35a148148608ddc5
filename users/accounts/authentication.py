"""`Authorization: Bearer`: who is calling.

Writes, staff and people who are not verified yet: the account is loaded, so that a disabled one is refused at
once and a role or a proof that came meanwhile counts. Reads of verified customers: no query; the account is
made from the token's claims, after a deny list at most DENY_LIST_SECONDS old. So it is for a write whose view says
`rereads_account`: it looks at the account in its own statement, and refuses `AccessRevokedError` there.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from .deny_list import deny_list
from .models import User
from .tokens import AccessClaims, UnreadableTokenError, read_access

SCHEME = "bearer"


class TokenRefused(AuthenticationFailed):
    """The one answer to every token that does not open."""

    def __init__(self) -> None:
        super().__init__(_("The access token is not valid (any more)."), code="token_invalid")


class BearerAuthentication(BaseAuthentication):
    """Access tokens of `auth/token/`."""

    def authenticate(self, request: Request) -> tuple[User, AccessClaims] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != SCHEME.encode():
            return None
        if len(parts) != 2:
            raise TokenRefused
        try:
            claims = read_access(parts[1].decode("ascii"))
        except (UnreadableTokenError, UnicodeDecodeError) as error:
            raise TokenRefused from error
        if _is_light(request) and _claims_suffice(claims):
            return _from_claims(claims), claims
        return _loaded(claims), claims

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _is_light(request: Request) -> bool:
    context: dict[str, Any] = request.parser_context or {}
    return request.method in SAFE_METHODS or bool(getattr(context.get("view"), "rereads_account", False))


def _claims_suffice(claims: AccessClaims) -> bool:
    return claims.verified_at is not None and not (claims.is_staff or claims.is_superuser)


def _loaded(claims: AccessClaims) -> User:
    user = User.objects.filter(pk=claims.user_id, is_active=True, token_version=claims.version).first()
    if user is None:
        raise TokenRefused
    return user


def _from_claims(claims: AccessClaims) -> User:
    """The account without a query. What the token does not say is fetched by Django when somebody asks for it."""
    if deny_list.refuses(claims.user_id, claims.version):
        raise TokenRefused
    known: dict[str, Any] = {
        "id": claims.user_id,
        "is_active": True,
        "is_staff": False,
        "is_superuser": False,
        "email_verified_at": claims.verified_at,
        "token_version": claims.version,
    }
    names = [field.attname for field in User._meta.concrete_fields if field.attname in known]
    return User.from_db("default", names, [known[name] for name in names])


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema calls it."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": SCHEME, "bearerFormat": "JWT"}
