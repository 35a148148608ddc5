"""Routes of the context below `/api/v1/`."""

from rest_framework.routers import SimpleRouter

from .broadcasts.api import BroadcastViewSet
from .inbox.api import NotificationViewSet

router = SimpleRouter()
router.register("notifications", NotificationViewSet, basename="notification")

# Viewsets whose ids are converted before they see them.
typed_router = SimpleRouter(use_regex_path=False)
typed_router.register("admin/broadcasts", BroadcastViewSet, basename="broadcast")

urlpatterns = [*router.urls, *typed_router.urls]
