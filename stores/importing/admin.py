"""Imports in the back office: a file in, its preview, yes or no; and the catalogue out."""

import io
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportMixin
from import_export.fields import Field
from import_export.formats import base_formats
from import_export.resources import Resource
from unfold.contrib.import_export.forms import ExportForm
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from marketplace.core import access
from marketplace.core.admin import ReadOnlyAdmin
from marketplace.core.admin_forms import RefusalsShown, refusal_text
from marketplace.core.errors import DomainError
from stores.catalog.admin import ProductAdmin
from stores.catalog.models import Product

from . import services
from .columns import NAMES
from .exporting import catalogue_csv, write_workbook
from .models import ImportRow, ImportRun
from .progress import progress_of
from .reasons import failure_text, reason
from .selectors import exported_variants, rows_of, runs_of, store_of_reach

STATES = {"ready": "warning", "staging": "info", "applying": "info", "done": "success", "failed": "danger"}
VERDICTS = {"new": "success", "changed": "info", "error": "danger", "conflict": "warning"}
SHOWN = 20
"""Rows of a kind on the run's own page; all of them are in the list of rows."""


def may(request: HttpRequest, verb: str) -> bool:
    """Whether the person may read or write somewhere in the catalogue."""
    return not access.reach(request.user, f"catalog:{verb}").is_empty


