"""The storefront app."""

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    """Pages for customers. No models: what they show and change belongs to the contexts."""

    name = "marketplace.storefront"
    label = "storefront"
