"""Who sends parcels: a store's people those of the store, people of the house who may change orders all."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from marketplace.core.http.permissions import SignedIn
from purchases.shipments.selectors import where_orders

if TYPE_CHECKING:
    from rest_framework.views import APIView


class SendsOrders(SignedIn):
    """Somebody who sends orders somewhere; the view's queryset decides where exactly. Anybody signed in may look."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        action = getattr(view, "action", None)
        if request.method in SAFE_METHODS and action != "to_pack":
            return True
        return not where_orders(request.user, "read" if request.method in SAFE_METHODS else "write").is_empty
