"""Routes of the context below `/api/v1/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .inbox.api import NotificationViewSet
from .sockets.api import SocketTicketViewSet

router = SimpleRouter()
router.register("notifications", NotificationViewSet, basename="notification")

urlpatterns = [
    # Before the router, which would take it for the id of a notification.
    path("notifications/ws-ticket/", SocketTicketViewSet.as_view({"post": "create"}), name="socket-ticket"),
    *router.urls,
]
