"""The core app: outbox, idempotency keys, job slots, audit."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    """Tables that every context relies on."""

    name = "marketplace.core"
    label = "core"
    verbose_name = _("Audit and events")

    def ready(self) -> None:
        from . import append_only, checks  # noqa: F401, PLC0415
        from .audit import AuditEntry  # noqa: PLC0415
        from .bus import metrics as bus_metrics  # noqa: PLC0415
        from .observability import carrying, counting_tasks, gauges, queues, tracing  # noqa: PLC0415

        append_only.protect(AuditEntry)
        gauges.register_gauges()
        bus_metrics.register_gauges()
        tracing.start()
        carrying.connect()
        counting_tasks.connect()
        queues.connect()
        post_migrate.connect(append_only.install_triggers, dispatch_uid="core.append_only")
