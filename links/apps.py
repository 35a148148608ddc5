"""The links context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LinksConfig(AppConfig):
    """Product links and gift lists."""

    name = "links"
    label = "links"
    verbose_name = _("Links and gifts")

    def ready(self) -> None:
        from marketplace.core import erasure, personal_data  # noqa: PLC0415
        from marketplace.core.outbox import feeds  # noqa: PLC0415

        from .alerts import handlers  # noqa: F401, PLC0415
        from .personal_data import TABLES, UNTOLD  # noqa: PLC0415
        from .privacy import forget_person, refuse_while_money_is_in_pots  # noqa: PLC0415
        from .product_links import checks, tasks  # noqa: F401, PLC0415

        feeds.register(tasks.FEED)
        erasure.register("links", guard=refuse_while_money_is_in_pots, erase=forget_person)
        personal_data.register("links", TABLES, untold=UNTOLD)
