"""Campaigns are the house's: one can cost on everything that is sold, so no department's or store's key opens them."""

from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from marketplace.core import access
from marketplace.core.http.permissions import SignedIn

if TYPE_CHECKING:
    from rest_framework.views import APIView


class RunsCampaigns(SignedIn):
    """Whose key of promotions reaches everywhere, and people of the house with Django's permission for campaigns."""

    needs: ClassVar[dict[str, str]] = {"list": "view", "retrieve": "view", "create": "add", "destroy": "delete"}

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        user: Any = request.user
        verb = "read" if request.method in SAFE_METHODS else "write"
        if access.reach(user, f"promotions:{verb}").everywhere:
            return True
        wanted = self.needs.get(getattr(view, "action", None) or "", "change")
        return bool(user.is_staff and user.has_perm(f"promotions.{wanted}_campaign"))
