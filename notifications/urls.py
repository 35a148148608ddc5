"""Routes of the context below `/api/v1/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .inbox.api import NotificationViewSet
from .preferences.api import PreferencesViewSet

router = SimpleRouter()
router.register("notifications", NotificationViewSet, basename="notification")

urlpatterns = [
    # Before the router, whose notifications have ids in the same place.
    path(
        "notifications/preferences/",
        PreferencesViewSet.as_view({"get": "show", "patch": "change"}),
        name="notification-preferences",
    ),
    *router.urls,
]
