"""How far telling an audience has come."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.inbox.models import Message


class FanOut(models.Model):
    """How far telling the audience of a message has come: customers up to `told_up_to` (by key) are done.

    Written in the transaction of each chunk, so that after a crash the next worker goes on where the last commit was.
    `rule` is the audience as it was when the telling began (`users.contracts.Audience`, JSON-ready): it needs nobody
    else to go on. Behind `ends_at`, or once `stopped_at` is set, nobody more is told. `channels` are asked besides
    the inbox, chunk by chunk. `expected_count` is the size that was foreseen, for a progress bar; null: not counted.
    """

    id = models.BigAutoField(primary_key=True)
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="+", verbose_name=_("message"))
    promo_id = models.UUIDField(_("promotion"), null=True)
    rule = models.JSONField(_("audience"), default=dict)
    channels = models.JSONField(_("channels"), default=list)
    ends_at = models.DateTimeField(_("worth telling until"), null=True)
    expected_count = models.PositiveBigIntegerField(_("expected"), null=True)
    cap_day = models.DateField(_("counts for day"), null=True)
    told_up_to = models.UUIDField(_("told up to"))
    told_count = models.PositiveBigIntegerField(_("told"), default=0)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    stopped_at = models.DateTimeField(_("stopped at"), null=True)

    class Meta:
        app_label = "notifications"
        verbose_name = _("fan-out")
        verbose_name_plural = _("fan-outs")
        indexes = [
            models.Index(
                fields=["started_at"],
                condition=Q(finished_at__isnull=True, stopped_at__isnull=True),
                name="notifications_fanout_open",
            )
        ]

    def __str__(self) -> str:
        return str(self.message_id)
