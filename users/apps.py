"""The users context."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    """Accounts, customers, staff."""

    name = "users"
    label = "users"
    verbose_name = _("People")

    def ready(self) -> None:
        from marketplace.core import access, erasure, personal_data  # noqa: PLC0415

        from .accounts import companions, handlers  # noqa: F401, PLC0415
        from .customers import handlers as customer_handlers  # noqa: F401, PLC0415
        from .customers.services.profiles import follow_activity, make_profile  # noqa: PLC0415
        from .erasure import erase, guard  # noqa: PLC0415
        from .personal_data import TABLES, UNTOLD  # noqa: PLC0415
        from .personal_exports import handlers as export_handlers  # noqa: F401, PLC0415
        from .staff.selectors import department_reach  # noqa: PLC0415

        companions.register(created=make_profile, activity_changed=follow_activity)
        access.add_authority(department_reach)
        erasure.register("users", guard=guard, erase=erase)
        personal_data.register("users", TABLES, untold=UNTOLD)
