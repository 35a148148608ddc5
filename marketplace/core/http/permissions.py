"""Deny by default; a route names the permission it opens with."""

from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from marketplace.core import access
from marketplace.core.errors import DomainError, ErrorKind, gettext_noop

if TYPE_CHECKING:
    from rest_framework.views import APIView


class EmailNotVerifiedError(DomainError):
    """The account's address is not verified yet."""

    code = "email_not_verified"
    kind = ErrorKind.FORBIDDEN
    message = gettext_noop("Verify your e-mail address first.")


class DenyAll(BasePermission):
    """The project's default: a route that forgets to say who may use it is closed."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False


class Anyone(BasePermission):
    """Signed in or not."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return True


class SignedIn(BasePermission):
    """An active account."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return bool(request.user.is_authenticated and request.user.is_active)


class VerifiedCustomer(SignedIn):
    """An account with a verified address; otherwise 403 `email_not_verified`."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        if not getattr(request.user, "is_verified", False):
            raise EmailNotVerifiedError
        return True


class IsStaff(SignedIn):
    """People of the house. Opens only what belongs to no department (accounts, segments)."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return super().has_permission(request, view) and bool(getattr(request.user, "is_staff", False))


class IsAdministrator(SignedIn):
    """Superusers."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return super().has_permission(request, view) and bool(getattr(request.user, "is_superuser", False))


class ReadOnly(BasePermission):
    """Anyone may look."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.method in SAFE_METHODS


class HoldsKey(SignedIn):
    """Somebody whose keys of `area` reach somewhere; the view's queryset decides where exactly.

    The view says `access_area = "catalog"`. Reading needs `catalog:read`, everything else `catalog:write`.
    """

    verbs: ClassVar[dict[bool, str]] = {True: "read", False: "write"}

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        area: Any = view.access_area  # type: ignore[attr-defined]
        key = f"{area}:{self.verbs[request.method in SAFE_METHODS]}"
        return not access.reach(request.user, key).is_empty
