"""What came in, to look at."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyInline, ScopedAdmin
from stores.procurement.models import GoodsReceipt, GoodsReceiptLine


class GoodsReceiptLineInline(ReadOnlyInline):
    """So many of each line."""

    model = GoodsReceiptLine
    fields = ["line", "quantity"]
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


@admin.register(GoodsReceipt)
class GoodsReceiptAdmin(ScopedAdmin):
    """Receipts of orders within reach. They are never changed."""

    access_area = "procurement"
    department_path = "order__supplier__department"
    store_path = "order__store"
    list_display = ["created_at", "order", "supplier_name", "delivery_note"]
    list_filter = [("order__store", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["order__supplier"]
    search_fields = ["order__number", "delivery_note"]
    ordering = ["-pk"]
    fields = ["order", "created_at", "delivery_note", "actor_id"]
    readonly_fields = fields
    inlines = [GoodsReceiptLineInline]

    @admin.display(description=_("supplier"))
    def supplier_name(self, receipt: GoodsReceipt) -> str:
        return receipt.order.supplier.name

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