class UploadForm(forms.ModelForm):  # type: ignore[type-arg]
    """A file, and for a product feed the store it is for."""

    file = forms.FileField(
        label=_("File"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("CSV or XLSX in the catalogue's columns; a product feed as CSV or XML."),
    )
    store_slug = forms.CharField(
        label=_("Store of the feed"),
        required=False,
        max_length=140,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Only for a product feed: the store's slug."),
    )
    person: ClassVar[Any] = None

    class Meta:
        model = ImportRun
        fields: ClassVar[list[str]] = []

    def clean_store_slug(self) -> Any:
        slug = self.cleaned_data["store_slug"]
        store = store_of_reach(self.person, slug) if slug else None
        if slug and store is None:
            raise ValidationError(_now("Not found."), code="not_found")
        return store


@admin.register(ImportRun)
class ImportRunAdmin(RefusalsShown, ReadOnlyAdmin):
    """One's own runs; administrators see everybody's. Nothing is written before it is confirmed here."""

    form = UploadForm
    list_display = [
        "created_at",
        "file_name",
        "shown_state",
        "rows_count",
        "new_count",
        "changed_count",
        "error_count",
        "conflict_count",
        "shown_progress",
    ]
    list_filter = ["state", "file_format"]
    search_fields = ["file_name"]
    ordering = ["-id"]
    show_full_result_count = False
    change_form_outer_before_template = "admin/stores/import_preview.html"
    refusal_fields = {"import": "file"}

    @display(description=_("state"), label=STATES)  # type: ignore[untyped-decorator]
    def shown_state(self, run: ImportRun) -> tuple[str, str]:
        """With its colour."""
        return run.state, run.get_state_display()

    @admin.display(description=_("progress"))
    def shown_progress(self, run: ImportRun) -> str:
        """Of the confirmed rows."""
        progress = progress_of(run)
        return "–" if progress is None else f"{progress} %"

    @admin.display(description=_("why it failed"))
    def shown_failure(self, run: ImportRun) -> str:
        """In words."""
        return failure_text(run.failure) or "–"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRun]:
        return runs_of(request.user).order_by("-pk")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, "write")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, "write") and (obj is None or runs_of(request.user).filter(pk=obj.pk).exists())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request, "write")

    def get_form(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        return type(form)(form.__name__, (form,), {"person": request.user})

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            return ["file", "store_slug"]
        counted = ["rows_count", "new_count", "changed_count", "same_count", "error_count", "applied_count"]
        ends = ["conflict_count", "shown_progress", "shown_failure", "actor_id", "finished_at"]
        return ["file_name", "file_format", "state", *counted, *ends]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [] if obj is None else self.get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: ImportRun, form: UploadForm, change: bool) -> None:
        """Through the service; what it made is the object."""
        upload = form.cleaned_data["file"]
        made = services.open_run(
            file=upload.file,
            file_name=upload.name,
            store=form.cleaned_data["store_slug"],
            actor_id=request.user.pk,
        )
        obj.__dict__.update(made.__dict__)

    def response_add(self, request: HttpRequest, obj: ImportRun, post_url_continue: Any = None) -> HttpResponse:
        """The preview comes next."""
        return HttpResponseRedirect(_page(obj.pk))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        preview = {} if run is None else {"preview": preview_of(run)}
        page: HttpResponse = super().change_view(request, object_id, form_url, {**(extra_context or {}), **preview})
        return page

    def get_urls(self) -> list[Any]:
        own = [
            path(f"<uuid:run_id>/{name}/", self.admin_site.admin_view(view), name=f"stores_importrun_{name}")
            for name, view in (("confirm", self.confirm), ("discard", self.discard))
        ]
        return [*own, *super().get_urls()]

    def confirm(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        """Write what the preview shows."""
        return self._decide(request, run_id, services.confirm_run, _now("The rows are being written."))

    def discard(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        """Write nothing of it."""
        return self._decide(request, run_id, services.discard_run, _now("Nothing of the file was written."))

    def _decide(self, request: HttpRequest, run_id: Any, act: Any, said: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        allowed = runs_of(request.user) if may(request, "write") else ImportRun.objects.none()
        run = get_object_or_404(allowed, pk=run_id)
        try:
            act(run_id=run.pk, actor_id=request.user.pk)
        except DomainError as error:
            messages.error(request, refusal_text(error))
        else:
            messages.success(request, said)
        return HttpResponseRedirect(_page(run.pk))


def _page(run_id: Any) -> str:
    return reverse("admin:stores_importrun_change", args=[run_id])


def preview_of(run: ImportRun) -> dict[str, Any]:
    """What the run's page shows: whether it waits for a word, and the first rows of each kind that matters."""
    kinds = [ImportRow.Verdict.ERROR, ImportRow.Verdict.CONFLICT, ImportRow.Verdict.CHANGED, ImportRow.Verdict.NEW]
    rows = reverse("admin:stores_importrow_changelist")
    return {
        "run": run,
        "is_waiting": run.state == ImportRun.State.READY,
        "is_working": run.state in {ImportRun.State.STAGING, ImportRun.State.APPLYING},
        "progress": progress_of(run),
        "kinds": [
            {
                "label": kind.label,
                "link": f"{rows}?run__id__exact={run.pk}&verdict__exact={kind.value}",
                "rows": [
                    {"line": row.line, "sku": row.values.get("sku", ""), "what": what_of(row)}
                    for row in rows_of(run, kind).order_by("line")[:SHOWN]
                ],
            }
            for kind in kinds
        ],
    }


def what_of(row: ImportRow) -> str:
    """What is wrong with a row, or what it would change, a line for each column."""
    if row.errors:
        pairs = [(each["field"], reason(each["code"], each["params"])) for each in row.errors]
        return format_html_join("\n", "<div><b>{}</b>: {}</div>", pairs)
    changes = [(name, before or "–", after or "–") for name, (before, after) in row.changes.items()]
    return format_html_join("\n", "<div><b>{}</b>: <del>{}</del> → {}</div>", changes)


@admin.register(ImportRow)
class ImportRowAdmin(ReadOnlyAdmin):
    """Rows of one's own runs, page by page. Reached from the run; not in the menu."""

    list_display = ["line", "shown_verdict", "shown_sku", "shown_what"]
    list_filter = ["verdict"]
    list_display_links = None
    ordering = ["run", "line"]
    list_per_page = 50
    show_full_result_count = False
    fields = ["line", "verdict", "shown_values", "shown_what"]
    readonly_fields = fields

    @display(description=_("verdict"), label=VERDICTS)  # type: ignore[untyped-decorator]
    def shown_verdict(self, row: ImportRow) -> tuple[str, str]:
        """With its colour."""
        return row.verdict, row.get_verdict_display()

    @admin.display(description=_("SKU"))
    def shown_sku(self, row: ImportRow) -> str:
        """By which people know it."""
        return str(row.values.get("sku", ""))

    @admin.display(description=_("what"))
    def shown_what(self, row: ImportRow) -> str:
        """Errors or changes."""
        return what_of(row)

    @admin.display(description=_("values"))
    def shown_values(self, row: ImportRow) -> str:
        """As the file has them."""
        return format_html("{}", format_html_join("\n", "<div><b>{}</b>: {}</div>", row.values.items()))

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRow]:
        return ImportRow.objects.filter(run__in=runs_of(request.user)).order_by("run", "line")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request, "write") and (obj is None or self.get_queryset(request).filter(pk=obj.pk).exists())


class CatalogueResource(Resource):
    """What django-import-export's page says of the file: the catalogue's columns."""

    @classmethod
    def get_display_name(cls) -> str:
        return str(_now("catalogue"))

    def get_user_visible_fields(self) -> list[Any]:
        return [Field(column_name=name) for name in NAMES]


@admin.register(Product)
class ExportingProductAdmin(ExportMixin, ProductAdmin):
    """The catalogue's page, and its rows to take away: those that the list shows."""

    resource_classes = [CatalogueResource]
    export_form_class = ExportForm

    def get_export_formats(self) -> list[Any]:
        return [base_formats.CSV, base_formats.XLSX]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: Any, **kwargs: Any) -> Any:
        """By the writer that the API and the command have too."""
        reach = access.reach(request.user, "catalog:read")
        variants = exported_variants(reach).filter(product__in=queryset.order_by().values("pk"))
        if isinstance(file_format, base_formats.XLSX):
            file = io.BytesIO()
            write_workbook(variants, file)
            return file.getvalue()
        return "".join(catalogue_csv(variants)).encode()
