"""The promotions context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PromotionsConfig(AppConfig):
    """Flash promotions, discounts, campaigns."""

    name = "promotions"
    label = "promotions"
    verbose_name = _("Promotions")

    def ready(self) -> None:
        from marketplace.core import erasure, moments  # noqa: PLC0415

        from .campaigns import tasks as campaign_tasks  # noqa: PLC0415
        from .flash import handlers, privacy, tasks  # noqa: F401, PLC0415

        moments.register("promotions.flash", tasks.run_due_moments)
        moments.register("promotions.campaigns", campaign_tasks.run_due_moments)
        erasure.register("promotions", guard=privacy.refuse_while_holding, erase=privacy.forget_holds)
