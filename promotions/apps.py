"""The promotions context."""

from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    """Flash promotions, discounts, campaigns."""

    name = "promotions"
    label = "promotions"
