"""The promotions context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PromotionsConfig(AppConfig):
    """Flash promotions, discounts, campaigns, loyalty; what people do, and what they are shown."""

    name = "promotions"
    label = "promotions"
    verbose_name = _("Promotions")

    def ready(self) -> None:
        from marketplace.core import append_only, erasure, moments, personal_data  # noqa: PLC0415

        from .campaigns import tasks as campaign_tasks  # noqa: PLC0415
        from .exposure import handlers as exposure_handlers  # noqa: F401, PLC0415
        from .flash import handlers, privacy, tasks  # noqa: F401, PLC0415
        from .metrics import register_gauges  # noqa: PLC0415
        from .models import LevelChange, PointsEntry  # noqa: PLC0415
        from .personal_data import TABLES, UNTOLD  # noqa: PLC0415
        from .privacy import forget_person  # noqa: PLC0415

        moments.register("promotions.flash", tasks.run_due_moments)
        moments.register("promotions.campaigns", campaign_tasks.run_due_moments)
        erasure.register("promotions", guard=privacy.refuse_while_holding, erase=forget_person)
        personal_data.register("promotions", TABLES, untold=UNTOLD)
        append_only.protect(PointsEntry)
        append_only.protect(LevelChange)
        register_gauges()
