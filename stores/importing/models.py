"""Importing: a file on its way into the catalogue, row by row, with what would change before anything does."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel


class ImportRun(UUIDModel):
    """One uploaded file. staging → ready → applying → done; a run that is not confirmed is discarded.

    Nothing of the catalogue is written before `applying`. Rows with errors are listed and never applied.
    """

    class State(models.TextChoices):
        """`failed` is a file that could not be read to its end, or work that was given up; `error` says why."""

        STAGING = "staging", _("being read")
        READY = "ready", _("waiting for confirmation")
        APPLYING = "applying", _("being applied")
        DONE = "done", _("done")
        DISCARDED = "discarded", _("discarded")
        FAILED = "failed", _("failed")

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.STAGING)
    file_name = models.CharField(_("file"), max_length=200)
    file_format = models.CharField(_("format"), max_length=10)  # csv, xlsx, feed-csv, feed-xml
    actor_id = models.UUIDField(null=True)
    rows_count = models.PositiveIntegerField(_("rows"), default=0)
    new_count = models.PositiveIntegerField(_("new"), default=0)
    changed_count = models.PositiveIntegerField(_("changed"), default=0)
    same_count = models.PositiveIntegerField(_("unchanged"), default=0)
    error_count = models.PositiveIntegerField(_("with errors"), default=0)
    applied_count = models.PositiveIntegerField(_("applied"), default=0)
    error = models.CharField(_("error"), max_length=500, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        app_label = "stores"
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_state_display()})"


class ImportRow(models.Model):
    """A line of the file as it was read, and what it would do."""

    class Verdict(models.TextChoices):
        """What confirming would do with the line."""

        NEW = "new", _("new")
        CHANGED = "changed", _("changed")
        SAME = "same", _("unchanged")
        ERROR = "error", _("error")

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField(_("line"))
    values = models.JSONField(_("values"))
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    # {"field": [before, after]} for a change, [{"field", "code", "detail"}] for an error.
    changes = models.JSONField(_("changes"), default=dict)
    errors = models.JSONField(_("errors"), default=list)

    class Meta:
        app_label = "stores"
        verbose_name = _("import row")
        verbose_name_plural = _("import rows")
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="stores_import_line_once")]
        indexes = [models.Index(fields=["run", "verdict", "line"], name="stores_import_by_verdict")]

    def __str__(self) -> str:
        return f"{self.line}: {self.verdict}"
