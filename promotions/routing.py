"""Sockets of the context."""

from django.urls import re_path

from marketplace.core.http.viewsets import UUID_PATTERN

from .exposure.watching import ExposureConnection
from .flash.watching import WatchConnection

websocket_urlpatterns = [
    re_path(rf"^ws/promotions/(?P<promo_id>{UUID_PATTERN})/?$", WatchConnection.serve),  # type: ignore[arg-type]
    re_path(r"^ws/exposure/?$", ExposureConnection.serve),  # type: ignore[arg-type]
]
