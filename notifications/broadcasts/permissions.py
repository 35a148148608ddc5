"""Who writes to everybody: people of the house with Django's permission for broadcasts."""

from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.request import Request

from marketplace.core.http.permissions import SignedIn

if TYPE_CHECKING:
    from rest_framework.views import APIView


class SendsBroadcasts(SignedIn):
    """Staff; what else than looking, making and removing is asked needs the permission to change."""

    needs: ClassVar[dict[str, str]] = {
        "list": "view",
        "retrieve": "view",
        "audience": "view",
        "create": "add",
        "destroy": "delete",
    }

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        user: Any = request.user
        wanted = self.needs.get(getattr(view, "action", None) or "", "change")
        return bool(user.is_staff and user.has_perm(f"notifications.{wanted}_broadcast"))
