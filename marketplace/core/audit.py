"""The audit trail: who changed what, said by the service that changed it. Append-only."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from .context import current_request_id
from .inserting import insert_many


class AuditEntry(models.Model):
    """One deliberate act. `before` and `after` hold the changed values only, and no personal data."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    actor_id = models.UUIDField(_("actor"), null=True)
    action = models.CharField(_("action"), max_length=80)
    object_type = models.CharField(_("kind of object"), max_length=80)
    object_id = models.CharField(_("object"), max_length=80)
    before = models.JSONField(_("before"), default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), default=dict, encoder=DjangoJSONEncoder)
    reason = models.TextField(_("reason"), blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        app_label = "core"
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="core_audit_object"),
            models.Index(fields=["actor_id", "at"], name="core_audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"


def record(
    *,
    actor_id: UUID | None,
    action: str,
    subject: models.Model,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Write an entry in the caller's transaction. `action` is `context.verb_noun`; None as actor is the system."""
    return AuditEntry.objects.create(
        actor_id=actor_id,
        action=action,
        object_type=subject._meta.label_lower,
        object_id=str(subject.pk),
        before=before or {},
        after=after or {},
        reason=reason,
        request_id=current_request_id(),
    )


def record_many(
    *,
    actor_id: UUID | None,
    action: str,
    entries: Sequence[tuple[models.Model, dict[str, Any], dict[str, Any]]],
    reason: str = "",
) -> None:
    """The same for many objects, as (object, before, after), in one statement."""
    request_id = current_request_id()
    insert_many(
        [
            AuditEntry(
                actor_id=actor_id,
                action=action,
                object_type=subject._meta.label_lower,
                object_id=str(subject.pk),
                before=before,
                after=after,
                reason=reason,
                request_id=request_id,
            )
            for subject, before, after in entries
        ]
    )
