"""The notifications context."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Inbox, delivery, broadcasts."""

    name = "notifications"
    label = "notifications"
