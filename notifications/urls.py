"""Routes of the context below `/api/v1/`."""

from rest_framework.routers import SimpleRouter

from .inbox.api import NotificationViewSet

router = SimpleRouter()
router.register("notifications", NotificationViewSet, basename="notification")

urlpatterns = router.urls
