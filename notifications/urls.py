"""Routes of the context below `/api/v1/`."""

from rest_framework.routers import DefaultRouter

from .inbox.api import NotificationViewSet

router = DefaultRouter(use_regex_path=True)
router.include_root_view = False
router.register("notifications", NotificationViewSet, basename="notification")

urlpatterns = router.urls
