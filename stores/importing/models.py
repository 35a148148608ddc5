"""Importing: a file on its way into the catalogue, row by row, with what would change before anything does."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from stores.merchants.models import Store


class ImportRun(UUIDModel):
    """One uploaded file. staging → ready → applying → done; a run that is not confirmed is discarded.

    Nothing of the catalogue is written before `applying`. Rows with errors are listed and never applied. The two
    lines say how far each of the two passes has come: a worker that dies is followed by one that goes on from there.
    """

    class State(models.TextChoices):
        """`failed` is a file that could not be read to its end, or work that was given up; `failure` says why."""

        STAGING = "staging", _("being read")
        READY = "ready", _("waiting for confirmation")
        APPLYING = "applying", _("being applied")
        DONE = "done", _("done")
        DISCARDED = "discarded", _("discarded")
        FAILED = "failed", _("failed")

    class Format(models.TextChoices):
        """The catalogue's own columns, or a product feed in the Google Merchant attribute names."""

        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"
        FEED_CSV = "feed-csv", _("product feed, CSV")
        FEED_XML = "feed-xml", _("product feed, XML")

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.STAGING)
    file_name = models.CharField(_("file"), max_length=200)
    file_format = models.CharField(_("format"), max_length=10, choices=Format.choices)
    # Kept until it has been read to its end.
    upload = models.FileField(upload_to="imports/", blank=True, editable=False)
    # The store a feed is for; the catalogue's own files name the store in each row.
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("store"), editable=False
    )
    # Whose keys decide what may be written. Null: the system, everywhere.
    actor_id = models.UUIDField(_("actor"), null=True)
    rows_count = models.PositiveIntegerField(_("rows"), default=0)
    new_count = models.PositiveIntegerField(_("new"), default=0)
    changed_count = models.PositiveIntegerField(_("changed"), default=0)
    same_count = models.PositiveIntegerField(_("unchanged"), default=0)
    error_count = models.PositiveIntegerField(_("with errors"), default=0)
    applied_count = models.PositiveIntegerField(_("applied"), default=0)
    conflict_count = models.PositiveIntegerField(_("conflicts"), default=0)
    staged_line = models.PositiveIntegerField(default=0, editable=False)
    applied_line = models.PositiveIntegerField(default=0, editable=False)
    # {"code", "params"} of the refusal that ended the run.
    failure = models.JSONField(default=dict, editable=False)
    # A wake-up was sent for it until then; a worker has it until then; workers that took it since it last moved on.
    woken_until = models.DateTimeField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        app_label = "stores"
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [
            models.Index(fields=["state"], name="stores_import_by_state"),
            models.Index(fields=["actor_id", "-id"], name="stores_import_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_state_display()})"


class ImportRow(models.Model):
    """A line of the file as it was read, and what it would do."""

    class Verdict(models.TextChoices):
        """What confirming would do with the line; `conflict` is a line whose object changed since the preview."""

        NEW = "new", _("new")
        CHANGED = "changed", _("changed")
        SAME = "same", _("unchanged")
        ERROR = "error", _("error")
        CONFLICT = "conflict", _("conflict")

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows", verbose_name=_("import"))
    line = models.PositiveIntegerField(_("line"))
    values = models.JSONField(_("values"))
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict.choices)
    # {"column": [before, after]} for a change, [{"field", "code", "params"}] for errors and conflicts.
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
