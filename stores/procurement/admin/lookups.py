"""What the forms of procurement complete: variants within reach, by SKU or name. No page of the menu."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from marketplace.core.admin import ScopedAdmin
from stores.catalog.models import Variant


@admin.register(Variant)
class VariantAdmin(ScopedAdmin):
    """To look at; variants are changed on their product's page."""

    access_area = "procurement"
    department_path = "product__category__department"
    store_path = "store"
    list_display = ["sku", "product", "store", "is_active"]
    list_select_related = ["product", "store"]
    search_fields = ["sku", "product__name"]
    ordering = ["sku", "pk"]
    fields = ["sku", "product", "store", "is_active"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Model]":
        return super().get_queryset(request).filter(archived_at__isnull=True).select_related("product", "store")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
