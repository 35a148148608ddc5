"""What is the house's own: no department's or store's key opens it."""

from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from marketplace.core import access
from marketplace.core.http.permissions import SignedIn

if TYPE_CHECKING:
    from rest_framework.views import APIView


class RunsForTheHouse(SignedIn):
    """Whose key of promotions reaches everywhere, and people of the house with Django's permission for `model`.

    `needs`: which of Django's verbs an action of the view wants; `change` when it is not said.
    """

    model: ClassVar[str]
    needs: ClassVar[dict[str, str]] = {"list": "view", "retrieve": "view", "create": "add", "destroy": "delete"}

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        user: Any = request.user
        verb = "read" if request.method in SAFE_METHODS else "write"
        if access.reach(user, f"promotions:{verb}").everywhere:
            return True
        wanted = self.needs.get(getattr(view, "action", None) or "", "change")
        return bool(user.is_staff and user.has_perm(f"promotions.{wanted}_{self.model}"))
