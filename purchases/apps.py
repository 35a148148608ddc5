"""The purchases context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PurchasesConfig(AppConfig):
    """Orders and how they come about."""

    name = "purchases"
    label = "purchases"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from marketplace.core import append_only, erasure  # noqa: PLC0415

        from .carts.services import forget_cart  # noqa: PLC0415
        from .models import OrderEvent  # noqa: PLC0415
        from .orders import handlers  # noqa: F401, PLC0415

        append_only.protect(OrderEvent)
        # Orders are books: they know a person by id alone, and that id stops leading to anybody. The cart goes.
        erasure.register("purchases", guard=lambda _person: None, erase=forget_cart)
