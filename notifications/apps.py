"""The notifications context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """Inbox, delivery, broadcasts."""

    name = "notifications"
    label = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        from marketplace.core import erasure, moments, personal_data  # noqa: PLC0415

        from .audiences import handlers as _audience_handlers  # noqa: F401, PLC0415
        from .broadcasts import handlers as _broadcast_handlers  # noqa: F401, PLC0415
        from .broadcasts import tasks as broadcast_tasks  # noqa: PLC0415
        from .delivery import handlers as _delivery_handlers  # noqa: F401, PLC0415
        from .devices import checks as _device_checks  # noqa: F401, PLC0415
        from .devices import handlers as _device_handlers  # noqa: F401, PLC0415
        from .erasure import forget_customer  # noqa: PLC0415
        from .inbox import handlers as _inbox_handlers  # noqa: F401, PLC0415
        from .metrics import register_gauges  # noqa: PLC0415
        from .personal_data import TABLES, UNTOLD  # noqa: PLC0415
        from .sockets import handlers as _socket_handlers  # noqa: F401, PLC0415

        moments.register("notifications.broadcasts", broadcast_tasks.run_due_moments)
        register_gauges()
        erasure.register("notifications", guard=lambda _person: None, erase=forget_customer)
        personal_data.register("notifications", TABLES, untold=UNTOLD)
