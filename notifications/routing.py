"""Sockets of the context."""

from django.urls import re_path

from .sockets.connection import InboxConnection

websocket_urlpatterns = [re_path(r"^ws/notifications/?$", InboxConnection.serve)]  # type: ignore[arg-type]
