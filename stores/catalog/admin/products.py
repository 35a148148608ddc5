"""Products with their variants and pictures."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.core import access
from marketplace.core.admin import ScopedAdmin
from marketplace.core.admin_forms import RefusalsShown, VersionedForm, changed_columns
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money
from stores.catalog import services
from stores.catalog.models import Product, ProductImage
from stores.catalog.selectors import offered_products

from .filters import PictureFilter, PromotionFilter, StockFilter
from .images import ImageInline, preview, save_image
from .repricing import first_page, next_page
from .variants import VariantInline, save_variant


class ProductForm(VersionedForm):
    """A product; its store is chosen once."""

    class Meta:
        model = Product
        fields = ["name", "slug", "store", "category", "brand", "description", "is_published"]


class ProductAdmin(RefusalsShown, ScopedAdmin):
    """Products of the departments and stores within reach. Registered by `importing`, which adds the export."""

    access_area = "catalog"
    department_path = "category__department"
    store_path = "store"
    form = ProductForm
    inlines = [VariantInline, ImageInline]
    list_display = ["picture", "name", "store", "category", "shown_price", "is_published"]
    list_display_links = ["picture", "name"]
    list_filter = ["is_published", PictureFilter, StockFilter, PromotionFilter, "category__department", "store"]
    list_select_related = ["store", "category", "listing"]
    search_fields = ["name", "slug", "brand__name", "variants__sku", "variants__barcode"]
    autocomplete_fields = ["store", "category", "brand"]
    actions = ["change_prices", "archive"]

    @admin.display(description=_("picture"))
    def picture(self, product: Product) -> str:
        """Its face, small."""
        images = product.listing.images
        return preview(images[0]["thumbnail"], images[0]["alternative_text"]) if images else "—"

    @admin.display(description=_("price from"), ordering="listing__price_from_minor")
    def shown_price(self, product: Product) -> str:
        """The lowest of its active variants."""
        minor = product.listing.price_from_minor
        return "—" if minor is None else shown_amount(Money(minor, product.listing.currency))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        where = access.reach(request.user, "catalog:read")
        return access.within(
            offered_products(), where, department_path=self.department_path, store_path=self.store_path
        )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [] if obj is None else ["store"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> dict[str, list[str]]:
        return {"slug": ["name"]} if obj is None else {}

    def save_model(self, request: HttpRequest, obj: Product, form: ProductForm, change: bool) -> None:
        if change:
            services.change_product(
                product=Product.objects.get(pk=obj.pk),
                expected_version=form.cleaned_data["expected_version"],
                changes=changed_columns(form),
                actor_id=request.user.pk,
            )
            return
        made = services.create_product(
            store=obj.store,
            category=obj.category,
            name=obj.name,
            slug=obj.slug,
            brand_id=obj.brand_id,
            description=obj.description,
            is_published=obj.is_published,
            actor_id=request.user.pk,
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    def save_formset(
        self, request: HttpRequest, form: Any, formset: "BaseInlineFormSet[Any, Product, Any]", change: bool
    ) -> None:
        """Variants and pictures are written by the same services as through the API."""
        product = Product.objects.select_related("store").get(pk=form.instance.pk)
        formset.save(commit=False)
        for row in formset.forms:
            if formset.model is ProductImage:
                save_image(product, row, is_deleted=row in formset.deleted_forms, request=request)
            elif row.has_changed():
                save_variant(product, row, request)

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.reprice)
        return [path("reprice/", page, name="stores_product_reprice"), *super().get_urls()]

    @admin.action(description=_("Change prices…"), permissions=["change"])
    def change_prices(self, request: HttpRequest, queryset: QuerySet[Product]) -> HttpResponse:
        """Ask how; nothing is changed before it has been seen."""
        return first_page(self, request, self._mine(request, queryset))

    def reprice(self, request: HttpRequest) -> HttpResponse:
        """The preview, and what confirms it."""
        if request.method != "POST" or not self.has_change_permission(request):
            raise PermissionDenied
        return next_page(self, request, self._mine(request, Product.objects.filter(archived_at__isnull=True)))

    def _mine(self, request: HttpRequest, rows: QuerySet[Product]) -> QuerySet[Product]:
        """Those of the rows that the person may change."""
        where = access.reach(request.user, "catalog:write")
        return access.within(
            Product.objects.filter(pk__in=rows.values("pk")),
            where,
            department_path=self.department_path,
            store_path=self.store_path,
        )

    @admin.action(description=_("Delete: take off the shelves for good"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Orders that name it stay."""
        for product in self._mine(request, queryset):
            services.archive_product(
                product=product, expected_version=None, at=timezone.now(), actor_id=request.user.pk
            )
