"""Routes of the context below `/api/v1/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .broadcasts.api import BroadcastViewSet
from .delivery.api.reports import MailReportsView
from .delivery.api.unsubscribe import UnsubscribeViewSet
from .devices.api import DeviceViewSet
from .inbox.api import NotificationViewSet
from .preferences.api import PreferencesViewSet
from .sockets.api import SocketTicketViewSet

router = SimpleRouter()
router.register("notifications/devices", DeviceViewSet, basename="notification-device")
router.register("notifications", NotificationViewSet, basename="notification")

# Viewsets whose ids are converted before they see them.
typed_router = SimpleRouter(use_regex_path=False)
typed_router.register("admin/broadcasts", BroadcastViewSet, basename="broadcast")

urlpatterns = [
    # Before the router, which would take it for the id of a notification.
    path("notifications/ws-ticket/", SocketTicketViewSet.as_view({"post": "create"}), name="socket-ticket"),
    # Before the router, whose notifications have ids in the same place.
    path(
        "notifications/preferences/",
        PreferencesViewSet.as_view({"get": "show", "patch": "change"}),
        name="notification-preferences",
    ),
    path(
        "notifications/unsubscribe/",
        UnsubscribeViewSet.as_view({"get": "page", "post": "stop"}),
        name="notification-unsubscribe",
    ),
    path("notifications/mail-reports/", MailReportsView.as_view(), name="notification-mail-reports"),
    *router.urls,
    *typed_router.urls,
]
