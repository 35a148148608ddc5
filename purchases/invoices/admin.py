"""Invoices in the back office: to look at and to take away."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from marketplace.core.admin import ReadOnlyAdmin
from marketplace.core.formatting import shown_amount

from .documents import CONTENT_TYPE, document_of
from .models import Invoice
from .selectors import VIEW

COLOURS = {"invoice": "info", "credit_note": "warning"}


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    """What stores invoiced and credited. Nobody writes one by hand."""

    list_display = ["shown_number", "shown_kind", "shown_order", "shown_store", "shown_total", "issued_at"]
    list_display_links = ["shown_number"]
    list_filter = ["kind", ("series", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["series__store", "order"]
    search_fields = ["order__number", "number__exact", "series__name"]
    ordering = ["-issued_at", "-pk"]
    date_hierarchy = "issued_at"
    show_full_result_count = False
    fields = ["shown_number", "kind", "shown_order", "shown_store", "shown_total", "issued_at"]
    readonly_fields = fields
    actions_detail = ["file"]

    @admin.display(description=_("number"), ordering="number")
    def shown_number(self, invoice: Invoice) -> str:
        return invoice.title or "—"

    @display(description=_("kind"), label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_kind(self, invoice: Invoice) -> tuple[str, str]:
        """With its colour."""
        return invoice.kind, invoice.get_kind_display()

    @admin.display(description=_("order"))
    def shown_order(self, invoice: Invoice) -> str:
        """A way to it."""
        url = reverse("admin:purchases_order_change", args=[invoice.order_id])
        return format_html('<a class="font-semibold text-primary-600" href="{}">{}</a>', url, invoice.order.number)

    @admin.display(description=_("store"))
    def shown_store(self, invoice: Invoice) -> str:
        return str(invoice.series.store)

    @admin.display(description=_("total"))
    def shown_total(self, invoice: Invoice) -> str:
        return shown_amount(invoice.total)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("series__store", "order")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever looks after orders."""
        return request.user.has_perm(VIEW) or request.user.has_perm("purchases.change_order")

    def has_document_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """Of one that has its number."""
        if not self.has_view_permission(request):
            return False
        invoice = self.get_object(request, str(object_id))
        return invoice is not None and invoice.number is not None

    @action(description="PDF", icon="picture_as_pdf", permissions=["document"])  # type: ignore[untyped-decorator]
    def file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """In the customer's language."""
        made = document_of(self.get_queryset(request).get(pk=object_id))
        headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
        return HttpResponse(made.content, content_type=CONTENT_TYPE, headers=headers)
