"""The links context."""

from django.apps import AppConfig


class LinksConfig(AppConfig):
    """Product links and gift lists."""

    name = "links"
    label = "links"
