"""The links context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LinksConfig(AppConfig):
    """Product links and gift lists."""

    name = "links"
    label = "links"
    verbose_name = _("Links and gifts")
